/**
 * The stage: an evening sky as a light box of cut sheets, hills that stand up, lanterns on strings, the floor with its trapdoor and the cake.
 * What lies behind a bubble's words (the upper middle) stands still whenever words are up; the life is below and at the sides.
 */
import { Path2D } from '@napi-rs/canvas';
import {
  box,
  bump,
  clamp,
  cut,
  doily,
  ellipse,
  heart,
  inOut,
  lerp,
  mix,
  outBack,
  paper,
  random,
  shade,
  smooth,
  soft,
  span,
  sprite,
  star,
  svg,
  swing,
  TAU,
  veil,
} from './paper.mjs';
import { BEAT, breeze, dim, f, glow, HEIGHT, joy, WIDTH } from './score.mjs';

const CENTRE = [640, 455];

/** One sheet of the light box: all paper but a hand-cut hole. */
function holed(r, phase, squeeze = 0.86) {
  const hole = [];
  for (let i = 0; i < 160; i++) {
    const a = (i / 160) * TAU;
    const q =
      r *
      (1 + 0.022 * Math.sin(3 * a + phase) + 0.014 * Math.sin(7 * a + phase * 2.3) + 0.006 * Math.sin(17 * a + phase));
    hole.push([CENTRE[0] + Math.cos(a) * q * 1.12, CENTRE[1] + Math.sin(a) * q * squeeze]);
  }
  const p = soft(hole.reverse());
  p.rect(-200, -200, WIDTH + 400, HEIGHT + 400);
  return p;
}

const sky = sprite(WIDTH, HEIGHT, (ctx) => {
  const g = ctx.createRadialGradient(...CENTRE, 10, ...CENTRE, 210);
  g.addColorStop(0, '#fff0bd');
  g.addColorStop(0.45, '#ffdc8f');
  g.addColorStop(1, '#fbbd6c');
  ctx.fillStyle = g;
  ctx.fillRect(0, 0, WIDTH, HEIGHT);
  const sheets = [
    [128, '#f9b064'],
    [196, '#f29356'],
    [270, '#e27553'],
    [350, '#c95a56'],
    [436, '#a54458'],
    [528, '#7c3458'],
    [624, '#552852'],
  ];
  sheets.forEach(([r, colour], i) => {
    const p = holed(r, i * 1.9 + 0.6);
    ctx.save();
    ctx.shadowColor = 'rgba(60,8,34,.5)';
    ctx.shadowBlur = 20;
    ctx.shadowOffsetX = 3;
    ctx.shadowOffsetY = 8;
    const lift = ctx.createRadialGradient(...CENTRE, r * 0.9, ...CENTRE, r * 1.6);
    lift.addColorStop(0, shade(colour, 0.1));
    lift.addColorStop(1, shade(colour, -0.12));
    ctx.fillStyle = lift;
    ctx.fill(p, 'evenodd');
    ctx.restore();
    ctx.strokeStyle = `rgba(255,236,200,${0.4 - i * 0.03})`;
    ctx.lineWidth = 1.4;
    ctx.stroke(p);
  });
  const next = random(5);
  for (let i = 0; i < 46; i++) {
    const a = Math.PI * (1.02 + 0.96 * next());
    const r = 440 + next() * 260;
    const x = CENTRE[0] + Math.cos(a) * r * 1.1;
    const y = CENTRE[1] + Math.sin(a) * r * 0.9;
    if (y > 60 && y < 330)
      paper(ctx, star(x, y, 3 + next() * 5, { inner: 0.42, turn: next() }), '#ffdf9a', {
        lift: 1.5,
        grain: false,
        bow: 0.05,
        edge: 0,
      });
  }
});

/** A ridge as a sheet, with whatever stands on it. */
function ridge(height, seed, draw) {
  return sprite(WIDTH + 120, 420, (ctx) => {
    ctx.translate(60, 120);
    const points = [];
    for (let x = -80; x <= WIDTH + 80; x += 8) points.push([x, height(x)]);
    draw(ctx, cut([...points, [WIDTH + 90, 320], [-90, 320]]), height, random(seed));
  });
}

