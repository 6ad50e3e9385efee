/** Recording jobs: what is kept, that it lasts, and that the same is not recorded twice. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  asked,
  claimOne,
  enqueue,
  events,
  HOUR,
  type Open,
  on,
  onTwo,
  present,
  rejectsWith,
  rendering,
  result,
  skipOf,
} from './subject.js';

export function enqueueing(open: Open): void {
  describe('enqueue', () => {
    on(open, 'answers the job as it was recorded', async (store) => {
      const { job, created } = await store.enqueue(asked({ priority: 3 }));
      assert.equal(created, true);
      const { id, createdAt, runAt, ...rest } = job;
      assert.match(id, /^[\w-]{16,}$/);
      assert.equal(runAt, createdAt);
      assert.deepEqual(rest, {
        state: 'queued',
        request: asked().request,
        partner: 'acme',
        requires: [],
        priority: 3,
        attempt: 0,
        crashes: 0,
        fence: 0,
        progress: 0,
        server: null,
        startedAt: null,
        finishedAt: null,
        result: null,
        failure: null,
      });
      assert.deepEqual(await store.get(id), job);
      assert.equal((await enqueue(store)).priority, 0);
    });

    on(open, 'notes it in the history, on the same clock', async (store) => {
      const job = await enqueue(store);
      const entry = { at: job.createdAt, event: 'enqueued', fence: 0, server: null, failure: null };
      assert.deepEqual(await store.history(job.id), [entry]);
    });

    on(open, 'gives every job an id of its own, also to many at once', async (store) => {
      const jobs = await Promise.all(Array.from({ length: 300 }, () => enqueue(store)));
      assert.equal(new Set(jobs.map(({ id }) => id)).size, 300);
      assert.equal((await store.counts()).byState.queued, 300);
    });

    test('keeps everything when the store is closed and opened again', skipOf(open), async (context) => {
      const { store, reopen, dispose } = await open();
      try {
        if (reopen === undefined) return context.skip('this store has one handle only');
        const finished = await rendering(store, { callbackUrl: 'https://partner.example/told' });
        await store.complete(finished, result);
        await enqueue(store, { idempotencyKey: 'k' });
        const before = {
          jobs: await store.recent(10),
          history: await store.history(finished.id),
          outbox: await store.outbox(10),
        };
        await store.close();
        const again = await reopen();
        const after = {
          jobs: await again.recent(10),
          history: await again.history(finished.id),
          outbox: await again.outbox(10),
        };
        assert.deepEqual(after, before);
        assert.equal((await again.enqueue(asked({ idempotencyKey: 'k' }))).created, false);
        await again.close();
      } finally {
        await dispose();
      }
    });

    onTwo(open, 'is seen by another handle as soon as it resolved', async (one, other) => {
      const job = await enqueue(one);
      assert.deepEqual(await other.get(job.id), job);
    });

    on(open, 'an unknown id is no job and has no history', async (store) => {
      assert.equal(await store.get('nobody'), undefined);
      assert.deepEqual(await store.history('nobody'), []);
    });
  });

  describe('enqueue with an idempotency key', () => {
    const key = { idempotencyKey: 'k1' };

    on(open, 'answers the earlier job for the same request', async (store) => {
      const first = await store.enqueue(asked(key));
      assert.equal(first.created, true);
      assert.deepEqual(await store.enqueue(asked(key)), { job: first.job, created: false });
      assert.deepEqual(await events(store, first.job.id), ['enqueued']);
      assert.equal((await store.recent(10)).length, 1);
    });

    on(open, 'answers the earlier job as it now stands', async (store) => {
      const job = await rendering(store, key);
      await store.complete(job, result);
      const again = await store.enqueue(asked(key));
      assert.deepEqual(again, { job: await present(store, job.id), created: false });
      assert.equal(again.job.state, 'rendered');
    });

    on(open, 'compares by value, whatever the order of the keys', async (store) => {
      const { template } = asked().request;
      const request = (words: Record<string, string>, cast: Record<string, string>) => ({
        request: { template, words, cast },
        ...key,
      });
      await enqueue(store, request({ a: '1', b: '2' }, { x: 'cat', y: 'dog' }));
      assert.equal((await store.enqueue(asked(request({ b: '2', a: '1' }, { y: 'dog', x: 'cat' })))).created, false);
    });

    on(open, 'forgives a template that was replaced in between, and stays pinned to the first', async (store) => {
      const { template, ...rest } = asked().request;
      const first = await enqueue(store, key);
      const request = { ...rest, template: { ...template, version: 'b'.repeat(64) } };
      assert.deepEqual(await store.enqueue(asked({ ...key, request })), { job: first, created: false });
    });

    on(open, 'refuses another request under the same key, and records nothing', async (store) => {
      const { request } = asked();
      await enqueue(store, key);
      const others = [
        { request: { ...request, words: { ...request.words, hello: 'other' } } },
        { request: { ...request, words: { hello: request.words.hello ?? '' } } },
        { request: { ...request, cast: { ...request.cast, singer: 'cow' } } },
        { request: { ...request, template: { ...request.template, id: 'other' } } },
        { callbackUrl: 'https://partner.example/other' },
      ];
      for (const other of others) await rejectsWith('idempotency_conflict', store.enqueue(asked({ ...key, ...other })));
      assert.equal((await store.recent(10)).length, 1);
    });

    on(open, 'keeps the keys of partners apart', async (store) => {
      await enqueue(store, key);
      assert.equal((await store.enqueue(asked({ ...key, partner: 'other' }))).created, true);
    });

    on(open, 'a refused call does not hurt its neighbours', async (store) => {
      await enqueue(store, key);
      const other = asked({ ...key, callbackUrl: 'https://partner.example/other' });
      const settled = await Promise.allSettled([enqueue(store), store.enqueue(other), enqueue(store)]);
      assert.deepEqual(
        settled.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.equal((await store.counts()).byState.queued, 3);
    });

    onTwo(open, 'records one job when it comes twenty times at once, from two handles', async (one, other) => {
      const calls = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).enqueue(asked(key)));
      const answers = await Promise.all(calls);
      assert.equal(new Set(answers.map(({ job }) => job.id)).size, 1);
      assert.equal(answers.filter(({ created }) => created).length, 1);
      assert.equal((await one.counts()).byState.queued, 1);
    });
  });

  describe('delay', () => {
    on(open, 'a delayed job is not claimable before its time', async (store) => {
      const job = await enqueue(store, { delayMs: HOUR });
      assert.equal(job.runAt, job.createdAt + HOUR);
      assert.deepEqual(await store.claim({ server: 'one', limit: 5, leaseMs: HOUR }), []);
      const due = await enqueue(store, { delayMs: 0 });
      assert.equal((await claimOne(store)).id, due.id);
    });
  });
}
