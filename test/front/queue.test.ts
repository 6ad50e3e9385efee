import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoryfarmError } from '../../src/errors.js';
import { createQueueView, expectedWait } from '../../src/front/queue.js';
import type { QueueCounts } from '../../src/store/store.js';
import { jobLike } from './fixtures.js';
import { manualClock } from './manual-clock.js';

const counts = (due: number, rendering: number): QueueCounts => ({
  byState: { queued: due, rendering, rendered: 0, delivered: 0, dead: 0, cancelled: 0 },
  due,
  oldestDueMs: 0,
});

describe('the expected wait', () => {
  it('is none while nothing is due', () => {
    assert.deepEqual(expectedWait(counts(0, 0), []), { ahead: 0, startsIn: 0, takes: null });
    assert.deepEqual(expectedWait(counts(0, 2), [4]), { ahead: 0, startsIn: 0, takes: 4 });
  });

  it('is the queue, shared by those who render, in usual rendering times', () => {
    assert.deepEqual(expectedWait(counts(10, 2), [1, 4, 100]), { ahead: 10, startsIn: 20, takes: 4 });
  });

  it('is unknown while nobody renders, or nothing was rendered yet', () => {
    assert.equal(expectedWait(counts(10, 0), [4]).startsIn, null);
    assert.equal(expectedWait(counts(10, 2), []).startsIn, null);
  });
});

describe('the view of the queue', () => {
  function viewed() {
    const clock = manualClock();
    const asked = { times: 0, failing: false };
    const store = {
      async counts() {
        asked.times++;
        if (asked.failing) throw new StoryfarmError('store_busy', 'Locked.');
        return counts(3, 1);
      },
      recent: async () => [
        jobLike({ state: 'rendered', startedAt: 1000, finishedAt: 3000 }),
        jobLike({ state: 'dead', startedAt: 1000, finishedAt: 99_000 }),
        jobLike(),
      ],
    };
    return { view: createQueueView(store, clock), clock, asked };
  }

  it('asks the store once a second at most, however many ask', async () => {
    const { view, clock, asked } = viewed();
    const waits = await Promise.all(Array.from({ length: 50 }, () => view.wait()));
    assert.deepEqual(waits[49], { ahead: 3, startsIn: 6, takes: 2 });
    await clock.advance(999);
    await view.admit(4);
    assert.equal(asked.times, 1);
    await clock.advance(1);
    await view.wait();
    assert.equal(asked.times, 2);
  });

  it('admits below the bound only', async () => {
    const { view } = viewed();
    await view.admit(4);
    await assert.rejects(view.admit(3), { code: 'unavailable' });
  });

  it('does not remember a failure', async () => {
    const { view, asked } = viewed();
    asked.failing = true;
    await assert.rejects(view.wait(), { code: 'store_busy' });
    asked.failing = false;
    assert.equal((await view.wait()).ahead, 3);
  });
});
