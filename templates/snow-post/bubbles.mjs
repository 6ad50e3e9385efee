/**
 * The three empty bubbles: a post label, a puff of snow, and the letter unfolded. Each pops in before its words, then does not change by
 * one pixel until they are gone: `settled` drawing uses no transform at all.
 *
 * Words go into whole macroblocks, 16 pixels square in each size of the ladder; at 176x144 that is a grid of 58 units, x = 58.18 k and
 * y = 58.18 k - 21.8 for whole k. The shapes in template.json sit on it, and each bubble reaches at least 2 pixels of any size beyond
 * all macroblocks of its shape: so nothing under the words ever moves.
 */
import { Path2D } from '@napi-rs/canvas';
import { clamp, ease, ellipse, form, glow, mix, part, path, within } from './paint.mjs';
import { CALL, envelope, FPS, LETTER, REPLY } from './story.mjs';

const STILL = 2.5 / FPS; // Rest after the words are gone.
const SETTLED = 6 / FPS; // Rest before they come: long enough for the encoder to have refined the still picture.
const SHADOW = 'rgba(12,20,74,0.42)';

const lower = (ctx, shape, dy, colour) =>
  within(ctx, () => {
    ctx.translate(0, dy);
    ctx.fillStyle = colour;
    ctx.fill(shape);
  });

const LABEL = path(
  'M54 16 H452 Q482 16 482 46 V146 Q482 176 452 176 H248 C236 180 219 192 201 215 C199 202 198 186 195 176 H54 Q24 176 24 146 V46 Q24 16 54 16Z',
);
const LABEL_LINE = path(
  'M54 20.5 H452 Q477.5 20.5 477.5 46 V146 Q477.5 171.5 452 171.5 H54 Q28.5 171.5 28.5 146 V46 Q28.5 20.5 54 20.5Z',
);
const LABEL_SNOW = path(
  'M32 21.4 C20 17.8 26 5.8 44 4.6 C74 -0.2 158.4 3.4 249.6 2.2 C338.4 1 430 1 460 4.6 C482 5.8 488 17.8 476 21.4 C468 23.8 464 16.6 454 15.4 C440 14.2 440 21.4 430 21.4 C420 21.4 422 13.6 408 13 C278.4 11.2 206.4 11.8 132 13 C116 13.6 120 20.2 108 20.2 C96 20.2 100 14.2 86 14.2 C68 14.2 72 25 60 25 C48 25 50 15.4 42 16 C36 16.6 40 23.2 32 21.4 Z',
);

function label(ctx) {
  lower(ctx, LABEL, 9, SHADOW);
  lower(ctx, LABEL, 4.5, '#d8a878');
  ctx.fillStyle = '#fff9ec';
  ctx.fill(LABEL);
  ctx.strokeStyle = '#e2675c';
  ctx.lineWidth = 3;
  ctx.stroke(LABEL_LINE);
  lower(ctx, LABEL_SNOW, 3, 'rgba(104,130,200,0.55)');
  form(ctx, LABEL_SNOW, '#ffffff', { dx: 2, dy: -4, shade: 'rgba(140,170,230,0.35)', rim: null });
}

const LOBES = [
  [240, 56, 46],
  [294, 50, 40],
  [349, 47, 40],
  [404, 46, 40],
  [459, 47, 40],
  [514, 50, 40],
  [568, 56, 46],
  [576, 97, 42],
  [568, 138, 46],
  [514, 144, 40],
  [459, 147, 40],
  [404, 148, 40],
  [349, 147, 40],
  [294, 144, 40],
  [240, 138, 46],
  [232, 97, 42],
];
const PUFF = (() => {
  const p = new Path2D();
  for (const [x, y, r] of LOBES) p.addPath(ellipse(x, y, r));
  p.rect(222, 28, 368, 134);
  p.addPath(path('M540 152 C518 188 506 204 500 224 C484 211 477 186 478 152Z'));
  return p;
})();

function puff(ctx) {
  lower(ctx, PUFF, 9, SHADOW);
  lower(ctx, PUFF, 5, '#93b4ee');
  ctx.fillStyle = '#f6faff';
  ctx.fill(PUFF);
  // Hollows between the lobes of snow, and a sparkle or two, all away from the words.
  ctx.strokeStyle = '#b7cef5';
  ctx.lineWidth = 3;
  ctx.lineCap = 'round';
  for (const d of [
    'M208 166 Q222 179 246 179',
    'M284 179 Q294 182 304 179',
    'M548 179 Q582 182 603 161',
    'M394 183 Q404 186 414 183',
    'M204 36 Q211 22 228 16',
    'M600 33 Q607 42 609 56',
  ])
    ctx.stroke(path(d));
}

