/**
 * Brushes and clocks shared by all layers: easing, key frames, seeded chance, and the two-tone way of painting a solid form
 * (a cool crescent on the shadow side, a warm one on the side of the light).
 */
import { Path2D } from '@napi-rs/canvas';

export const TAU = Math.PI * 2;
export const clamp = (v, lo = 0, hi = 1) => Math.min(hi, Math.max(lo, v));
export const mix = (a, b, k) => a + (b - a) * k;
/** How far `t` has come from `a` to `b`, 0..1. */
export const part = (t, a, b) => clamp((t - a) / (b - a));

export const ease = {
  linear: (k) => k,
  in: (k) => k * k * k,
  out: (k) => 1 - (1 - k) ** 3,
  both: (k) => (k < 0.5 ? 4 * k * k * k : 1 - (-2 * k + 2) ** 3 / 2),
  /** Sets off briskly and slows down for long. */
  glide: (k) => 1 - (1 - k) ** 2.2,
  soft: (k) => k * k * (3 - 2 * k),
  back: (k) => 1 + 2.4 * (k - 1) ** 3 + 1.4 * (k - 1) ** 2,
  /** Passes the goal, swings back, and is exactly there at 1. */
  spring: (k) => (k >= 1 ? 1 : 1 - Math.exp(-6 * k) * Math.cos(k * 11) * (1 - k)),
};

/** The value of a key-framed track at `t`: keys are [time, value, easing towards it]. */
export function track(t, keys) {
  if (t <= keys[0][0]) return keys[0][1];
  for (let i = 1; i < keys.length; i++) {
    const [to, value, how = 'both'] = keys[i];
    if (t < to) {
      const [from, before] = keys[i - 1];
      return mix(before, value, ease[how]((t - from) / (to - from)));
    }
  }
  return keys[keys.length - 1][1];
}

/** The same for points: keys are [time, x, y, easing]. */
export const trackPoint = (t, keys) => ({
  x: track(
    t,
    keys.map(([at, x, , how]) => [at, x, how]),
  ),
  y: track(
    t,
    keys.map(([at, , y, how]) => [at, y, how]),
  ),
});

/** A small jolt that begins at `at` and dies away: for landings and surprise. */
export const jolt = (t, at, length = 0.6, swings = 2.5) =>
  t < at || t > at + length ? 0 : Math.sin(((t - at) / length) * TAU * swings) * (1 - (t - at) / length) ** 2;

/** A hop: 0 on the ground, 1 at the top. */
export const hop = (t, at, length) =>
  t < at || t > at + length ? 0 : 4 * part(t, at, at + length) * (1 - part(t, at, at + length));

/** How closed the eyes are (0..1) at `t`, given the moments of blinking. */
export const blink = (t, moments) =>
  moments.reduce((shut, at) => Math.max(shut, 1 - Math.min(1, Math.abs(t - at) / 0.085)), 0);

/** How open a talking mouth is: syllables of uneven weight between `a` and `b`. */
export const talk = (t, a, b) => {
  const on = part(t, a, a + 0.1) * (1 - part(t, b - 0.15, b));
  return on * clamp(0.42 + 0.4 * Math.sin(t * 25) + 0.25 * Math.sin(t * 14.3 + 1), 0.08, 1);
};

export function chance(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let r = Math.imul(a ^ (a >>> 15), 1 | a);
    r = (r + Math.imul(r ^ (r >>> 7), 61 | r)) ^ r;
    return ((r ^ (r >>> 14)) >>> 0) / 4294967296;
  };
}

export const path = (d) => new Path2D(d);

export function ellipse(x, y, rx, ry = rx, turn = 0) {
  const p = new Path2D();
  p.ellipse(x, y, rx, ry, turn, 0, TAU);
  return p;
}

/** A smooth closed curve through points [x, y]. */
export function blob(points) {
  const p = new Path2D();
  const n = points.length;
  const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const start = middle(points[n - 1], points[0]);
  p.moveTo(...start);
  for (let i = 0; i < n; i++) p.quadraticCurveTo(...points[i], ...middle(points[i], points[(i + 1) % n]));
  p.closePath();
  return p;
}

/** A star with `tips` points, rounded by a thick stroke of the same colour where it is painted. */
export function star(x, y, outer, inner, tips = 5, turn = 0) {
  const p = new Path2D();
  for (let i = 0; i < tips * 2; i++) {
    const a = turn - Math.PI / 2 + (i * Math.PI) / tips;
    const r = i % 2 ? inner : outer;
    p.lineTo(x + Math.cos(a) * r, y + Math.sin(a) * r);
  }
  p.closePath();
  return p;
}

const SHADE = 'rgba(46,58,128,0.30)';
const RIM = 'rgba(255,226,170,0.85)';

/** Paints a form: fill, then a cool crescent (left, below) and a thin warm rim (right, above), both inside the form. */
export function form(ctx, shape, fill, { shade = SHADE, dx = 9, dy = -7, rim = RIM, rx = -2.6, ry = 2 } = {}) {
  ctx.fillStyle = fill;
  ctx.fill(shape);
  const outside = new Path2D();
  outside.rect(-3000, -3000, 6000, 6000);
  outside.addPath(shape);
  ctx.save();
  ctx.clip(shape);
  const crescent = (x, y, colour) => {
    if (!colour) return;
    ctx.save();
    ctx.translate(x, y);
    ctx.fillStyle = colour;
    ctx.fill(outside, 'evenodd');
    ctx.restore();
  };
  crescent(dx, dy, shade);
  crescent(dx * 0.45, dy * 0.45, shade);
  crescent(rx, ry, rim);
  ctx.restore();
}

/** An arm, leg or stalk: a thick bent line with its lit side. Returns nothing; `bend` pushes the elbow sideways. */
export function limb(ctx, from, to, bend, width, colour, dark, lit = RIM) {
  const mx = (from.x + to.x) / 2;
  const my = (from.y + to.y) / 2;
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const cx = mx - ((to.y - from.y) / length) * bend;
  const cy = my + ((to.x - from.x) / length) * bend;
  const line = (ox, oy, w, style) => {
    ctx.strokeStyle = style;
    ctx.lineWidth = w;
    ctx.beginPath();
    ctx.moveTo(from.x + ox, from.y + oy);
    ctx.quadraticCurveTo(cx + ox, cy + oy, to.x + ox, to.y + oy);
    ctx.stroke();
  };
  ctx.lineCap = 'round';
  line(0, 0, width, dark);
  line(1.6, -1.4, width - 4.5, colour);
  if (lit) line(width * 0.27, -width * 0.25, 2.2, lit);
}

export function glow(ctx, x, y, radius, colour, alpha = 1) {
  if (alpha <= 0) return;
  const g = ctx.createRadialGradient(x, y, 0, x, y, radius);
  g.addColorStop(0, `rgba(${colour},${alpha})`);
  g.addColorStop(0.35, `rgba(${colour},${alpha * 0.42})`);
  g.addColorStop(0.7, `rgba(${colour},${alpha * 0.1})`);
  g.addColorStop(1, `rgba(${colour},0)`);
  ctx.fillStyle = g;
  ctx.fillRect(x - radius, y - radius, radius * 2, radius * 2);
}

export function vertical(ctx, y0, y1, ...stops) {
  const g = ctx.createLinearGradient(0, y0, 0, y1);
  stops.forEach((colour, i) => g.addColorStop(i / (stops.length - 1), colour));
  return g;
}

/** Runs `draw` with the canvas state kept. */
export function within(ctx, draw) {
  ctx.save();
  draw(ctx);
  ctx.restore();
}
