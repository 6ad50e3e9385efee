/** Jobs that require something of a server are given to those that have it, and to no others. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { JobStore } from '../../../src/store/store.js';
import { claimOne, enqueue, HOUR, type Open, on, onTwo, present, rejectsWith, result, retry } from './subject.js';

const claim = (store: JobStore, tags?: readonly string[], limit = 10) =>
  store.claim({ server: 'one', limit, leaseMs: HOUR, ...(tags && { tags }) });
const ids = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id);

export function tags(open: Open): void {
  describe('tags', () => {
    onTwo(open, 'a job is given to a server that has all that it requires', async (one, two) => {
      const { id, requires } = await enqueue(one, { requires: ['large', 'fast', 'large'] });
      assert.deepEqual(requires, ['fast', 'large'], 'in the order of the alphabet, each once');
      assert.deepEqual((await present(two, id)).requires, requires);
      for (const has of [undefined, [], ['fast'], ['large', 'other'], ['fast,large']])
        assert.deepEqual(await claim(two, has), []);
      const [job] = await claim(two, ['other', 'large', 'fast']);
      assert.deepEqual([job?.id, job?.requires], [id, requires]);
    });

    on(open, 'a job that requires nothing is given to any server', async (store) => {
      assert.deepEqual((await enqueue(store)).requires, []);
      await enqueue(store);
      assert.equal((await claim(store, ['fast'], 1)).length, 1);
      assert.equal((await claim(store)).length, 1);
    });

    on(
      open,
      'jobs that are held back stand in the way of no others: of their partner, template and priority',
      async (store) => {
        for (let n = 0; n < 3; n++) await enqueue(store, { requires: ['fast'] });
        const plain = await enqueue(store);
        const large = await enqueue(store, { requires: ['large'] });
        assert.deepEqual(ids(await claim(store, ['large'])), [plain.id, large.id]);
      },
    );

    on(open, 'a job that is held back lifts no others by its priority, and is due', async (store) => {
      await enqueue(store, { priority: 9, requires: ['fast'] });
      const first = await enqueue(store, { priority: 1 });
      await enqueue(store);
      assert.equal((await claimOne(store)).id, first.id);
      const { byState, due } = await store.counts();
      assert.deepEqual([byState.queued, due], [2, 2]);
    });

    on(open, 'what a job requires stays with it, whatever becomes of its attempts', async (store) => {
      const { id } = await enqueue(store, { requires: ['fast'] });
      const deeds: readonly ((job: { id: string; fence: number }) => Promise<unknown>)[] = [
        (job) => store.release(job),
        (job) => store.fail(job, retry),
        () => store.rescue({ server: 'one' }),
        async (job) => {
          await store.complete(job, result);
          await store.rerender(id);
        },
      ];
      for (const deed of deeds) {
        const [job] = await claim(store, ['fast']);
        assert.ok(job);
        await deed(job);
        assert.deepEqual(await claim(store), []);
        assert.deepEqual((await present(store, id)).requires, ['fast']);
      }
    });

    on(open, 'that are none, and more than a job may require, are refused', async (store) => {
      for (const requires of [['A'], [''], ['a', 'b', 'c', 'd', 'e'], ['x'.repeat(21)]])
        await rejectsWith('invalid_request', enqueue(store, { requires }));
      await enqueue(store, { requires: ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(20)) });
      assert.equal((await store.counts()).byState.queued, 1);
    });

    on(open, 'what queued jobs require is told, with how many of each', async (store) => {
      assert.deepEqual(await store.needs(), []);
      await enqueue(store);
      for (const partner of ['a', 'b']) await enqueue(store, { partner, requires: ['fast'], delayMs: HOUR });
      await enqueue(store, { requires: ['large', 'fast'] });
      await enqueue(store, { priority: 3, requires: ['fast'] });
      assert.deepEqual(await store.needs(), [
        { requires: ['fast'], queued: 3 },
        { requires: ['fast', 'large'], queued: 1 },
      ]);
      await claim(store, ['fast', 'large']);
      assert.deepEqual(await store.needs(), [{ requires: ['fast'], queued: 2 }]);
    });
  });
}
