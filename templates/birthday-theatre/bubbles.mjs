/**
 * The four bubbles, empty. Each is painted once on a sheet of its own; while words are up that sheet lies at whole pixels and nothing of it
 * moves. `SHAPES` is where the words go: template.json says the same.
 */
import { Path2D, PathOp } from '@napi-rs/canvas';
import {
  box,
  clamp,
  cut,
  doily,
  ellipse,
  heart,
  inBack,
  inCubic,
  lerp,
  outBack,
  outCubic,
  paper,
  span,
  sprite,
  star,
  svg,
  swing,
} from './paper.mjs';
import { BUBBLES, HEIGHT, WIDTH } from './score.mjs';

const CREAM = '#fff3dc';

/** The arch of the scroll: how much higher the paper is at x than at its ends. */
const arch = (x) => -18 * (1 - ((x - 640) / 286) ** 2);
const scrollEdge = (y, x0, x1, n) =>
  Array.from({ length: n + 1 }, (_, i) => lerp(x0, x1, i / n)).map((x) => [Math.round(x), Math.round(y + arch(x))]);

export const SHAPES = {
  greeting: { kind: 'box', x: 422, y: 128, width: 398, height: 146, radius: 26 },
  reply: { kind: 'ellipse', x: 499, y: 117, width: 372, height: 176 },
  wish: { kind: 'polygon', points: [...scrollEdge(142, 396, 884, 8), ...scrollEdge(278, 396, 884, 8).reverse()] },
  closing: {
    kind: 'polygon',
    points: [
      [452, 158],
      [828, 158],
      [868, 196],
      [868, 318],
      [412, 318],
      [412, 196],
    ],
  },
};

function stitches(ctx, path, colour) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2.2;
  ctx.setLineDash([9, 7]);
  ctx.lineCap = 'round';
  ctx.stroke(path);
  ctx.setLineDash([]);
}

const greeting = sprite(WIDTH, HEIGHT, (ctx) => {
  ctx.translate(36, 0);
  const tail = (grow) => {
    const p = new Path2D();
    p.roundRect(364 - grow, 108 - grow, 442 + grow * 2, 186 + grow * 2, 40 + grow);
    const t = new Path2D();
    t.moveTo(400 - grow, 270);
    t.quadraticCurveTo(398, 318, 366 - grow * 1.2, 340 + grow * 1.3);
    t.quadraticCurveTo(440 + grow, 334 + grow, 470 + grow, 280);
    t.closePath();
    return p.op(t, PathOp.Union);
  };
  paper(ctx, tail(9), '#e8684a', { lift: 10 });
  paper(ctx, tail(0), CREAM, { lift: 3, bow: 0.04, grain: false });
  stitches(ctx, box(373, 117, 424, 168, 32), 'rgba(232,104,74,.55)');
  paper(ctx, doily(800, 112, 24, 24, 9, 6), '#f2a94e', { lift: 4 });
  paper(ctx, heart(800, 113, 11), '#c8365a', { lift: 2 });
});

const reply = sprite(WIDTH, HEIGHT, (ctx) => {
  ctx.translate(-19, 0);
  const lace = doily(705, 205, 246, 124, 36, 13);
  const tail = (g) =>
    svg(
      `M${812 - g} 280 C${836} 318 ${868} 338 ${902 + g} ${350 + g} C${884 + g} ${322} ${882 + g} 300 ${884 + g} 262 Z`,
    );
  paper(ctx, tail(7), '#4f9389', { lift: 8 });
  paper(ctx, lace, '#4f9389', { lift: 10 });
  for (let i = 0; i < 36; i++) {
    const a = ((i + 0.5) / 36) * Math.PI * 2;
    paper(ctx, ellipse(705 + Math.cos(a) * 233, 205 + Math.sin(a) * 111, 3.6), '#2d5f60', {
      lift: 0,
      grain: false,
      edge: 0.3,
    });
  }
  paper(ctx, ellipse(705, 205, 225, 103), CREAM, { lift: 4, bow: 0.04, grain: false });
  paper(ctx, tail(-5), CREAM, { lift: 0, bow: 0, edge: 0, grain: false });
  paper(ctx, ellipse(705, 205, 223, 101), CREAM, { lift: 0, bow: 0.03, edge: 0, grain: false });
  paper(ctx, star(498, 142, 20), '#f2a94e', { lift: 4 });
  paper(ctx, star(528, 108, 11), '#e8684a', { lift: 3 });
});

