/** Forgetting: finished jobs by age and state, and words alone. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { FINISHED_STATES, type Job } from '../../../src/job.js';
import { type FinishedState, type JobStore, LARGEST_PURGE } from '../../../src/store/store.js';
import {
  asked,
  claimOne,
  enqueue,
  giveUp,
  HOUR,
  type Open,
  on,
  present,
  rejectsWith,
  rendering,
  result,
} from './subject.js';

const STATES = FINISHED_STATES as readonly FinishedState[];
const told = { callbackUrl: 'https://partner.example/told' };

/** A job in each finished state. */
const FINISH: Readonly<
  Record<FinishedState, (store: JobStore, fields?: Parameters<typeof enqueue>[1]) => Promise<Job>>
> = {
  rendered: async (store, fields) => {
    const job = await rendering(store, { ...told, ...fields });
    await store.complete(job, result);
    return present(store, job.id);
  },
  delivered: async (store, fields) => {
    const job = await rendering(store, { ...told, ...fields });
    await store.complete(job, result);
    for (const { jobId, eventId } of await store.outbox(100))
      if (jobId === job.id) await store.settle(eventId, 'delivered');
    return present(store, job.id);
  },
  dead: async (store, fields) => store.fail(await rendering(store, fields), giveUp),
  cancelled: async (store, fields) => store.cancel((await rendering(store, fields)).id),
};

async function oneOfEach(store: JobStore): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (const state of STATES) jobs.push(await FINISH[state](store));
  assert.deepEqual(
    jobs.map(({ state }) => state),
    STATES,
  );
  return jobs;
}

const idsOf = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id);

