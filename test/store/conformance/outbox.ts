/** Telling the partner: rows that appear with the end of a job and wait until they are settled. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { JobStore, OutboxRow } from '../../../src/store/store.js';
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
        assert.deepEqual(row, { eventId: row?.eventId, jobId: id, partner: 'acme', url, event, createdAt, attempt: 0 });
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

  describe('claimCallbacks', () => {
    const claim = { limit: 10, holdMs: HOUR };
    const jobsOf = (rows: readonly OutboxRow[]) => rows.map(({ jobId }) => jobId);

    on(open, 'gives each callback to one, those due longest first, at most the limit', async (store) => {
      const all = [await due(store), await due(store), await due(store)];
      const first = await store.claimCallbacks({ ...claim, limit: 2 });
      assert.deepEqual(
        first.rows,
        all.slice(0, 2).map(({ row }) => row),
      );
      const second = await store.claimCallbacks(claim);
      assert.deepEqual(
        second.rows,
        all.slice(2).map(({ row }) => row),
      );
      assert.deepEqual((await store.claimCallbacks(claim)).rows, []);
      assert.deepEqual(await store.outbox(10), []);
    });

    on(open, 'gives it again, as the same event, when its hold is over, and counts no try', async (store) => {
      const { row } = await due(store);
      assert.deepEqual((await store.claimCallbacks({ ...claim, holdMs: 0 })).rows, [row]);
      assert.deepEqual((await store.claimCallbacks(claim)).rows, [row]);
      assert.deepEqual((await store.claimCallbacks(claim)).rows, []);
    });

    on(open, 'says how long it is until the next is due, whoever holds it', async (store) => {
      assert.deepEqual(await store.claimCallbacks(claim), { rows: [], nextInMs: null });
      const [late, soon] = [await due(store), await due(store)];
      const within = (ms: number | null, most: number) => assert.ok(ms !== null && ms > 0 && ms <= most, `${ms} ms`);
      await store.settle(late.row.eventId, { retryInMs: 2 * HOUR });
      const { rows, nextInMs } = await store.claimCallbacks(claim);
      assert.deepEqual(jobsOf(rows), [soon.job.id]);
      within(nextInMs, HOUR);
      await store.settle(soon.row.eventId, 'delivered');
      const left = await store.claimCallbacks(claim);
      assert.deepEqual(left.rows, []);
      assert.ok((left.nextInMs ?? 0) > HOUR);
      within(left.nextInMs, 2 * HOUR);
    });

    on(open, 'what is held can be settled, by whoever holds it and once', async (store) => {
      const { job, row } = await due(store);
      await store.claimCallbacks(claim);
      await store.settle(row.eventId, { retryInMs: 0 });
      assert.deepEqual((await store.claimCallbacks(claim)).rows, [{ ...row, attempt: 1 }]);
      await store.settle(row.eventId, 'delivered');
      assert.deepEqual(await store.claimCallbacks({ ...claim, holdMs: 0 }), { rows: [], nextInMs: null });
      assert.equal((await present(store, job.id)).state, 'delivered');
    });

    on(open, 'leaves those of excepted partners where they are, and takes what is due behind them', async (store) => {
      const rowOf = async (partner: string) => {
        const { id } = await enqueue(store, { callbackUrl: url, partner });
        await store.cancel(id);
        return id;
      };
      const [slow, one, other] = [await rowOf('slow'), await rowOf('one'), await rowOf('other')];
      const { rows } = await store.claimCallbacks({ ...claim, limit: 1, except: ['slow', 'unheard of'] });
      assert.deepEqual(jobsOf(rows), [one]);
      assert.deepEqual((await store.claimCallbacks({ ...claim, except: ['slow', 'other'] })).rows, []);
      assert.deepEqual(jobsOf((await store.claimCallbacks(claim)).rows), [slow, other]);
    });

    onTwo(open, 'never gives one to two who ask at the same time', async (one, other) => {
      const ids = [];
      for (let n = 0; n < 12; n++) {
        const { id } = await enqueue(one, { callbackUrl: url });
        await one.cancel(id);
        ids.push(id);
      }
      const taken = await Promise.all(
        Array.from({ length: 8 }, (_, n) => (n % 2 ? one : other).claimCallbacks({ ...claim, limit: 3 })),
      );
      assert.deepEqual(taken.flatMap(({ rows }) => jobsOf(rows)).sort(), ids.sort());
    });

    on(open, 'refuses a limit or a hold that is none', async (store) => {
      for (const wrong of [{ limit: 0 }, { limit: 1.5 }, { holdMs: -1 }, { holdMs: Number.NaN }])
        await assert.rejects(store.claimCallbacks({ ...claim, ...wrong }), { code: 'invalid_request' });
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