const scrollPaper = (grow) => {
  const p = new Path2D();
  const n = 40;
  for (let i = 0; i <= n; i++) {
    const x = lerp(346, 934, i / n);
    p.lineTo(x, 122 - grow + arch(x));
  }
  for (let i = n; i >= 0; i--) {
    const x = lerp(346, 934, i / n);
    p.lineTo(x, 296 + grow + arch(x));
  }
  p.closePath();
  return p;
};
const scroll = sprite(WIDTH, HEIGHT, (ctx) => {
  paper(ctx, scrollPaper(7), '#d79a3f', { lift: 11 });
  paper(ctx, scrollPaper(0), '#ffeec4', { lift: 2, bow: 0.05, grain: false });
  const line = (y) => {
    const p = new Path2D();
    for (let i = 0; i <= 40; i++) p.lineTo(lerp(352, 928, i / 40), y + arch(lerp(352, 928, i / 40)));
    return p;
  };
  ctx.strokeStyle = 'rgba(200,54,90,.75)';
  ctx.lineWidth = 2.4;
  ctx.stroke(line(131));
  ctx.stroke(line(287));
});
/** One of the two rolls. */
function roll(ctx, x) {
  const y = arch(x);
  ctx.save();
  ctx.translate(x, y);
  paper(ctx, box(-5, 96, 10, 226, 5), '#a4502f', { lift: 5 });
  for (const k of [95, 323]) paper(ctx, ellipse(0, k, 9), '#efc272', { lift: 3 });
  const round = ctx.createLinearGradient(-22, 0, 22, 0);
  round.addColorStop(0, '#e2b35c');
  round.addColorStop(0.35, '#fff2cf');
  round.addColorStop(0.7, '#f2cf86');
  round.addColorStop(1, '#b97a33');
  paper(ctx, box(-20, 108, 40, 202, 9), '#ffeec4', { lift: 8, fill: round });
  for (const k of [121, 288]) paper(ctx, box(-20, k, 40, 9, 2), '#c8365a', { lift: 1, grain: false });
  ctx.restore();
}
function ribbons(ctx, x, y) {
  ctx.save();
  ctx.shadowColor = 'rgba(32,6,30,.4)';
  ctx.shadowBlur = 4;
  ctx.shadowOffsetY = 3;
  ctx.fillStyle = '#c8365a';
  ctx.fillRect(x - 4, 30, 8, Math.max(0, y - 30));
  ctx.restore();
}

const tag = sprite(WIDTH, HEIGHT, (ctx) => {
  const outline = (g) =>
    cut([
      [436 - g * 0.5, 120 - g],
      [844 + g * 0.5, 120 - g],
      [890 + g, 168 - g * 0.4],
      [890 + g, 336 + g],
      [390 - g, 336 + g],
      [390 - g, 168 - g * 0.4],
    ]);
  paper(ctx, outline(9), '#c8365a', { lift: 11 });
  paper(ctx, outline(0), CREAM, { lift: 3, bow: 0.04, grain: false });
  stitches(
    ctx,
    cut([
      [440, 130],
      [840, 130],
      [880, 172],
      [880, 326],
      [400, 326],
      [400, 172],
    ]),
    'rgba(200,54,90,.5)',
  );
  paper(ctx, doily(640, 126, 25, 25, 10, 5), '#e2ab52', { lift: 4 });
  paper(ctx, ellipse(640, 126, 10), '#4a1a40', { lift: 0, grain: false });
  for (const s of [-1, 1]) {
    ctx.save();
    ctx.translate(640 + s * 250, 336);
    ctx.rotate(s * -0.5);
    paper(ctx, svg('M0 4 C-20 -8 -26 -28 -16 -44 C2 -34 8 -14 0 4 Z'), '#4f9389', { lift: 4 });
    paper(ctx, svg('M0 4 C20 -8 30 -22 26 -40 C6 -36 -4 -16 0 4 Z'), '#3d746f', { lift: 4 });
    paper(ctx, doily(0, 0, 17, 17, 6, 6), '#f2a94e', { lift: 4 });
    paper(ctx, ellipse(0, 0, 5.5), '#8a1c39', { lift: 0.5, grain: false });
    ctx.restore();
  }
});

