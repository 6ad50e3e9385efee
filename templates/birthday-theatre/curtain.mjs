/**
 * The house: the golden frame, the curtain that opens, the bow that holds it, and the confetti.
 *
 * The curtain is a row of paper folds. Each of its heights follows the hand that pulls with its own delay, the hem last; when it has been
 * gathered, a cord pulls in its waist.
 */
import { Path2D } from '@napi-rs/canvas';
import {
  box,
  bump,
  clamp,
  doily,
  ellipse,
  heart,
  inCubic,
  lerp,
  paper,
  random,
  shade,
  smooth,
  sprite,
  star,
  svg,
  swing,
  TAU,
} from './paper.mjs';
import { BEAT, dim, HEIGHT, openness, SECONDS, WIDTH } from './score.mjs';

const WINE = ['#b02a44', '#9d2340', '#8a1c39'];
const FOLDS = 8;
const TOP = 50;
const HEM = 640;
const OUTER = 70;
const WAIST = 432;

/** Where the leading edge of the (left) curtain is at a height. */
function edge(y, t) {
  const down = (y - TOP) / (HEM - TOP);
  const o = openness(t - 0.07 - 0.2 * down * down);
  const tie = smooth(1.12, 1.5, t) + 0.25 * swing(t, 1.45, 1.4, 10, 3.2);
  const gathered =
    196 +
    26 * (1 - down) ** 2 +
    12 * down +
    tie * (-44 * Math.exp(-(((y - WAIST) / 96) ** 2)) + 16 * smooth(WAIST, HEM, y));
  const hem =
    down *
    down *
    (34 * swing(t, 0.5, 2.4, 6.4, 1.7) + 7 * swing(t, BEAT.confetti, 2.2, 7, 1.5) + 1.6 * Math.sin(t * 1.9));
  return lerp(655, gathered, o) + hem * smooth(0, 0.5, o);
}

function fold(i, t) {
  const left = [];
  const right = [];
  const loose = 1 - clamp(openness(t - 0.15));
  for (let k = 0; k <= 16; k++) {
    const y = lerp(TOP, HEM, k / 16);
    const w = edge(y, t) - OUTER;
    const wave = (n) =>
      loose * 7 * Math.sin(n * 2.1 + y / 120) + bump(BEAT.open, 1.5, t) * 5 * Math.sin(n * 1.3 + y / 70 - t * 9);
    const at = (n) => OUTER + w * (n / FOLDS) + (n > 0 && n < FOLDS ? wave(n) : 0);
    left.push([at(i) - (i ? 6 : 0), y]);
    right.push([at(i + 1), y]);
  }
  return { left, right };
}

