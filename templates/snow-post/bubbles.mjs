/**
 * The three empty bubbles: a post label, a puff of snow, and the letter unfolded. Each pops in before its words, then does not change by
 * one pixel until they are gone: `settled` drawing uses no transform at all.
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
  'M50 20 H402 Q432 20 432 50 V168 Q432 198 402 198 H250 C236 201 222 211 206 229 C204 216 203 206 200 198 H50 Q20 198 20 168 V50 Q20 20 50 20Z',
);
const LABEL_LINE = path(
  'M50 24.500 H402 Q427.500 24.500 427.500 50 V168 Q427.500 193.500 402 193.500 H50 Q24.500 193.500 24.500 168 V50 Q24.500 24.500 50 24.500Z',
);
const LABEL_SNOW = path(
  'M28 25.4 C16 21.8 22 9.8 40 8.6 C70 3.8 150 7.4 226 6.2 C300 5 380 5 410 8.6 C432 9.8 438 21.8 426 25.4 C418 27.8 414 20.6 404 19.4 C390 18.2 390 25.4 380 25.4 C370 25.4 372 17.6 358 17 C250 15.2 190 15.8 128 17 C112 17.6 116 24.2 104 24.2 C92 24.2 96 18.2 82 18.2 C64 18.2 68 29 56 29 C44 29 46 19.4 38 20 C32 20.6 36 27.2 28 25.4 Z',
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
  [242, 55, 46],
  [298, 49, 40],
  [354, 47, 40],
  [410, 47, 40],
  [466, 47, 40],
  [522, 49, 40],
  [579, 55, 46],
  [586, 106, 42],
  [579, 160, 46],
  [522, 165, 40],
  [466, 167, 40],
  [410, 167, 40],
  [354, 167, 40],
  [298, 165, 40],
  [242, 160, 46],
  [235, 106, 42],
];
const PUFF = (() => {
  const p = new Path2D();
  for (const [x, y, r] of LOBES) p.addPath(ellipse(x, y, r));
  p.rect(230, 42, 358, 126);
  p.addPath(path('M540 170 C518 206 506 216 500 232 C484 221 477 202 478 170Z'));
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
    'M210 188 Q224 200 246 201',
    'M288 200 Q299 203 310 200',
    'M560 202 Q594 205 614 184',
    'M399 202 Q410 205 421 202',
    'M206 34 Q213 20 230 15',
    'M611 31 Q618 40 620 54',
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
  speak(ctx, t, CALL, 206, 230, label);
  speak(ctx, t, REPLY, 500, 232, puff);
  if (t > LETTER.pop && t < LETTER.pop + 0.5)
    glow(ctx, 320, 122, 320, '255,220,130', 0.55 * Math.sin(Math.PI * part(t, LETTER.pop, LETTER.pop + 0.5)));
  unfold(ctx, t);
}
