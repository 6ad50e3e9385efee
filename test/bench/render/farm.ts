/**
 * The figures that people feel, through `storyfarm up` and its HTTP API: how long a request takes on a farm with nothing else to do, and how many jobs it
 * finishes in a minute when there is always another.
 */

import { followJob, sendJob } from '../../../src/cli/follow.js';
import type { JobDocument } from '../../../src/front/documents.js';
import type { Words } from '../../../src/job.js';
import { Service } from '../../cli/storyfarm.js';
import { cpuOfTree, settleDisk } from './cost.js';
import { median } from './figures.js';

export interface FarmFigures {
  /** Milliseconds from sending a request to the moment at which the queue has noted its files as published. */
  readonly publishedMs: readonly number[];
  /** The same, until whoever follows the job's events has been told and has its addresses. */
  readonly toldMs: readonly number[];
  readonly jobsPerMinute: number;
  /** Of front, supervisor and renderers, per job of the busy minute. */
  readonly cpuSecondsPerJob: number;
  /** How many jobs the busy part had. */
  readonly busyJobs: number;
}

export interface FarmLoad {
  readonly template: string;
  readonly words: () => Words;
  readonly dataFolder: string;
  readonly templateFolders: readonly string[];
  readonly ffmpegPath: string;
  readonly slots: number;
  /** Requests on the idle farm. */
  readonly requests: number;
  /** Bounds of the busy part. */
  readonly mostJobs: number;
  readonly mostSeconds: number;
}

export async function measureFarm(load: FarmLoad): Promise<FarmFigures> {
  const { template, words, slots, mostJobs, mostSeconds } = load;
  const folders = load.templateFolders.flatMap((folder) => ['--template-folders', folder]);
  const places = ['--data-folder', load.dataFolder, ...folders];
  const options = [...places, '--slots', `${slots}`];
  let end = async () => {};
  const test = {
    after: (clean: () => Promise<void>) => {
      end = clean;
    },
  };
  const farm = await Service.start(test, ['up', '--port', '0', ...options], {
    cwd: load.dataFolder,
    env: { STORYFARM_FFMPEG_PATH: load.ffmpegPath },
  });
  try {
    const { url } = farm;
    const send = (said: Words) => sendJob(url, { template, words: said });
    const finish = async (sent: JobDocument) => {
      const job = await followJob(url, sent, () => {});
      if (job.state !== 'rendered') throw new Error(`A job ended as ${job.state}: ${job.failure?.code}`);
      return job;
    };
    const finishedAt = (job: JobDocument) => Date.parse(job.finishedAt ?? '');
    // Every renderer has had a job or two when it counts, as on any day but the first minute of it.
    await Promise.all(Array.from({ length: slots * 2 }, async () => finish(await send(words()))));

    settleDisk();
    const publishedMs: number[] = [];
    const toldMs: number[] = [];
    const until = performance.now() + mostSeconds * 1000;
    while (toldMs.length < load.requests && (toldMs.length === 0 || performance.now() < until)) {
      const said = words();
      const [date, start] = [Date.now(), performance.now()];
      const job = await finish(await send(said));
      toldMs.push(performance.now() - start);
      publishedMs.push(finishedAt(job) - date);
    }

    const fitting = slots * Math.round((mostSeconds * 1000) / median(toldMs));
    const busyJobs = Math.max(2 * slots, Math.min(mostJobs, fitting));
    const sayings = Array.from({ length: busyJobs }, words);
    const [cpu, start] = [cpuOfTree(farm.child.pid ?? 0), Date.now()];
    const sent: JobDocument[] = [];
    for (const said of sayings) sent.push(await send(said));
    // One after the other, or their streams would be a load of their own; most are finished when it is their turn.
    const jobs: JobDocument[] = [];
    for (const job of sent) jobs.push(await finish(job));
    const cpuSecondsPerJob = (cpuOfTree(farm.child.pid ?? 0) - cpu) / busyJobs;
    const jobsPerMinute = (busyJobs * 60_000) / (Math.max(...jobs.map(finishedAt)) - start);
    return { publishedMs, toldMs, jobsPerMinute, cpuSecondsPerJob, busyJobs };
  } finally {
    await end();
  }
}
