/** Who gets which job: order, limits, and that two claimers never share one. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Job } from '../../../src/job.js';
import {
  claimOne,
  enqueue,
  HOUR,
  type Open,
  on,
  onTwo,
  present,
  rejectsWith,
  result,
  retry,
  skipOf,
} from './subject.js';

export function claims(open: Open): void {
  describe('claim', () => {
    on(open, 'makes the job rendering, leased to the server', async (store) => {
      const queued = await enqueue(store, { priority: 2 });
      const job = await claimOne(store, 'north');
      assert.deepEqual(job, { ...queued, state: 'rendering', server: 'north', fence: 1, startedAt: job.startedAt });
      assert.ok(job.startedAt !== null && job.startedAt >= queued.createdAt);
      assert.deepEqual(await present(store, job.id), job);
      assert.deepEqual((await store.history(job.id)).at(-1), {
        at: job.startedAt,
        event: 'claimed',
        fence: 1,
        server: 'north',
        failure: null,
      });
    });

    on(open, 'answers nothing at once when nothing is due', async (store) => {
      assert.deepEqual(await store.claim({ server: 'one', limit: 5, leaseMs: HOUR }), []);
    });

    on(open, 'takes at most the limit', async (store) => {
      for (let n = 0; n < 5; n++) await enqueue(store);
      assert.equal((await store.claim({ server: 'one', limit: 3, leaseMs: HOUR })).length, 3);
      assert.equal((await store.claim({ server: 'one', limit: 3, leaseMs: HOUR })).length, 2);
      assert.equal((await store.claim({ server: 'one', limit: 3, leaseMs: HOUR })).length, 0);
    });

    on(open, 'refuses a limit that is none', async (store) => {
      await enqueue(store);
      for (const limit of [0, -1, 1.5, Number.NaN]) {
        await rejectsWith('invalid_request', store.claim({ server: 'one', limit, leaseMs: HOUR }));
        await rejectsWith('invalid_request', store.recent(limit));
        await rejectsWith('invalid_request', store.outbox(limit));
      }
      assert.equal((await store.counts()).byState.queued, 1);
    });

    on(open, 'takes the highest priority first, then the earliest due, then the first enqueued', async (store) => {
      const names = new Map<string, string>();
      const add = async (name: string, fields: Parameters<typeof enqueue>[1]) =>
        names.set((await enqueue(store, fields)).id, name);
      await add('low', { priority: -1 });
      await add('usual 1', {});
      await add('usual 2', {});
      await add('high 1', { priority: 7 });
      await add('high 2', { priority: 7 });
      await add('later', { priority: 9, delayMs: HOUR });
      await add('usual 3', {});
      const taken = await store.claim({ server: 'one', limit: 10, leaseMs: HOUR });
      const order = ['high 1', 'high 2', 'usual 1', 'usual 2', 'usual 3', 'low'];
      assert.deepEqual(
        taken.map(({ id }) => names.get(id)),
        order,
      );
    });

    on(open, 'an interrupted job goes back to its old place, a retried one behind it', async (store) => {
      const first = await enqueue(store);
      const second = await enqueue(store);
      await store.release(await claimOne(store));
      assert.equal((await claimOne(store)).id, first.id);
      await store.rescue({ server: 'one' });
      const again = await claimOne(store);
      assert.equal(again.id, first.id);
      assert.ok((await store.fail(again, { ...retry, retryInMs: 1 })).runAt > second.runAt);
      assert.equal((await claimOne(store)).id, second.id);
    });

    on(open, 'gives a greater fence with each claim', async (store) => {
      const { id } = await enqueue(store);
      const fences: number[] = [];
      for (let n = 0; n < 4; n++) {
        const job = await claimOne(store);
        fences.push(job.fence);
        await store.release(job);
      }
      assert.deepEqual(
        fences,
        [...new Set(fences)].sort((a, b) => a - b),
      );
      assert.equal((await present(store, id)).fence, fences.at(-1));
    });

    onTwo(open, 'two handles that claim at once share no job', async (one, other) => {
      for (let n = 0; n < 40; n++) await enqueue(one);
      const rounds = Array.from({ length: 20 }, (_, n) =>
        (n % 2 === 0 ? one : other).claim({ server: n % 2 === 0 ? 'one' : 'other', limit: 3, leaseMs: HOUR }),
      );
      const taken = (await Promise.all(rounds)).flat();
      assert.equal(taken.length, 40);
      assert.equal(new Set(taken.map(({ id }) => id)).size, 40);
    });
  });

  propertyOfClaims(open);
}

/** What two servers may do to a queue, in any order and at once. */
const deed = fc.record({
  server: fc.constantFrom('one', 'other'),
  what: fc.constantFrom(
    'enqueue',
    'claim',
    'claim',
    'release',
    'complete',
    'retry',
    'renew',
    'rescue expired',
    'rescue own',
  ),
  /** Which of the leases that this server believes in. */
  pick: fc.nat(20),
  leaseMs: fc.constantFrom(0, HOUR),
  limit: fc.integer({ min: 1, max: 4 }),
});
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

function propertyOfClaims(open: Open): void {
  test(
    'whatever two servers do at once: no fence is given twice, and each job is completed once at most',
    skipOf(open),
    async (context) => {
      const probe = await open();
      await probe.dispose();
      if (probe.reopen === undefined) return context.skip('this store has one handle only');
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(deed, { minLength: 1, maxLength: 6 }), { maxLength: 12 }),
          async (rounds) => {
            const { store, reopen, dispose } = await open();
            const stores = { one: store, other: await (reopen as NonNullable<typeof reopen>)() };
            /** Every lease ever given, whether lost meanwhile or not. */
            const given: Record<string, Job[]> = { one: [], other: [] };
            const completed: string[] = [];

            const act = async ({ server, what, pick, leaseMs, limit }: Deed): Promise<void> => {
              const mine = given[server] as Job[];
              const handle = stores[server as keyof typeof stores];
              const lease = mine[pick % Math.max(1, mine.length)];
              if (what === 'enqueue') await enqueue(handle);
              else if (what === 'claim') mine.push(...(await handle.claim({ server, limit, leaseMs })));
              else if (what === 'rescue expired') await handle.rescue('expired');
              else if (what === 'rescue own') await handle.rescue({ server });
              else if (lease === undefined) return;
              else if (what === 'release') await handle.release(lease);
              else if (what === 'retry') await handle.fail(lease, retry);
              else if (what === 'renew') await handle.renew([{ ...lease, progress: 0.5 }], leaseMs);
              else {
                await handle.complete(lease, result);
                completed.push(lease.id);
              }
            };
            try {
              await enqueue(store);
              for (const round of rounds) {
                const outcomes = await Promise.allSettled(round.map(act));
                for (const outcome of outcomes) {
                  // Losing a lease is the only way in which any of this may fail.
                  if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'fenced', outcome.reason);
                }
              }
              const fences = [...(given.one as Job[]), ...(given.other as Job[])].map(
                ({ id, fence }) => `${id} ${fence}`,
              );
              assert.equal(new Set(fences).size, fences.length, 'no fence twice');
              assert.equal(new Set(completed).size, completed.length, 'completed once');
              const { byState } = await store.counts();
              assert.equal(byState.rendered, completed.length);
            } finally {
              await stores.other.close();
              await dispose();
            }
          },
        ),
        { numRuns: 25 },
      );
    },
  );
}