function fir(ctx, x, y, s, colour, lift = 2) {
  paper(ctx, box(x - s * 0.06, y - s * 0.2, s * 0.12, s * 0.3), shade(colour, -0.4), {
    lift: 1,
    grain: false,
    edge: 0,
  });
  for (let i = 0; i < 3; i++) {
    const w = s * (0.34 - i * 0.075);
    const b = y - s * (0.14 + i * 0.25);
    paper(
      ctx,
      cut([
        [x, b - s * 0.42],
        [x + w, b],
        [x + w * 0.45, b + s * 0.03],
        [x, b - s * 0.01],
        [x - w * 0.45, b + s * 0.03],
        [x - w, b],
      ]),
      shade(colour, i * 0.06),
      { lift, grain: false, edge: 0.35 },
    );
  }
}

function ball(ctx, x, y, s, colour) {
  paper(ctx, box(x - s * 0.07, y - s * 0.4, s * 0.14, s * 0.45), shade(colour, -0.4), {
    lift: 1,
    grain: false,
    edge: 0,
  });
  paper(
    ctx,
    soft([
      [x - s * 0.42, y - s * 0.2],
      [x - s * 0.5, y - s * 0.8],
      [x, y - s * 1.25],
      [x + s * 0.5, y - s * 0.8],
      [x + s * 0.42, y - s * 0.2],
      [x, y - s * 0.12],
    ]),
    colour,
    { lift: 2.5, edge: 0.35 },
  );
  ctx.strokeStyle = veil(shade(colour, -0.4), 0.5);
  ctx.lineWidth = 1.6;
  ctx.beginPath();
  ctx.moveTo(x, y - s * 0.2);
  ctx.lineTo(x, y - s * 0.8);
  ctx.moveTo(x, y - s * 0.42);
  ctx.lineTo(x + s * 0.17, y - s * 0.62);
  ctx.moveTo(x, y - s * 0.5);
  ctx.lineTo(x - s * 0.15, y - s * 0.68);
  ctx.stroke();
}

function house(ctx, x, y, s, wall, roof) {
  paper(ctx, box(x - s * 0.4, y - s * 0.62, s * 0.8, s * 0.7), wall, { lift: 2.5, edge: 0.3 });
  paper(ctx, box(x + s * 0.16, y - s * 1.12, s * 0.15, s * 0.4), shade(roof, -0.25), {
    lift: 1,
    grain: false,
    edge: 0.2,
  });
  paper(
    ctx,
    cut([
      [x - s * 0.54, y - s * 0.58],
      [x, y - s * 1.16],
      [x + s * 0.54, y - s * 0.58],
    ]),
    roof,
    { lift: 3, edge: 0.5 },
  );
  const lamp = (px, py, w, h) => {
    paper(ctx, box(px, py, w, h, 1.5), '#ffd77c', { lift: 0, grain: false, bow: 0.2, edge: 0.2 });
    ctx.fillStyle = veil(shade(wall, -0.4), 0.8);
    ctx.fillRect(px + w / 2 - 0.7, py, 1.4, h);
    ctx.fillRect(px, py + h / 2 - 0.7, w, 1.4);
  };
  lamp(x - s * 0.25, y - s * 0.46, s * 0.19, s * 0.22);
  lamp(x + s * 0.07, y - s * 0.46, s * 0.19, s * 0.22);
}

