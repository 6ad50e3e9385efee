/**
 * The village at blue hour: sky, northern lights, hills, firs, the post office with its smoke, the snow that falls far away.
 *
 * What stands still is painted once on cels wider than the picture and slid by the camera; only light, smoke and snow are painted anew.
 */
import { createCanvas } from '@napi-rs/canvas';
import {
  blob,
  chance,
  clamp,
  ease,
  ellipse,
  form,
  glow,
  mix,
  part,
  path,
  star,
  TAU,
  track,
  vertical,
  within,
} from './paint.mjs';
import { camera, flash, HEIGHT, OPEN, WIDTH, wonder } from './story.mjs';

const MARGIN = 60; // How far a cel reaches beyond the picture on either side.

const cels = new Map();
/** Paints a still picture once; later calls give it back. */
function cel(name, paint) {
  if (!cels.has(name)) {
    const canvas = createCanvas(WIDTH + MARGIN * 2, HEIGHT);
    const ctx = canvas.getContext('2d');
    ctx.translate(MARGIN, 0);
    paint(ctx);
    cels.set(name, canvas);
  }
  return cels.get(name);
}
const slide = (t, depth) => camera(t) * depth;
const place = (ctx, t, depth, name, paint) => ctx.drawImage(cel(name, paint), slide(t, depth) - MARGIN, 0);

/** Fine specks, as of gouache on paper. */
function grain(ctx, seed, count, y0, y1, colours, long = 1) {
  const r = chance(seed);
  for (let i = 0; i < count; i++) {
    ctx.fillStyle = colours[Math.floor(r() * colours.length)];
    ctx.fill(
      ellipse(-MARGIN + r() * (WIDTH + MARGIN * 2), mix(y0, y1, r()), (0.5 + r() * 1.1) * long, 0.5 + r() * 0.6),
    );
  }
}

function sky(ctx) {
  ctx.fillStyle = vertical(ctx, 0, 330, '#111d4e', '#1c3474', '#33579b', '#6f8fca', '#c9a9c9', '#f3b9a4');
  ctx.fillRect(-MARGIN, 0, WIDTH + MARGIN * 2, HEIGHT);
  const r = chance(5);
  for (let i = 0; i < 70; i++) {
    ctx.fillStyle = `rgba(235,242,255,${0.25 + r() * 0.6})`;
    ctx.fill(ellipse(-MARGIN + r() * (WIDTH + MARGIN * 2), r() ** 1.5 * 200, 0.7 + r() * 1.1));
  }
}

const CURTAINS = [
  { y: 92, tall: 150, colour: [104, 240, 196], wave: 0.9, speed: 0.32, base: 0.62 },
  { y: 66, tall: 120, colour: [150, 168, 255], wave: 1.7, speed: -0.24, base: 0.4 },
];
const veil = createCanvas(WIDTH / 4, HEIGHT / 4); // Drawn small: the scaling softens it.

/** Northern lights: upright rays standing on a slowly waving line. They grow when the letter is opened. */
function aurora(ctx, t) {
  const v = veil.getContext('2d');
  v.clearRect(0, 0, veil.width, veil.height);
  const power = 0.5 + 0.5 * wonder(t) + 0.3 * flash(t);
  for (const { y, tall, colour, wave, speed, base } of CURTAINS) {
    for (let x = 0; x < veil.width; x += 2) {
      const u = x / veil.width;
      const foot = (y + 26 * Math.sin(u * 5.2 * wave + t * speed) + 12 * Math.sin(u * 11 - t * speed * 1.6)) / 4;
      const ray = 0.55 + 0.25 * Math.sin(u * 34 + t * speed * 2.4) + 0.2 * Math.sin(u * 61 - t * 0.5);
      const a = base * power * ray * clamp(Math.sin(u * Math.PI * 0.9 + 0.2) + 0.1);
      const g = v.createLinearGradient(0, foot - tall / 4, 0, foot + 5);
      g.addColorStop(0, `rgba(${colour},0)`);
      g.addColorStop(0.8, `rgba(${colour},${a})`);
      g.addColorStop(1, `rgba(${colour},0)`);
      v.fillStyle = g;
      v.fillRect(x, foot - tall / 4, 2, tall / 4 + 6);
    }
  }
  within(ctx, () => {
    ctx.globalCompositeOperation = 'screen';
    ctx.imageSmoothingQuality = 'high';
    ctx.drawImage(veil, 0, 0, WIDTH, HEIGHT);
  });
}

