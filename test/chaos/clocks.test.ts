/** Clocks that jump, or stand otherwise on two machines: leases are the database's matter, and nothing else looks at a calendar. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { systemClock } from '../../src/clock.js';
import { connect } from '../../src/store/sqlite/connection.js';
import type { JobStore } from '../../src/store/store.js';
import { farm, WIDE } from './farm/farm.js';

const HOUR = 3_600_000;

/** What the database has written moves to the past: as if its clock, which is that of the machine, had jumped so far ahead. A jump back is a negative one. */
function jump(dataFolder: string, ms: number): void {
  const database = connect(join(dataFolder, 'jobs.db'));
  const moved = ['run_at', 'lease_until', 'created_at', 'started_at', 'finished_at'].map(
    (at) => `${at} = ${at} - ${ms}`,
  );
  database.exec(`UPDATE jobs SET ${moved.join(', ')}; UPDATE history SET at = at - ${ms}`);
  database.close();
}

// Most of the time they wait.
describe('a clock', { concurrency: 3 }, () => {
  for (const [where, ms] of [
    ['ahead', HOUR],
    ['back', -HOUR],
  ] as const)
    it(`that jumps an hour ${where} ends no lease of who is at work, and no patience`, async (context) => {
      let calendar = 0;
      const rescued: number[] = [];
      const made = await farm(context, 'slow', {
        options: { leaseMs: 3_000, maxAgeMs: HOUR / 2, pollMs: 100 },
        clock: { ...systemClock, now: () => Date.now() + calendar },
        // The store with an ear at its rescues.
        through: (store) =>
          Object.assign(Object.create(store), {
            rescue: async (whose: Parameters<JobStore['rescue']>[0]) => {
              const count = await store.rescue(whose);
              rescued.push(count);
              return count;
            },
          }),
      });
      const { enqueue, enqueueMany, recorder, dataFolder, cue, events, end } = made;
      const present = await enqueueMany(2);
      await recorder.times(2, 'assigned');
      calendar = ms;
      jump(dataFolder, ms);
      const before = rescued.length;
      await recorder.holds('expired leases were looked for twice', () => rescued.length >= before + 2);
      assert.ok(rescued.every((count) => count === 0));
      await cue('all');
      await recorder.times(2, 'rendered');
      const next = await enqueue();
      await recorder.times(3, 'rendered');
      for (const { id } of [...present, next]) assert.equal(await events(id), 'enqueued claimed rendered');
      assert.equal(recorder.of('died').length + recorder.of('recycled').length + recorder.of('leaseLost').length, 0);
      await end();
    });

  it('that is an hour ahead of those of other machines takes nothing from them', async (context) => {
    const made = await farm(context, 'instant', {
      options: { leaseMs: 1_000, server: 'hasty' },
      through: (store: JobStore): JobStore => Object.assign(Object.create(store), { isShared: true }),
      clock: { ...systemClock, now: () => Date.now() + HOUR },
      start: false,
    });
    const { enqueue, recorder, supervisor, store, events, end } = made;
    const theirs = await enqueue();
    const [lease] = await store.claim({ server: WIDE.server, limit: 1, leaseMs: 60_000 });
    await supervisor.start();
    const mine = await enqueue();
    await recorder.until('rendered');
    // Half a lease goes by between two looks for expired ones.
    await recorder.times(3, 'state');
    assert.equal(await events(theirs.id), 'enqueued claimed');
    assert.equal(await events(mine.id), 'enqueued claimed rendered');
    await store.release(lease ?? assert.fail());
    await recorder.times(2, 'rendered');
    await end();
  });
});