const far = ridge(
  (x) => 66 + 34 * Math.sin(x / 128 + 0.4) + 14 * Math.sin(x / 57),
  3,
  (ctx, sheet, height, next) => {
    paper(ctx, sheet, '#b9506a', { lift: 7, bow: 0.2 });
    for (let x = 70; x < WIDTH; x += 34 + next() * 60) fir(ctx, x, height(x) + 6, 26 + next() * 16, '#a5456a', 1.5);
  },
);
const mid = ridge(
  (x) => 84 + 26 * Math.sin(x / 170 + 2.6) + 12 * Math.sin(x / 66 + 1),
  4,
  (ctx, sheet, height, next) => {
    for (const [x, s] of [
      [416, 50],
      [474, 42],
      [806, 46],
      [862, 54],
    ])
      house(ctx, x, height(x) + 6, s, '#e79a6b', '#6d2c55');
    for (const x of [360, 530, 552, 752, 922]) ball(ctx, x, height(x) + 8, 34 + next() * 14, '#8d3f68');
    paper(ctx, sheet, '#93405f', { lift: 8, bow: 0.16 });
    // A field and a path, papers on paper.
    const field = [];
    for (let x = -80; x <= WIDTH + 80; x += 8) field.push([x, height(x) + 26 + 9 * Math.sin(x / 90)]);
    paper(ctx, cut([...field, [WIDTH + 90, 320], [-90, 320]]), '#7f375f', { lift: 4, bow: 0.16 });
    for (const [x, s] of [
      [452, 30],
      [596, 34],
      [640, 26],
      [682, 36],
      [830, 28],
    ])
      fir(ctx, x, height(x) + 34 + 9 * Math.sin(x / 90), s, '#5f2f5c', 2);
  },
);
const near = ridge(
  (x) => 84 + 40 * Math.cos((x - 640) / 205) - 0.00006 * (x - 640) ** 2,
  6,
  (ctx, sheet, height, next) => {
    for (const x of [150, 214, 268, 420, 884, 1010, 1072, 1120])
      fir(ctx, x, height(x) + 8, 66 + next() * 34, '#3d6a69', 3);
    for (const x of [338, 472, 812, 948]) ball(ctx, x, height(x) + 10, 48 + next() * 16, '#4c7a6e');
    paper(ctx, sheet, '#3f6a68', { lift: 9, bow: 0.22 });
  },
);
const bank = ridge(
  (x) => 96 + 26 * Math.cos((x - 640) / 260) + 7 * Math.abs(Math.sin(x / 22)),
  7,
  (ctx, sheet, height, next) => {
    paper(ctx, sheet, '#2f5157', { lift: 9, bow: 0.2 });
    for (let x = 110; x < WIDTH - 90; x += 42 + next() * 34) {
      const y = height(x) + 20 + next() * 14;
      const colour = ['#f2a65f', '#f4d9a8', '#e8716a'][Math.floor(next() * 3)];
      ctx.strokeStyle = '#6f9a86';
      ctx.lineWidth = 2;
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(x, y + 16);
      ctx.stroke();
      paper(ctx, doily(x, y, 7.5, 7.5, 5, 3), colour, { lift: 1.5, grain: false });
      paper(ctx, ellipse(x, y, 2.2), '#7a2f4d', { lift: 0, grain: false, edge: 0 });
    }
  },
);

const clouds = [
  [300, 330, 1, 0],
  [1010, 352, 0.86, 1.7],
  [706, 392, 0.6, 3.1],
  [492, 372, 0.5, 4.4],
].map(([x, y, s, phase]) => ({ x, y, s, phase }));
const cloud = sprite(200, 110, (ctx) => {
  ctx.translate(100, 60);
  const p = svg('M-78 26 C-92 6 -66 -14 -48 -8 C-44 -36 -4 -44 10 -22 C28 -36 56 -24 54 -2 C80 -6 88 20 72 26 Z');
  paper(ctx, p, '#f7c08c', { lift: 6, bow: 0.16 });
  ctx.translate(4, 12);
  ctx.scale(0.7, 0.55);
  paper(ctx, p, '#fbd7a4', { lift: 3, bow: 0.1 });
});

const floor = sprite(WIDTH, HEIGHT, (ctx) => {
  paper(
    ctx,
    cut([
      [40, 560],
      [1240, 560],
      [1400, 720],
      [-120, 720],
    ]),
    '#9c4f45',
    { lift: 10, bow: 0.18 },
  );
  ctx.save();
  ctx.clip(
    cut([
      [40, 560],
      [1240, 560],
      [1400, 720],
      [-120, 720],
    ]),
  );
  for (let i = -9; i <= 9; i++) {
    ctx.strokeStyle = 'rgba(58,14,34,.34)';
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.moveTo(640 + i * 66, 560);
    ctx.lineTo(640 + i * 88, 720);
    ctx.stroke();
    ctx.strokeStyle = 'rgba(255,214,160,.16)';
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(642 + i * 66, 560);
    ctx.lineTo(642.5 + i * 88, 720);
    ctx.stroke();
  }
  ctx.translate(640, 612);
  ctx.scale(1, 0.2);
  const g = ctx.createRadialGradient(0, 0, 40, 0, 0, 560);
  g.addColorStop(0, 'rgba(255,206,132,.5)');
  g.addColorStop(1, 'rgba(255,206,132,0)');
  ctx.fillStyle = g;
  ctx.fillRect(-700, -500, 1400, 1200);
  ctx.restore();
  const rug = doily(640, 614, 176, 32, 44, 5);
  paper(ctx, rug, '#e0a052', { lift: 3 });
  paper(ctx, ellipse(640, 614, 162, 26.5), '#8a2a48', { lift: 2 });
});