function mountains(ctx) {
  const range = (points, top, foot, snow) => {
    const ridge = path(
      `M${-MARGIN - 10} 340 ${points.map(([x, y]) => `L${x} ${y}`).join(' ')} L${WIDTH + MARGIN + 10} 340 Z`,
    );
    ctx.lineJoin = 'round';
    ctx.fillStyle = vertical(ctx, 170, 320, top, foot);
    ctx.fill(ridge);
    within(ctx, () => {
      ctx.clip(ridge);
      for (const [x, y, peak] of points) {
        if (!peak) continue;
        ctx.fillStyle = snow;
        ctx.fill(
          path(
            `M${x} ${y - 3} L${x + 52} ${y + 62} L${x + 26} ${y + 48} L${x + 18} ${y + 66} L${x + 2} ${y + 40} L${x - 10} ${y + 52} L${x - 8} ${y + 22} Z`,
          ),
        );
      }
    });
  };
  range(
    [
      [-70, 268],
      [10, 208, 1],
      [70, 250],
      [132, 216, 1],
      [205, 268],
      [300, 252],
      [392, 262],
      [455, 196, 1],
      [515, 240],
      [585, 204, 1],
      [720, 280],
    ],
    '#3f5ba6',
    '#9d98cb',
    'rgba(226,232,255,0.8)',
  );
}

/** One fir: tiers of boughs with snow lying on them. */
function fir(ctx, x, foot, tall, { dark, light, snow, seed = 1 }) {
  const r = chance(seed);
  const tiers = 5;
  ctx.fillStyle = '#1b2342';
  ctx.fillRect(x - tall * 0.03, foot - tall * 0.1, tall * 0.06, tall * 0.11);
  for (let i = tiers - 1; i >= 0; i--) {
    const k = i / (tiers - 1);
    const top = foot - tall + tall * 0.76 * k * 0.86;
    const bottom = top + tall * (0.2 + 0.12 * k);
    const w = tall * (0.1 + 0.2 * k) * (0.95 + r() * 0.12);
    const d = bottom - top;
    const tier =
      path(`M${x} ${top} C${x + w * 0.2} ${top + d * 0.45} ${x + w * 0.6} ${bottom - d * 0.18} ${x + w} ${bottom - d * 0.05}
      Q${x + w * 0.72} ${bottom + d * 0.1} ${x + w * 0.48} ${bottom - d * 0.02} Q${x + w * 0.22} ${bottom + d * 0.14} ${x} ${bottom + d * 0.02}
      Q${x - w * 0.24} ${bottom + d * 0.14} ${x - w * 0.5} ${bottom - d * 0.02} Q${x - w * 0.74} ${bottom + d * 0.1} ${x - w} ${bottom - d * 0.05}
      C${x - w * 0.6} ${bottom - d * 0.18} ${x - w * 0.2} ${top + d * 0.45} ${x} ${top} Z`);
    const g = ctx.createLinearGradient(x - w, 0, x + w, 0);
    g.addColorStop(0, dark);
    g.addColorStop(1, light);
    ctx.fillStyle = g;
    ctx.fill(tier);
    if (snow) {
      within(ctx, () => {
        ctx.clip(tier);
        ctx.fillStyle = snow;
        const s = bottom - d * (0.42 + r() * 0.08);
        ctx.fill(
          path(`M${x - w} ${top} L${x + w} ${top} L${x + w} ${s + d * 0.32} Q${x + w * 0.62} ${s + d * 0.38} ${x + w * 0.45} ${s + d * 0.1}
          Q${x + w * 0.22} ${s + d * 0.3} ${x + w * 0.06} ${s - d * 0.02} Q${x - w * 0.2} ${s + d * 0.26} ${x - w * 0.38} ${s + d * 0.08} Q${x - w * 0.62} ${s + d * 0.4} ${x - w} ${s + d * 0.3} Z`),
        );
      });
    }
  }
}

