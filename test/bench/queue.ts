/**
 * What the queue can do: durable enqueues, and claims with their completion, per second; the same with the jobs of fifty partners; and what claims feel of a purge.
 *
 *   node dist/test/bench/queue.js [--seconds 2] [--dir <folder on the disk to measure>] [--json]
 *
 * Every counted job was flushed to the disk. CPU is that of the whole process, in percent of one core and per job; pause is the event loop's longest wait
 * (99th percentile), which the front's other requests feel; step is how long one took, in the middle and at the 99th percentile. Figures depend on the disk's flush time, which `1 at a time` shows nearly alone.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { JobResult } from '../../src/job.js';
import { openStore } from '../../src/store/open.js';
import type { JobStore, NewJob } from '../../src/store/store.js';

interface Figures {
  readonly what: string;
  readonly jobs: number;
  readonly perSecond: number;
  readonly cpuPercent: number;
  readonly cpuMicrosecondsPerJob: number;
  readonly pauseMs: number;
  readonly stepMs: number;
  readonly stepMs99: number;
}

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);

const job: NewJob = {
  partner: 'bench',
  callbackUrl: 'https://partner.example/told',
  request: {
    template: { id: 'birthday', version: 'a'.repeat(64) },
    cast: { singer: 'cat', guest: 'dog' },
    words: { hello: '생일 축하해! 🎂', middle: 'Many happy returns of the day', bye: '사랑해 ❤️' },
  },
};
const video = { width: 1280, height: 720, frames: 300, duration: 10, bytes: 812_345, mediaType: 'video/mp4' } as const;
const result: JobResult = {
  outputs: ['large', 'medium', 'small'].map((rendition) => ({ rendition, file: `${rendition}.mp4`, ...video })),
  stages: { fill: 1.2, draw: 8.4, encode: 2100.5, verify: 40, publish: 3 },
};

/** Repeats `step`, which answers how many jobs it did (0: none is left), in `concurrency` loops until the time is over. */
async function measure(what: string, concurrency: number, step: () => Promise<number>): Promise<Figures> {
  const loop = monitorEventLoopDelay({ resolution: 2 });
  loop.enable();
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const end = start + seconds * 1000;
  let jobs = 0;
  const took: number[] = [];
  const run = async () => {
    while (performance.now() < end) {
      const begun = performance.now();
      const done = await step();
      took.push(performance.now() - begun);
      if (done === 0) return;
      jobs += done;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, run));
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  loop.disable();
  return {
    what,
    jobs,
    perSecond: Math.round((jobs / elapsedMs) * 1000),
    cpuPercent: Math.round((user + system) / elapsedMs / 10),
    cpuMicrosecondsPerJob: Math.round((user + system) / jobs),
    pauseMs: Math.round(loop.percentile(99) / 1e5) / 10,
    stepMs: percentile(took, 0.5),
    stepMs99: percentile(took, 0.99),
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
}

const claimAndComplete = (limit: number) => async () => {
  const jobs = await store.claim({ server: 'bench', limit, leaseMs: 60_000 });
  await Promise.all(jobs.map((lease) => store.complete(lease, result)));
  return jobs.length;
};

/** Purges what is rendered, a batch after each pause, until it is told to end. */
async function purging(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const found = await store.purgeable({ state: 'rendered', olderThanMs: 0, limit: 200 });
    await store.purge(found.map(({ id }) => id));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** CPU of a process that watches while nothing happens, in percent of one core. */
async function idle(store: JobStore): Promise<number> {
  const end = store.watch(() => {});
  const cpu = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const { user, system } = process.cpuUsage(cpu);
  end();
  return Math.round((user + system) / seconds / 100) / 100;
}

const folder = await mkdtemp(join(options.dir, 'storyfarm-bench-'));
const store = await openStore(`sqlite:${join(folder, 'jobs.db')}`);
const rows: Figures[] = [];
let idleCpuPercent = 0;
try {
  for (const concurrency of [1, 20, 100]) {
    const enqueue = async () => ((await store.enqueue(job)).created ? 1 : 0);
    rows.push(await measure(`enqueue, ${concurrency} at a time`, concurrency, enqueue));
  }
  for (const [slots, limit] of [
    [1, 1],
    [4, 1],
    [1, 8],
  ] as const) {
    rows.push(await measure(`claim ${limit} and complete, ${slots} at a time`, slots, claimAndComplete(limit)));
  }
  // The fifty are served by turns, and the one of the rows above with them.
  await Promise.all(Array.from({ length: 5000 }, (_, n) => store.enqueue({ ...job, partner: `partner ${n % 50}` })));
  rows.push(await measure('claim 8 and complete, 50 partners', 1, claimAndComplete(8)));
  const over = new AbortController();
  const purge = purging(over.signal);
  rows.push(await measure('the same while others are purged', 1, claimAndComplete(8)));
  over.abort();
  await purge;
  idleCpuPercent = await idle(store);
} finally {
  await store.close();
  await rm(folder, { recursive: true, force: true });
}

if (options.json) console.log(JSON.stringify({ rows, idleCpuPercent }, null, 2));
else {
  console.table(Object.fromEntries(rows.map(({ what, ...figures }) => [what, figures])));
  console.log(`Watching while nothing happens: ${idleCpuPercent} % of one core.`);
}