/** A flag of the garland. */
const FLAGS = ['#f4d3a0', '#e8684a', '#4f8f88', '#f2a94e', '#b93a5a'];
function garland(ctx, t, x0, y0, x1, y1, sag, n, phase) {
  const air = breeze(t) * (0.16 + 0.5 * bump(0.4, 1.7, t) + 0.5 * bump(f(226), f(246), t));
  const at = (u) => [lerp(x0, x1, u), lerp(y0, y1, u) + sag * 4 * u * (1 - u)];
  ctx.save();
  ctx.shadowColor = 'rgba(32,6,30,.4)';
  ctx.shadowBlur = 5;
  ctx.shadowOffsetY = 4;
  ctx.strokeStyle = '#f4d3a0';
  ctx.lineWidth = 2.4;
  ctx.beginPath();
  for (let i = 0; i <= 40; i++) ctx.lineTo(...at(i / 40));
  ctx.stroke();
  ctx.restore();
  for (let i = 0; i < n; i++) {
    const u = (i + 0.5) / n;
    const [x, y] = at(u);
    const slope = Math.atan2(y1 - y0 + sag * 4 * (1 - 2 * u), x1 - x0);
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(slope + Math.sin(t * 5.2 + i * 0.9 + phase) * air);
    const colour = FLAGS[(i + phase) % FLAGS.length];
    paper(ctx, svg('M-17 -1 L17 -1 L1.5 36 Q0 38 -1.5 36 Z'), colour, { lift: 4 });
    if (i % 2) paper(ctx, ellipse(0, 11, 4.2), shade(colour, 0.5), { lift: 0.6, grain: false });
    else paper(ctx, heart(0, 11, 5), shade(colour, colour === '#f4d3a0' ? -0.3 : 0.5), { lift: 0.6, grain: false });
    ctx.restore();
  }
}

/** A paper lantern on its string: swings from the moment the curtain lets it go, then breathes. */
function lantern(ctx, t, x, top, length, r, colour, phase) {
  const drop = outBack(span(0.35 + phase * 0.08, 1.1 + phase * 0.08, t), 1.4);
  const turn =
    0.035 * Math.sin(t * 1.7 + phase * 2) +
    0.2 * swing(t, 0.75, 3, 5.2, 1.3) +
    0.16 * swing(t, BEAT.confetti, 2.4, 5.6, 1.2);
  ctx.save();
  ctx.translate(x, top - (1 - drop) * 260);
  ctx.rotate(turn);
  ctx.strokeStyle = '#e9c48c';
  ctx.lineWidth = 1.8;
  ctx.beginPath();
  ctx.moveTo(0, 0);
  ctx.lineTo(0, length);
  ctx.stroke();
  ctx.translate(0, length + r);
  ctx.rotate(turn * 0.7);
  const halo = ctx.createRadialGradient(0, 0, r * 0.3, 0, 0, r * 2);
  halo.addColorStop(0, 'rgba(255,214,130,.42)');
  halo.addColorStop(1, 'rgba(255,190,110,0)');
  ctx.fillStyle = halo;
  ctx.fillRect(-r * 2, -r * 2, r * 4, r * 4);
  paper(ctx, ellipse(0, 0, r, r * 0.92), colour, { lift: 6, bow: 0 });
  for (const k of [0.72, 0.4, 0.12]) {
    const lit = ctx.createLinearGradient(0, -r, 0, r);
    lit.addColorStop(0, shade(colour, 0.1));
    lit.addColorStop(0.6, shade(colour, 0.62 - k * 0.45));
    lit.addColorStop(1, shade(colour, 0.1));
    paper(ctx, ellipse(0, 0, r * k, r * 0.92), colour, { lift: 1.2, fill: lit, grain: false, edge: 0.25 });
  }
  for (const s of [-1, 1])
    paper(ctx, box(-r * 0.36, s * r * 0.9 - 4, r * 0.72, 8, 3), '#d99b45', { lift: 1.5, grain: false });
  ctx.translate(0, r * 0.98);
  ctx.rotate(-turn * 2.2);
  for (const k of [-1, 0, 1])
    paper(ctx, box(k * 4 - 1.5, 0, 3, 20 - Math.abs(k) * 5, 1), '#d9a441', { lift: 1, grain: false, edge: 0.2 });
  ctx.restore();
}

