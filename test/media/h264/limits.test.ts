import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokenLimit } from '../../../src/media/h264/limits.js';
import type { ParameterSets } from '../../../src/media/h264/parameter-sets.js';

const [BASELINE, MAIN, HIGH] = [66, 77, 100];

function sets(level: number, profile: number, width: number, height: number, constraints = 0): ParameterSets {
  const size = { widthInMacroblocks: Math.ceil(width / 16), heightInMacroblocks: Math.ceil(height / 16) };
  return { sequence: { level, profile, constraints, ...size } } as ParameterSets;
}

/** The most slices and bytes that are allowed, found by asking; undefined when there is no bound below a million. */
function most(asked: ParameterSets, what: 'slices' | 'bytes', fps: number, isFirst = false): number | undefined {
  const allows = (count: number) =>
    brokenLimit(asked, { slices: 1, bytes: 1, fps, isFirst, [what]: count }) === undefined;
  if (allows(1_000_000)) return undefined;
  let [low, high] = [1, 1_000_000];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (allows(middle)) low = middle;
    else high = middle;
  }
  return low;
}

test('slices and bytes of a picture as the tables give them', () => {
  const known = [
    // level, profile, width, height, fps, slices, bytes (undefined: beyond a million)
    [31, HIGH, 1280, 720, 30, 60, 345_600],
    [40, HIGH, 1280, 720, 30, 136, 786_432],
    [31, MAIN, 1280, 720, 25, 72, 414_720],
    [30, MAIN, 640, 480, 25, 73, 311_040],
    [41, HIGH, 1920, 1080, 30, 341, undefined],
    [13, BASELINE, 320, 240, 15, undefined, 152_064],
  ] as const;
  for (const [level, profile, width, height, fps, slices, bytes] of known) {
    const asked = sets(level, profile, width, height);
    assert.deepEqual([most(asked, 'slices', fps), most(asked, 'bytes', fps)], [slices, bytes], `level ${level}`);
  }
});

test('the first picture counts for its own size, or for a 172nd of a second when that is more', () => {
  const full = sets(40, HIGH, 1280, 720);
  assert.equal(most(full, 'bytes', 30, true), (384 * 3600) / 4);
  assert.equal(most(full, 'slices', 30, true), 60);
  const small = sets(40, HIGH, 320, 240);
  assert.equal(most(small, 'bytes', 30, true), Math.floor((384 * 245_760) / 172 / 4));
});

test('level 1b is written as 11 with a flag in Main and Baseline, and half of 1.1', () => {
  const flag = 0x10;
  assert.equal(most(sets(11, BASELINE, 176, 144, flag), 'bytes', 15), 19_008);
  assert.equal(most(sets(11, BASELINE, 176, 144), 'bytes', 15), 38_400);
  assert.equal(most(sets(11, HIGH, 176, 144, flag), 'bytes', 15), 38_400);
});

test('Baseline has no bound of slices at any level, Main and High have', () => {
  assert.equal(most(sets(31, BASELINE, 1280, 720), 'slices', 30), undefined);
  assert.equal(most(sets(31, MAIN, 1280, 720), 'slices', 30), 60);
});

test('what is broken is told', () => {
  const asked = sets(31, HIGH, 1280, 720);
  const facts = { slices: 60, bytes: 345_600, fps: 30, isFirst: false };
  assert.equal(brokenLimit(asked, facts), undefined);
  assert.equal(brokenLimit(asked, { ...facts, slices: 61 }), '61 slices in a picture pass the 60 of its level');
  assert.equal(
    brokenLimit(asked, { ...facts, bytes: 345_601 }),
    'a picture of 345601 bytes passes the 345600 of its level',
  );
  assert.equal(brokenLimit(sets(99, HIGH, 16, 16), facts), 'level_idc 99 is unknown');
});
