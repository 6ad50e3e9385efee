/**
 * The poof: for an instant a paper sunburst covers the stage, then tears open on the lit stage.
 *
 * It is theatre, and it is craft: the light changes behind it, unseen, and the encoder meets a true cut there, so that it places its key frame
 * here and not ten frames later below the closing words (x264 wants one at least every 250 frames).
 */
import { Path2D } from '@napi-rs/canvas';
import { clamp, doily, inCubic, lerp, outCubic, paper, random, shade, star, TAU } from './paper.mjs';
import { BEAT, FPS, HEIGHT, WIDTH } from './score.mjs';

const COLOURS = ['#f2b45a', '#e8684a', '#ffe3b0', '#e8684a'];

/** A jagged paper star around the cake. */
function tear(radius, turn, seed) {
  const next = random(seed);
  const p = new Path2D();
  const n = 22;
  for (let i = 0; i < n * 2; i++) {
    const a = turn + (i / (n * 2)) * TAU;
    const r = radius * (i % 2 ? 0.78 : 1) * (0.93 + 0.14 * next());
    p.lineTo(640 + Math.cos(a) * r * 1.25, 420 + Math.sin(a) * r);
  }
  p.closePath();
  return p;
}

/** Grows for two frames, covers all for two, opens. */
export function drawBurst(ctx, t) {
  const k = (t - BEAT.burst) * FPS;
  if (k < 0.5 || k > 8.5) return;
  const grown = 900 * outCubic(clamp(k / 2));
  const hole = k > 3.5 ? lerp(40, 900, inCubic(clamp((k - 3) / 6) ** 0.62)) : 0;
  ctx.save();
  if (k < 1.5) ctx.clip(tear(grown * 0.62, 0.2, 3));
  const sheet = new Path2D();
  sheet.rect(-40, -40, WIDTH + 80, HEIGHT + 80);
  if (hole) sheet.addPath(tear(hole, 0.2 + k * 0.04, 4));
  ctx.clip(sheet, 'evenodd');
  const turn = k * 0.035;
  const n = 32;
  for (let i = 0; i < n; i++) {
    const a0 = turn + (i / n) * TAU;
    const a1 = turn + ((i + 1) / n) * TAU;
    const ray = new Path2D();
    ray.moveTo(640, 420);
    ray.lineTo(640 + Math.cos(a0) * 1000, 420 + Math.sin(a0) * 1000);
    ray.lineTo(640 + Math.cos(a1) * 1000, 420 + Math.sin(a1) * 1000);
    ray.closePath();
    const colour = COLOURS[i % 4];
    const light = ctx.createRadialGradient(640, 420, 40, 640, 420, 760);
    light.addColorStop(0, shade(colour, 0.45));
    light.addColorStop(0.4, colour);
    light.addColorStop(1, shade(colour, -0.22));
    paper(ctx, ray, colour, { lift: 5, fill: light, edge: 0.3 });
  }
  if (!hole) {
    paper(ctx, doily(640, 420, 150 + k * 22, 150 + k * 22, 24, 12), '#fff3dc', { lift: 8 });
    paper(ctx, star(640, 424, 92 + k * 16, { turn: turn * 2 - Math.PI / 2 }), '#f2b45a', { lift: 6 });
  }
  ctx.restore();
  if (hole) {
    const rim = tear(hole, 0.2 + k * 0.04, 4);
    ctx.save();
    ctx.clip(sheet, 'evenodd');
    ctx.strokeStyle = '#fff3dc';
    ctx.lineWidth = 16;
    ctx.lineJoin = 'round';
    ctx.stroke(rim);
    ctx.restore();
    ctx.save();
    ctx.clip(rim);
    ctx.shadowColor = 'rgba(40,4,30,.7)';
    ctx.shadowBlur = 26;
    ctx.shadowOffsetY = 10;
    ctx.fillStyle = '#fff3dc';
    ctx.fill(sheet, 'evenodd');
    ctx.restore();
  }
}
