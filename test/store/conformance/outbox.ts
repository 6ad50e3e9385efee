/** Telling the partner: rows that appear with the end of a job and wait until they are settled. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { JobStore } from '../../../src/store/store.js';
import {
  claimOne,
  enqueue,
  events,
  giveUp,
  HOUR,
  type Open,
  on,
  onTwo,
  present,
  rendering,
  result,
  retry,
} from './subject.js';

const url = 'https://partner.example/told?by=storyfarm';

/** A rendered job whose callback is due. */
async function due(store: JobStore) {
  const job = await rendering(store, { callbackUrl: url });
  await store.complete(job, result);
  const row = (await store.outbox(100)).at(-1);
  assert.ok(row);
  return { job: await present(store, job.id), row };
}

export function outbox(open: Open): void {
  describe('outbox', () => {
    const ends: Readonly<Record<string, (store: JobStore, id: string) => Promise<unknown>>> = {
      rendered: async (store) => store.complete(await claimOne(store), result),
      dead: async (store) => store.fail(await claimOne(store), giveUp),
      cancelled: (store, id) => store.cancel(id),
    };
    for (const [event, end] of Object.entries(ends)) {
      on(open, `has a row when a job is ${event}`, async (store) => {
        const { id } = await enqueue(store, { callbackUrl: url });
        assert.deepEqual(await store.outbox(10), []);
        await end(store, id);
        const [row, ...more] = await store.outbox(10);
        assert.deepEqual(more, []);
        const createdAt = (await present(store, id)).finishedAt;
        assert.deepEqual(row, { eventId: row?.eventId, jobId: id, url, event, createdAt, attempt: 0 });
      });

      on(open, `has none for a ${event} job that gave no callback address`, async (store) => {
        const { id } = await enqueue(store);
        await end(store, id);
        assert.deepEqual(await store.outbox(10), []);
      });
    }

    on(open, 'has no row for a retry, a release or a rescue', async (store) => {
      await store.fail(await rendering(store, { callbackUrl: url }), retry);
      await store.release(await claimOne(store));
      await claimOne(store);
      await store.rescue({ server: 'one' });
      assert.deepEqual(await store.outbox(10), []);
    });

    on(open, 'answers at most the limit, those due longest first', async (store) => {
      const first = await due(store);
      const second = await due(store);
      const third = await due(store);
      const ids = async (limit: number) => (await store.outbox(limit)).map(({ jobId }) => jobId);
      assert.deepEqual(await ids(2), [first.job.id, second.job.id]);
      await store.settle(first.row.eventId, { retryInMs: 0 });
      const again = await ids(3);
      assert.deepEqual(new Set(again), new Set([first.job.id, second.job.id, third.job.id]));
      assert.ok(again.indexOf(second.job.id) < again.indexOf(third.job.id));
    });

    onTwo(open, 'is seen together with the state, never one without the other', async (one, other) => {
      const job = await rendering(one, { callbackUrl: url });
      const seen: string[] = [];
      const looking = (async () => {
        for (;;) {
          const rows = await other.outbox(10);
          const { state } = await present(other, job.id);
          // The state was read after the rows, so a row without the state would be a torn transition.
          seen.push(`${rows.length} ${state}`);
          if (state === 'rendered') return;
          await new Promise(setImmediate);
        }
      })();
      await one.complete(job, result);
      await looking;
      assert.ok(!seen.includes('1 rendering'), seen.join(', '));
      assert.equal((await other.outbox(10)).length, 1);
    });
  });

  describe('settle', () => {
    on(open, 'delivered: the row is gone and the job is delivered', async (store) => {
      const { job, row } = await due(store);
      await store.settle(row.eventId, 'delivered');
      assert.deepEqual(await store.outbox(10), []);
      assert.deepEqual(await present(store, job.id), { ...job, state: 'delivered' });
      const last = (await store.history(job.id)).at(-1);
      assert.deepEqual(
        { ...last, at: 0 },
        { at: 0, event: 'delivered', fence: job.fence, server: 'one', failure: null },
      );
    });

    on(open, 'delivered news of a dead or cancelled job leave it dead or cancelled', async (store) => {
      const dead = await store.fail(await rendering(store, { callbackUrl: url }), giveUp);
      const cancelled = await store.cancel((await enqueue(store, { callbackUrl: url })).id);
      for (const { eventId } of await store.outbox(10)) await store.settle(eventId, 'delivered');
      assert.deepEqual(await store.outbox(10), []);
      assert.deepEqual(await present(store, dead.id), dead);
      assert.deepEqual(await present(store, cancelled.id), cancelled);
    });

    on(open, 'a later try: due again after the pause, with the same event id', async (store) => {
      const { job, row } = await due(store);
      await store.settle(row.eventId, { retryInMs: 0 });
      assert.deepEqual(await store.outbox(10), [{ ...row, attempt: 1 }]);
      await store.settle(row.eventId, { retryInMs: HOUR + 0.5 });
      assert.deepEqual(await store.outbox(10), []);
      assert.deepEqual(await present(store, job.id), job);
      await store.settle(row.eventId, 'delivered');
      assert.equal((await present(store, job.id)).state, 'delivered');
    });

    on(open, 'giving up: the row is gone and the job stays as it was', async (store) => {
      const { job, row } = await due(store);
      await store.settle(row.eventId, { retryInMs: null });
      assert.deepEqual(await store.outbox(10), []);
      assert.deepEqual(await present(store, job.id), job);
    });

    on(open, 'what was settled stays so, and the unknown is no trouble', async (store) => {
      const delivered = await due(store);
      await store.settle(delivered.row.eventId, 'delivered');
      const abandoned = await due(store);
      await store.settle(abandoned.row.eventId, { retryInMs: null });
      for (const { row } of [delivered, abandoned]) {
        await store.settle(row.eventId, { retryInMs: 0 });
        await store.settle(row.eventId, 'delivered');
      }
      await store.settle('nothing', 'delivered');
      assert.deepEqual(await store.outbox(10), []);
      assert.equal((await present(store, abandoned.job.id)).state, 'rendered');
      assert.deepEqual((await events(store, delivered.job.id)).slice(-2), ['rendered', 'delivered']);
    });
  });
}
