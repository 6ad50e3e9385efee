/** One round: so many jobs are recorded, farms are started, and the time is taken from when all of them are at work until the last job is completed. */

import { openStore } from '../../../src/store/open.js';
import { cpuOf } from '../queue/cost.js';
import { freshFolder, Program, remove, stock } from '../queue/ground.js';
import type { Told } from '../queue/program.js';
import { median } from '../render/figures.js';

export interface Plan {
  readonly farms: number;
  readonly slots: number;
  readonly jobs: number;
  /** Where the farms' folders are. */
  readonly dir: string;
}

export interface Round {
  readonly enqueuedPerSecond: number;
  readonly jobsPerSecond: number;
  /** Of the farms' processes, without their renderers. */
  readonly cpuMicroseconds: number;
  readonly claimMs: number;
  readonly completeMs: number;
}

/** More than a few, so that turns are taken. */
const PARTNERS = 5;

export async function throughput(url: string, { farms, slots, jobs, dir }: Plan): Promise<Round> {
  const store = await openStore(url, { busyDeadlineMs: 60_000 });
  const programs: Program[] = [];
  const folders: string[] = [];
  try {
    const enqueueing = performance.now();
    await stock(store, jobs, PARTNERS);
    const enqueuedPerSecond = (jobs / (performance.now() - enqueueing)) * 1000;
    for (let number = 1; number <= farms; number++) {
      const dataFolder = freshFolder(dir);
      folders.push(dataFolder);
      const options = { server: `bench-${number}`, slots, maxJobs: 1_000_000 };
      programs.push(new Program({ dataFolder, store: url, renderer: 'weightless', options, isTimed: true }));
    }
    await Promise.all(programs.map((program) => program.until((told) => renderedIn(told).length > 0)));
    const cpu = programs.map(({ pid }) => cpuOf(pid));
    const finished = async () => (await store.counts()).byState.rendered;
    const [start, before] = [performance.now(), await finished()];
    let [end, done] = [start, before];
    while (done < jobs) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      [done, end] = [await finished(), performance.now()];
    }
    const spent = programs.reduce((sum, { pid }, at) => sum + cpuOf(pid) - (cpu[at] ?? 0), 0);
    const times = await Promise.all(programs.map((program) => program.times()));
    return {
      enqueuedPerSecond,
      jobsPerSecond: ((jobs - before) / (end - start)) * 1000,
      cpuMicroseconds: (spent / (jobs - before)) * 1e6,
      claimMs: median(times.flatMap(({ claim }) => claim)),
      completeMs: median(times.flatMap(({ complete }) => complete)),
    };
  } finally {
    await Promise.all(programs.map((program) => program.kill()));
    await forgetAll(store);
    await store.close();
    for (const folder of folders) remove(folder);
  }
}

const renderedIn = (told: readonly Told[]) => told.filter(({ kind }) => kind === 'rendered');

/** The next round begins with an empty store. */
async function forgetAll(store: Awaited<ReturnType<typeof openStore>>): Promise<void> {
  for (;;) {
    const jobs = await store.purgeable({ state: 'rendered', olderThanMs: 0, limit: 1000 });
    if (jobs.length === 0) return;
    await store.purge(jobs.map(({ id }) => id));
  }
}