function farHills(ctx) {
  const hill = blob([
    [-90, 300],
    [20, 252],
    [150, 272],
    [280, 296],
    [420, 268],
    [560, 252],
    [730, 290],
    [740, 480],
    [-90, 480],
  ]);
  ctx.fillStyle = vertical(ctx, 250, 350, '#8fa9dc', '#a9c0ea');
  ctx.fill(hill);
  const r = chance(21);
  for (let i = 0; i < 46; i++) {
    const x = -MARGIN + r() * (WIDTH + MARGIN * 2);
    const foot = 276 + 10 * Math.sin(x / 90) + r() * 26;
    fir(ctx, x, foot, 22 + r() * 20, { dark: '#41619f', light: '#5676b2', seed: i });
  }
}

function nearHills(ctx) {
  const hill = blob([
    [-90, 318],
    [60, 300],
    [200, 318],
    [330, 326],
    [470, 306],
    [600, 300],
    [730, 318],
    [740, 480],
    [-90, 480],
  ]);
  const r = chance(77);
  for (let i = 0; i < 17; i++) {
    const side = i % 2 ? -1 : 1;
    const x = 320 + side * (150 + r() * 240);
    fir(ctx, x, 318 + r() * 10, 70 + r() * 52, {
      dark: '#213f78',
      light: '#31579a',
      snow: 'rgba(205,222,250,0.85)',
      seed: i + 40,
    });
  }
  // Neighbours: two cottages with a lit pane each, small in the distance.
  for (const [x, y, s] of [
    [452, 318, 1],
    [120, 316, 0.85],
  ]) {
    within(ctx, () => {
      ctx.translate(x, y);
      ctx.scale(s, s);
      ctx.fillStyle = '#4a4780';
      ctx.fillRect(-20, -20, 40, 22);
      ctx.fillStyle = '#dfe9ff';
      ctx.fill(path('M-27 -17 L0 -40 L27 -17 Q28 -12 22 -13 L0 -31 L-22 -13 Q-28 -12 -27 -17Z'));
      ctx.fill(path('M-24 -16 L0 -38 L24 -16Z'));
      ctx.fillStyle = '#ffd98a';
      ctx.fillRect(-12, -13, 9, 10);
      ctx.fillRect(4, -13, 9, 10);
      glow(ctx, 0, -8, 34, '255,200,110', 0.4);
    });
  }
  ctx.fillStyle = vertical(ctx, 296, 380, '#b9cdf2', '#9db9ea');
  ctx.fill(hill);
}

function ground(ctx) {
  const field = blob([
    [-100, 356],
    [60, 338],
    [210, 332],
    [330, 334],
    [470, 336],
    [600, 342],
    [740, 356],
    [740, 520],
    [-100, 520],
  ]);
  ctx.fillStyle = vertical(ctx, 330, 480, '#d3e1fb', '#aac4f0', '#7d9fdc');
  ctx.fill(field);
  within(ctx, () => {
    ctx.clip(field);
    // Drifts: broad soft shadows, then the sparkle of the crust.
    const drift = (d, colour) => {
      ctx.fillStyle = colour;
      ctx.fill(path(d));
    };
    drift('M-80 392 C60 366 170 384 280 372 C200 396 60 404 -80 424 Z', 'rgba(104,138,208,0.32)');
    drift('M740 380 C600 372 520 384 400 374 C480 398 620 400 740 420 Z', 'rgba(104,138,208,0.32)');
    drift('M-80 440 C100 414 260 442 420 424 C560 410 640 432 740 424 L740 520 L-80 520 Z', 'rgba(92,126,200,0.34)');
    drift('M-80 470 C120 446 300 474 480 456 C580 448 660 462 740 456 L740 520 L-80 520 Z', 'rgba(78,110,188,0.34)');
    grain(ctx, 8, 420, 340, 480, ['rgba(255,255,255,0.55)', 'rgba(80,112,190,0.16)'], 1.7);
  });
}

/** The ground that the windows and the lantern light; stronger when the wonder is out. */
function spill(ctx, t) {
  const power = 0.85 + 0.05 * Math.sin(t * 7) * Math.sin(t * 3.1) + 0.25 * wonder(t);
  within(ctx, () => {
    ctx.translate(slide(t, 0.85), 0);
    ctx.globalCompositeOperation = 'soft-light';
    const lane = (d, y0, y1) => {
      ctx.fillStyle = vertical(ctx, y0, y1, `rgba(255,196,96,${0.95 * power})`, 'rgba(255,196,96,0)');
      ctx.fill(path(d));
    };
    lane('M222 338 L268 338 L258 400 L178 400 Z', 336, 398);
    lane('M354 338 L400 338 L452 400 L370 400 Z', 336, 398);
    lane('M288 338 L334 338 L362 430 L258 430 Z', 336, 430);
    ctx.globalCompositeOperation = 'source-over';
    ctx.scale(1, 0.32);
    glow(ctx, 311, 1090, 210, '255,190,96', 0.5 * power);
  });
}

