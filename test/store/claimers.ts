/**
 * Many claimers at once, over any store: no job twice, none left, and nobody starves. Each claims as a farm does, a few at a time, until nothing is due.
 */

import assert from 'node:assert/strict';
import type { JobStore } from '../../src/store/store.js';
import { enqueue, HOUR } from './conformance/subject.js';

export const CLAIMERS = 16;

/** `open` makes one more handle. Answers how long the claims took, in milliseconds, and the fewest and the most that one claimer got. */
export async function claimAll(
  open: () => Promise<JobStore>,
  { jobs, each }: { readonly jobs: number; readonly each: number },
): Promise<{ readonly ms: number; readonly fewest: number; readonly most: number }> {
  const stores = await Promise.all(Array.from({ length: CLAIMERS }, open));
  try {
    const [first] = stores as [JobStore, ...JobStore[]];
    for (let enqueued = 0; enqueued < jobs; enqueued += 1000)
      await Promise.all(Array.from({ length: Math.min(1000, jobs - enqueued) }, () => enqueue(first)));
    const from = performance.now();
    const taken = await Promise.all(
      stores.map(async (store, n) => {
        const ids: string[] = [];
        for (;;) {
          const claimed = await store.claim({ server: `server ${n}`, limit: each, leaseMs: HOUR });
          if (claimed.length === 0) return ids;
          ids.push(...claimed.map(({ id }) => id));
        }
      }),
    );
    const ms = performance.now() - from;
    assert.equal(new Set(taken.flat()).size, jobs, 'every job was claimed');
    assert.equal(taken.flat().length, jobs, 'and once');
    const counts = taken.map(({ length }) => length);
    const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
    assert.ok(fewest >= jobs / CLAIMERS / 4, `one claimer got ${fewest} of ${jobs}`);
    return { ms, fewest, most };
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}
