/** A handle of the store: its bell, its name, and its end. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JobStore } from '../../../src/store/store.js';
import {
  asked,
  awakened,
  claimOne,
  enqueue,
  HOUR,
  type Open,
  on,
  onTwo,
  present,
  rejectsWith,
  rendering,
  result,
  retry,
  said,
  skipOf,
} from './subject.js';

export function handles(open: Open): void {
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

    on(open, 'wakes when a job becomes due by the passing of time, if the store is shared', async (store) => {
      if (!store.isShared) return;
      await enqueue(store, { delayMs: 1_000 });
      let wasDue = false;
      while (!wasDue) {
        await awakened(store);
        wasDue = (await store.counts()).due > 0;
      }
      assert.equal((await claimOne(store)).state, 'rendering');
    });

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

  test('ping answers while the store is open', skipOf(open), async () => {
    const { store, dispose } = await open();
    await store.ping();
    await dispose();
  });

  test('its name says where it is', skipOf(open), async () => {
    const { store, dispose } = await open();
    assert.match(store.name, /^[a-z]+:/);
    await dispose();
  });

  describe('close', () => {
    test('waits for the writes under way', skipOf(open), async (context) => {
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
        store.limit('x', 1),
        store.limits(),
        store.pause({ partner: 'x' }),
        store.resume({ partner: 'x' }),
        store.pauses(),
        store.purgeable({ state: 'dead', olderThanMs: 0, limit: 1 }),
        store.purge(['x']),
        store.eraseWords(0, 1),
        store.rerender('x'),
        store.published({ after: null, limit: 1 }),
        store.announce(said()),
        store.servers(),
        store.forget('x'),
        store.needs(),
        store.ping(),
      ];
      await Promise.all(calls.map((call) => rejectsWith('unavailable', call)));
      assert.throws(() => store.watch(() => {}), { code: 'unavailable' });
    });
  });
}