/** The post office: falu red boards, white trims, a thick snow roof, an envelope for a sign. */
function office(ctx) {
  const wall = vertical(ctx, 225, 340, '#8c3145', '#a53c41', '#7b2b3d');
  // Chimney.
  form(ctx, path('M360 150 L386 150 L386 214 L360 214Z'), '#6e4a63', { dx: 5, dy: 0 });
  ctx.fillStyle = '#f4f8ff';
  ctx.fill(path('M354 152 Q352 142 360 141 Q373 134 386 141 Q394 143 392 152 Q386 157 379 152 Q368 158 354 152Z'));
  // Walls and gable.
  const front = path('M212 338 L212 238 L311 164 L410 238 L410 338Z');
  ctx.fillStyle = wall;
  ctx.fill(front);
  within(ctx, () => {
    ctx.clip(front);
    for (let x = 220; x < 410; x += 10) {
      ctx.fillStyle = x % 20 ? 'rgba(60,14,44,0.20)' : 'rgba(255,160,120,0.08)';
      ctx.fillRect(x, 160, 1.6, 180);
    }
    ctx.fillStyle = 'rgba(52,20,66,0.45)';
    ctx.fill(path('M200 252 L311 172 L422 252 L422 232 L311 150 L200 232Z')); // Shadow of the eaves.
    ctx.fillStyle = vertical(ctx, 300, 338, 'rgba(40,30,90,0)', 'rgba(40,30,90,0.5)');
    ctx.fillRect(200, 300, 220, 40);
  });
  ctx.fillStyle = '#f2e6d8';
  ctx.fillRect(211, 240, 8, 98);
  ctx.fillRect(403, 240, 8, 98);
  ctx.fillStyle = 'rgba(70,80,150,0.35)';
  ctx.fillRect(211, 240, 3, 98);
  ctx.fillRect(403, 240, 3, 98);
  // Roof: a slab of snow with a soft, thick edge.
  form(
    ctx,
    path(
      'M311 138 C318 138 324 143 330 148 L428 222 C436 229 438 243 429 248 C421 252 416 243 409 243 C404 250 394 246 392 236 L318 182 Q311 177 304 182 L232 234 C228 244 219 250 213 243 C207 247 200 253 192 248 C184 243 186 229 194 222 L292 148 C298 143 304 138 311 138Z',
    ),
    vertical(ctx, 138, 250, '#ffffff', '#e3edff', '#bcd0f4'),
    { dx: 3, dy: -9, shade: 'rgba(86,116,192,0.28)', rim: null },
  );
  // Gable: a round window above, the envelope on its board.
  ctx.fillStyle = '#f2e6d8';
  ctx.fill(ellipse(311, 206, 15.5));
  ctx.fillStyle = '#ffd27a';
  ctx.fill(ellipse(311, 206, 11.5));
  ctx.fillStyle = '#f2e6d8';
  ctx.fillRect(309.6, 194, 2.8, 24);
  ctx.fillRect(299, 204.6, 24, 2.8);
  const board = path(
    'M268 229 H354 Q359 229 359 234 V251 Q359 256 354 256 H268 Q263 256 263 251 V234 Q263 229 268 229Z',
  );
  form(ctx, board, '#2c6d78', { dx: 3, dy: -3, rim: 'rgba(255,226,170,0.5)' });
  ctx.fillStyle = '#fff6e4';
  ctx.fill(path('M298 233.5 H324 V251.5 H298Z'));
  ctx.strokeStyle = '#d0564e';
  ctx.lineWidth = 2;
  ctx.lineJoin = 'round';
  ctx.stroke(path('M298.5 234.5 L311 244 L323.5 234.5'));
  ctx.fillStyle = '#ffd27a';
  ctx.fill(star(281, 242.5, 6.5, 3, 5));
  ctx.fill(star(341, 242.5, 6.5, 3, 5));
  // Windows.
  for (const x of [224, 352]) {
    ctx.fillStyle = '#f2e6d8';
    ctx.fillRect(x - 3, 263, 52, 54);
    ctx.fillStyle = vertical(ctx, 266, 314, '#ffe9a8', '#ffc862', '#ff9f4a');
    ctx.fillRect(x + 2, 268, 42, 44);
    // Inside: a lamp, shelves with parcels.
    ctx.fillStyle = 'rgba(160,74,40,0.5)';
    ctx.fillRect(x + 6, 302, 13, 10);
    ctx.fillRect(x + 27, 298, 13, 14);
    ctx.fillRect(x + 14, 305, 10, 7);
    ctx.fillStyle = '#fffbe0';
    ctx.fill(ellipse(x + 23, 277, 5, 4));
    ctx.fillStyle = '#f2e6d8';
    ctx.fillRect(x + 21.4, 266, 3.2, 48);
    ctx.fillRect(x, 288, 46, 3.2);
    ctx.fillStyle = '#f6faff';
    ctx.fill(
      path(
        `M${x - 8} 317 Q${x - 8} 310 ${x + 2} 311 Q${x + 22} 306 ${x + 44} 311 Q${x + 54} 310 ${x + 54} 317 Q${x + 48} 322 ${x + 23} 319 Q${x} 322 ${x - 8} 317Z`,
      ),
    );
  }
  // Door, step, wreath.
  ctx.fillStyle = '#f2e6d8';
  ctx.fill(path('M283 338 V274 Q283 261 296 261 H326 Q339 261 339 274 V338Z'));
  form(ctx, path('M288 338 V276 Q288 266 298 266 H324 Q334 266 334 276 V338Z'), '#2c6d78', {
    dx: 4,
    dy: -2,
    rim: 'rgba(255,226,170,0.5)',
  });
  ctx.strokeStyle = '#7fb58a';
  ctx.lineWidth = 5;
  ctx.stroke(ellipse(311, 289, 10.5));
  ctx.strokeStyle = '#4e8d6c';
  ctx.lineWidth = 2;
  ctx.stroke(ellipse(311, 289, 12));
  ctx.fillStyle = '#e4504c';
  ctx.fill(path('M311 300 l-9 5 v-9 z M311 300 l9 5 v-9 z'));
  ctx.fill(ellipse(311, 300, 3));
  ctx.fillStyle = '#ffd27a';
  ctx.fill(ellipse(327, 311, 2.6));
  form(ctx, path('M262 346 Q262 335 274 336 H348 Q360 335 360 346 Z'), '#eef4ff', { dx: 2, dy: -4, rim: null });
  // Lantern by the door.
  ctx.fillStyle = '#3a2a52';
  ctx.fillRect(343.5, 268, 3, 6);
  ctx.fill(path('M338 274 h14 l3 5 h-20z M339 296 h12 v3 h-12z'));
  ctx.fillStyle = '#fff0b4';
  ctx.fillRect(339.5, 279, 11, 17);
  // Snow heaped against the wall.
  ctx.fillStyle = vertical(ctx, 322, 346, '#f1f6ff', '#c5d7f6');
  ctx.fill(path('M196 344 Q206 324 224 332 Q242 326 258 336 Q272 338 280 346 Z'));
  ctx.fill(path('M346 346 Q360 328 378 333 Q398 320 412 330 Q424 334 430 346 Z'));
}