function drawCurtain(ctx, t) {
  for (let i = 0; i < FOLDS; i++) {
    const { left, right } = fold(i, t);
    const strip = new Path2D();
    const [lx, rx] = [left.at(-1)[0], right.at(-1)[0]];
    left.forEach(([x, y], k) => (k ? strip.lineTo(x, y) : strip.moveTo(x, y)));
    strip.quadraticCurveTo((lx + rx) / 2, HEM + 12, rx, HEM);
    for (const [x, y] of right.toReversed()) strip.lineTo(x, y);
    strip.closePath();
    const [a, b] = [left[8][0], Math.max(right[8][0], left[8][0] + 4)];
    const velvet = ctx.createLinearGradient(a, 0, b, 0);
    const colour = WINE[i % 3];
    velvet.addColorStop(0, shade(colour, -0.28));
    velvet.addColorStop(0.34, shade(colour, 0.12));
    velvet.addColorStop(0.55, colour);
    velvet.addColorStop(1, shade(colour, -0.42));
    paper(ctx, strip, colour, { lift: i === FOLDS - 1 ? 11 : 6, fill: velvet, edge: 0.22, dark: 0.5 });
    // The golden hem, two bands.
    for (const [y0, y1, gold] of [
      [HEM - 34, HEM - 12, '#d99a3e'],
      [HEM - 46, HEM - 40, '#efc272'],
    ]) {
      const band = new Path2D();
      const sag = (x) => 10 * (1 - ((x - (lx + rx) / 2) / ((rx - lx) / 2 || 1)) ** 2);
      for (let k = 0; k <= 8; k++) band.lineTo(lerp(lx, rx, k / 8), y0 + sag(lerp(lx, rx, k / 8)));
      for (let k = 8; k >= 0; k--) band.lineTo(lerp(lx, rx, k / 8), y1 + sag(lerp(lx, rx, k / 8)));
      band.closePath();
      const shine = ctx.createLinearGradient(lx, 0, rx, 0);
      shine.addColorStop(0, shade(gold, -0.35));
      shine.addColorStop(0.35, shade(gold, 0.35));
      shine.addColorStop(1, shade(gold, -0.35));
      paper(ctx, band, gold, { lift: 1.5, fill: shine, grain: false, edge: 0.2 });
    }
  }
  // The cord round the waist, with its tassel.
  const tied = smooth(1.1, 1.42, t);
  if (tied > 0) {
    const x1 = edge(WAIST, t);
    ctx.save();
    ctx.globalAlpha = Math.min(1, tied * 3);
    const y = WAIST - 10 * (1 - tied);
    const cord = new Path2D();
    cord.moveTo(OUTER, y - 22);
    cord.quadraticCurveTo(lerp(OUTER, x1, 0.6), y + 18, x1 + 5, y + 2);
    cord.lineTo(x1 + 5, y + 14);
    cord.quadraticCurveTo(lerp(OUTER, x1, 0.6), y + 34, OUTER, y - 8);
    cord.closePath();
    paper(ctx, cord, '#dfa345', { lift: 5 });
    ctx.translate(x1 - 10, y + 12);
    ctx.rotate(0.1 * Math.sin(t * 2) + 0.8 * swing(t, 1.3, 2.4, 7, 1.5) + 0.5 * swing(t, BEAT.confetti, 2, 7, 1.5));
    paper(ctx, svg('M-3 0 L3 0 L13 46 Q0 52 -13 46 Z'), '#c98a34', { lift: 4 });
    for (const x of [-6, 0, 6]) {
      ctx.strokeStyle = 'rgba(255,226,160,.5)';
      ctx.lineWidth = 1.4;
      ctx.beginPath();
      ctx.moveTo(x * 0.3, 14);
      ctx.lineTo(x * 1.3, 45);
      ctx.stroke();
    }
    paper(ctx, ellipse(0, 6, 9, 10), '#efc272', { lift: 3 });
    ctx.restore();
  }
}

/** The golden bow: squeezed, undone, falls. */
function drawBow(ctx, t) {
  const off = t - BEAT.bow;
  if (off > 0.75) return;
  const squeeze = bump(0, BEAT.bow * 1.8, t) * 0.12;
  const gone = inCubic(clamp(off / 0.7));
  ctx.save();
  ctx.translate(640, 342 - 70 * Math.sin(Math.PI * clamp(off / 0.5)) + 520 * gone);
  ctx.rotate(off > 0 ? 0.5 * gone * 3 : 0);
  ctx.scale(1 + squeeze, 1 - squeeze);
  const loose = smooth(0, 0.3, off);
  for (const s of [-1, 1]) {
    ctx.save();
    ctx.scale(s, 1);
    ctx.rotate(loose * 0.5);
    paper(ctx, svg('M4 6 C16 40 34 78 62 116 L74 90 L98 100 C74 68 42 36 16 0 Z'), '#c98a34', { lift: 6 });
    ctx.restore();
  }
  for (const s of [-1, 1]) {
    ctx.save();
    ctx.scale(s, 1);
    ctx.rotate(loose * 0.35);
    paper(ctx, svg('M6 0 C20 -66 92 -84 112 -46 C126 -12 104 34 74 34 C46 34 20 18 6 0 Z'), '#e3a746', { lift: 8 });
    paper(ctx, svg('M22 -4 C34 -38 78 -52 90 -32 C98 -12 84 14 66 14 C48 14 34 6 22 -4 Z'), '#a86a2c', {
      lift: 0,
      bow: 0.2,
    });
    ctx.restore();
  }
  paper(ctx, box(-19, -21, 38, 42, 13), '#f0c372', { lift: 6 });
  paper(ctx, heart(0, 1, 10), '#b02a44', { lift: 2 });
  ctx.restore();
}

