import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternOf } from '../../../src/media/film/pattern.js';
import type { Area } from '../../../src/media/splice/areas.js';

/** Three macroblocks above two. */
const area: Area = {
  bubble: 'one',
  window: { from: 0, to: 10 },
  rows: [
    { x: 2, y: 1, width: 3 },
    { x: 3, y: 2, width: 2 },
  ],
};

test('noise as loud as samples can be, opaque in the macroblocks of the area and nowhere else', () => {
  const { width, height, yuva } = patternOf(area);
  assert.deepEqual([width, height, yuva.length], [48, 32, 48 * 32 * 2.5]);
  const pixels = width * height;
  const luma = yuva.subarray(0, pixels);
  const chroma = yuva.subarray(pixels, pixels * 1.5);
  const alpha = yuva.subarray(pixels * 1.5);
  assert.ok(luma.every((value) => value < 20 || value >= 235));
  const dark = luma.filter((value) => value < 20).length / pixels;
  assert.ok(dark > 0.45 && dark < 0.55, `${dark} are dark`);
  assert.deepEqual([...new Set(chroma)].sort(), [226, 30]);
  // Noise, not stripes or cells: neighbours are as often alike as not.
  for (const step of [1, width]) {
    let alike = 0;
    for (let at = step; at < pixels; at++)
      alike += (luma[at] as number) < 20 === (luma[at - step] as number) < 20 ? 1 : 0;
    assert.ok(Math.abs(alike / pixels - 0.5) < 0.06, `${alike / pixels} of neighbours ${step} apart are alike`);
  }
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) assert.equal(alpha[y * width + x], y < 16 || x >= 16 ? 255 : 0, `${x},${y}`);
});

test('equal seeds give equal noise, others other', () => {
  assert.ok(patternOf(area, 1).yuva.equals(patternOf(area, 1).yuva));
  const [one, other] = [patternOf(area, 1).yuva, patternOf(area, 2).yuva].map((yuva) => yuva.subarray(0, 48 * 32));
  const alike = (one as Buffer).filter((value, at) => value < 20 === ((other as Buffer)[at] as number) < 20).length;
  assert.ok(Math.abs(alike / (48 * 32) - 0.5) < 0.06, `${alike} of ${48 * 32} are alike`);
});