/** The red box on its post, in front of the house. */
function mailbox(ctx) {
  within(ctx, () => {
    ctx.translate(398, 392);
    ctx.fillStyle = 'rgba(62,88,166,0.4)';
    ctx.fill(ellipse(-4, 0, 34, 6));
    form(ctx, path('M-5 -30 H6 V0 H-5Z'), '#5b3b58', { dx: 4, dy: 0 });
    form(
      ctx,
      path('M-25 -30 V-64 Q-25 -84 -4 -84 H7 Q27 -84 27 -64 V-30 Q27 -26 23 -26 H-21 Q-25 -26 -25 -30Z'),
      vertical(ctx, -84, -26, '#f4574c', '#dd3a41', '#b92b40'),
      { dx: 8, dy: -5, rim: 'rgba(255,220,180,0.8)' },
    );
    ctx.fillStyle = '#5c1530';
    ctx.fill(path('M-15 -60 Q-15 -64 -11 -64 H13 Q17 -64 17 -60 Q17 -57 13 -57 H-11 Q-15 -57 -15 -60Z'));
    ctx.fillStyle = '#fff3dc';
    ctx.fill(path('M-11 -50 H13 V-34 H-11Z'));
    ctx.strokeStyle = '#dd3a41';
    ctx.lineWidth = 2;
    ctx.stroke(path('M-11 -49 L1 -40 L13 -49'));
    form(
      ctx,
      path('M-29 -68 Q-31 -90 -2 -94 Q30 -92 31 -68 Q27 -62 21 -68 Q14 -60 6 -68 Q-4 -62 -10 -69 Q-20 -61 -29 -68Z'),
      '#f8fbff',
      { dx: 4, dy: -5, shade: 'rgba(96,126,200,0.3)', rim: null },
    );
    form(ctx, path('M-22 2 Q-16 -8 0 -7 Q16 -9 24 2Z'), '#e6eeff', { dx: 2, dy: -3, rim: null });
  });
}