/** The frame: columns, swags, lip. Drawn once. */
const frame = sprite(WIDTH, HEIGHT, (ctx) => {
  // Swags below the crown.
  for (let i = 0; i < 8; i++) {
    const w = 1160 / 8;
    const x = 60 + i * w;
    const swag = new Path2D();
    swag.moveTo(x - 8, 30);
    swag.lineTo(x + w + 8, 30);
    swag.quadraticCurveTo(x + w / 2, 138, x - 8, 30);
    paper(ctx, swag, '#e0a645', { lift: 8 });
    const inner = new Path2D();
    inner.moveTo(x - 2, 24);
    inner.lineTo(x + w + 2, 24);
    inner.quadraticCurveTo(x + w / 2, 122, x - 2, 24);
    paper(ctx, inner, i % 2 ? '#9d2340' : '#ab2843', { lift: 2, bow: 0.24 });
    const third = new Path2D();
    third.moveTo(x + 16, 24);
    third.lineTo(x + w - 16, 24);
    third.quadraticCurveTo(x + w / 2, 90, x + 16, 24);
    paper(ctx, third, i % 2 ? '#8a1c39' : '#981f3c', { lift: 2, bow: 0.2, edge: 0.25 });
  }
  for (let i = 0; i <= 8; i++) {
    const x = 60 + (i * 1160) / 8;
    paper(ctx, svg(`M${x - 6} 30 L${x + 6} 30 L${x + 11} 82 Q${x} 90 ${x - 11} 82 Z`), '#d1933a', { lift: 4 });
    paper(ctx, ellipse(x, 44, 10), '#f0c372', { lift: 3 });
  }
  // Layered frame: three sheets with a hole, the innermost first.
  const sheet = (inset, colour, lift, wave) => {
    const p = new Path2D();
    p.rect(-60, -60, WIDTH + 120, HEIGHT + 120);
    const [x0, y0, x1, y1] = [inset, inset * 0.42, WIDTH - inset, HEIGHT - inset * 0.42 - 36];
    const r = 18;
    p.moveTo(x0, y1 - r);
    if (wave) {
      const n = 18;
      for (let i = n; i > 0; i--)
        p.quadraticCurveTo(x0 + 13, lerp(y0, y1, (i - 0.5) / n), x0, lerp(y0, y1, (i - 1) / n));
    } else p.lineTo(x0, y0 + r);
    if (!wave) p.quadraticCurveTo(x0, y0, x0 + r, y0);
    p.lineTo(x1 - (wave ? 0 : r), y0);
    if (!wave) p.quadraticCurveTo(x1, y0, x1, y0 + r);
    if (wave) {
      const n = 18;
      for (let i = 1; i <= n; i++) p.quadraticCurveTo(x1 - 13, lerp(y0, y1, (i - 0.5) / n), x1, lerp(y0, y1, i / n));
    } else p.lineTo(x1, y1 - r);
    if (!wave) p.quadraticCurveTo(x1, y1, x1 - r, y1);
    p.lineTo(x0 + (wave ? 0 : r), y1);
    if (!wave) p.quadraticCurveTo(x0, y1, x0, y1 - r);
    p.closePath();
    ctx.save();
    ctx.shadowColor = 'rgba(28,4,28,.6)';
    ctx.shadowBlur = lift * 2;
    ctx.shadowOffsetY = lift * 0.6;
    ctx.shadowOffsetX = lift * 0.3;
    ctx.fillStyle = colour;
    ctx.fill(p, 'evenodd');
    ctx.restore();
    ctx.strokeStyle = 'rgba(255,236,200,.3)';
    ctx.lineWidth = 1.4;
    ctx.stroke(p);
  };
  sheet(86, '#d79a3f', 10, true);
  sheet(76, '#6b1f45', 5, false);
  sheet(66, '#e2ab52', 3, false);
  sheet(60, '#4a1a40', 6, false);
  // Paper ornaments on the columns.
  for (const [side, x] of [
    [1, 30],
    [-1, WIDTH - 30],
  ]) {
    for (let i = 0; i < 9; i++) {
      const y = 62 + i * 72;
      ctx.save();
      ctx.translate(x, y);
      ctx.scale(side, 1);
      for (const s of [-1, 1]) {
        paper(
          ctx,
          svg(s < 0 ? 'M0 22 C-16 16 -20 2 -14 -10 C-4 -4 2 8 0 22 Z' : 'M0 22 C16 16 20 2 14 -10 C4 -4 -2 8 0 22 Z'),
          '#7a2f57',
          { lift: 2, grain: false },
        );
      }
      paper(ctx, i % 2 ? star(0, -16, 10) : doily(0, -16, 10, 10, 6, 4), '#e2ab52', { lift: 2.5, grain: false });
      if (i % 2 === 0) paper(ctx, ellipse(0, -16, 3.4), '#b02a44', { lift: 0, grain: false });
      ctx.restore();
    }
  }
  // The lip with its shells.
  const lip = new Path2D();
  lip.moveTo(-20, 664);
  for (let i = 0; i < 20; i++) lip.quadraticCurveTo(-20 + (i + 0.5) * 66, 648, -20 + (i + 1) * 66, 664);
  lip.lineTo(WIDTH + 20, 740);
  lip.lineTo(-20, 740);
  lip.closePath();
  paper(ctx, lip, '#d79a3f', { lift: 9, bow: 0.1 });
  paper(ctx, box(-20, 674, WIDTH + 40, 80), '#6b1f45', { lift: 5, bow: 0.14 });
  paper(ctx, box(-20, 708, WIDTH + 40, 40), '#4a1a40', { lift: 3, bow: 0.1 });
  for (let i = 0; i < 9; i++) {
    const x = 128 + i * 128;
    const shell = new Path2D();
    shell.moveTo(x - 14, 704);
    for (let k = 0; k < 5; k++) {
      const a0 = Math.PI + (k / 5) * Math.PI;
      const a1 = Math.PI + ((k + 1) / 5) * Math.PI;
      const am = (a0 + a1) / 2;
      if (!k) shell.lineTo(x + Math.cos(a0) * 32, 694 + Math.sin(a0) * 36);
      shell.quadraticCurveTo(
        x + Math.cos(am) * 41,
        694 + Math.sin(am) * 46,
        x + Math.cos(a1) * 32,
        694 + Math.sin(a1) * 36,
      );
    }
    shell.lineTo(x + 14, 704);
    shell.closePath();
    const lit = ctx.createRadialGradient(x, 700, 4, x, 694, 46);
    lit.addColorStop(0, '#fff3c9');
    lit.addColorStop(0.5, '#f7c873');
    lit.addColorStop(1, '#d78b3a');
    paper(ctx, shell, '#f3c06b', { lift: 5, fill: lit });
    ctx.strokeStyle = 'rgba(150,70,30,.35)';
    ctx.lineWidth = 1.5;
    for (let k = 1; k < 5; k++) {
      const a = Math.PI + (k / 5) * Math.PI;
      ctx.beginPath();
      ctx.moveTo(x + Math.cos(a) * 8, 703 + Math.sin(a) * 6);
      ctx.lineTo(x + Math.cos(a) * 30, 694 + Math.sin(a) * 34);
      ctx.stroke();
    }
    paper(ctx, box(x - 17, 700, 34, 9, 4), '#c2832f', { lift: 2, grain: false });
  }
  // The crest in the middle of the crown.
  paper(ctx, doily(640, 34, 64, 42, 18, 8), '#e2ab52', { lift: 6 });
  paper(ctx, ellipse(640, 33, 47, 29), '#6b1f45', { lift: 2 });
  paper(ctx, star(640, 34, 23), '#f7cf80', { lift: 3, bow: 0.16 });
});

