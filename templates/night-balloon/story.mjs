/**
 * The story as numbers: who is where, doing what, at every moment. Nothing is drawn here; sky, balloon, characters and bubbles ask this
 * file, so that all layers agree although they are filmed one by one.
 */
export const WIDTH = 720;
export const HEIGHT = 1280;
export const FPS = 30;
export const SECONDS = 12;

/** Windows of words (as in template.json) with the moments at which the drawn bubble begins to come and is gone again. */
export const BUBBLES = {
  hello: { pop: 0.72, start: 1.2, end: 3.2, gone: 3.47 },
  thought: { pop: 3.44, start: 3.8, end: 5.8, gone: 6.05 },
  banner: { pop: 6.01, start: 6.4, end: 8.2, gone: 8.54 },
  heart: { pop: 8.92, start: 9.4, end: 11.5, gone: 11.84 },
};

const CROUCH = 6.92;
const LEAP = 7.16;
const LAND = 7.74;
const LIFT = 8.0;

export const clamp = (x, low = 0, high = 1) => Math.min(high, Math.max(low, x));
export const lerp = (a, b, k) => a + (b - a) * k;
export const span = (t, from, to) => clamp((t - from) / (to - from));
export const smooth = (t, from, to) => {
  const x = span(t, from, to);
  return x * x * (3 - 2 * x);
};
export const smoother = (t, from, to) => {
  const x = span(t, from, to);
  return x * x * x * (x * (6 * x - 15) + 10);
};
export const outCubic = (x) => 1 - (1 - x) ** 3;
export const outBack = (x, s = 1.7) => 1 + (s + 1) * (x - 1) ** 3 + s * (x - 1) ** 2;
/** A swing that starts at `from` and dies away. */
export const swing = (t, from, hertz, decay) =>
  t < from ? 0 : Math.exp(-decay * (t - from)) * Math.sin(2 * Math.PI * hertz * (t - from));
