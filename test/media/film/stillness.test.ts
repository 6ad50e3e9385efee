import assert from 'node:assert/strict';
import { test } from 'node:test';
import { movement, StillnessWatch } from '../../../src/media/film/stillness.js';
import { blankPlanes, cut, type Planes } from '../../../src/media/planes.js';
import type { Area } from '../../../src/media/splice/areas.js';

const [WIDTH, HEIGHT] = [64, 56]; // The lowest row of macroblocks reaches 8 pixels beyond the picture.

/** An L: three macroblocks, and below them the first two. */
const area: Area = {
  bubble: 'one',
  window: { from: 2, to: 5 },
  rows: [
    { x: 1, y: 2, width: 3 },
    { x: 1, y: 3, width: 2 },
  ],
};

type Change = readonly [frame: number, plane: 'luma' | 'cb' | 'cr', x: number, y: number, by: number];

/** Watches six frames of black with some samples changed. */
function watched(...changes: Change[]) {
  const watch = new StillnessWatch([area]);
  for (let frame = 0; frame < 6; frame++) {
    const planes: Planes = blankPlanes(WIDTH, HEIGHT);
    for (const [at, plane, x, y, by] of changes) {
      const width = plane === 'luma' ? WIDTH : WIDTH / 2;
      if (at === frame) planes[plane][y * width + x] = (planes[plane][y * width + x] as number) + by;
    }
    watch.take(planes, frame);
  }
  const seen = watch.result().get(area);
  assert.ok(seen);
  return seen;
}

/** Samples that are compared: in two frames, luma of 48x16 and 32x8 pixels, chroma a quarter each. */
const SAMPLES = 2 * (48 * 16 + 32 * 8) * 1.5;

test('changes are counted inside the area while it is visible, to the pixel', () => {
  assert.deepEqual({ ...watched(), still: undefined }, { still: undefined, change: 0, moving: 0 });
  for (const [x, y] of [
    [16, 32],
    [63, 47],
    [47, 55],
  ] as const)
    assert.deepEqual(
      { ...watched([3, 'luma', x, y, 9]), still: undefined },
      { still: undefined, change: 9, moving: 1 / SAMPLES },
      `${x},${y}`,
    );
  for (const plane of ['cb', 'cr'] as const) {
    assert.equal(watched([4, plane, 31, 23, -5]).change, 5);
    assert.equal(watched([4, plane, 24, 24, -5]).change, 0, 'beside the lower row');
  }
  for (const [x, y] of [
    [15, 40],
    [20, 31],
    [48, 48],
  ] as const)
    assert.equal(watched([3, 'luma', x, y, 99]).change, 0, `${x},${y} is outside`);
  for (const frame of [0, 1, 5]) assert.equal(watched([frame, 'luma', 20, 40, 99]).change, 0, `frame ${frame}`);
});

test('what stands there is the first frame that shows it, over the bounding box', () => {
  const { still, change } = watched([2, 'luma', 16, 32, 50], [2, 'luma', 60, 50, 7]);
  assert.deepEqual([still.width, still.height, still.luma[0]], [48, 32, 66]);
  assert.equal(still.luma[18 * 48 + 44], 23, 'beside the lower row, but in the box');
  assert.equal(change, 50, 'what comes later is held against it');
});

test('the still does not share the memory of the frame', () => {
  const frame = blankPlanes(WIDTH, HEIGHT);
  const watch = new StillnessWatch([area]);
  watch.take(frame, 2);
  frame.luma.fill(200);
  assert.equal(watch.result().get(area)?.still.luma[0], 16);
});

test('an area whose frames never came has no entry', () => {
  const watch = new StillnessWatch([area]);
  watch.take(cut(blankPlanes(WIDTH, HEIGHT), 0, 0, WIDTH, HEIGHT), 1);
  assert.equal(watch.result().size, 0);
});

test('grain is still; one sample far off, or many a little, are not', () => {
  assert.equal(movement({ change: 8, moving: 0.001 }), undefined);
  assert.equal(
    movement({ change: 9, moving: 0.00002 }),
    'The picture moves behind the words: by up to 9 of 256 levels, 20 of a million samples by more than 3.',
  );
  assert.match(movement({ change: 5, moving: 0.0123 }) ?? '', /up to 5 of 256 levels, 1\.2 % by more than 3\.$/);
});
