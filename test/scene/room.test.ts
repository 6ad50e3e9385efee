import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Shape } from '../../src/scene/scene.js';
import { roomOf } from '../../src/scene/text/room.js';

const polygon = (...points: [number, number][]): Shape => ({ kind: 'polygon', points });
/** A body of 300 x 150 with a tail that hangs 50 below it. */
const speech = polygon([0, 0], [300, 0], [300, 150], [120, 150], [60, 200], [80, 150], [0, 150]);

describe('room of a box', () => {
  it('is the box less its padding, at every height', () => {
    const room = roomOf({ kind: 'box', x: 10, y: 20, width: 100, height: 50, radius: 25 }, 5);
    assert.deepEqual([room.top, room.bottom, room.middle, room.axis], [25, 65, 45, 60]);
    assert.deepEqual(room.between(25, 30), { left: 15, right: 105 });
  });

  it('is none when the padding takes it all', () => {
    assert.equal(roomOf({ kind: 'box', x: 0, y: 0, width: 10, height: 50, radius: 0 }, 5).between(10, 20), undefined);
  });
});

describe('room of an ellipse', () => {
  const room = roomOf({ kind: 'ellipse', x: 0, y: 0, width: 200, height: 100 }, 0);

  it('is the chord at the edge farther from the middle', () => {
    assert.deepEqual(room.between(50, 80), { left: 20, right: 180 }); // 3-4-5: 30 below the middle of 50.
    assert.deepEqual(room.between(20, 60), { left: 20, right: 180 });
  });

  it('is none beyond its ends', () => {
    assert.equal(room.between(60, 100), undefined);
    assert.equal(room.between(-5, 50), undefined);
  });
});

describe('room of a polygon', () => {
  it('narrows between the corners of a diamond', () => {
    const room = roomOf(polygon([100, 0], [200, 100], [100, 200], [0, 100]), 0);
    assert.deepEqual(room.between(50, 80), { left: 50, right: 150 });
    assert.deepEqual(room.between(60, 160), { left: 60, right: 140 });
    assert.deepEqual([room.middle, room.axis].map(Math.round), [100, 100]);
  });

  it('takes the body of a speech bubble for its middle, not its tail', () => {
    const room = roomOf(speech, 0);
    assert.ok(Math.abs(room.middle - 75) < 2, `middle ${room.middle}`);
    assert.ok(Math.abs(room.axis - 150) < 2, `axis ${room.axis}`);
    assert.deepEqual(room.between(100, 150), { left: 0, right: 300 });
  });

  it('keeps the padding from every edge, the horizontal ones too', () => {
    const room = roomOf(speech, 10);
    assert.deepEqual(room.between(100, 140), { left: 10, right: 290 });
    assert.ok((room.between(100, 141)?.right ?? 0) < 150);
    assert.equal(room.between(5, 100), undefined);
  });

  it('chooses the widest part of a shape that is cut in two', () => {
    const letterU = polygon([0, 0], [40, 0], [40, 80], [60, 80], [60, 0], [160, 0], [160, 100], [0, 100]);
    assert.deepEqual(roomOf(letterU, 0).between(10, 50), { left: 60, right: 160 });
    assert.deepEqual(roomOf(letterU, 0).between(10, 90), { left: 60, right: 160 });
    assert.deepEqual(roomOf(letterU, 0).between(80, 90), { left: 0, right: 160 });
  });

  it('is inside at every height of the band', () => {
    const star = fc.array(fc.double({ min: 20, max: 100, noNaN: true }), { minLength: 3, maxLength: 12 });
    const band = fc.tuple(fc.double({ min: 0, max: 200, noNaN: true }), fc.double({ min: 0.5, max: 60, noNaN: true }));
    fc.assert(
      fc.property(star, band, (radii, [y0, height]) => {
        const points = radii.map((radius, i): [number, number] => {
          const angle = (2 * Math.PI * i) / radii.length;
          return [100 + radius * Math.cos(angle), 100 + radius * Math.sin(angle)];
        });
        const free = roomOf(polygon(...points), 0).between(y0, y0 + height);
        if (!free) return;
        for (let i = 1; i < 8; i++) {
          for (let j = 1; j < 8; j++) {
            const [x, y] = [free.left + ((free.right - free.left) * i) / 8, y0 + (height * j) / 8];
            assert.ok(contains(points, x, y), `${x},${y}`);
          }
        }
      }),
    );
  });
});

function contains(points: readonly [number, number][], x: number, y: number): boolean {
  let inside = false;
  points.forEach(([x0, y0], i) => {
    const [x1, y1] = points[(i + 1) % points.length] as [number, number];
    if (y0 > y !== y1 > y && x < x0 + ((x1 - x0) * (y - y0)) / (y1 - y0)) inside = !inside;
  });
  return inside;
}
