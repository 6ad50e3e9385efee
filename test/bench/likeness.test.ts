/** Averages over clip, windows and gaps, how ffmpeg's numbers are read, and what is made of figures. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadFonts } from '../../src/media/fonts.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { checkRequest } from '../../src/template/request.js';
import { tinyFolder } from '../fixtures/tiny.js';
import { spatialInformation } from './render/contents.js';
import { quantile, standing } from './render/figures.js';
import { averagesOf, readFrames } from './render/likeness.js';
import { wordsmith } from './render/words.js';

const frame = (ssim: number, error: number) => ({ ssim, error });

test('a frame in two windows counts once, and the frame at which a window ends is a gap', () => {
  const frames = [frame(1, 0), frame(0.5, 4), frame(0.7, 2), frame(0.9, 10)];
  const windows = [
    { from: 1, to: 3 },
    { from: 2, to: 3 },
  ];
  const { clip, windows: inside, gaps, worst } = averagesOf(frames, windows);
  assert.ok(Math.abs(clip.ssim - 0.775) < 1e-12);
  assert.ok(Math.abs(clip.psnr - 10 * Math.log10(65025 / 4)) < 1e-9);
  assert.ok(Math.abs((inside?.ssim ?? 0) - 0.6) < 1e-12);
  assert.ok(Math.abs((inside?.psnr ?? 0) - 10 * Math.log10(65025 / 3)) < 1e-9);
  assert.ok(Math.abs((gaps?.ssim ?? 0) - 0.95) < 1e-12);
  assert.equal(worst.ssim, 0.5);
  assert.ok(Math.abs(worst.psnr - 10 * Math.log10(65025 / 10)) < 1e-9);
});

test('no frame without words: there are no gaps, and equal films are endlessly alike', () => {
  const { gaps, clip } = averagesOf([frame(1, 0)], [{ from: 0, to: 1 }]);
  assert.equal(gaps, undefined);
  assert.deepEqual(clip, { ssim: 1, psnr: Number.POSITIVE_INFINITY });
  assert.throws(() => averagesOf([], []));
});

test('reads what the filters write', () => {
  const ssim = 'n:1 Y:1.000000 U:1.000000 V:1.000000 All:1.000000 (inf)\nn:2 Y:0.9 U:0.8 V:0.8 All:0.866 (8.7)\n';
  const psnr = 'n:1 mse_avg:0.00 mse_y:0.00 psnr_avg:inf psnr_y:inf \nn:2 mse_avg:2.41 mse_y:3.3 psnr_avg:44.3 \n';
  assert.deepEqual(readFrames(ssim, psnr), [frame(1, 0), frame(0.866, 2.41)]);
  assert.throws(() => readFrames(ssim, ''), /2 frames were compared, then 0/);
});

test('quantiles lie between values by proportion', () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([7], 0.9), 7);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test('a figure misses, reaches, or reaches its aim, whichever way is better', () => {
  const of = (value: number, most: boolean) =>
    standing({ name: '', text: '', show: String, value, must: most ? 100 : 50, aim: most ? 50 : 100, most });
  assert.deepEqual([of(101, true), of(100, true), of(50, true)], ['missed', 'reached', 'aim reached']);
  assert.deepEqual([of(49, false), of(50, false), of(100, false)], ['missed', 'reached', 'aim reached']);
  assert.equal(standing({ name: '', text: '', show: String, value: 1 }), '');
});

test('a flat frame has no texture, and a chequered one more than a ramp', () => {
  const width = 16;
  const picture = (luma: (x: number, y: number) => number) =>
    Uint8Array.from({ length: width * width }, (_, at) => luma(at % width, Math.floor(at / width)));
  assert.equal(
    spatialInformation(
      picture(() => 90),
      width,
    ),
    0,
  );
  assert.equal(
    spatialInformation(
      picture((x) => x * 4),
      width,
    ),
    0,
  );
  assert.ok(
    spatialInformation(
      picture((x, y) => (((x >> 2) + (y >> 2)) % 2) * 200),
      width,
    ) > 50,
  );
});

test('words are the same for the same seed, never the same twice, in several scripts, and fit', async () => {
  const { template } = await loadTemplate(tinyFolder);
  const fonts = loadFonts();
  const some = (seed: number) => {
    const next = wordsmith(template, fonts, seed);
    return Array.from({ length: 200 }, next);
  };
  const words = some(1);
  assert.deepEqual(words, some(1));
  assert.notDeepEqual(words, some(2));
  for (const bubble of template.bubbles) {
    const texts = words.map((each) => each[bubble.id]);
    assert.equal(new Set(texts).size, texts.length);
    for (const script of [/\p{Script=Hangul}/u, /\p{Script=Latin}/u, /\p{Emoji_Presentation}/u])
      assert.ok(
        texts.some((text) => script.test(text ?? '')),
        `${bubble.id} has nothing of ${script}`,
      );
  }
  for (const each of words) checkRequest(template, { words: each }, fonts.book, fonts.measure);
});
