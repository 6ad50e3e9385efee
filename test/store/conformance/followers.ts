/** Those who look on: counts, listings, changes. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { JobStore, Lease } from '../../../src/store/store.js';
import {
  asked,
  claimOne,
  enqueue,
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

export function followers(open: Open): void {
  describe('counts', () => {
    on(open, 'of an empty store are zeros', async (store) => {
      const byState = { queued: 0, rendering: 0, rendered: 0, delivered: 0, dead: 0, cancelled: 0 };
      assert.deepEqual(await store.counts(), { byState, due: 0, oldestDueMs: 0 });
    });

    on(open, 'tell the states apart, and what is due', async (store) => {
      await store.complete(await rendering(store), result);
      const told = await rendering(store, { callbackUrl: 'https://partner.example/told' });
      await store.complete(told, result);
      for (const { eventId } of await store.outbox(10)) await store.settle(eventId, 'delivered');
      await store.fail(await rendering(store), giveUp);
      await store.cancel((await enqueue(store)).id);
      await store.fail(await rendering(store), { ...retry, retryInMs: HOUR });
      await rendering(store);
      await enqueue(store);
      await enqueue(store, { delayMs: HOUR });
      const { byState, due, oldestDueMs } = await store.counts();
      assert.deepEqual(byState, { queued: 3, rendering: 1, rendered: 1, delivered: 1, dead: 1, cancelled: 1 });
      assert.equal(due, 1);
      assert.ok(oldestDueMs >= 0 && oldestDueMs < HOUR, `${oldestDueMs}`);
    });
  });

  describe('shares', () => {
    on(open, 'of an empty queue are none, however many jobs have ended', async (store) => {
      await store.complete(await rendering(store), result);
      assert.deepEqual(await store.shares(), []);
    });

    on(open, 'tell by partner and template what waits, what of it is due, and what is rendering', async (store) => {
      const { request } = asked();
      const cake = { request: { ...request, template: { ...request.template, id: 'cake' } } };
      for (const fields of [{ partner: 'b' }, { partner: 'b', ...cake }, { partner: 'a', delayMs: HOUR }])
        await enqueue(store, fields);
      await store.limit('b', 1);
      await claimOne(store);
      await enqueue(store, { partner: 'b', priority: 3 });
      await enqueue(store, { partner: 'b', delayMs: HOUR });
      await store.pause({ partner: 'b' });
      assert.deepEqual(await store.shares(), [
        { partner: 'a', template: 'birthday', queued: 1, due: 0, rendering: 0 },
        { partner: 'b', template: 'birthday', queued: 2, due: 1, rendering: 1 },
        { partner: 'b', template: 'cake', queued: 1, due: 1, rendering: 0 },
      ]);
    });
  });

  describe('recent', () => {
    on(open, 'answers the newest first, at most the limit, as they stand', async (store) => {
      const [first, second, third] = [await enqueue(store), await enqueue(store), await enqueue(store)];
      const taken = await claimOne(store);
      assert.equal(taken.id, first.id);
      assert.deepEqual(await store.recent(2), [third, second]);
      assert.deepEqual(await store.recent(10), [third, second, taken]);
    });
  });

  describe('changes', () => {
    const start = async (store: JobStore) => (await store.changes(null)).cursor;

    on(open, 'start at the present with no jobs', async (store) => {
      await enqueue(store);
      const { jobs, cursor } = await store.changes(null);
      assert.deepEqual(jobs, []);
      assert.deepEqual(await store.changes(cursor), { jobs: [], cursor });
    });

    on(open, 'bring each changed job once, as it stands, and then nothing', async (store) => {
      const untouched = await enqueue(store, { priority: -5 });
      const cursor = await start(store);
      const job = await rendering(store);
      await store.renew([{ ...job, progress: 0.2 }], HOUR);
      await store.renew([{ ...job, progress: 0.4 }], HOUR);
      const other = await enqueue(store);
      const next = await store.changes(cursor);
      assert.deepEqual(next.jobs, [await present(store, job.id), other]);
      assert.ok(!next.jobs.some(({ id }) => id === untouched.id));
      assert.deepEqual(await store.changes(next.cursor), { jobs: [], cursor: next.cursor });
      assert.deepEqual(await store.changes(cursor), next, 'a cursor is not used up');
    });

    on(open, 'bring every kind of change', async (store) => {
      let lease: Lease = { id: '', fence: 0 };
      const claim = async () => {
        lease = await claimOne(store);
      };
      const deeds: readonly (() => Promise<unknown>)[] = [
        () => enqueue(store, { callbackUrl: 'https://partner.example/told' }),
        claim,
        () => store.renew([{ ...lease, progress: 0.5 }], HOUR),
        () => store.release(lease),
        claim,
        () => store.rescue({ server: 'one' }),
        claim,
        () => store.fail(lease, retry),
        claim,
        () => store.complete(lease, result),
        async () => store.settle((await store.outbox(1))[0]?.eventId ?? '', 'delivered'),
        () => enqueue(store),
        claim,
        () => store.fail(lease, giveUp),
        () => enqueue(store),
        async () => store.cancel((await store.recent(1))[0]?.id ?? ''),
      ];
      let cursor = await start(store);
      for (const deed of deeds) {
        await deed();
        const next = await store.changes(cursor);
        assert.deepEqual(next.jobs, await store.recent(1), deed.toString());
        cursor = next.cursor;
      }
    });

    on(open, 'do not bring a renewal that moved nothing', async (store) => {
      const job = await rendering(store);
      const cursor = await start(store);
      await store.renew([{ ...job, progress: 0 }], HOUR);
      assert.deepEqual(await store.changes(cursor), { jobs: [], cursor });
    });

    on(open, 'come in pages of at most a thousand, and none is left out', async (store) => {
      let cursor = await start(store);
      const added = await Promise.all(Array.from({ length: 2100 }, () => enqueue(store)));
      const ids: string[] = [];
      for (let pages = 0; pages < 3; pages++) {
        const next = await store.changes(cursor);
        assert.ok(next.jobs.length <= 1000);
        ids.push(...next.jobs.map(({ id }) => id));
        cursor = next.cursor;
      }
      assert.deepEqual(new Set(ids), new Set(added.map(({ id }) => id)));
      assert.deepEqual((await store.changes(cursor)).jobs, []);
    });

    on(open, 'refuse a cursor that is none', async (store) => {
      for (const cursor of ['', 'x', '-1', '1; DROP TABLE jobs'])
        await rejectsWith('invalid_request', store.changes(cursor));
    });

    onTwo(open, 'followed while two handles write, miss nothing', async (one, other) => {
      let cursor = await start(one);
      const seen = new Map<string, string>();
      let writing = true;
      const follow = async () => {
        const next = await one.changes(cursor);
        cursor = next.cursor;
        for (const { id, state } of next.jobs) seen.set(id, state);
      };
      const following = (async () => {
        while (writing) {
          await follow();
          await new Promise(setImmediate);
        }
        await follow();
      })();
      const write = async (store: JobStore, server: string) => {
        for (let n = 0; n < 30; n++) {
          await Promise.all([enqueue(store), enqueue(store)]);
          for (const job of await store.claim({ server, limit: 1, leaseMs: HOUR })) await store.complete(job, result);
        }
      };
      await Promise.all([write(one, 'one'), write(other, 'other')]);
      writing = false;
      await following;
      const truth = (await one.recent(1000)).map(({ id, state }) => [id, state] as const);
      assert.equal(truth.length, 120);
      assert.deepEqual(new Map([...seen].sort()), new Map(truth.sort()));
    });
  });
}