export function retention(open: Open): void {
  describe('purgeable', () => {
    on(open, 'answers the jobs of the state, and who has their files', async (store) => {
      const jobs = await oneOfEach(store);
      await enqueue(store, { delayMs: HOUR });
      await rendering(store);
      for (const [n, state] of STATES.entries()) {
        const { id, server } = jobs[n] as Job;
        assert.deepEqual(await store.purgeable({ state, olderThanMs: 0, limit: 10 }), [{ id, server }]);
        assert.deepEqual(await store.purgeable({ state, olderThanMs: HOUR, limit: 10 }), [], 'too young');
      }
    });

    on(open, 'answers the longest finished first, at most the limit, words erased or not', async (store) => {
      const jobs: string[] = [];
      for (let n = 0; n < 4; n++) jobs.push((await FINISH.dead(store)).id);
      assert.equal(await store.eraseWords(0, 2), 2);
      const find = async (limit: number) => idsOf(await store.purgeable({ state: 'dead', olderThanMs: 0, limit }));
      assert.deepEqual(await find(3), jobs.slice(0, 3));
      assert.deepEqual(await find(10), jobs);
    });

    on(open, 'for a server: only what it has the files of, and what left none', async (store) => {
      const mine = await FINISH.rendered(store);
      await enqueue(store);
      const theirs = await claimOne(store, 'other');
      await store.complete(theirs, result);
      const dead = await FINISH.dead(store);
      const find = async (state: FinishedState, server: string) =>
        idsOf(await store.purgeable({ state, server, olderThanMs: 0, limit: 10 }));
      assert.deepEqual(await find('rendered', 'one'), [mine.id]);
      assert.deepEqual(await find('rendered', 'other'), [theirs.id]);
      assert.deepEqual(await find('dead', 'other'), [dead.id]);
    });

    on(open, 'refuses a limit or an age that is none', async (store) => {
      for (const limit of [0, 1.5])
        await rejectsWith('invalid_request', store.purgeable({ state: 'dead', olderThanMs: 0, limit }));
      for (const olderThanMs of [-1, Number.NaN]) {
        await rejectsWith('invalid_request', store.purgeable({ state: 'dead', olderThanMs, limit: 1 }));
        await rejectsWith('invalid_request', store.eraseWords(olderThanMs, 1));
      }
      await rejectsWith('invalid_request', store.eraseWords(0, 0));
      await rejectsWith('invalid_request', store.purge(Array.from({ length: LARGEST_PURGE + 1 }, () => 'x')));
    });
  });

  describe('purge', () => {
    on(open, 'forgets finished jobs with their history, callbacks and keys', async (store) => {
      const key = { idempotencyKey: 'key' };
      const job = await FINISH.rendered(store, key);
      assert.equal((await store.outbox(10)).length, 1);
      assert.equal(await store.purge([job.id]), 1);
      assert.equal(await store.get(job.id), undefined);
      assert.deepEqual(await store.history(job.id), []);
      assert.deepEqual(await store.outbox(10), []);
      assert.deepEqual(await store.recent(10), []);
      assert.equal((await store.counts()).byState.rendered, 0);
      const again = await store.enqueue(asked({ ...told, ...key }));
      assert.equal(again.created, true);
      assert.notEqual(again.job.id, job.id);
    });

    on(open, 'leaves alone what is not finished, and does not mind what it does not know', async (store) => {
      const jobs = await oneOfEach(store);
      const running = await rendering(store);
      const queued = await enqueue(store);
      assert.equal(await store.purge([...idsOf(jobs), running.id, queued.id, 'nobody']), jobs.length);
      assert.deepEqual(await store.recent(10), [queued, running]);
      await store.complete(running, result);
      assert.equal(await store.purge(idsOf(jobs)), 0, 'twice is once');
      assert.equal(await store.purge([]), 0);
    });

    on(open, 'a settlement of a callback that went with its job is nothing', async (store) => {
      const { id } = await FINISH.rendered(store);
      const [event] = await store.outbox(1);
      await store.purge([id]);
      await store.settle(event?.eventId ?? '', 'delivered');
      assert.equal(await store.get(id), undefined);
    });

    on(open, 'followers of changes go on', async (store) => {
      const { cursor } = await store.changes(null);
      const { id } = await FINISH.dead(store);
      await store.purge([id]);
      const job = await enqueue(store);
      assert.deepEqual(idsOf((await store.changes(cursor)).jobs), [job.id]);
    });

    on(open, 'of 10,000 in batches, while jobs are claimed and completed: nothing else is touched', async (store) => {
      for (let n = 0; n < 10; n++) {
        const jobs = await Promise.all(Array.from({ length: 1000 }, () => enqueue(store)));
        await Promise.all(jobs.map(({ id }) => store.cancel(id)));
      }
      await enqueue(store);
      const held = await claimOne(store);
      let purging = true;
      const completed: string[] = [];
      const work = async () => {
        while (purging) {
          await enqueue(store);
          const job = await claimOne(store);
          await store.complete(job, result);
          completed.push(job.id);
        }
      };
      const purge = async () => {
        let purged = 0;
        for (;;) {
          const found = await store.purgeable({ state: 'cancelled', olderThanMs: 0, limit: 200 });
          if (found.length === 0) break;
          purged += await store.purge(idsOf(found));
        }
        purging = false;
        return purged;
      };
      const [purged] = await Promise.all([purge(), work()]);
      assert.equal(purged, 10_000);
      assert.ok(completed.length > 10, `${completed.length} jobs were rendered meanwhile`);
      const { byState } = await store.counts();
      assert.deepEqual([byState.cancelled, byState.rendered, byState.rendering], [0, completed.length, 1]);
      assert.deepEqual(await present(store, held.id), held);
      await store.complete(held, result);
    });
  });

  describe('eraseWords', () => {
    on(open, 'empties the words of finished jobs, and leaves everything else', async (store) => {
      const jobs = await oneOfEach(store);
      const running = await rendering(store);
      const queued = await enqueue(store);
      const cursor = (await store.changes(null)).cursor;
      const histories = await Promise.all(jobs.map(({ id }) => store.history(id)));
      assert.equal(await store.eraseWords(HOUR, 10), 0, 'too young');
      assert.equal(await store.eraseWords(0, 10), jobs.length);
      for (const job of jobs)
        assert.deepEqual(await present(store, job.id), { ...job, request: { ...job.request, words: {} } });
      assert.deepEqual(await Promise.all(jobs.map(({ id }) => store.history(id))), histories);
      assert.deepEqual(await present(store, running.id), running);
      assert.deepEqual(await present(store, queued.id), queued);
      assert.equal((await store.changes(cursor)).cursor, cursor, 'no change');
      assert.equal(await store.eraseWords(0, 10), 0);
    });

    on(open, 'does a batch at a time, the longest finished first', async (store) => {
      const jobs: Job[] = [];
      for (let n = 0; n < 5; n++) jobs.push(await FINISH.rendered(store));
      assert.equal(await store.eraseWords(0, 2), 2);
      const left = await Promise.all(jobs.map(async ({ id }) => Object.keys((await present(store, id)).request.words)));
      assert.deepEqual(
        left.map((bubbles) => bubbles.length > 0),
        [false, false, true, true, true],
      );
      assert.equal(await store.eraseWords(0, 2), 2);
      assert.equal(await store.eraseWords(0, 2), 1);
    });

    on(open, 'leaves the idempotency key, and nothing to compare by', async (store) => {
      const key = { idempotencyKey: 'key' };
      const job = await FINISH.delivered(store, key);
      await store.eraseWords(0, 1);
      const request = { ...asked().request, words: { hello: 'something else' } };
      const again = await store.enqueue(asked({ ...key, request }));
      assert.deepEqual([again.created, again.job.id], [false, job.id]);
    });

    on(open, 'a job whose words were erased is delivered all the same', async (store) => {
      const { id } = await FINISH.rendered(store);
      await store.eraseWords(0, 1);
      const [event] = await store.outbox(1);
      await store.settle(event?.eventId ?? '', 'delivered');
      const job = await present(store, id);
      assert.deepEqual([job.state, job.request.words], ['delivered', {}]);
    });
  });
}
