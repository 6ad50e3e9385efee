/**
 * The score: when everything happens. Frames, because pictures are counted, not measured; 24 in a second.
 *
 *   0 s   closed curtain, a golden bow; it comes undone, the curtain opens, the paper hills stand up
 *   1 s   the host hops in and greets (bubble 1)
 *   2 s   the guest of honour hops in, is surprised, answers (bubble 2)
 *   6 s   the trapdoor opens, the cake rises, the lamps dim, the candles light
 *   7 s   the host's wish comes down as a scroll (bubble 3); the guest makes a wish, breathes in
 *   9 s   ... and blows: dark, poof (burst.mjs), lights and confetti, jumps of joy; a gift tag swings down (bubble 4) and stays to the end
 */
import { bump, inOut, lerp, smooth, span } from './paper.mjs';

export const WIDTH = 1280;
export const HEIGHT = 720;
export const FPS = 24;
export const SECONDS = 12;
export const FLOOR = 612;
export const f = (frame) => frame / FPS;

/** Per bubble: arrives, is set (still), words from `start` to before `end`, begins to leave, has gone. */
export const BUBBLES = {
  greeting: { arrives: f(31), set: f(39), start: f(45), end: f(87), leaves: f(90), gone: f(96) },
  reply: { arrives: f(92), set: f(100), start: f(108), end: f(150), leaves: f(153), gone: f(159) },
  wish: { arrives: f(159), set: f(175), start: f(183), end: f(225), leaves: f(227), gone: f(233) },
  closing: { arrives: f(231), set: f(241), start: f(246), end: f(288), leaves: Infinity, gone: Infinity },
};

export const BEAT = {
  bow: f(5),
  open: f(9),
  opened: f(34),
  hills: f(12),
  hostIn: f(15),
  guestIn: f(42),
  trap: f(152),
  cake: f(155),
  cakeUp: f(170),
  lit: f(165),
  inhale: f(214),
  blow: f(225),
  out: f(229),
  confetti: f(231),
  burst: f(230),
};

/** Whether words are up or about to be: things near a bubble hold their breath. 0 = still, 1 = free to move. */
export function breeze(t) {
  let free = 1;
  for (const b of Object.values(BUBBLES))
    free *= 1 - smooth(b.set - 0.28, b.set - 0.02, t) * (1 - smooth(b.end + 0.04, b.end + 0.25, t));
  return free;
}

/** How far the house lights are down, 0 to 1: for the candles, and still for one dark moment after the breath. */
export function dim(t) {
  return smooth(BEAT.trap, f(174), t) * (t < f(233) ? 1 : 0);
}

/** Candle light, 0 to 1. */
export function glow(t) {
  return smooth(BEAT.lit, f(178), t) * (1 - smooth(f(227), f(231), t));
}

/** Light that comes back with the confetti, dying away. */
export const joy = (t) => (t < f(233) ? 0 : 1 - smooth(f(233), f(241), t));

/** How far the curtain is open: a small pull together first, then the sweep. */
export function openness(t) {
  const u = span(BEAT.open, BEAT.opened, t);
  const breath = -0.018 * bump(f(2), f(12), t);
  return breath + lerp(0, 1, inOut(u) * 0.55 + (1 - (1 - u) ** 3) * 0.45);
}
