/** What holds jobs back that are due: limits and pauses. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { JobStore } from '../../../src/store/store.js';
import {
  asked,
  awakened,
  claimOne,
  enqueue,
  giveUp,
  HOUR,
  type Open,
  on,
  onTwo,
  rejectsWith,
  result,
  retry,
} from './subject.js';

const claim = (store: JobStore, limit = 10) => store.claim({ server: 'one', limit, leaseMs: HOUR });
const other = asked().request;
const ofTemplate = (id: string) => ({ request: { ...other, template: { ...other.template, id } } });

export function holds(open: Open): void {
  describe('limit', () => {
    on(open, 'lets at most so many jobs of the partner render at once, and others as they come', async (store) => {
      for (const partner of ['a', 'a', 'a', 'a', 'b', 'b', 'b']) await enqueue(store, { partner });
      await store.limit('a', 2);
      const jobs = await claim(store);
      assert.equal(jobs.map(({ partner }) => partner).join(' '), 'a b a b b');
      assert.deepEqual(await claim(store), []);
      await store.complete(jobs[0] as (typeof jobs)[0], result);
      assert.deepEqual(
        (await claim(store)).map(({ partner }) => partner),
        ['a'],
      );
    });

    on(open, 'does not stop what is rendering when it is set lower, and counts it', async (store) => {
      for (let n = 0; n < 5; n++) await enqueue(store);
      const [first, second, third] = await claim(store, 3);
      await store.limit('acme', 1);
      for (const job of [first, second]) {
        assert.deepEqual(await claim(store), []);
        await store.complete(job as NonNullable<typeof job>, result);
      }
      assert.deepEqual(await claim(store), [], 'the third is still rendering');
      await store.complete(third as NonNullable<typeof third>, result);
      assert.equal((await claim(store)).length, 1);
    });

    on(open, 'is told, replaced and taken away', async (store) => {
      await store.limit('b', 2);
      await store.limit('a', 1);
      await store.limit('b', 3);
      assert.deepEqual(await store.limits(), [
        { partner: 'a', most: 1 },
        { partner: 'b', most: 3 },
      ]);
      await store.limit('a', null);
      await store.limit('nobody', null);
      assert.deepEqual(await store.limits(), [{ partner: 'b', most: 3 }]);
      for (const most of [0, -1, 1.5]) await rejectsWith('invalid_request', store.limit('b', most));
      assert.deepEqual(await store.limits(), [{ partner: 'b', most: 3 }]);
    });

    onTwo(open, 'holds when two handles claim at once', async (one, two) => {
      await one.limit('acme', 3);
      for (let n = 0; n < 20; n++) await enqueue(one);
      const taken = await Promise.all(Array.from({ length: 10 }, (_, n) => claim(n % 2 === 0 ? one : two, 2)));
      assert.equal(taken.flat().length, 3);
    });

    const endings: Readonly<Record<string, (store: JobStore, job: { id: string; fence: number }) => Promise<unknown>>> =
      {
        complete: (store, job) => store.complete(job, result),
        fail: (store, job) => store.fail(job, giveUp),
        cancel: (store, job) => store.cancel(job.id),
        'a higher limit': (store) => store.limit('acme', 2),
        'no limit': (store) => store.limit('acme', null),
      };
    for (const [name, end] of Object.entries(endings)) {
      onTwo(open, `wakes on both handles after ${name}, and the next is claimed`, async (one, two) => {
        await twoForOne(one);
        const job = await claimOne(one);
        assert.deepEqual(await claim(one), []);
        const woken = Promise.all([awakened(one), awakened(two)]);
        await end(one, job);
        await woken;
        await claimOne(two);
      });
    }
  });

  describe('pause', () => {
    on(open, 'of a partner: its jobs are enqueued and not claimed, others are', async (store) => {
      await store.pause({ partner: 'a' });
      await enqueue(store, { partner: 'a', priority: 9 });
      const b = await enqueue(store, { partner: 'b' });
      assert.equal((await claimOne(store)).id, b.id);
      assert.deepEqual(await claim(store), []);
      const { byState, due } = await store.counts();
      assert.deepEqual([byState.queued, due], [1, 1]);
      await store.resume({ partner: 'a' });
      assert.equal((await claimOne(store)).partner, 'a');
    });

    on(open, 'of a template: its jobs wait, whoever asked for them', async (store) => {
      for (const partner of ['a', 'b']) {
        await enqueue(store, { partner, ...ofTemplate('broken') });
        await enqueue(store, { partner, ...ofTemplate('sound') });
      }
      await store.pause({ template: 'broken' });
      assert.deepEqual(
        (await claim(store)).map(({ request }) => request.template.id),
        ['sound', 'sound'],
      );
      await store.resume({ template: 'broken' });
      assert.equal((await claim(store)).length, 2);
    });

    on(open, 'leaves what is rendering alone: it is renewed, retried and completed', async (store) => {
      await enqueue(store);
      const job = await claimOne(store);
      await store.pause({ partner: 'acme' });
      assert.deepEqual(await store.renew([{ ...job, progress: 0.5 }], HOUR), []);
      assert.equal((await store.fail(job, retry)).state, 'queued');
      assert.deepEqual(await claim(store), []);
      await store.resume({ partner: 'acme' });
      await store.complete(await claimOne(store), result);
    });

    on(open, 'a paused job does not lift the others by its priority', async (store) => {
      await store.pause({ partner: 'loud' });
      await enqueue(store, { partner: 'loud', priority: 9 });
      const first = await enqueue(store, { partner: 'a', priority: 1 });
      await enqueue(store, { partner: 'a' });
      assert.equal((await claimOne(store)).id, first.id);
    });

    on(open, 'twice is once; of a partner and of a template of one name are two; all are told', async (store) => {
      await store.pause({ partner: 'name' });
      const [first] = await store.pauses();
      await store.pause({ partner: 'name' });
      await store.pause({ template: 'name' });
      const pauses = await store.pauses();
      assert.equal(pauses.length, 2);
      assert.deepEqual(
        pauses.find((pause) => 'partner' in pause),
        first,
      );
      assert.ok(pauses.some((pause) => 'template' in pause && pause.template === 'name'));
      await store.resume({ template: 'name' });
      await store.resume({ template: 'nothing' });
      assert.deepEqual(await store.pauses(), [first]);
      await store.resume({ partner: 'name' });
      assert.deepEqual(await store.pauses(), []);
    });

    onTwo(open, 'holds on every handle, and resuming wakes both', async (one, two) => {
      await one.pause({ partner: 'acme' });
      await enqueue(two);
      assert.deepEqual(await claim(two), []);
      const woken = Promise.all([awakened(one), awakened(two)]);
      await one.resume({ partner: 'acme' });
      await woken;
      await claimOne(two);
    });
  });
}

/** Two jobs of a partner who may have one rendering. */
async function twoForOne(store: JobStore): Promise<void> {
  await store.limit('acme', 1);
  await enqueue(store);
  await enqueue(store);
}
