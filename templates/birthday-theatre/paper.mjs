/**
 * Scissors, paper and time: the small helpers that every part of the theatre is made of.
 *
 * A sheet of paper is a path with a soft shadow below (its height above what lies behind), a slight gradient, a grain and a cut edge that
 * catches the light at the upper left. Everything is deterministic: chance comes from `random(seed)` alone.
 */
import { createCanvas, Path2D } from '@napi-rs/canvas';

export const TAU = Math.PI * 2;

/** mulberry32: small, fast, the same on every machine. */
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const clamp = (v, lo = 0, hi = 1) => Math.min(hi, Math.max(lo, v));
export const lerp = (a, b, u) => a + (b - a) * u;
/** Progress of t from a to b, 0 to 1. */
export const span = (a, b, t) => clamp((t - a) / (b - a));
export const smooth = (a, b, t) => {
  const u = span(a, b, t);
  return u * u * (3 - 2 * u);
};
export const inOut = (u) => (u < 0.5 ? 4 * u * u * u : 1 - (-2 * u + 2) ** 3 / 2);
export const outCubic = (u) => 1 - (1 - u) ** 3;
export const inCubic = (u) => u * u * u;
export const outBack = (u, s = 1.7) => 1 + (s + 1) * (u - 1) ** 3 + s * (u - 1) ** 2;
export const inBack = (u, s = 1.7) => (s + 1) * u * u * u - s * u * u;
/** A bump that rises and falls between a and b. */
export const bump = (a, b, t) => Math.sin(Math.PI * span(a, b, t)) ** 2;
/** A swing that starts at once and has died exactly after `length` seconds. */
export const swing = (t, from, length, rate, damp) => {
  const x = t - from;
  if (x <= 0 || x >= length) return 0;
  return Math.sin(x * rate) * Math.exp(-damp * x) * (1 - smooth(0.55 * length, length, x));
};

