/**
 * Birthday theatre: a paper-cut stage on a warm evening. Host and guest of honour meet, a cake rises from the trapdoor, a wish comes down
 * from the flies, the candles are blown out, confetti.
 *
 * Why it is built as it is: the words are burnt in later, so wherever words will stand the picture is perfectly still while they do (score.mjs
 * has the times, `--check` proves it on the drawn frames). Each player is a layer of its own so that a person may choose who plays; the
 * candle light on them is painted into their layers, since nobody lights them afterwards.
 *
 *   node generate.mjs                       films all layers
 *   node generate.mjs fox                   films one
 *   node generate.mjs --still 3.2 out.png   one moment (optional: fox|bear rabbit|penguin)
 *   node generate.mjs --check               measures that nothing moves where words are
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createCanvas, GlobalFonts } from '@napi-rs/canvas';
import { film } from '../studio/film.mjs';
import { drawBubbles, drawHangings, SHAPES } from './bubbles.mjs';
import { drawBurst } from './burst.mjs';
import { drawConfetti, drawDrapery, drawFrame } from './curtain.mjs';
import { drawPlayer, PLAYERS, REGION } from './players.mjs';
import { BUBBLES, FPS, HEIGHT, SECONDS, WIDTH } from './score.mjs';
import { drawStage } from './stage.mjs';

const here = (name) => new URL(name, import.meta.url).pathname;

function drawBackground(ctx, t) {
  drawStage(ctx, t);
  drawConfetti(ctx, t, true);
  drawBurst(ctx, t); // The same as in front, for the key frame.
}

function drawFront(ctx, t) {
  drawDrapery(ctx, t);
  drawHangings(ctx, t);
  drawBurst(ctx, t);
  drawFrame(ctx, t);
  drawBubbles(ctx, t);
}

const LAYERS = {
  background: { width: WIDTH, height: HEIGHT, crf: 20, draw: drawBackground },
  front: { width: WIDTH, height: HEIGHT, matte: true, crf: 19, draw: drawFront },
};
for (const [who, [role]] of Object.entries(PLAYERS)) {
  const { x, y, width, height } = REGION[role];
  LAYERS[who] = {
    width,
    height,
    matte: true,
    crf: 23,
    draw(ctx, t) {
      ctx.translate(-x, -y);
      drawPlayer(ctx, who, t);
    },
  };
}

function drawAll(ctx, t, host, guest) {
  drawBackground(ctx, t);
  drawPlayer(ctx, guest, t);
  drawPlayer(ctx, host, t);
  // A layer of its own, as in the film: its light must not fall on the others.
  const front = createCanvas(WIDTH, HEIGHT);
  drawFront(front.getContext('2d'), t);
  ctx.drawImage(front, 0, 0);
}

/** For stills only: roughly where and how large the words will be. */
async function drawWords(ctx, t, locale) {
  const font = process.env.PREVIEW_FONT;
  if (!font) return;
  GlobalFonts.registerFromPath(font, 'preview');
  const { bubbles } = JSON.parse(await readFile(here('template.json'), 'utf8'));
  for (const b of bubbles) {
    if (t < b.start || t >= b.end) continue;
    const [x0, y0, x1, y1] = bounds(b.shape);
    const lines = b.sample[locale].split('\n');
    ctx.font = `700 ${b.style.size.max}px preview`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillStyle = b.style.colour;
    const step = b.style.size.max * (b.style.lineHeight ?? 1.25);
    lines.forEach((line, i) => ctx.fillText(line, (x0 + x1) / 2, (y0 + y1) / 2 + (i - (lines.length - 1) / 2) * step));
  }
}

function bounds(shape) {
  if (shape.kind !== 'polygon') return [shape.x, shape.y, shape.x + shape.width, shape.y + shape.height];
  const xs = shape.points.map(([x]) => x);
  const ys = shape.points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function check() {
  const ctx = createCanvas(WIDTH, HEIGHT).getContext('2d');
  for (const [host, guest] of [
    ['fox', 'rabbit'],
    ['bear', 'penguin'],
  ]) {
    for (const [name, b] of Object.entries(BUBBLES)) {
      const [x0, y0, x1, y1] = bounds(SHAPES[name]);
      const area = [x0 - 16, y0 - 16, x1 - x0 + 32, y1 - y0 + 32];
      let first;
      let worst = 0;
      for (let frame = Math.ceil(b.start * FPS); frame < Math.ceil(b.end * FPS); frame++) {
        ctx.reset();
        drawAll(ctx, frame / FPS, host, guest);
        const { data } = ctx.getImageData(...area);
        first ??= data;
        if (first !== data) for (let i = 0; i < data.length; i++) worst = Math.max(worst, Math.abs(data[i] - first[i]));
      }
      console.log(`${host} ${guest} ${name}: largest change ${worst}`);
      if (worst) process.exitCode = 1;
    }
  }
}

const [what, ...rest] = process.argv.slice(2);
if (what === '--still') {
  const [time, out, host = 'fox', guest = 'rabbit', locale = 'ko'] = rest;
  const times = time.split(',').map(Number);
  const scale = times.length > 1 ? 0.5 : 1;
  const columns = Math.min(times.length, times.length > 9 ? 4 : 3);
  const sheet = createCanvas(WIDTH * scale * columns, HEIGHT * scale * Math.ceil(times.length / columns));
  const canvas = createCanvas(WIDTH, HEIGHT);
  const ctx = canvas.getContext('2d');
  for (const [i, t] of times.entries()) {
    ctx.reset();
    drawAll(ctx, t, host, guest);
    await drawWords(ctx, t, locale);
    sheet
      .getContext('2d')
      .drawImage(
        canvas,
        (i % columns) * WIDTH * scale,
        Math.floor(i / columns) * HEIGHT * scale,
        WIDTH * scale,
        HEIGHT * scale,
      );
  }
  await writeFile(out, sheet.toBuffer('image/png'));
} else if (what === '--check') {
  check();
} else {
  for (const [name, layer] of Object.entries(LAYERS)) {
    if (!what || what === name) await film({ out: here(`${name}.mp4`), fps: FPS, seconds: SECONDS, ...layer });
  }
}
