import assert from 'node:assert/strict';
import { it } from 'node:test';
import { afterOom, NO_BRAKE, released } from '../../../src/supervisor/decisions/brake.js';

it('half as many jobs at once after each kill for want of memory, at least one, and back in steps of a minute', () => {
  let brake = afterOom(NO_BRAKE, 8, 1_000);
  assert.deepEqual(brake, { limit: 4, until: 61_000 });
  brake = afterOom(brake, 8, 2_000);
  assert.deepEqual(brake, { limit: 2, until: 62_000 });
  assert.equal(released(brake, 8, 61_999), brake);
  brake = released(brake, 8, 62_000);
  assert.deepEqual(brake, { limit: 4, until: 122_000 });
  assert.equal(released(brake, 8, 122_000), NO_BRAKE);
  assert.equal(released(NO_BRAKE, 8, 1e9), NO_BRAKE);
  assert.equal(afterOom(NO_BRAKE, 1, 0).limit, 1);
  assert.equal(released(afterOom(NO_BRAKE, 3, 0), 3, 60_000).limit, 2);
});