const channels = (hex) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
export function mix(from, to, u) {
  const b = channels(to);
  return `#${channels(from)
    .map((v, i) =>
      Math.round(lerp(v, b[i], u))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}
/** Lighter towards lamplight (positive) or darker towards night (negative). */
export const shade = (hex, amount) => (amount >= 0 ? mix(hex, '#fff0cf', amount) : mix(hex, '#260d2c', -amount));
export const veil = (hex, alpha) => `rgba(${channels(hex).join(',')},${alpha})`;

/** Paper fibre: soft blotches and a few threads, transparent black and white. */
const GRAIN = (() => {
  const size = 256;
  const canvas = createCanvas(size, size);
  const ctx = canvas.getContext('2d');
  const next = random(11);
  for (let i = 0; i < 1500; i++) {
    const light = next() < 0.5;
    ctx.strokeStyle = light ? `rgba(255,244,220,${0.03 + next() * 0.045})` : `rgba(60,20,50,${0.02 + next() * 0.035})`;
    ctx.lineWidth = 0.9 + next() * 2.2;
    const x = next() * size;
    const y = next() * size;
    const a = next() * TAU;
    const l = 1 + next() * 3.2;
    for (const dx of [-size, 0, size]) {
      for (const dy of [-size, 0, size]) {
        ctx.beginPath();
        ctx.moveTo(x + dx, y + dy);
        ctx.quadraticCurveTo(
          x + dx + Math.cos(a) * l,
          y + dy + Math.sin(a) * l,
          x + dx + Math.cos(a + 0.7) * l * 1.7,
          y + dy + Math.sin(a + 0.7) * l * 1.7,
        );
        ctx.stroke();
      }
    }
  }
  return canvas;
})();
const grains = new WeakMap();
function grainOf(ctx) {
  if (!grains.has(ctx)) grains.set(ctx, ctx.createPattern(GRAIN, 'repeat'));
  return grains.get(ctx);
}

/**
 * Lays a sheet of paper.
 * @param {object} [o] lift: height of the sheet (shadow); bow: strength of the gradient; edge: strength of the cut edge; grain; fill: paint instead of the gradient
 */
export function paper(ctx, path, colour, { lift = 4, bow = 0.12, edge = 0.5, grain = true, fill, dark = 0.42 } = {}) {
  const [x0, y0, x1, y1] = path.computeTightBounds();
  ctx.save();
  if (lift > 0) {
    ctx.shadowColor = `rgba(32,6,30,${dark})`;
    ctx.shadowBlur = lift * 2.1;
    ctx.shadowOffsetX = lift * 0.45;
    ctx.shadowOffsetY = lift * 0.85;
  }
  if (fill) ctx.fillStyle = fill;
  else if (bow > 0) {
    const g = ctx.createLinearGradient(x0, y0, x0 + (x1 - x0) * 0.25, y1);
    g.addColorStop(0, shade(colour, bow));
    g.addColorStop(0.45, colour);
    g.addColorStop(1, shade(colour, -bow));
    ctx.fillStyle = g;
  } else ctx.fillStyle = colour;
  ctx.fill(path);
  ctx.restore();
  if (grain) {
    ctx.fillStyle = grainOf(ctx);
    ctx.fill(path);
  }
  if (edge > 0) {
    const g = ctx.createLinearGradient(x0, y0, x1, y1);
    g.addColorStop(0, `rgba(255,240,214,${edge})`);
    g.addColorStop(0.5, `rgba(255,240,214,${edge * 0.25})`);
    g.addColorStop(1, `rgba(40,8,36,${edge * 0.3})`);
    ctx.strokeStyle = g;
    ctx.lineWidth = 1.3;
    ctx.stroke(path);
  }
}

/** A path from SVG path data, cut once. */
const cuts = new Map();
export function svg(d) {
  if (!cuts.has(d)) cuts.set(d, new Path2D(d));
  return cuts.get(d);
}

export function ellipse(x, y, rx, ry = rx, turn = 0) {
  const p = new Path2D();
  p.ellipse(x, y, rx, ry, turn, 0, TAU);
  return p;
}

export function box(x, y, w, h, r = 0) {
  const p = new Path2D();
  p.roundRect(x, y, w, h, r);
  return p;
}

/** Straight cuts from corner to corner. */
export function cut(points) {
  const p = new Path2D();
  points.forEach(([x, y], i) => (i ? p.lineTo(x, y) : p.moveTo(x, y)));
  p.closePath();
  return p;
}

/** A soft closed cut through the middles of the given corners. */
export function soft(points) {
  const p = new Path2D();
  const n = points.length;
  const middle = (i) => [
    (points[i % n][0] + points[(i + 1) % n][0]) / 2,
    (points[i % n][1] + points[(i + 1) % n][1]) / 2,
  ];
  p.moveTo(...middle(n - 1));
  for (let i = 0; i < n; i++) p.quadraticCurveTo(...points[i], ...middle(i));
  p.closePath();
  return p;
}

/** A five-pointed (or n-pointed) star with soft tips. */
export function star(x, y, r, { n = 5, inner = 0.52, turn = -Math.PI / 2 } = {}) {
  const points = [];
  for (let i = 0; i < n * 2; i++) {
    const a = turn + (i * Math.PI) / n;
    const q = i % 2 ? r * inner : r;
    points.push([x + Math.cos(a) * q, y + Math.sin(a) * q]);
  }
  return cut(points);
}

export function heart(x, y, s) {
  const p = new Path2D();
  p.moveTo(x, y + s * 0.9);
  p.bezierCurveTo(x - s * 1.5, y - s * 0.1, x - s * 0.8, y - s * 1.1, x, y - s * 0.35);
  p.bezierCurveTo(x + s * 0.8, y - s * 1.1, x + s * 1.5, y - s * 0.1, x, y + s * 0.9);
  p.closePath();
  return p;
}

/** A ring of petals: doilies, rosettes, scalloped suns. */
export function doily(x, y, rx, ry, petals, depth) {
  const p = new Path2D();
  const steps = petals * 12;
  for (let i = 0; i <= steps; i++) {
    const a = (i / steps) * TAU;
    const d = depth * Math.abs(Math.sin((a * petals) / 2)) - depth;
    const px = x + Math.cos(a) * (rx + d);
    const py = y + Math.sin(a) * (ry + d);
    if (i) p.lineTo(px, py);
    else p.moveTo(px, py);
  }
  p.closePath();
  return p;
}

/** A picture that is drawn once and shown often. */
export function sprite(width, height, draw) {
  let canvas;
  return () => {
    if (!canvas) {
      canvas = createCanvas(width, height);
      draw(canvas.getContext('2d'));
    }
    return canvas;
  };
}