/** The two big firs that frame the picture; their ornaments are the stars of the letter. */
export const FIRS = [
  { x: 31, foot: 372, tall: 306 },
  { x: 609, foot: 374, tall: 318 },
];
const bigFirs = (ctx) =>
  FIRS.forEach(({ x, foot, tall }, i) => {
    ctx.fillStyle = 'rgba(62,88,166,0.35)';
    ctx.fill(ellipse(x, foot, tall * 0.26, 9));
    fir(ctx, x, foot, tall, {
      dark: i ? '#1d4a63' : '#14325a',
      light: i ? '#173a5c' : '#22566a',
      snow: '#e8f0ff',
      seed: 300 + i,
    });
    form(
      ctx,
      path(
        `M${x - 92} ${foot + 6} Q${x - 60} ${foot - 14} ${x} ${foot - 9} Q${x + 58} ${foot - 16} ${x + 94} ${foot + 5} Q${x + 40} ${foot + 16} ${x - 10} ${foot + 14} Q${x - 60} ${foot + 17} ${x - 92} ${foot + 6}Z`,
      ),
      '#d3e1fb',
      { dx: 2, dy: -4, rim: null, shade: 'rgba(96,126,200,0.1)' },
    );
  });

const BIG_DEPTH = 0.92;
/** Where each star of the letter comes to rest, and when. The last of each fir is its top. */
export const ORNAMENTS = FIRS.flatMap(({ x, foot, tall }, side) =>
  [
    [-0.05, 0.26],
    [0.1, 0.4],
    [-0.06, 0.5],
    [0.14, 0.56],
    [-0.02, 0.66],
    [-0.07, 0.8],
    [0, -0.005],
  ].map(([dx, dy], i) => ({
    x: x + dx * tall * (side ? -1 : 1),
    y: foot - tall + dy * tall,
    size: i === 6 ? 19 : 9.5,
    leaves: OPEN + 0.1 + i * 0.09 + side * 0.045,
    lands: OPEN + 0.95 + i * 0.13 + side * 0.07,
    side,
  })),
);
export const ornamentAt = (o, t) => ({ x: o.x + slide(t, BIG_DEPTH), y: o.y });

export function goldStar(ctx, x, y, size, turn = 0, light = 1) {
  glow(ctx, x, y, size * 3.1, '255,206,110', 0.75 * light);
  const s = star(x, y, size, size * 0.52, 5, turn);
  ctx.lineJoin = 'round';
  ctx.lineWidth = size * 0.3;
  ctx.strokeStyle = '#ffc94f';
  ctx.fillStyle = '#ffc94f';
  ctx.stroke(s);
  ctx.fill(s);
  ctx.fillStyle = '#fff3c0';
  ctx.fill(star(x, y, size * 0.72, size * 0.36, 5, turn));
}

function ornaments(ctx, t) {
  for (const [i, o] of ORNAMENTS.entries()) {
    if (t < o.lands) continue;
    const p = ornamentAt(o, t);
    const k = ease.spring(part(t, o.lands, o.lands + 0.5));
    goldStar(
      ctx,
      p.x,
      p.y,
      o.size * mix(1.5, 1, k),
      0.16 * Math.sin(t * 2 + i),
      0.8 + 0.2 * Math.sin(t * 3.3 + i * 1.9),
    );
  }
}

