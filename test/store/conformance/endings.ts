/** How an attempt ends: complete, fail, cancel. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { isFinished } from '../../../src/job.js';
import {
  broken,
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

export function endings(open: Open): void {
  describe('complete', () => {
    on(open, 'makes the job rendered, with its result', async (store) => {
      const job = await rendering(store);
      await store.complete(job, result);
      const after = await present(store, job.id);
      assert.deepEqual(after, { ...job, state: 'rendered', progress: 1, result, finishedAt: after.finishedAt });
      const entry = { at: after.finishedAt, event: 'rendered', fence: job.fence, server: 'one', failure: null };
      assert.deepEqual((await store.history(job.id)).at(-1), entry);
    });

    on(open, 'forgets the failure of an earlier attempt, which the history keeps', async (store) => {
      await store.fail(await rendering(store), retry);
      const job = await claimOne(store);
      assert.deepEqual(job.failure, broken);
      await store.complete(job, result);
      const after = await present(store, job.id);
      assert.deepEqual([after.failure, after.attempt], [null, 1]);
      assert.deepEqual(await events(store, job.id), ['enqueued', 'claimed', 'retried', 'claimed', 'rendered']);
    });

    onTwo(open, 'is once, however often it is tried at the same time', async (one, other) => {
      const job = await rendering(one, { callbackUrl: 'https://partner.example/told' });
      const tries = await Promise.allSettled([one, other, one, other].map((store) => store.complete(job, result)));
      assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.deepEqual(await events(one, job.id), ['enqueued', 'claimed', 'rendered']);
      assert.equal((await one.outbox(10)).length, 1);
    });
  });

  describe('fail', () => {
    on(open, 'with a retry queues the job for later, counted, with its failure', async (store) => {
      const job = await rendering(store);
      const after = await store.fail(job, { ...retry, retryInMs: HOUR });
      const last = (await store.history(job.id)).at(-1);
      assert.deepEqual(last, {
        at: after.runAt - HOUR,
        event: 'retried',
        fence: job.fence,
        server: 'one',
        failure: broken,
      });
      const expected = {
        ...job,
        state: 'queued',
        attempt: 1,
        server: null,
        startedAt: null,
        failure: broken,
        runAt: after.runAt,
      };
      assert.deepEqual(after, expected);
      assert.deepEqual(await present(store, job.id), after);
      assert.deepEqual(await store.claim({ server: 'one', limit: 1, leaseMs: HOUR }), []);
    });

    on(open, 'with a fractional pause is no trouble', async (store) => {
      const job = await rendering(store);
      assert.equal((await store.fail(job, { ...retry, retryInMs: 0.7 })).state, 'queued');
      assert.equal((await claimOne(store, 'one', 1234.5)).id, job.id);
    });

    on(open, 'without a retry ends the job as dead', async (store) => {
      const job = await rendering(store);
      const after = await store.fail(job, giveUp);
      assert.equal(after.state, 'dead');
      assert.deepEqual([after.attempt, after.crashes, after.server, after.result], [1, 0, null, null]);
      assert.deepEqual(after.failure, broken);
      assert.deepEqual((await store.history(job.id)).at(-1), {
        at: after.finishedAt,
        event: 'dead',
        fence: job.fence,
        server: 'one',
        failure: broken,
      });
      assert.deepEqual(await store.claim({ server: 'one', limit: 1, leaseMs: HOUR }), []);
    });

    on(open, 'counts a crash as a crash and not as an attempt, retried or dead', async (store) => {
      await enqueue(store);
      for (const crashes of [1, 2]) {
        const after = await store.fail(await claimOne(store), { ...retry, counts: 'crash' });
        assert.deepEqual([after.state, after.attempt, after.crashes], ['queued', 0, crashes]);
      }
      const after = await store.fail(await claimOne(store), { ...giveUp, counts: 'crash' });
      assert.deepEqual([after.state, after.attempt, after.crashes], ['dead', 0, 3]);
    });
  });

  describe('cancel', () => {
    on(open, 'withdraws a queued job', async (store) => {
      const job = await enqueue(store);
      const after = await store.cancel(job.id);
      assert.deepEqual(after, { ...job, state: 'cancelled', finishedAt: after.finishedAt });
      assert.equal(typeof after.finishedAt, 'number');
      assert.deepEqual(await events(store, job.id), ['enqueued', 'cancelled']);
      assert.deepEqual(await store.claim({ server: 'one', limit: 1, leaseMs: HOUR }), []);
    });

    on(open, 'withdraws a rendering job', async (store) => {
      const job = await rendering(store);
      const after = await store.cancel(job.id);
      assert.deepEqual([after.state, after.server, after.result], ['cancelled', null, null]);
      assert.equal(await store.rescue({ server: 'one' }), 0);
    });

    on(open, 'withdraws a job that waits for its retry', async (store) => {
      const job = await rendering(store);
      await store.fail(job, retry);
      assert.equal((await store.cancel(job.id)).state, 'cancelled');
    });

    on(open, 'refuses an unknown job', (store) => rejectsWith('unknown_job', store.cancel('nobody')));

    on(open, 'refuses every finished state and leaves it alone', async (store) => {
      const finish = {
        rendered: async () => {
          const job = await rendering(store);
          await store.complete(job, result);
          return job;
        },
        delivered: async () => {
          const job = await rendering(store, { callbackUrl: 'https://partner.example/told' });
          await store.complete(job, result);
          for (const { eventId } of await store.outbox(10)) await store.settle(eventId, 'delivered');
          return job;
        },
        dead: async () => store.fail(await rendering(store), giveUp),
        cancelled: async () => store.cancel((await rendering(store)).id),
      };
      for (const [state, make] of Object.entries(finish)) {
        const { id } = await make();
        const before = await present(store, id);
        assert.equal(before.state, state);
        assert.ok(isFinished(before.state));
        await rejectsWith('not_cancellable', store.cancel(id));
        assert.deepEqual(await present(store, id), before);
      }
    });
  });
}
