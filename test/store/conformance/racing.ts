/** Many who claim at the same time: together they keep to the one order, and share no job. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { Job } from '../../../src/job.js';
import type { JobStore } from '../../../src/store/store.js';
import { enqueue, HOUR, type Open, skipOf } from './subject.js';

const race = fc.record({
  queued: fc.array(fc.record({ partner: fc.constantFrom('a', 'b', 'c'), priority: fc.integer({ min: -1, max: 1 }) }), {
    minLength: 1,
    maxLength: 40,
  }),
  /** How many each of the claimers takes at a time. */
  limits: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 6 }),
});

export function racing(open: Open): void {
  test(
    'whoever claims at the same time: no job twice, and all of them together in the order of one',
    skipOf(open),
    async (context: TestContext) => {
      await fc.assert(
        fc.asyncProperty(race, async ({ queued, limits }) => {
          const { store, reopen, dispose } = await open();
          const other = await reopen?.();
          if (other === undefined) context.diagnostic('this store has one handle only');
          try {
            await Promise.all(queued.map((job) => enqueue(store, job)));
            const { cursor } = await store.changes(null);
            const taken = await Promise.all(
              limits.map((limit, n) => claimAll(n % 2 === 1 && other ? other : store, `server ${n}`, limit)),
            );
            const ids = taken.flat().map(({ id }) => id);
            assert.equal(new Set(ids).size, queued.length, 'each job once');
            assert.equal(ids.length, queued.length, 'no job twice');
            // What is claimed gets a revision in the order of claiming.
            assertOrder((await store.changes(cursor)).jobs);
          } finally {
            await other?.close();
            await dispose();
          }
        }),
        { numRuns: 8 },
      );
    },
  );
}

async function claimAll(store: JobStore, server: string, limit: number): Promise<Job[]> {
  const taken: Job[] = [];
  for (;;) {
    // Nobody waits so long that a priority grows.
    const jobs = await store.claim({ server, limit, leaseMs: HOUR, ageingMs: HOUR });
    if (jobs.length === 0) return taken;
    taken.push(...jobs);
  }
}

/** Nothing ends meanwhile, so a partner has as many rendering as were taken of it. */
function assertOrder(taken: readonly Job[]): void {
  const rendering = new Map<string, number>();
  const of = (partner: string) => rendering.get(partner) ?? 0;
  for (const [place, job] of taken.entries()) {
    for (const waiting of taken.slice(place + 1)) {
      assert.ok(job.priority >= waiting.priority, 'the most urgent first');
      if (job.priority === waiting.priority)
        assert.ok(of(job.partner) <= of(waiting.partner), `${job.partner} before ${waiting.partner}`);
    }
    rendering.set(job.partner, of(job.partner) + 1);
  }
}