// ---------------------------------------------------------------------------------------------------------------------------- confetti

const COLOURS = ['#f4d9a8', '#e8684a', '#4f9389', '#f2a94e', '#f49aa0', '#fff1d9', '#c8365a'];
/** Where the closing words stand: no piece may pass here while the tag hangs. */
const KEEP = [372, 84, 908, 352];
const FACES = [
  [314, 410],
  [966, 420],
];

function pieceAt(p, t) {
  const age = t - p.born;
  if (age < 0) return null;
  const slow = (1 - Math.exp(-p.drag * age)) / p.drag;
  const x = p.x + p.vx * slow + Math.sin(age * p.flutter + p.phase) * p.sway * Math.min(1, age * 1.4);
  const y = p.y + (p.vy - p.fall) * slow + p.fall * age;
  const down = y >= p.ground;
  return { x, y: Math.min(y, p.ground), down, age };
}

export const CONFETTI = (() => {
  const next = random(77);
  const pieces = [];
  const clear = (p) => {
    for (let t = BEAT.confetti; t < SECONDS; t += 1 / 48) {
      const at = pieceAt(p, t);
      if (at && at.x > KEEP[0] - 14 && at.x < KEEP[2] + 14 && at.y > KEEP[1] - 14 && at.y < KEEP[3] + 14) return false;
    }
    return true;
  };
  // Whoever would fly past a face flies behind it.
  const considerate = (p) => {
    for (let t = BEAT.confetti; t < SECONDS; t += 1 / 48) {
      const at = pieceAt(p, t);
      if (at && FACES.some(([x, y]) => Math.hypot(at.x - x, (at.y - y) * 0.92) < 88)) return { ...p, deep: true };
    }
    return p;
  };
  const common = () => ({
    size: 7 + next() * 9,
    colour: COLOURS[Math.floor(next() * COLOURS.length)],
    kind: Math.floor(next() * 4),
    spin: 3 + next() * 7,
    turn: (next() - 0.5) * 6,
    phase: next() * TAU,
    flutter: 2 + next() * 3,
    sway: 6 + next() * 14,
    deep: next() < 0.36,
  });
  const add = (upTo, make) => {
    for (let tries = 0; pieces.length < upTo && tries < 9000; tries++) {
      const p = { ...common(), ...make() };
      if (clear(p)) pieces.push(considerate(p));
    }
  };
  // Two cannons below the stage, a puff behind the cake, and a late rain from the flies.
  add(190, () => {
    const side = next() < 0.5 ? -1 : 1;
    const a = -Math.PI / 2 - side * (next() * 1.1 - 0.22);
    const v = 700 + next() * 1500;
    return {
      born: BEAT.confetti + next() * 0.14,
      x: 640 + side * (386 + next() * 30),
      y: 660,
      vx: Math.cos(a) * v,
      vy: Math.sin(a) * v,
      drag: 2.3 + next() * 0.9,
      fall: 140 + next() * 110,
      ground: 590 + next() * 58,
    };
  });
  add(240, () => {
    const a = -Math.PI * (0.02 + next() * 0.96);
    const v = 500 + next() * 1100;
    return {
      born: BEAT.confetti + next() * 0.08,
      x: 600 + next() * 80,
      y: 500,
      vx: Math.cos(a) * v,
      vy: Math.sin(a) * v * 0.7,
      drag: 2.8 + next(),
      fall: 130 + next() * 90,
      ground: 575 + next() * 40,
      deep: true,
    };
  });
  add(370, () => ({
    born: BEAT.confetti + 0.1 + next() * 2.1,
    x: 110 + next() * 1060,
    y: 20,
    vx: (next() - 0.5) * 60,
    vy: 90,
    drag: 2,
    fall: 150 + next() * 100,
    ground: 588 + next() * 60,
  }));
  return pieces;
})();

