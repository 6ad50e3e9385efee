/** Whose turn it is: ageing, and the share between partners. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Job } from '../../../src/job.js';
import { DEFAULT_AGEING_MS, type JobStore } from '../../../src/store/store.js';
import { claimOne, enqueue, HOUR, type Open, on, present, rejectsWith, result, retry, skipOf } from './subject.js';

const claim = (store: JobStore, limit: number, ageingMs = DEFAULT_AGEING_MS) =>
  store.claim({ server: 'one', limit, leaseMs: HOUR, ageingMs });

const partnersOf = (jobs: readonly Job[]) => jobs.map(({ partner }) => partner).join(' ');

/** Enqueues until the database's clock stands at least `ms` after the job was due. */
async function whileYounger(store: JobStore, job: Job, ms: number, fields: Parameters<typeof enqueue>[1]) {
  while ((await enqueue(store, fields)).createdAt - job.runAt < ms);
}

export function turns(open: Open): void {
  describe('ageing', () => {
    on(open, 'lifts a job by one priority for each ageingMs that it has waited', async (store) => {
      const old = await enqueue(store, { priority: -1 });
      await whileYounger(store, old, 2, { priority: 0 });
      const first = await enqueue(store, { priority: 1 });
      const [urgent] = await claim(store, 1, HOUR);
      assert.equal(urgent?.id, first.id, 'nothing has aged yet');
      await store.release(urgent);
      assert.equal((await claim(store, 1, 1))[0]?.id, old.id, 'two milliseconds are two priorities');
    });

    on(
      open,
      'lifts no higher than the highest priority that waits, so that an old backlog is no rank',
      async (store) => {
        const old = await enqueue(store, { partner: 'many' });
        await whileYounger(store, old, 3, { partner: 'many' });
        await enqueue(store, { partner: 'few' });
        assert.equal(partnersOf(await claim(store, 2, 0.001)), 'many few');
      },
    );

    on(open, 'counts from runAt: a job that comes back keeps its place, a retry begins anew', async (store) => {
      const job = await enqueue(store, { priority: -5 });
      await store.fail(await claimOne(store), { ...retry, retryInMs: 1 });
      const retried = await present(store, job.id);
      const urgent = await enqueue(store, { priority: 5 });
      assert.equal((await claim(store, 1))[0]?.id, urgent.id);
      assert.ok(retried.runAt > job.runAt);
    });

    on(open, 'takes an urgent job at its word: a low one is claimed though high ones never end', async (store) => {
      const ageingMs = 3;
      const low = await enqueue(store, { priority: -2 });
      const bound = 4 * ageingMs;
      for (;;) {
        const high = await enqueue(store, { priority: 2 });
        const [job, ...more] = await claim(store, 1, ageingMs);
        assert.ok(job && more.length === 0);
        if (job.id === low.id) break;
        await store.complete(job, result);
        const waited = (job.startedAt ?? 0) - low.runAt;
        assert.ok(waited < bound || job.runAt <= low.runAt, `${high.id} overtook it after ${waited} ms`);
      }
    });

    on(open, 'of no time is refused', async (store) => {
      await enqueue(store);
      for (const ageingMs of [0, -1, Number.NaN]) await rejectsWith('invalid_request', claim(store, 1, ageingMs));
      assert.equal((await store.counts()).byState.queued, 1);
    });
  });

  describe('the share between partners', () => {
    on(open, 'one job is not behind the thousand of another partner', async (store) => {
      await Promise.all(Array.from({ length: 1000 }, () => enqueue(store, { partner: 'many' })));
      await enqueue(store, { partner: 'few' });
      assert.equal(partnersOf(await claim(store, 3)), 'many few many');
    });

    on(open, 'partners alternate when there is one slot, and nothing is rendering at each claim', async (store) => {
      for (const partner of ['a', 'a', 'a', 'b', 'b', 'b', 'c']) await enqueue(store, { partner });
      const order: string[] = [];
      for (let n = 0; n < 7; n++) {
        const job = await claimOne(store);
        order.push(job.partner);
        await store.complete(job, result);
      }
      assert.equal(order.join(' '), 'a b c a b a b');
    });

    on(open, 'whoever has fewest rendering is next, on whatever server they are', async (store) => {
      for (const partner of ['a', 'a', 'a', 'a']) await enqueue(store, { partner });
      await store.claim({ server: 'other', limit: 3, leaseMs: HOUR });
      for (let n = 0; n < 4; n++) await enqueue(store, { partner: 'b' });
      assert.equal(partnersOf(await claim(store, 5)), 'b b b a b');
    });

    on(open, 'priority comes before the share', async (store) => {
      for (let n = 0; n < 3; n++) await enqueue(store, { partner: 'a', priority: 1 });
      await enqueue(store, { partner: 'b' });
      assert.equal(partnersOf(await claim(store, 4)), 'a a a b');
    });
  });

  propertyOfShares(open);
}

/** A few partners' jobs of one priority, and how many are claimed and ended at a time. */
const course = fc.record({
  queued: fc.array(fc.nat(12), { minLength: 2, maxLength: 5 }),
  rounds: fc.array(fc.record({ limit: fc.integer({ min: 1, max: 5 }), ends: fc.array(fc.nat(), { maxLength: 4 }) }), {
    minLength: 1,
    maxLength: 12,
  }),
});

function propertyOfShares(open: Open): void {
  test(
    'whatever comes and ends: no partner with due jobs is passed over for one that has more rendering',
    skipOf(open),
    async () => {
      await fc.assert(
        fc.asyncProperty(course, async ({ queued, rounds }) => {
          const { store, dispose } = await open();
          try {
            const waiting = new Map(queued.map((jobs, n) => [`partner ${n}`, jobs]));
            const total = queued.reduce((sum, jobs) => sum + jobs, 0);
            for (const [partner, jobs] of waiting)
              await Promise.all(Array.from({ length: jobs }, () => enqueue(store, { partner })));
            const rendering: Job[] = [];
            const shareOf = (partner: string) => rendering.filter((job) => job.partner === partner).length;
            let taken = 0;
            for (const { limit, ends } of rounds) {
              const jobs = await claim(store, limit);
              assert.equal(jobs.length, Math.min(limit, total - taken), 'no slot is left empty');
              taken += jobs.length;
              for (const job of jobs) {
                for (const [other, due] of waiting)
                  if (due > 0) assert.ok(shareOf(job.partner) <= shareOf(other), `${job.partner} before ${other}`);
                waiting.set(job.partner, (waiting.get(job.partner) ?? 0) - 1);
                rendering.push(job);
              }
              for (const pick of ends) {
                const [job] = rendering.length > 0 ? rendering.splice(pick % rendering.length, 1) : [];
                if (job !== undefined) await store.complete(job, result);
              }
            }
          } finally {
            await dispose();
          }
        }),
        { numRuns: 20 },
      );
    },
  );
}
