import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { blankPlanes, bytesOfPlanes, cut, type Planes, paste, planesOf, rawOf } from '../../src/media/planes.js';
import { noise } from './h264/encoder.js';

const random = (width: number, height: number, seed: number) =>
  planesOf(noise(width, height, seed).bytes, width, height);

const even = (min: number, max: number) => fc.integer({ min: min / 2, max: max / 2 }).map((half) => half * 2);

/** A picture, and a rectangle that begins in it and may reach beyond. */
const places = fc.record({ width: even(2, 40), height: even(2, 40), seed: fc.nat(1000) }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    x: even(0, size.width - 2),
    y: even(0, size.height - 2),
    width: even(2, 48),
    height: even(2, 48),
  }),
);

/** Sample by sample, with the last ones repeated beyond the edges. */
function sampleAt({ width, height, luma, cb, cr }: Planes, plane: 'luma' | 'cb' | 'cr', x: number, y: number): number {
  const [across, down] = plane === 'luma' ? [width, height] : [width / 2, height / 2];
  return { luma, cb, cr }[plane][Math.min(y, down - 1) * across + Math.min(x, across - 1)] as number;
}

test('a piece has the samples of its place, and beyond the edges the last ones', () => {
  fc.assert(
    fc.property(places, ({ size, x, y, width, height }) => {
      const picture = random(size.width, size.height, size.seed);
      const piece = cut(picture, x, y, width, height);
      assert.deepEqual([piece.width, piece.height], [width, height]);
      for (const plane of ['luma', 'cb', 'cr'] as const) {
        const scale = plane === 'luma' ? 1 : 2;
        assert.equal(piece[plane].length, (width / scale) * (height / scale));
        for (let row = 0; row < height / scale; row++)
          for (let column = 0; column < width / scale; column++)
            assert.equal(
              piece[plane][(row * width) / scale + column],
              sampleAt(picture, plane, x / scale + column, y / scale + row),
            );
      }
    }),
    { numRuns: 60 },
  );
});

test('what was pasted can be cut out again, and nothing beside it has changed', () => {
  fc.assert(
    fc.property(places, fc.nat(1000), ({ size, x, y, width, height }, seed) => {
      const before = random(size.width, size.height, size.seed);
      const picture = planesOf(Uint8Array.from(rawOf(before)), size.width, size.height);
      const piece = random(width, height, seed);
      paste(picture, piece, x, y);
      for (const plane of ['luma', 'cb', 'cr'] as const) {
        const scale = plane === 'luma' ? 1 : 2;
        const [left, top, right, bottom] = [x / scale, y / scale, (x + width) / scale, (y + height) / scale];
        for (let row = 0; row < size.height / scale; row++)
          for (let column = 0; column < size.width / scale; column++) {
            const isInside = column >= left && column < right && row >= top && row < bottom;
            const wanted = isInside
              ? sampleAt(piece, plane, column - left, row - top)
              : sampleAt(before, plane, column, row);
            assert.equal(sampleAt(picture, plane, column, row), wanted, `${plane} ${column},${row}`);
          }
      }
    }),
    { numRuns: 60 },
  );
});

test('planes share the memory of a frame, and give it back whole; odd sizes have chroma rounded up', () => {
  const raw = Uint8Array.from({ length: bytesOfPlanes(5, 3) }, (_, at) => at);
  assert.equal(raw.length, 15 + 2 * 3 * 2);
  const planes = planesOf(raw, 5, 3);
  assert.deepEqual([planes.luma.length, planes.cb.length, planes.cr.length], [15, 6, 6]);
  assert.deepEqual(Uint8Array.from(rawOf(planes)), raw);
  raw[15] = 200;
  assert.equal(planes.cb[0], 200);
});

test('a blank picture is black', () => {
  const { luma, cb, cr } = blankPlanes(4, 2);
  assert.deepEqual([[...luma], [...cb], [...cr]], [new Array(8).fill(16), [128, 128], [128, 128]]);
});
