/** The files of finished jobs are made anew. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { JobStore } from '../../../src/store/store.js';
import {
  awakened,
  claimOne,
  enqueue,
  events,
  giveUp,
  HOUR,
  type Open,
  on,
  onTwo,
  present,
  rejectsWith,
  rendering,
  result,
  retry,
} from './subject.js';

const told = { callbackUrl: 'https://partner.example/told' };

/** A rendered job that had failed once. */
async function rendered(store: JobStore, fields: Parameters<typeof enqueue>[1] = {}) {
  const { id } = await enqueue(store, fields);
  await store.fail(await claimOne(store), retry);
  await store.complete(await claimOne(store), result);
  return present(store, id);
}

export function rerendering(open: Open): void {
  describe('rerender', () => {
    onTwo(open, 'queues the job as if it had never been tried, and any server takes it', async (one, two) => {
      const before = await rendered(one);
      const woken = Promise.all([awakened(one), awakened(two)]);
      const after = await one.rerender(before.id);
      await woken;
      assert.ok(after.runAt >= (before.finishedAt ?? Number.POSITIVE_INFINITY), 'it is due now');
      const nothing = { server: null, startedAt: null, finishedAt: null, result: null, failure: null };
      const untouched = { state: 'queued', attempt: 0, crashes: 0, progress: 0, runAt: after.runAt } as const;
      assert.deepEqual(after, { ...before, ...untouched, ...nothing });
      assert.deepEqual(await present(two, before.id), after);
      const again = await claimOne(two, 'two');
      assert.deepEqual([again.id, again.fence], [before.id, before.fence + 1]);
      await two.complete(again, result);
      const last = await present(one, before.id);
      assert.deepEqual([last.state, last.server, last.result], ['rendered', 'two', result]);
      const [reopened] = (await one.history(before.id)).filter(({ event }) => event === 'reopened');
      assert.deepEqual([reopened?.server, reopened?.fence], ['one', before.fence]);
      assert.equal(
        (await events(one, before.id)).join(' '),
        'enqueued claimed retried claimed rendered reopened claimed rendered',
      );
    });

    on(open, 'moves the counts, and changes bring it', async (store) => {
      const { id } = await rendered(store);
      const { cursor } = await store.changes(null);
      await store.rerender(id);
      const { byState, due } = await store.counts();
      assert.deepEqual([byState.rendered, byState.queued, due], [0, 1, 1]);
      assert.deepEqual(
        (await store.changes(cursor)).jobs.map((job) => job.id),
        [id],
      );
      assert.deepEqual((await store.published({ after: null, limit: 10 })).jobs, []);
      assert.deepEqual(await store.purgeable({ state: 'rendered', olderThanMs: 0, limit: 10 }), []);
    });

    on(open, 'waits behind what is due already', async (store) => {
      const { id } = await rendered(store);
      const other = await enqueue(store);
      // Of jobs that are due since the same millisecond the older one is first.
      while ((await store.rerender(id)).runAt <= other.runAt) await store.complete(await claimNamed(store, id), result);
      assert.equal((await claimOne(store)).id, other.id);
    });

    on(open, 'tells the partner again, under a new event, and not of the files that are no more', async (store) => {
      const { id } = await rendered(store, told);
      const [first] = await store.outbox(10);
      await store.rerender(id);
      assert.deepEqual(await store.outbox(10), []);
      await store.settle(first?.eventId ?? '', 'delivered');
      assert.equal((await present(store, id)).state, 'queued', 'a callback that was under way changes nothing');
      await store.complete(await claimOne(store, 'two'), result);
      const [second, ...more] = await store.outbox(10);
      assert.deepEqual([second?.jobId, second?.event, more], [id, 'rendered', []]);
      assert.notEqual(second?.eventId, first?.eventId);
      await store.settle(second?.eventId ?? '', 'delivered');
      await store.rerender(id);
      assert.equal((await present(store, id)).state, 'queued', 'a delivered job too');
      assert.deepEqual(await store.outbox(10), []);
    });

    on(open, 'is refused in every other state, and twice', async (store) => {
      await rejectsWith('unknown_job', store.rerender('nobody'));
      const states = new Set<string>();
      const refused = async (id: string) => {
        await rejectsWith('not_rerenderable', store.rerender(id));
        states.add((await present(store, id)).state);
      };
      const { id } = await enqueue(store);
      await refused(id);
      const job = await claimOne(store);
      await refused(id);
      await store.fail(job, giveUp);
      await refused(id);
      const cancelled = await enqueue(store);
      await store.cancel(cancelled.id);
      await refused(cancelled.id);
      assert.deepEqual([...states], ['queued', 'rendering', 'dead', 'cancelled']);
      const { id: again } = await rendered(store);
      await store.rerender(again);
      await refused(again);
    });

    on(open, 'is refused when the words are erased', async (store) => {
      const job = await rendering(store);
      await store.complete(job, result);
      assert.equal(await store.eraseWords(0, 10), 1);
      await rejectsWith('not_rerenderable', store.rerender(job.id));
      assert.equal((await present(store, job.id)).state, 'rendered');
    });

    on(open, 'of many at once does to each what it does to one', async (store) => {
      const jobs = await Promise.all(Array.from({ length: 30 }, () => enqueue(store)));
      for (const job of await store.claim({ server: 'one', limit: 30, leaseMs: HOUR }))
        await store.complete(job, result);
      const asked = [...jobs.map(({ id }) => id), 'nobody'];
      const answers = await Promise.allSettled(asked.map((id) => store.rerender(id)));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [...jobs.map(() => 'fulfilled'), 'rejected'],
      );
      assert.equal((await store.counts()).byState.queued, 30);
    });
  });
}

/** Claims until it has this job, and gives the others back. */
async function claimNamed(store: JobStore, id: string) {
  const jobs = await store.claim({ server: 'one', limit: 10, leaseMs: HOUR });
  for (const job of jobs) if (job.id !== id) await store.release(job);
  return jobs.find((job) => job.id === id) ?? assert.fail(`${id} was not due`);
}