/** Springs up from its tail; leaves into it. */
function pop(ctx, t, b, picture, [px, py], side) {
  if (t < b.arrives || t >= b.gone) return;
  if (t >= b.set && t <= b.leaves) {
    ctx.drawImage(picture(), 0, 0);
    return;
  }
  const inn = span(b.arrives, b.set, t);
  const out = span(b.leaves, b.gone, t);
  const s = t < b.set ? lerp(0.05, 1, outBack(inn, 2.1)) : 1 - inBack(out, 1.3);
  if (s <= 0.02) return;
  const squash = t < b.set ? 0.22 * Math.sin(inn * Math.PI * 2.2) * (1 - inn) : 0;
  ctx.save();
  ctx.globalAlpha = clamp(t < b.set ? inn * 5 : (1 - out) * 8);
  ctx.translate(px, py);
  ctx.rotate(side * (t < b.set ? -0.34 * (1 - outBack(inn, 1.6)) : 0.3 * inCubic(out)));
  ctx.scale(s * (1 + squash), s * (1 - squash));
  ctx.drawImage(picture(), -px, -py);
  ctx.restore();
}

function drawScroll(ctx, t) {
  const b = BUBBLES.wish;
  if (t < b.arrives || t >= b.gone) return;
  const mid = b.arrives + (b.set - b.arrives) * 0.42;
  const still = t >= b.set && t <= b.leaves;
  // Let down rolled up, then unrolled; on leaving rolled up and hauled away.
  let y = 0;
  let wide = 1;
  if (t < b.set) {
    y = -330 * (1 - outBack(span(b.arrives, mid + 0.06, t), 1.3));
    wide = outBack(outCubic(span(mid - 0.04, b.set, t)) * 0.5 + span(mid - 0.04, b.set, t) * 0.5, 0.9);
  } else if (!still) {
    const half = lerp(b.leaves, b.gone, 0.6);
    wide = 1 - inCubic(span(b.leaves, half, t));
    y = -340 * inBack(span(half - 0.06, b.gone, t), 1.2);
  }
  const half = lerp(20, 282, wide);
  ctx.save();
  ctx.translate(0, still ? 0 : y);
  for (const s of [-1, 1]) ribbons(ctx, Math.round(640 + s * half * 0.72), still ? 120 : 120 - Math.min(0, y));
  ctx.restore();
  ctx.save();
  ctx.translate(0, y);
  ctx.save();
  ctx.beginPath();
  ctx.rect(640 - half, 40, half * 2, 320);
  ctx.clip();
  ctx.drawImage(scroll(), 0, 0);
  ctx.restore();
  roll(ctx, still ? 358 : 640 - half);
  roll(ctx, still ? 922 : 640 + half);
  ctx.restore();
}

function drawTag(ctx, t) {
  const b = BUBBLES.closing;
  if (t < b.arrives) return;
  const y = t >= b.set ? 0 : -360 * (1 - outBack(span(b.arrives, b.set - 0.08, t), 1.35));
  const turn = t >= b.set ? 0 : 0.16 * swing(t, b.arrives + 0.04, b.set - b.arrives - 0.05, 13, 3.4);
  ctx.save();
  ctx.translate(640, -80);
  ctx.rotate(turn);
  ctx.translate(-640, 80 + y);
  ctx.save();
  ctx.shadowColor = 'rgba(32,6,30,.4)';
  ctx.shadowBlur = 4;
  ctx.shadowOffsetY = 3;
  ctx.strokeStyle = '#f4d9a8';
  ctx.lineWidth = 4;
  ctx.beginPath();
  ctx.moveTo(640, 124);
  ctx.lineTo(640, -200);
  ctx.stroke();
  ctx.restore();
  ctx.drawImage(tag(), 0, 0);
  ctx.restore();
}

export function drawBubbles(ctx, t) {
  pop(ctx, t, BUBBLES.greeting, greeting, [402, 340], -1);
  pop(ctx, t, BUBBLES.reply, reply, [883, 350], 1);
}
/** Those that hang from the flies, behind the frame. */
export function drawHangings(ctx, t) {
  drawScroll(ctx, t);
  drawTag(ctx, t);
}
