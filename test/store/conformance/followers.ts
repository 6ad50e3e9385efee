/** Those who look on: counts, listings, changes, watch, ping; and the end of a handle. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JobStore } from '../../../src/store/store.js';
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
      const deeds: readonly (() => Promise<unknown>)[] = [
        () => enqueue(store, { callbackUrl: 'https://partner.example/told' }),
        async () => store.release(await claimOne(store)),
        () => claimOne(store),
        async () => store.renew([{ ...((await store.recent(1))[0] ?? assert.fail()), progress: 0.5 }], HOUR),
        () => store.rescue({ server: 'one' }),
        async () => store.fail(await claimOne(store), retry),
        async () => store.complete(await claimOne(store), result),
        async () => store.settle((await store.outbox(1))[0]?.eventId ?? '', 'delivered'),
        async () => store.fail(await rendering(store), giveUp),
        async () => store.cancel((await enqueue(store)).id),
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

  describe('watch', () => {
    const deeds: Readonly<Record<string, (store: JobStore) => Promise<() => Promise<unknown>>>> = {
      enqueue: async (store) => () => enqueue(store),
      release: async (store) => {
        const job = await rendering(store);
        return () => store.release(job);
      },
      'fail with a retry': async (store) => {
        const job = await rendering(store);
        return () => store.fail(job, retry);
      },
      rescue: async (store) => {
        await rendering(store);
        return () => store.rescue({ server: 'one' });
      },
    };
    for (const [name, prepare] of Object.entries(deeds)) {
      on(open, `wakes after ${name} by this handle`, async (store) => {
        const deed = await prepare(store);
        const woken = awakened(store);
        await deed();
        await woken;
      });

      onTwo(open, `wakes after ${name} by another handle`, async (one, other) => {
        const deed = await prepare(other);
        const woken = awakened(one);
        await deed();
        await woken;
      });
    }

    on(open, 'calls every listener, the same function twice too, and none that was ended', async (store) => {
      const calls: string[] = [];
      const count = () => calls.push('twice');
      const ends = [store.watch(count), store.watch(count)];
      store.watch(() => calls.push('ended'))();
      const woken = awakened(store);
      await enqueue(store);
      await woken;
      assert.deepEqual(calls, ['twice', 'twice']);
      for (const end of ends) end();
      const again = awakened(store);
      await enqueue(store);
      await again;
      assert.deepEqual(calls, ['twice', 'twice']);
    });
  });

  test('ping answers while the store is open', async () => {
    const { store, dispose } = await open();
    await store.ping();
    await dispose();
  });

  test('its name says where it is', async () => {
    const { store, dispose } = await open();
    assert.match(store.name, /^[a-z]+:/);
    await dispose();
  });

  describe('close', () => {
    test('waits for the writes under way', async (context) => {
      const { store, reopen, dispose } = await open();
      if (reopen === undefined) {
        await dispose();
        return context.skip('this store has one handle only');
      }
      const writes = Array.from({ length: 50 }, () => enqueue(store));
      await store.close();
      const jobs = await Promise.all(writes);
      const again = await reopen();
      for (const { id } of jobs) assert.equal((await present(again, id)).state, 'queued');
      await again.close();
      await dispose();
    });

    on(open, 'makes every further call reject, and may be called twice', async (store) => {
      await Promise.all([store.close(), store.close()]);
      await store.close();
      const lease = { id: 'x', fence: 1 };
      const calls = [
        store.enqueue(asked()),
        store.get('x'),
        store.history('x'),
        store.claim({ server: 'one', limit: 1, leaseMs: HOUR }),
        store.renew([], HOUR),
        store.release(lease),
        store.complete(lease, result),
        store.fail(lease, retry),
        store.rescue('expired'),
        store.cancel('x'),
        store.counts(),
        store.recent(1),
        store.changes(null),
        store.outbox(1),
        store.settle('x', 'delivered'),
        store.ping(),
      ];
      await Promise.all(calls.map((call) => rejectsWith('unavailable', call)));
      assert.throws(() => store.watch(() => {}), { code: 'unavailable' });
    });
  });
}

/** Resolves at the first call of a listener that was added now. The deadline also keeps the process alive, which a store does not. */
function awakened(store: JobStore): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error('The listener was not called within 10 s.')), 10_000);
    const end = store.watch(() => {
      clearTimeout(deadline);
      end();
      resolve();
    });
  });
}
