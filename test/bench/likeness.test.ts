/** Averages over clip, windows and gaps, and how ffmpeg's numbers are read. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { averagesOf, readFrames } from './render/quality/likeness.js';

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