const PUFFS = 11;
function smoke(ctx, t) {
  const x0 = 373 + slide(t, 0.8);
  const life = 3.3;
  for (let i = 0; i < PUFFS; i++) {
    const r = chance(i * 7 + 3);
    const age = ((t + 20 - (i * life) / PUFFS) % life) / life;
    const x = x0 + 34 * age ** 1.3 + 9 * Math.sin(age * 7 + i) * age + (r() - 0.5) * 6;
    const y = 140 - 112 * age ** 0.85;
    const size = 6 + 20 * age ** 0.8 + r() * 3;
    const a = 0.62 * ease.out(clamp(age * 7)) * (1 - age) ** 1.2;
    const g = ctx.createRadialGradient(x - size * 0.2, y + size * 0.5, size * 0.1, x, y, size);
    const warm = Math.round(mix(255, 205, clamp(age * 2.2)));
    g.addColorStop(
      0,
      `rgba(${warm},${Math.round(mix(216, 214, age))},${Math.round(mix(196, 244, clamp(age * 2)))},${a})`,
    );
    g.addColorStop(0.7, `rgba(196,206,240,${a * 0.8})`);
    g.addColorStop(1, 'rgba(176,192,236,0)');
    ctx.fillStyle = g;
    ctx.fill(ellipse(x, y, size));
  }
}

/** Falling snow at one depth. The same flakes always; they enter above as they leave below. */
export function snowfall(ctx, t, { count, seed, size, speed, sway, depth, alpha, wind = -10, soft = false }) {
  const r = chance(seed);
  const tall = HEIGHT + 60;
  const wide = WIDTH + 120;
  for (let i = 0; i < count; i++) {
    const [fx, fy, fs, fp, fv] = [r(), r(), r(), r(), r()];
    const v = speed * (0.75 + fv * 0.5);
    const y = ((fy * tall + v * t) % tall) - 30;
    const x =
      ((((fx * wide + wind * t + sway * Math.sin(t * (0.7 + fp) + fp * TAU) + slide(t, depth)) % wide) + wide) % wide) -
      60;
    const s = size * (0.6 + fs * 0.7);
    if (soft) {
      const g = ctx.createRadialGradient(x, y, s * 0.45, x, y, s);
      g.addColorStop(0, `rgba(255,255,255,${alpha})`);
      g.addColorStop(1, 'rgba(240,246,255,0)');
      ctx.fillStyle = g;
    } else ctx.fillStyle = `rgba(246,250,255,${alpha * (0.6 + 0.4 * fp)})`;
    ctx.fill(ellipse(x, y, s));
  }
}

/** Panes flicker as from a stove; halos lie over house and air. */
function lamps(ctx, t) {
  const x = slide(t, 0.8);
  const flicker = 1 + 0.06 * Math.sin(t * 9.1) * Math.sin(t * 4.7) + 0.12 * wonder(t);
  for (const wx of [247, 375]) glow(ctx, wx + x, 290, 66, '255,190,96', 0.42 * flicker);
  glow(ctx, 345 + x, 287, 40, '255,214,120', 0.6 * flicker);
  glow(ctx, 311 + x, 206, 34, '255,200,110', 0.42 * flicker);
}

export function village(ctx, t) {
  place(ctx, t, 0.05, 'sky', sky);
  aurora(ctx, t);
  place(ctx, t, 0.14, 'mountains', mountains);
  place(ctx, t, 0.26, 'far hills', farHills);
  snowfall(ctx, t, { count: 90, seed: 11, size: 1.7, speed: 34, sway: 6, depth: 0.3, alpha: 0.75 });
  place(ctx, t, 0.5, 'near hills', nearHills);
  place(ctx, t, 0.85, 'ground', ground);
  smoke(ctx, t);
  place(ctx, t, 0.8, 'office', office);
  spill(ctx, t);
  lamps(ctx, t);
  place(ctx, t, BIG_DEPTH, 'firs', bigFirs);
  ornaments(ctx, t);
  place(ctx, t, 0.95, 'mailbox', mailbox);
  within(ctx, () => {
    ctx.globalCompositeOperation = 'soft-light';
    glow(
      ctx,
      440,
      350,
      380,
      '255,190,90',
      0.85 * flash(t) +
        0.42 *
          wonder(t) *
          (1 -
            0.25 *
              track(t, [
                [9.1, 0],
                [9.8, 1],
              ])),
    );
  });
  snowfall(ctx, t, { count: 64, seed: 23, size: 2.9, speed: 62, sway: 11, depth: 0.8, alpha: 0.92 });
}