const CANDLES = [-42, 0, 42];
/** Candle by candle: 0 unlit, 1 burning; they go out within three frames of the breath. */
const burning = (t, i) =>
  outBack(span(BEAT.lit + i * 0.1, BEAT.lit + 0.22 + i * 0.1, t), 2.4) *
  (1 - smooth(BEAT.out - i * 0.045, BEAT.out + 0.07 - i * 0.045, t));

function drip(x0, x1, y, next, depth) {
  const p = new Path2D();
  const n = Math.round((x1 - x0) / 22);
  const w = (x1 - x0) / n;
  p.moveTo(x0, y);
  p.lineTo(x1, y);
  for (let i = n; i > 0; i--) {
    const x = x0 + w * i;
    const d = y + depth * (0.55 + 0.45 * ((Math.sin(i * 2.4 + next) + 1) / 2));
    p.lineTo(x, d - 6);
    p.bezierCurveTo(x - w * 0.1, d + 7, x - w * 0.72, d + 7, x - w * 0.8, d - 8);
    p.quadraticCurveTo(x - w * 0.9, d - 13, x - w, d - 8);
  }
  p.closePath();
  return p;
}

const K = 1.14;
const cake = sprite(320 * K, 300 * K, (ctx) => {
  ctx.scale(K, K);
  ctx.translate(160, 290);
  paper(ctx, ellipse(0, -5, 62, 12), '#d9963f', { lift: 4 });
  paper(ctx, svg('M-20 -8 C-8 -16 -10 -28 -12 -38 L12 -38 C10 -28 8 -16 20 -8 Z'), '#c8833a', { lift: 2 });
  paper(ctx, doily(0, -42, 126, 19, 40, 5), '#f6dfb4', { lift: 5 });
  paper(ctx, ellipse(0, -44, 114, 13), '#e9bd7c', { lift: 1 });
  const tier = (w, top, bottom, colour, icing, k) => {
    paper(ctx, svg(`M${-w} ${top} L${w} ${top} L${w} ${bottom - 8} Q0 ${bottom + 12} ${-w} ${bottom - 8} Z`), colour, {
      lift: 5,
      bow: 0.14,
    });
    for (let x = -w + 16; x < w - 6; x += 24) {
      const y = bottom - 16 + 12 * (1 - (x / w) ** 2) * 0.8;
      paper(ctx, (x + w - 16) % 48 ? heart(x, y, 6) : star(x, y, 7), '#ffe3a3', { lift: 1.4, grain: false });
    }
    paper(ctx, drip(-w - 4, w + 4, top - 2, k, 24), icing, { lift: 3, bow: 0.08 });
    paper(ctx, ellipse(0, top - 2, w + 4, 10), shade(icing, 0.2), { lift: 1, bow: 0.05 });
  };
  tier(94, -112, -46, '#e9776c', '#fff1d9', 1);
  tier(62, -172, -112, '#4f9389', '#f9cdb6', 2.6);
  for (const x of [-46, -23, 0, 23, 46]) {
    paper(ctx, ellipse(x, -173 + 4 * (1 - (x / 60) ** 2), 8.5), '#c62f4d', { lift: 2.5, bow: 0.24 });
    paper(ctx, ellipse(x - 2.6, -176 + 4 * (1 - (x / 60) ** 2), 2.2, 1.6), '#ffd9c4', {
      lift: 0,
      grain: false,
      edge: 0,
    });
  }
});
const candle = sprite(24 * K, 60 * K, (ctx) => {
  ctx.scale(K, K);
  ctx.translate(12, 56);
  paper(ctx, box(-5.5, -44, 11, 46, 2), '#fff1d9', { lift: 2 });
  ctx.save();
  ctx.clip(box(-5.5, -44, 11, 46, 2));
  for (let y = -52; y < 6; y += 14)
    paper(
      ctx,
      cut([
        [-8, y + 8],
        [8, y],
        [8, y + 7],
        [-8, y + 15],
      ]),
      '#e8684a',
      { lift: 0, grain: false, edge: 0 },
    );
  ctx.restore();
  ctx.strokeStyle = '#4a1a33';
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(0, -44);
  ctx.lineTo(0.5, -50);
  ctx.stroke();
});

