import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitOf, matrixOf, pixelBox } from '../../src/media/ladder.js';

test('a rendition of the same shape is filled', () => {
  assert.deepEqual(fitOf({ width: 1280, height: 720 }, { width: 640, height: 360 }), {
    ...{ x: 0, y: 0, width: 640, height: 360 },
    view: { scaleX: 0.5, scaleY: 0.5, dx: 0, dy: 0 },
  });
});

test('a rounding of the shape is stretched, not barred', () => {
  const { x, y, width, height } = fitOf({ width: 1280, height: 720 }, { width: 854, height: 480 });
  assert.deepEqual({ x, y, width, height }, { x: 0, y: 0, width: 854, height: 480 });
});

test('another shape gets bars', () => {
  const fit = fitOf({ width: 640, height: 480 }, { width: 176, height: 144 });
  assert.deepEqual({ ...fit, view: undefined }, { x: 0, y: 6, width: 176, height: 132, view: undefined });
  assert.equal(fit.view.dy, 6);
});

test('pixel boxes are even, cover their box and stay inside the frame', () => {
  const length = fc.integer({ min: 16, max: 2000 });
  const sizes = fc.record({ width: length.map((n) => n * 2), height: length.map((n) => n * 2) });
  fc.assert(
    fc.property(
      sizes,
      sizes,
      fc.tuple(fc.double({ min: 0, max: 0.9, noNaN: true }), fc.double({ min: 0, max: 0.9, noNaN: true })),
      (design, frame, [fx, fy]) => {
        const { view } = fitOf(design, frame);
        const box = {
          x: design.width * fx,
          y: design.height * fy,
          width: design.width * 0.1,
          height: design.height * 0.1,
        };
        const pixels = pixelBox(box, view, frame);
        for (const value of Object.values(pixels)) assert.equal(value % 2, 0);
        assert.ok(
          pixels.x >= 0 &&
            pixels.y >= 0 &&
            pixels.x + pixels.width <= frame.width &&
            pixels.y + pixels.height <= frame.height,
        );
        assert.ok(pixels.x <= box.x * view.scaleX + view.dx + 1e-6);
        assert.ok(pixels.x + pixels.width >= Math.min(frame.width, (box.x + box.width) * view.scaleX + view.dx) - 1e-6);
      },
    ),
  );
});

test('colours are meant as the size suggests', () => {
  assert.equal(matrixOf({ width: 1280, height: 720 }), 'bt709');
  assert.equal(matrixOf({ width: 720, height: 576 }), 'smpte170m');
  assert.equal(matrixOf({ width: 176, height: 144 }), 'smpte170m');
});
