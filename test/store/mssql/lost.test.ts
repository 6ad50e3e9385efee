/** SQL Server: a write whose answer was lost is done once, and the caller is answered as if nothing had been. Needs a server. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JobStore } from '../../../src/store/store.js';
import {
  asked,
  claimOne,
  enqueue,
  events,
  giveUp,
  HOUR,
  present,
  rejectsWith,
  result,
  retry,
} from '../conformance/subject.js';
import { noServer, sqlServer } from '../fixtures/sql-server.js';

const place = sqlServer();
const told = { callbackUrl: 'https://partner.example/told' };
const key = { idempotencyKey: 'k' };

/** Each deed on a store whose wire loses the first text of the name, then what must be true of the store. */
const DEEDS: Readonly<
  Record<string, { readonly text: string; readonly body: (store: JobStore, plain: JobStore) => Promise<void> }>
> = {
  enqueue: {
    text: 'enqueue',
    body: async (store, plain) => {
      const { job, created } = await store.enqueue(asked());
      assert.equal(created, true);
      assert.deepEqual(await plain.recent(10), [job]);
    },
  },
  'enqueue with a key': {
    text: 'enqueue',
    body: async (store, plain) => {
      const { job, created } = await store.enqueue(asked(key));
      assert.equal(created, true);
      assert.deepEqual(await plain.enqueue(asked(key)), { job, created: false });
    },
  },
  claim: {
    text: 'claim',
    body: async (store, plain) => {
      for (let n = 0; n < 5; n++) await enqueue(plain);
      const jobs = await store.claim({ server: 'one', limit: 2, leaseMs: HOUR });
      assert.deepEqual(
        jobs.map(({ fence }) => fence),
        [1, 1],
      );
      assert.equal((await plain.counts()).byState.rendering, 2);
      for (const job of jobs) await plain.complete(job, result);
    },
  },
  complete: {
    text: 'end',
    body: async (store, plain) => {
      await enqueue(plain, told);
      const job = await claimOne(plain);
      await store.complete(job, result);
      assert.deepEqual(await events(plain, job.id), ['enqueued', 'claimed', 'rendered']);
      assert.equal((await plain.outbox(10)).length, 1);
      await rejectsWith('fenced', store.complete(job, result));
    },
  },
  release: {
    text: 'end',
    body: async (store, plain) => {
      await enqueue(plain);
      const job = await claimOne(plain);
      await store.release(job);
      assert.deepEqual(await events(plain, job.id), ['enqueued', 'claimed', 'released']);
      await claimOne(plain);
    },
  },
  'fail with a retry': {
    text: 'end',
    body: async (store, plain) => {
      await enqueue(plain);
      const after = await store.fail(await claimOne(plain), { ...retry, retryInMs: HOUR });
      assert.deepEqual([after.state, after.attempt], ['queued', 1]);
      assert.deepEqual(await present(plain, after.id), after);
    },
  },
  'fail for good': {
    text: 'end',
    body: async (store, plain) => {
      await enqueue(plain, told);
      const after = await store.fail(await claimOne(plain), giveUp);
      assert.equal(after.state, 'dead');
      assert.equal((await plain.outbox(10)).length, 1);
    },
  },
  cancel: {
    text: 'end',
    body: async (store, plain) => {
      const { id } = await enqueue(plain, told);
      assert.equal((await store.cancel(id)).state, 'cancelled');
      assert.equal((await plain.outbox(10)).length, 1);
      await rejectsWith('not_cancellable', store.cancel(id));
    },
  },
  rerender: {
    text: 'end',
    body: async (store, plain) => {
      await enqueue(plain);
      const job = await claimOne(plain);
      await plain.complete(job, result);
      assert.equal((await store.rerender(job.id)).state, 'queued');
      assert.deepEqual(await events(plain, job.id), ['enqueued', 'claimed', 'rendered', 'reopened']);
      await rejectsWith('not_rerenderable', store.rerender(job.id));
    },
  },
  renew: {
    text: 'renew',
    body: async (store, plain) => {
      await enqueue(plain);
      const job = await claimOne(plain, 'one', 0);
      assert.deepEqual(await store.renew([{ ...job, progress: 0.5 }], HOUR), []);
      assert.equal(await plain.rescue('expired'), 0);
    },
  },
  'settle for later': {
    text: 'settle',
    body: async (store, plain) => {
      await plain.cancel((await enqueue(plain, told)).id);
      const [row] = await plain.outbox(1);
      await store.settle(row?.eventId ?? '', { retryInMs: 0 });
      assert.equal((await plain.outbox(1))[0]?.attempt, 1);
    },
  },
  'settle as delivered': {
    text: 'settle',
    body: async (store, plain) => {
      await enqueue(plain, told);
      const job = await claimOne(plain);
      await plain.complete(job, result);
      const [row] = await plain.outbox(1);
      await store.settle(row?.eventId ?? '', 'delivered');
      assert.deepEqual((await events(plain, job.id)).slice(-2), ['rendered', 'delivered']);
    },
  },
};

for (const fate of ['lost before', 'lost after'] as const)
  describe(`${fate} it came`, () => {
    for (const [name, { text, body }] of Object.entries(DEEDS))
      test(name, { skip: noServer ?? false }, async () => {
        await place.empty();
        const plain = await place.open();
        let times = 0;
        const store = await place.openOver((sent) => (sent === text && times++ === 0 ? fate : 'well'));
        try {
          await body(store, plain);
          assert.ok(times >= 2, 'it was sent again');
        } finally {
          await store.close();
          await plain.close();
        }
      });
  });

test(
  'a claim that stays without an answer until its deadline: the next one finds what it took',
  { skip: noServer ?? false },
  async () => {
    await place.empty();
    const plain = await place.open();
    let isBack = false;
    const store = await place.openOver((sent) => (sent === 'claim' && !isBack ? 'lost after' : 'well'), 3_000);
    try {
      for (let n = 0; n < 3; n++) await enqueue(plain);
      const one = { server: 'one', limit: 2, leaseMs: HOUR };
      await rejectsWith('outcome_unknown', store.claim(one));
      assert.equal((await plain.counts()).byState.rendering, 2);
      isBack = true;
      const jobs = await store.claim(one);
      assert.deepEqual(
        jobs.map(({ fence }) => fence),
        [1, 1],
      );
      for (const job of jobs) await store.complete(job, result);
      assert.equal((await store.claim(one)).length, 1);
    } finally {
      await store.close();
      await plain.close();
    }
  },
);
