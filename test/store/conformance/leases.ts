/** Keeping and losing the right to write: renew, release, rescue, and that a stale lease writes nothing. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import {
  claimOne,
  enqueue,
  events,
  HOUR,
  LOSSES,
  type Open,
  on,
  onTwo,
  present,
  rejectsWith,
  rendering,
  WRITES,
} from './subject.js';

export function leases(open: Open): void {
  describe('renew', () => {
    on(open, 'extends the lease from now and notes the progress', async (store) => {
      await enqueue(store);
      const job = await claimOne(store, 'one', 0);
      assert.deepEqual(await store.renew([{ ...job, progress: 0.4 }], HOUR), []);
      assert.deepEqual(await present(store, job.id), { ...job, progress: 0.4 });
      assert.equal(await store.rescue('expired'), 0);
      await store.renew([{ ...job, progress: 0.4 }], 0);
      assert.equal(await store.rescue('expired'), 1);
    });

    on(open, 'extends what has expired but was not taken back', async (store) => {
      await enqueue(store);
      const job = await claimOne(store, 'one', 0);
      assert.deepEqual(await store.renew([{ ...job, progress: 0 }], 0), []);
      assert.deepEqual(await store.renew([{ ...job, progress: 0 }], HOUR), []);
    });

    on(open, 'answers the lost leases and extends the others', async (store) => {
      for (let n = 0; n < 3; n++) await enqueue(store);
      const held = await store.claim({ server: 'one', limit: 3, leaseMs: 0 });
      const [kept, cancelled, stale] = held as [(typeof held)[0], (typeof held)[0], (typeof held)[0]];
      await store.cancel(cancelled.id);
      const unknown = { id: 'nobody', fence: 1, progress: 0 };
      const ahead = { ...stale, fence: stale.fence + 1, progress: 0.9 };
      const lost = await store.renew(
        [{ ...kept, progress: 0.5 }, { ...cancelled, progress: 0.5 }, ahead, unknown],
        HOUR,
      );
      assert.deepEqual(lost, [
        { id: cancelled.id, fence: cancelled.fence },
        { id: stale.id, fence: stale.fence + 1 },
        { id: 'nobody', fence: 1 },
      ]);
      assert.equal((await present(store, kept.id)).progress, 0.5);
      assert.equal((await present(store, stale.id)).progress, 0);
      assert.equal(await store.rescue('expired'), 1, 'only the one that was not renewed');
    });

    for (const [loss, lose] of Object.entries(LOSSES)) {
      on(open, `finds the lease of a job lost that was ${loss}`, async (store) => {
        const job = await rendering(store);
        await lose(store, job);
        const before = await present(store, job.id);
        assert.deepEqual(await store.renew([{ ...job, progress: 0.7 }], HOUR), [{ id: job.id, fence: job.fence }]);
        assert.deepEqual(await present(store, job.id), before);
      });
    }

    on(open, 'renewing nothing is nothing', async (store) => {
      assert.deepEqual(await store.renew([], HOUR), []);
    });
  });

  describe('the fence', () => {
    for (const [loss, lose] of Object.entries(LOSSES)) {
      on(open, `a job that was ${loss}: no write of the old attempt gets through`, async (store) => {
        const job = await rendering(store, { callbackUrl: 'https://partner.example/told' });
        await lose(store, job);
        const before = [await present(store, job.id), await store.history(job.id), await store.outbox(10)];
        for (const write of Object.values(WRITES)) await rejectsWith('fenced', write(store, job));
        assert.deepEqual([await present(store, job.id), await store.history(job.id), await store.outbox(10)], before);
      });
    }

    on(open, 'an unknown job, and a fence ahead of its time, are stale too', async (store) => {
      const job = await rendering(store);
      for (const write of Object.values(WRITES)) {
        await rejectsWith('fenced', write(store, { id: 'nobody', fence: 1 }));
        await rejectsWith('fenced', write(store, { id: job.id, fence: job.fence + 1 }));
      }
      assert.deepEqual(await present(store, job.id), job);
    });
  });

  describe('release', () => {
    on(open, 'gives the job back unharmed', async (store) => {
      const queued = await enqueue(store);
      const job = await claimOne(store);
      await store.renew([{ ...job, progress: 0.8 }], HOUR);
      await store.release(job);
      assert.deepEqual(await present(store, job.id), { ...queued, fence: job.fence });
      const last = (await store.history(job.id)).at(-1);
      assert.deepEqual(
        { ...last, at: 0 },
        { at: 0, event: 'released', fence: job.fence, server: 'one', failure: null },
      );
      assert.equal((await claimOne(store)).id, job.id);
    });
  });

  describe('rescue', () => {
    on(open, 'takes back what has expired, and nothing else', async (store) => {
      const first = await enqueue(store);
      const expired = await claimOne(store, 'one', 0);
      await enqueue(store);
      const alive = await claimOne(store, 'one', HOUR);
      assert.equal(await store.rescue('expired'), 1);
      assert.deepEqual(await present(store, expired.id), { ...first, fence: expired.fence });
      assert.deepEqual(await present(store, alive.id), alive);
      assert.deepEqual(await events(store, expired.id), ['enqueued', 'claimed', 'rescued']);
      assert.equal(await store.rescue('expired'), 0);
    });

    on(open, 'of a server takes back all of it, expired or not, and nothing of others', async (store) => {
      for (let n = 0; n < 3; n++) await enqueue(store);
      await claimOne(store, 'one', HOUR);
      await claimOne(store, 'one', 0);
      const others = await claimOne(store, 'other', 0);
      assert.equal(await store.rescue({ server: 'one' }), 2);
      assert.deepEqual(await present(store, others.id), others);
      const { byState, due } = await store.counts();
      assert.deepEqual([byState.queued, byState.rendering, due], [2, 1, 2]);
      assert.equal(await store.rescue({ server: 'one' }), 0);
    });

    onTwo(open, 'what one handle rescued, another claims, and the first is fenced off', async (one, other) => {
      await enqueue(one);
      const before = await claimOne(one, 'one', 0);
      assert.equal(await other.rescue('expired'), 1);
      const after = await claimOne(other, 'other');
      assert.equal(after.id, before.id);
      assert.ok(after.fence > before.fence);
      for (const write of Object.values(WRITES)) await rejectsWith('fenced', write(one, before));
      assert.deepEqual(await present(one, after.id), after);
    });
  });
}
