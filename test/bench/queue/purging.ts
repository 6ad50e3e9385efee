/**
 * What claims feel while old jobs are purged in the same process, as a farm does it: how long a claim takes, in turn without and with retention at work, round after
 * round on one store with the jobs of fifty partners.
 */

import { retain } from '../../../src/store/retention.js';
import type { JobStore } from '../../../src/store/store.js';
import { RESULT } from './enqueueing.js';
import { type Figure, perSecond, type Scale, spread, times } from './figures.js';
import { stock, withStore } from './ground.js';

const PARTNERS = 50;
/** What a round works at and what retention finds in it, for each second; and how often a farm with eight slots claims. */
const QUEUED = 2_000;
const FINISHED = 4_000;
const CLAIM = { server: 'bench', limit: 8, leaseMs: 60_000 };

export async function measurePurging({ rounds, seconds }: Scale, dir: string): Promise<Figure[]> {
  const calm: number[] = [];
  const busy: number[] = [];
  let [purged, purgingMs] = [0, 0];
  for (let number = 0; number < rounds * 2; number++) {
    const isCalm = number % 2 === 0;
    await withStore(dir, async (store) => {
      await stock(store, Math.ceil(FINISHED * seconds), PARTNERS);
      await finishAll(store);
      await stock(store, Math.ceil(QUEUED * seconds), PARTNERS);
      const over = new AbortController();
      const start = performance.now();
      const purge = isCalm ? undefined : purging(store, over.signal);
      await claiming(store, seconds, isCalm ? calm : busy);
      over.abort();
      purged += (await purge) ?? 0;
      if (!isCalm) purgingMs += performance.now() - start;
    });
  }
  const [one, other] = [
    spread(['claim', 'calm'], 'claim of 8, nothing purged', calm),
    spread(['claim', 'purging'], 'claim of 8, others purged', busy),
  ];
  const p99 = (figures: readonly Figure[]) => figures[1]?.value ?? Number.NaN;
  return [
    ...one,
    ...other,
    {
      ...{ name: 'claim_p99_ratio__purging_vs_calm', text: 'claim, p99, others purged against nothing purged' },
      ...{ value: p99(other) / p99(one), show: times, must: 1.25, most: true },
    },
    {
      ...{ name: 'purged_per_second__beside_claims', text: 'jobs purged meanwhile' },
      ...{ value: (purged / purgingMs) * 1000, show: perSecond },
    },
  ];
}

async function finishAll(store: JobStore): Promise<void> {
  for (;;) {
    const jobs = await store.claim({ ...CLAIM, limit: 200 });
    if (jobs.length === 0) return;
    await Promise.all(jobs.map((lease) => store.complete(lease, RESULT)));
  }
}

/** Claims and completes until the time is over or nothing is left, and notes how long each claim took. */
async function claiming(store: JobStore, seconds: number, took: number[]): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    const jobs = await store.claim(CLAIM);
    took.push(performance.now() - start);
    if (jobs.length === 0) return;
    await Promise.all(jobs.map((lease) => store.complete(lease, RESULT)));
  }
}

/** Answers how many are gone when it is told to end. */
async function purging(store: JobStore, signal: AbortSignal): Promise<number> {
  const ages = { jobsMs: 0, failedMs: 0, wordsMs: 1e12 };
  const { jobs } = await retain(ages, { store, deleteFiles: async (found) => found.map(({ id }) => id), signal });
  return jobs;
}
