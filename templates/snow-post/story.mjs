/**
 * The play without the actors: how long, when what happens, where the letter and the hands are. All layers read their cues here,
 * so that a reindeer and a bear throw the same letter into the same paws.
 */
import { clamp, ease, hop, mix, part, track, trackPoint } from './paint.mjs';

export const WIDTH = 640;
export const HEIGHT = 480;
export const FPS = 24;
export const SECONDS = 10;

/** Speech: the words stand from `start` to `end` (see template.json); the bubble pops before and leaves after. */
export const CALL = { pop: 0.7, start: 1.25, end: 3, gone: 3.34 };
export const REPLY = { pop: 3.44, start: 4, end: 5 + 8 / 12, gone: 6 };
export const LETTER = { pop: 5.94, start: 6 + 7 / 12, end: 9 + 1 / 12, gone: 9.6 };

export const ARRIVE = 1.0;
export const TOSS = 3.1;
export const CATCH = 3.66;
export const OPEN = 5.88;

/** Where the two stand (feet). */
export const POSTIE = { x: 168, y: 451 };
export const RECEIVER = { x: 492, y: 451 };

/** The camera travels a little to the right with the carrier, then drifts. Multiply by a layer's depth (0 far, 1 at the actors). */
export const camera = (t) =>
  track(t, [
    [0, 34],
    [1.5, 3, 'out'],
    [SECONDS, -7, 'linear'],
  ]);

/** How far the wonder has lit the village, 0..1. */
export const wonder = (t) => ease.soft(part(t, OPEN, OPEN + 0.9));
/** The flash of the opening, over and above. */
export const flash = (t) =>
  ease.out(part(t, OPEN - 0.05, OPEN + 0.15)) * (1 - ease.soft(part(t, OPEN + 0.2, OPEN + 1.2)));

/** The carrier's leading hand, on the screen. */
export function postieHand(t) {
  const p = trackPoint(t, [
    [0, 222, 378],
    [1.25, 222, 378],
    [1.5, 214, 396, 'soft'],
    [1.62, 216, 392],
    [1.95, 276, 292, 'back'],
    [2.72, 272, 298, 'soft'],
    [3.0, 226, 356, 'soft'],
    [TOSS, 268, 292, 'in'],
    [TOSS + 0.12, 300, 282, 'out'],
    [TOSS + 0.5, 270, 340, 'soft'],
    [4.1, 236, 372, 'soft'],
    [OPEN, 236, 372],
    [OPEN + 0.3, 262, 306, 'back'],
    [6.9, 246, 352, 'soft'],
    [9.15, 246, 352],
    [9.4, 286, 282, 'back'],
    [SECONDS, 284, 284],
  ]);
  const shake = part(t, 1.95, 2.1) * (1 - part(t, 2.6, 2.75));
  const wave = part(t, 9.3, 9.5);
  return {
    x: p.x + Math.sin(t * 15) * 4 * shake + Math.sin(t * 14) * 9 * wave,
    y: p.y - Math.abs(Math.cos(t * 15)) * 5 * shake,
  };
}

/** Where the receiver holds the letter, both paws on it. */
export function receiverHands(t) {
  const p = trackPoint(t, [
    [0, 450, 394],
    [2.7, 450, 394],
    [3.2, 440, 350, 'soft'],
    [CATCH, 436, 344, 'soft'],
    [CATCH + 0.1, 450, 398, 'out'],
    [CATCH + 0.4, 442, 398, 'soft'],
    [5.3, 442, 398],
    [5.62, 446, 408, 'soft'],
    [OPEN, 428, 398, 'back'],
    [OPEN + 0.3, 426, 402, 'soft'],
    [9.15, 426, 402],
    [9.45, 430, 406, 'soft'],
    [SECONDS, 430, 406],
  ]);
  const rattle = part(t, 5.3, 5.5) * (1 - part(t, OPEN - 0.03, OPEN));
  return { x: p.x + Math.sin(t * 62) * 3 * rattle, y: p.y + Math.sin(t * 47) * 2 * rattle };
}

/** The envelope: null while it is still in the bag. */
export function envelope(t) {
  if (t < 1.56) return null;
  const open = ease.back(part(t, OPEN - 0.08, OPEN + 0.16));
  if (t < TOSS + 0.06) {
    const hand = postieHand(t);
    const out = ease.out(part(t, 1.56, 1.85));
    return {
      x: hand.x + 16 * out,
      y: hand.y - 16 * out,
      turn: mix(-0.5, 0.1, out) + Math.sin(t * 15) * 0.07 * part(t, 1.95, 2.1) - 0.5 * part(t, 2.7, 3),
      size: out,
      open: 0,
    };
  }
  if (t < CATCH) {
    const k = part(t, TOSS + 0.06, CATCH);
    const from = { x: 300, y: 272 };
    return {
      x: mix(from.x, 433, k),
      y: mix(from.y, 334, k) - 92 * 4 * k * (1 - k) * 0.62,
      turn: mix(-0.3, Math.PI * 2 - 0.1, ease.soft(k)),
      size: 1,
      open: 0,
    };
  }
  const hands = receiverHands(t);
  return {
    x: hands.x - 3,
    y: hands.y - 10,
    turn:
      mix(-0.1, -0.04, part(t, OPEN - 0.2, OPEN)) +
      Math.sin(t * 55) * 0.06 * part(t, 5.3, 5.5) * (1 - part(t, OPEN - 0.03, OPEN)),
    size: 1 + 0.1 * hop(t, OPEN - 0.05, 0.3),
    open: clamp(open, 0, 1.2),
  };
}

/** Where everybody looks while the letter is out. */
export function focus(t) {
  const e = envelope(t);
  if (t > OPEN + 0.25) return { x: 320, y: 150 };
  return e ? { x: e.x, y: e.y } : { x: 320, y: 300 };
}