/** The guest's breath: three curls of paper air on their way to the candles. */
function drawBreath(ctx, t) {
  const u = (t - BEAT.blow) / 0.36;
  if (u <= 0 || u >= 1) return;
  ctx.save();
  ctx.lineCap = 'round';
  ctx.lineWidth = 4.5;
  ctx.shadowColor = 'rgba(32,6,30,.4)';
  ctx.shadowBlur = 3;
  ctx.shadowOffsetY = 3;
  ctx.strokeStyle = `rgba(255,243,220,${Math.sin(Math.PI * u) ** 0.6})`;
  for (const k of [-1, 0, 1]) {
    const x = lerp(832, 712, u) + Math.abs(k) * 16;
    const y = lerp(438, 384, u) + k * 19;
    ctx.beginPath();
    ctx.moveTo(x + 52, y + 14 - k * 6);
    ctx.quadraticCurveTo(x + 22, y + 8 - k * 6, x, y + k * 3);
    if (k) ctx.bezierCurveTo(x - 18, y + k * 8, x - 20, y + k * 22, x - 6, y + k * 18);
    else ctx.lineTo(x - 14, y - 5);
    ctx.stroke();
  }
  ctx.restore();
}

export function drawConfetti(ctx, t, deep) {
  if (t < BEAT.confetti) return;
  for (const p of CONFETTI) {
    if (p.deep !== deep) continue;
    const at = pieceAt(p, t);
    if (!at) continue;
    const roll = at.down ? 0.5 : Math.cos(at.age * p.spin + p.phase);
    ctx.save();
    ctx.translate(at.x, at.y);
    ctx.rotate(at.down ? p.phase : p.phase + at.age * p.turn);
    const s = p.size * (deep ? 0.72 : 1);
    ctx.scale(s, s * (0.18 + 0.82 * Math.abs(roll)));
    ctx.shadowColor = 'rgba(40,6,34,.32)';
    ctx.shadowBlur = 3;
    ctx.shadowOffsetY = at.down ? 1 : 5;
    ctx.fillStyle = roll > 0 ? shade(p.colour, 0.1) : shade(p.colour, -0.22);
    ctx.beginPath();
    if (p.kind === 0) ctx.rect(-0.8, -0.5, 1.6, 1);
    else if (p.kind === 1) ctx.ellipse(0, 0, 0.75, 0.75, 0, 0, TAU);
    else if (p.kind === 2) {
      ctx.moveTo(-0.9, 0.6);
      ctx.lineTo(0, -0.9);
      ctx.lineTo(0.9, 0.6);
      ctx.closePath();
    } else {
      ctx.moveTo(-1.6, -0.3);
      ctx.bezierCurveTo(-0.8, -1.1, 0.2, 0.9, 1.6, -0.2);
      ctx.lineTo(1.6, 0.25);
      ctx.bezierCurveTo(0.2, 1.4, -0.8, -0.6, -1.6, 0.2);
      ctx.closePath();
    }
    ctx.fill();
    ctx.restore();
  }
}