const SHEET = path(
  'M70 16 Q200 5 320 10 Q440 3 570 10 Q581 120 564 224 Q440 218 322 225 Q200 219 78 230 Q60 124 70 16Z',
);
const SHEET_INNER = path(
  'M83 29 Q200 18 320 23 Q440 16 557 23 Q567 120 552 211 Q440 205 322 212 Q200 206 91 217 Q74 124 83 29Z',
);

function letter(ctx) {
  lower(ctx, SHEET, 9, SHADOW);
  lower(ctx, SHEET, 4, '#d9ab84');
  ctx.fillStyle = '#fffdf6';
  ctx.fill(SHEET);
  // The striped edge of an air letter.
  within(ctx, () => {
    const band = new Path2D();
    band.addPath(SHEET);
    band.addPath(SHEET_INNER);
    ctx.clip(band, 'evenodd');
    for (let i = -8; i < 30; i++) {
      ctx.fillStyle = i % 2 ? '#e2574f' : '#3e6cc0';
      const x = i * 26;
      ctx.fill(path(`M${x} 240 L${x + 13} 240 L${x + 13 + 120} 0 L${x + 120} 0Z`));
    }
  });
  ctx.fillStyle = '#fffaee';
  ctx.fill(SHEET_INNER);
  // Creases where it was folded in three.
  within(ctx, () => {
    ctx.clip(SHEET_INNER);
    ctx.fillStyle = '#fff6e7';
    ctx.fillRect(60, 87, 520, 66);
    ctx.fillStyle = '#f7ead6';
    ctx.fillRect(60, 86, 520, 2);
    ctx.fillRect(60, 152, 520, 2);
  });
  // Seal with a heart, at the lower edge.
  const seal = path(
    'M320 201 C330 199 340 207 340 216 C342 226 332 236 321 235 C310 237 299 228 300 217 C299 207 310 199 320 201Z',
  );
  lower(ctx, seal, 3, 'rgba(90,20,50,0.4)');
  form(ctx, seal, '#dd3f49', { dx: 4, dy: -4, rim: 'rgba(255,200,170,0.8)' });
  ctx.fillStyle = '#ffd9c4';
  ctx.fill(path('M320 228 C309 220 311 210 320 214 C329 210 331 220 320 228Z'));
}

/** A bubble that grows out of its speaker at (x, y) and goes back there. */
function speak(ctx, t, { pop, start, end, gone }, x, y, paint) {
  if (t < pop || t >= gone) return;
  const come = ease.back(part(t, pop, start - SETTLED));
  const go = ease.in(part(t, end + STILL, gone));
  if (come === 1 && go === 0) return paint(ctx);
  const size = Math.max(0.001, come * (1 - go));
  within(ctx, () => {
    ctx.globalAlpha = clamp(part(t, pop, pop + 0.06) * (1 - part(go, 0.5, 1)));
    ctx.translate(x, y);
    ctx.rotate((1 - come) * -0.14 + go * 0.1);
    ctx.scale(size * mix(0.86, 1, come), size);
    ctx.translate(-x, -y);
    paint(ctx);
  });
}

/** The letter rises folded out of its envelope, opens, and in the end folds itself away into the bird that flies off (see wonder.mjs). */
function unfold(ctx, t) {
  const { pop, start, end } = LETTER;
  const folded = end + STILL + 0.34;
  if (t < pop || t > folded) return;
  const rise = ease.out(part(t, pop, pop + 0.36));
  const open = ease.back(part(t, pop + 0.04, start - SETTLED));
  const fold = ease.both(part(t, end + STILL, folded));
  if (rise === 1 && open === 1 && fold === 0) return letter(ctx);
  const from = envelope(t);
  const grow = Math.max(0.06, mix(0.1, 1, open) * mix(0.4, 1, rise));
  within(ctx, () => {
    ctx.globalAlpha = part(t, pop, pop + 0.05) * (1 - part(fold, 0.85, 1));
    ctx.translate(mix(from.x, 320, rise), mix(from.y - 14, 122, rise) - 34 * Math.sin(rise * Math.PI) + 8 * fold);
    ctx.rotate(0.35 * (1 - rise) - 0.16 * (1 - open) * rise - 0.5 * fold);
    ctx.scale(grow * mix(1, 0.12, fold), grow * mix(0.34, 1, open) * mix(1, 0.16, fold));
    ctx.translate(-320, -122);
    letter(ctx);
  });
}

export function bubbles(ctx, t) {
  speak(ctx, t, CALL, 201, 216, label);
  speak(ctx, t, REPLY, 500, 224, puff);
  if (t > LETTER.pop && t < LETTER.pop + 0.5)
    glow(ctx, 320, 122, 320, '255,220,130', 0.55 * Math.sin(Math.PI * part(t, LETTER.pop, LETTER.pop + 0.5)));
  unfold(ctx, t);
}