/** Hill from 0 to 1 and back. */
export const bump = (t, from, top, to) => (t < top ? smooth(t, from, top) : 1 - smooth(t, top, to));
/** Value along [time, value] keys, eased between neighbours. */
export const track = (t, keys) => {
  const after = keys.findIndex(([time]) => time > t);
  if (after === -1) return keys[keys.length - 1][1];
  if (after === 0) return keys[0][1];
  const [from, a] = keys[after - 1];
  const [to, b] = keys[after];
  return lerp(a, b, smooth(t, from, to));
};
export const random = (seed) => {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let x = Math.imul(a ^ (a >>> 15), 1 | a);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
};
const channels = (hex) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
export const rgba = (hex, alpha) => `rgba(${channels(hex).join(',')},${alpha})`;
export const mix = (a, b, k) => {
  const [x, y] = [channels(a), channels(b)];
  return `#${x
    .map((v, i) =>
      Math.round(lerp(v, y[i], clamp(k)))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
};
const wave = (t, period, phase = 0) => Math.sin((2 * Math.PI * t) / period + phase);

/** 0 deep night, 1 first light. */
export const dawn = (t) => 0.1 * smooth(t, 3.5, 8) + 0.78 * smooth(t, 8.2, 9.6) + 0.12 * smooth(t, 9.6, 12);
/** How far the balloon has climbed through the clouds, 0 to 1. */
export const climb = (t) => smoother(t, LIFT + 0.1, 9.75);

/** Strength of the burner: a flickering pilot light with three bursts. */
export const burner = (t) => {
  const flicker = 0.5 * wave(t, 0.31) + 0.3 * wave(t, 0.173, 1) + 0.2 * wave(t, 0.097, 2);
  const burst = Math.max(
    0.6 * bump(t, -0.4, 0.25, 1.3),
    0.35 * bump(t, 5.7, 6.0, 6.7),
    bump(t, LIFT + 0.02, 8.3, 9.6),
    0.3 * bump(t, 10.1, 10.5, 11.3),
  );
  return clamp(0.42 + 0.1 * flicker + 0.5 * burst * (1 + 0.12 * flicker), 0, 1.05);
};

/** The balloon: place of the middle of the basket's rim, size, lean. It hangs from (0, HANG) like a pendulum. */
const HANG = -420;
export const balloonAt = (t) => {
  const arrive = outCubic(span(t, -0.25, 1.7));
  const away = smoother(t, LIFT + 0.05, 9.7);
  const landing = swing(t, LAND, 1.25, 3.2);
  return {
    x: lerp(lerp(44, 214, arrive) + 20 * smooth(t, 5.9, 6.9), 360, away) + 4 * wave(t, 4.1, 0.6),
    y:
      lerp(lerp(742, 652, arrive), 686, away) +
      6 * wave(t, 3.3, 2.4) +
      26 * landing +
      15 * bump(t, LIFT - 0.1, LIFT + 0.2, LIFT + 0.5) -
      78 * bump(t, LIFT + 0.15, 8.85, 9.9),
    scale: lerp(lerp(0.93, 1, arrive), 1.07, away),
    lean:
      0.012 * wave(t, 2.9) -
      0.05 * bump(t, -0.8, 0.25, 1.25) +
      0.045 * swing(t, 1.0, 0.62, 1.5) -
      0.035 * swing(t, LAND, 0.9, 2.2) +
      0.02 * swing(t, 8.9, 0.6, 1.4),
  };
};
export const enterBalloon = (g, t) => {
  const { x, y, scale, lean } = balloonAt(t);
  g.translate(x, y);
  g.scale(scale, scale);
  g.translate(0, HANG);
  g.rotate(lean);
  g.translate(0, -HANG);
};
/** A point of the balloon on the picture. */
export const onBalloon = (t, px, py) => {
  const { x, y, scale, lean } = balloonAt(t);
  const [sin, cos] = [Math.sin(lean), Math.cos(lean)];
  const down = py - HANG;
  return { x: x + scale * (px * cos - down * sin), y: y + scale * (HANG + px * sin + down * cos), scale, lean };
};

/** The friend's little cloud: middle of the seat. */
export const cloudAt = (t) => {
  const leave = smoother(t, LIFT + 0.1, 9.2);
  const kick = swing(t, LEAP - 0.02, 1.3, 2.6);
  return {
    x: 566 + 3 * wave(t, 5.2, 1) - 12 * smooth(t, 5.9, 6.9) + 10 * kick + 60 * leave,
    y: 684 + 5 * wave(t, 3.9, 0.4) + 7 * bump(t, CROUCH, LEAP - 0.04, LEAP + 0.1) + 22 * kick + 900 * leave * leave,
    squash: 0.05 * swing(t, 0.95, 2, 4) + 0.12 * bump(t, CROUCH, LEAP - 0.04, LEAP + 0.12) - 0.1 * kick,
  };
};

const talk = (t, from, to) => {
  const chatter = Math.abs(wave(t, 0.36)) * (0.62 + 0.38 * wave(t, 0.83, 1));
  return chatter * smooth(t, from, from + 0.12) * (1 - smooth(t, to - 0.2, to));
};
const blinks = (t, moments) => Math.max(...moments.map((at) => bump(t, at - 0.07, at, at + 0.1)));

/** What the pilot does. */
export const pilotPose = (t) => {
  const slot = track(t, [
    [6.7, -8],
    [7.3, -66],
    [9, -66],
  ]);
  const cheer = 12 * bump(t, 4.35, 4.52, 4.74) + 8 * bump(t, 4.74, 4.86, 5.02) + 10 * bump(t, 7.76, 7.92, 8.1);
  const place = onBalloon(t, slot, 36 - cheer + 10 * bump(t, 6.7, 6.98, 7.3));
  const waving = smooth(t, 0.75, 1.05) * (1 - smooth(t, 2.55, 2.9));
  const beckon = smooth(t, 6.15, 6.45) * (1 - smooth(t, 7.55, 7.85));
  const rope = smooth(t, 7.92, 8.12) * (1 - smooth(t, 8.9, 9.25));
  return {
    ...place,
    t,
    stretch:
      0.03 * wave(t, 2.3) +
      0.09 * bump(t, 4.38, 4.5, 4.7) -
      0.08 * bump(t, 4.2, 4.32, 4.42) -
      0.06 * bump(t, LAND, LAND + 0.08, LAND + 0.3) +
      0.05 * bump(t, 0.7, 0.9, 1.2),
    turn: track(t, [
      [0, 0.75],
      [6.9, 0.85],
      [7.4, 0.95],
      [7.85, 0.8],
      [8.05, 0.1],
      [8.9, 0.1],
      [9.4, -0.5],
      [10.2, -0.5],
      [10.6, 0.8],
      [12, 0.8],
    ]),
    nod: track(t, [
      [0, 0.05],
      [4.2, 0.05],
      [4.5, -0.25],
      [5, 0.05],
      [7.1, 0],
      [7.4, -0.7],
      [7.8, 0.1],
      [8.05, -0.8],
      [8.8, -0.8],
      [9.4, -0.1],
      [10.6, 0.15],
      [12, 0.15],
    ]),
    tilt:
      0.05 * wave(t, 1.7) * (1 - waving) +
      0.1 * waving +
      track(t, [
        [3.4, 0],
        [3.9, 0.14],
        [5.4, 0.14],
        [5.9, 0],
        [9.8, 0],
        [10.5, 0.15],
        [12, 0.17],
      ]),
    blink: blinks(t, [0.5, 2.75, 4.1, 5.65, 7.9, 9.75]),
    happy: clamp(bump(t, 4.36, 4.5, 5.1) + smooth(t, 10.75, 10.9)),
    mouth: Math.max(
      talk(t, 1.2, 3.0),
      talk(t, 6.4, 7.6),
      0.6 * bump(t, 4.36, 4.5, 4.9),
      0.8 * bump(t, LIFT + 0.1, 8.4, 9.2),
    ),
    near:
      lerp(0.3, Math.PI * 0.74 + 0.3 * wave(t, 0.46), waving) * (1 - beckon) * (1 - rope) +
      beckon * (1.75 + 0.22 * wave(t, 0.5) * (1 - smooth(t, 6.95, 7.2))) +
      rope * (2.85 + 0.12 * wave(t, 0.4)),
    far: 0.4 + 0.12 * wave(t, 2.3) + 1.5 * rope * 0.3,
    legs: 'none',
    inBasket: 1,
  };
};

/** What the friend does. */
export const friendPose = (t) => {
  const cloud = cloudAt(t);
  const seat = { x: cloud.x - 10, y: cloud.y + 2 + 26 * cloud.squash, scale: 1, lean: 0 };
  const slot = onBalloon(t, 64, 36 - 12 * bump(t, 8.45, 8.6, 8.8) - 8 * bump(t, 8.8, 8.92, 9.1));
  const k = span(t, LEAP, LAND);
  const fly = k ** 0.92;
  const surprise = bump(t, 0.86, 1.0, 1.22);
  const wiggle = bump(t, 6.45, 6.55, 6.68) + bump(t, 6.68, 6.78, 6.9);
  const place = {
    x: lerp(seat.x, slot.x, fly),
    y: lerp(seat.y, slot.y, k) - 4 * 128 * k * (1 - k) - 14 * surprise - 10 * wiggle,
    scale: lerp(1, slot.scale, k),
    lean: slot.lean * k - 0.26 * bump(t, LEAP - 0.05, LEAP + 0.2, LAND + 0.05),
  };
  const waving = smooth(t, 1.5, 1.75) * (1 - smooth(t, 2.75, 3.05));
  const shy = smooth(t, 3.7, 4.0) * (1 - smooth(t, 5.5, 5.9));
  const air = bump(t, LEAP - 0.08, LEAP + 0.22, LAND + 0.1);
  const whee = smooth(t, 8.25, 8.5) * (1 - smooth(t, 9.15, 9.5));
  return {
    ...place,
    t,
    stretch:
      0.025 * wave(t, 2.6, 1) +
      0.1 * surprise -
      0.09 * bump(t, 0.78, 0.86, 0.92) +
      track(t, [
        [CROUCH - 0.07, 0],
        [LEAP - 0.06, -0.2],
        [LEAP + 0.08, 0.15],
        [7.45, 0.03],
        [7.68, 0.09],
        [LAND + 0.09, -0.2],
        [8, 0.07],
        [8.2, 0],
      ]) +
      0.06 * whee,
    turn: track(t, [
      [0, 0.45],
      [0.8, 0.45],
      [0.98, -0.75],
      [6.9, -0.8],
      [7.8, -0.7],
      [8.15, -0.2],
      [8.9, -0.2],
      [9.4, -0.55],
      [10.1, -0.55],
      [10.45, -0.85],
      [12, -0.8],
    ]),
    nod: track(t, [
      [0, -0.75],
      [0.8, -0.75],
      [0.98, 0.05],
      [3.7, 0.05],
      [4.1, 0.35],
      [4.9, 0.1],
      [6.8, 0],
      [7.1, 0.5],
      [7.4, -0.2],
      [8.1, -0.1],
      [8.3, -0.9],
      [8.9, -0.8],
      [9.4, -0.05],
      [10.45, 0.1],
      [12, 0.1],
    ]),
    tilt:
      0.05 * wave(t, 2.1, 2) +
      0.1 * shy -
      0.12 * waving +
      track(t, [
        [0, 0.08],
        [0.9, 0.08],
        [1.1, 0],
        [9.6, 0],
        [10.3, -0.16],
        [12, -0.2],
      ]),
    blink: blinks(t, [0.35, 0.88, 2.3, 3.55, 5.2, 6.3, 8.15, 9.55]),
    happy: clamp(
      bump(t, 5.0, 5.12, 5.62) + bump(t, 6.42, 6.55, 6.95) + bump(t, 7.8, 7.95, 8.2) + smooth(t, 11.0, 11.15),
    ),
    mouth: Math.max(talk(t, 3.8, 5.5), talk(t, 9.4, 11.1), 0.7 * surprise, 0.9 * air, 0.9 * whee, 0.5 * wiggle),
    far:
      lerp(0.3 + 0.08 * wave(t, 2.6), 1.95 + 0.32 * wave(t, 0.48, 1), Math.max(waving, 0)) * (1 - shy) +
      0.75 * shy +
      2.1 * air +
      1.5 * whee,
    handToHeart: shy,
    near: 1.15 + 0.1 * wave(t, 2.6, 0.5) + 0.9 * air + 1.1 * whee,
    legs: t < LAND + 0.02 ? 'dangle' : 'none',
    kick: wave(t, 1.5) * (1 - smooth(t, CROUCH - 0.1, CROUCH)),
    tuck: air + 0.5 * bump(t, CROUCH - 0.05, LEAP - 0.05, LEAP + 0.1),
    star: {
      swing: 0.2 + 0.12 * wave(t, 2.4) + 0.5 * bump(t, LEAP, LEAP + 0.22, LAND) - 0.35 * swing(t, LAND - 0.1, 0.9, 1.6),
      drop: 46 * bump(t, LEAP - 0.02, LEAP + 0.24, LAND + 0.1),
    },
    inBasket: smooth(t, LEAP + 0.2, LAND),
  };
};