/** The frame's shadow self, for when the lamps are down. */
const darkFrame = sprite(WIDTH, HEIGHT, (ctx) => {
  ctx.drawImage(frame(), 0, 0);
  ctx.globalCompositeOperation = 'source-in';
  ctx.fillStyle = '#16001a';
  ctx.fillRect(0, 0, WIDTH, HEIGHT);
});

/** All that is in front of the players but behind the bubbles: the nearer confetti and the curtain. */
export function drawDrapery(ctx, t) {
  drawBreath(ctx, t);
  drawConfetti(ctx, t, false);
  drawCurtain(ctx, t);
  ctx.save();
  ctx.translate(WIDTH, 0);
  ctx.scale(-1, 1);
  drawCurtain(ctx, t);
  ctx.restore();
  ctx.save();
  ctx.globalCompositeOperation = 'source-atop';
  // A warm pool of light on the closed curtain, fading as it opens.
  const pool = 1 - smooth(0.3, 0.9, t);
  if (pool > 0) {
    const g = ctx.createRadialGradient(640, 330, 60, 640, 360, 560);
    g.addColorStop(0, `rgba(255,196,120,${0.3 * pool})`);
    g.addColorStop(0.5, `rgba(255,170,90,${0.06 * pool})`);
    g.addColorStop(1, `rgba(30,4,30,${0.5 * pool})`);
    ctx.fillStyle = g;
    ctx.fillRect(0, 0, WIDTH, HEIGHT);
  }
  if (dim(t) > 0) {
    ctx.fillStyle = `rgba(22,0,22,${dim(t) * 0.4})`;
    ctx.fillRect(0, 0, WIDTH, HEIGHT);
  }
  ctx.restore();
  drawBow(ctx, t);
}

export function drawFrame(ctx, t) {
  ctx.drawImage(frame(), 0, 0);
  if (dim(t) <= 0) return;
  ctx.save();
  ctx.globalAlpha = dim(t) * 0.38;
  ctx.drawImage(darkFrame(), 0, 0);
  ctx.restore();
}
