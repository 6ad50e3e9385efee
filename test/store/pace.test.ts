/** How soon to ask again. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextPause, PACE } from '../../src/store/pace.js';

test('quick after the bell has rung, then ever slower, never slower than every two seconds', () => {
  let pause = 0;
  const pauses = [true, false, false, false, false, false, false, true].map((hasRung) => {
    ({ pause } = nextPause(PACE, pause, hasRung, 0.5));
    return pause;
  });
  assert.deepEqual(pauses, [250, 375, 562.5, 843.75, 1265.625, 1898.4375, 2000, 250]);
});

test('chance spreads the question over a quarter up and down; an idle machine asks less than once a second', () => {
  assert.equal(nextPause(PACE, 2000, false, 0).wait, 1500);
  assert.equal(nextPause(PACE, 2000, false, 0.999_999).wait.toFixed(0), '2500');
});
