import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Capacity } from '../../src/supervisor/capacity.js';

it('the time of the seats is added up, and told once', () => {
  const capacity = new Capacity(100);
  capacity.note(110, ['start', 'start']);
  capacity.note(150, [undefined, 'unplanned']);
  capacity.note(151, ['planned', undefined, undefined]);
  assert.deepEqual(capacity.take(), { slots: 20 + 80 + 3, lost: { start: 20, planned: 1, unplanned: 40 } });
  assert.deepEqual(capacity.take(), { slots: 0, lost: { start: 0, planned: 0, unplanned: 0 } });
});
