/**
 * What the store does alone: durable enqueues, and claims with their completion, per second. Rates are the median of the rounds and the best of them; CPU is that of the
 * whole process per job; pause is the event loop's longest wait (99th percentile), which the front's other requests feel.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { JobResult } from '../../../src/job.js';
import type { JobStore } from '../../../src/store/store.js';
import { quantile } from '../render/figures.js';
import { type Figure, microseconds, milliseconds, perSecond, type Scale } from './figures.js';
import { JOB, stock, withStore } from './ground.js';

const video = { width: 1280, height: 720, frames: 300, duration: 10, bytes: 812_345, mediaType: 'video/mp4' } as const;
export const RESULT: JobResult = {
  outputs: ['large', 'medium', 'small'].map((rendition) => ({ rendition, file: `${rendition}.mp4`, ...video })),
  stages: { fill: 1.2, draw: 8.4, encode: 2100.5, verify: 40, publish: 3 },
};

interface Round {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  readonly pauseMs: number;
}

/** Repeats `step`, which answers how many jobs it did (0: none is left), in so many loops until the time is over. */
async function round(loops: number, seconds: number, step: () => Promise<number>): Promise<Round> {
  const delay = monitorEventLoopDelay({ resolution: 2 });
  delay.enable();
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const end = start + seconds * 1000;
  let jobs = 0;
  const run = async () => {
    while (performance.now() < end) {
      const done = await step();
      if (done === 0) return;
      jobs += done;
    }
  };
  await Promise.all(Array.from({ length: loops }, run));
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  return {
    perSecond: (jobs / elapsedMs) * 1000,
    cpuMicroseconds: (user + system) / jobs,
    pauseMs: delay.percentile(99) / 1e6,
  };
}

interface Way {
  readonly variant: string;
  readonly text: string;
  readonly loops: number;
  readonly step: (store: JobStore) => Promise<number>;
  readonly must?: number;
}

const enqueue = async (store: JobStore) => ((await store.enqueue(JOB)).created ? 1 : 0);

const finish = (limit: number) => async (store: JobStore) => {
  const jobs = await store.claim({ server: 'bench', limit, leaseMs: 60_000 });
  await Promise.all(jobs.map((lease) => store.complete(lease, RESULT)));
  return jobs.length;
};

const ENQUEUES: readonly Way[] = [1, 20, 100].map((loops) => ({
  variant: `enqueue_${loops}_at_a_time`,
  text: `enqueue, ${loops} at a time`,
  loops,
  step: enqueue,
  ...(loops === 1 ? {} : { must: 4_000 }),
}));
const FINISHES: readonly Way[] = [
  { variant: 'claim_1_and_complete', text: 'claim 1 and complete', loops: 1, step: finish(1) },
  { variant: 'claim_8_and_complete', text: 'claim 8 and complete', loops: 1, step: finish(8) },
];
/** More than a round can finish. */
const ENOUGH = 3_000;

export async function measureStore(scale: Scale, dir: string): Promise<Figure[]> {
  const enqueues = await measureWays(ENQUEUES, scale, dir, async () => {});
  const finishes = await measureWays(FINISHES, scale, dir, (store) => stock(store, ENOUGH * scale.seconds, 50));
  return [...enqueues, ...finishes];
}

/** In turn, round after round, so that a bad minute of the machine is shared. */
async function measureWays(
  ways: readonly Way[],
  { rounds, seconds }: Scale,
  dir: string,
  prepare: (store: JobStore) => Promise<void>,
): Promise<Figure[]> {
  const measured = ways.map((): Round[] => []);
  for (let number = 0; number < rounds; number++) {
    for (const [at, { loops, step }] of ways.entries()) {
      await withStore(dir, async (store) => {
        await prepare(store);
        measured[at]?.push(await round(loops, seconds, () => step(store)));
      });
    }
  }
  return ways.flatMap((way, at) => figuresOf(way, measured[at] ?? []));
}

function figuresOf({ variant, text, must }: Way, rounds: readonly Round[]): Figure[] {
  const middle = (of: (round: Round) => number) => quantile(rounds.map(of), 0.5);
  return [
    {
      ...{ name: `jobs_per_second__${variant}`, text, value: middle((round) => round.perSecond), show: perSecond },
      ...(must === undefined ? {} : { must }),
    },
    {
      ...{ name: `jobs_per_second_best__${variant}`, text: `${text}, best round`, show: perSecond },
      value: quantile(
        rounds.map((round) => round.perSecond),
        1,
      ),
    },
    {
      ...{ name: `cpu_microseconds__${variant}`, text: `${text}: CPU of a job`, show: microseconds },
      value: middle(({ cpuMicroseconds }) => cpuMicroseconds),
    },
    {
      ...{ name: `event_loop_pause_p99_ms__${variant}`, text: `${text}: pause of the event loop, p99` },
      ...{ value: middle(({ pauseMs }) => pauseMs), show: milliseconds },
    },
  ];
}