function flame(ctx, t, i, size) {
  if (size <= 0.01) return;
  const w = Math.sin(t * 13 + i * 2.1) * 0.1 + Math.sin(t * 21 + i) * 0.05;
  const lean = -1.1 * smooth(BEAT.blow, BEAT.out, t) * (1 - i * 0.1);
  ctx.save();
  ctx.translate(CANDLES[i], 0);
  const halo = ctx.createRadialGradient(0, -12, 2, 0, -12, 34);
  halo.addColorStop(0, `rgba(255,226,140,${0.75 * Math.min(1, size)})`);
  halo.addColorStop(1, 'rgba(255,180,90,0)');
  ctx.fillStyle = halo;
  ctx.fillRect(-36, -48, 72, 72);
  ctx.rotate(w * 0.6 + lean);
  ctx.scale(size * (1 - w * 0.5), size * (1 + w));
  paper(ctx, svg('M0 2 C-11 -2 -10 -14 0 -30 C10 -14 11 -2 0 2 Z'), '#f58b3c', {
    lift: 0,
    grain: false,
    edge: 0.4,
    bow: 0.2,
  });
  paper(ctx, svg('M0 1 C-6 -2 -5 -9 0 -18 C5 -9 6 -2 0 1 Z'), '#ffe9a6', { lift: 0, grain: false, edge: 0 });
  ctx.restore();
}

/** Puts the pen where the cake stands; it rises, overshoots, wobbles, and is cut off at the front rim of the trapdoor. */
function atCake(ctx, t, draw) {
  const u = span(BEAT.cake, BEAT.cakeUp, t);
  if (u <= 0) return;
  const below = (1 - outBack(inOut(u) * 0.35 + u * 0.65, 1.5)) * 300 * K;
  const wobble = 0.05 * swing(t, BEAT.cake + 0.35, 1.2, 14, 3);
  ctx.save();
  ctx.beginPath();
  ctx.rect(420, 0, 440, 614);
  ctx.ellipse(640, 614, 150, 22, 0, 0, Math.PI);
  ctx.clip();
  ctx.translate(640, 618 + below);
  ctx.transform(1, 0, wobble * 2, 1 + wobble, 0, 0);
  ctx.scale(K, K);
  draw();
  ctx.restore();
}

function drawCake(ctx, t) {
  const open = smooth(BEAT.trap, BEAT.trap + 0.25, t);
  if (open <= 0) return;
  ctx.save();
  ctx.translate(640, 614);
  ctx.fillStyle = '#260c22';
  ctx.beginPath();
  ctx.ellipse(0, 0, 150 * (0.2 + 0.8 * open), 22 * open, 0, 0, TAU);
  ctx.fill();
  const depth = ctx.createLinearGradient(0, -22, 0, 22);
  depth.addColorStop(0, 'rgba(255,190,110,0)');
  depth.addColorStop(1, `rgba(255,190,110,${0.5 * open})`);
  ctx.fillStyle = depth;
  ctx.fill();
  ctx.restore();
  atCake(ctx, t, () => {
    ctx.drawImage(cake(), -160, -290, 320, 300);
    for (const [i, x] of CANDLES.entries()) ctx.drawImage(candle(), x - 12, i === 1 ? -231 : -233, 24, 60);
  });
}

/** What shines by itself and must not darken with the lamps: flames, and the smoke that follows them. */
function drawFlames(ctx, t) {
  atCake(ctx, t, () => {
    ctx.translate(0, -228);
    CANDLES.forEach((x, i) => {
      flame(ctx, t, i, burning(t, i));
      const age = t - BEAT.out - i * 0.03;
      if (age < 0 || age > 1.5) return;
      ctx.strokeStyle = `rgba(255,236,214,${0.65 * (1 - age / 1.5) * smooth(0, 0.1, age)})`;
      ctx.lineWidth = 3.4;
      ctx.lineCap = 'round';
      ctx.beginPath();
      for (let k = 0; k <= 14; k++) {
        const r = (k / 14) * clamp(age * 1.3) * 40;
        ctx.lineTo(x + Math.sin(k * 0.55 - age * 5 + i) * (1 + k * 0.35), -4 - r);
      }
      ctx.stroke();
    });
  });
}

/** A hill stands up like a page of a pop-up book. */
function rise(ctx, t, picture, y, at, drift) {
  const u = outBack(span(at, at + 0.62, t), 1.5);
  ctx.drawImage(picture(), -60 + drift * Math.sin(t * 0.5 + 0.4), y - 120 + (1 - u) * 190);
}

export function drawStage(ctx, t) {
  ctx.drawImage(sky(), 0, 0);
  for (const c of clouds) {
    const u = outBack(span(0.5 + c.phase * 0.1, 1.2 + c.phase * 0.1, t), 1.2);
    ctx.save();
    ctx.translate(c.x + Math.sin(t * 0.5 + c.phase) * 10, c.y + (1 - u) * 160);
    ctx.scale(c.s, c.s);
    ctx.drawImage(cloud(), -100, -60);
    ctx.restore();
  }
  rise(ctx, t, far, 368, BEAT.hills, 3);
  rise(ctx, t, mid, 400, BEAT.hills + 0.12, 5);
  garland(ctx, t, 70, 98, 640, 92, 52, 11, 0);
  garland(ctx, t, 640, 92, 1210, 98, 52, 11, 3);
  lantern(ctx, t, 262, 60, 92, 31, '#e8684a', 0);
  lantern(ctx, t, 1020, 60, 116, 34, '#e2913f', 1);
  lantern(ctx, t, 978, 60, 26, 18, '#4f8f88', 2);
  lantern(ctx, t, 322, 60, 40, 19, '#e2913f', 3);
  rise(ctx, t, near, 430, BEAT.hills + 0.24, 8);
  rise(ctx, t, bank, 466, BEAT.hills + 0.36, 0);
  ctx.drawImage(floor(), 0, 0);
  drawCake(ctx, t);
  const g = glow(t);
  if (dim(t) > 0) {
    // Lamps down: the paper darkens towards the walls and keeps its colours near the candles.
    const light = ctx.createRadialGradient(640, 400, 30, 640, 400, 640);
    const night = mix('#ffffff', '#75538a', dim(t));
    light.addColorStop(0, mix(night, '#fff2d2', g));
    light.addColorStop(0.3, mix(night, '#f8c898', g * 0.95));
    light.addColorStop(0.6, mix(night, '#b5737c', g * 0.7));
    light.addColorStop(1, night);
    ctx.save();
    ctx.globalCompositeOperation = 'multiply';
    ctx.fillStyle = light;
    ctx.fillRect(0, 0, WIDTH, HEIGHT);
    ctx.restore();
  }
  if (g > 0) {
    // The candle light as rings of thin paper, like the sun's.
    for (const r of [62, 106, 158]) {
      ctx.fillStyle = `rgba(255,226,158,${0.12 * g})`;
      ctx.fill(doily(640, 372, r * 1.25, r, 28, 5));
    }
  }
  drawFlames(ctx, t);
  const j = joy(t);
  if (j > 0.001) {
    const light = ctx.createRadialGradient(640, 420, 30, 640, 420, 560);
    light.addColorStop(0, `rgba(255,190,110,${0.5 * j})`);
    light.addColorStop(1, 'rgba(255,170,90,0)');
    ctx.save();
    ctx.globalCompositeOperation = 'screen';
    ctx.fillStyle = light;
    ctx.fillRect(0, 0, WIDTH, HEIGHT);
    ctx.restore();
  }
}
