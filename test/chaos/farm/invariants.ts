/**
 * What must be true after every fault, in one assertion: no accepted job lost, none finished twice, exactly the published files of rendered jobs and each of them whole, no process left,
 * nothing unfinished on the disk after a sweep, and no counter that fell. That all slots are back is seen before the farm ends (Farm.end).
 */

import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sweepWorkFolders } from '../../../src/cli/work-folder.js';
import { FINISHED_STATES, type HistoryEntry, isFinished, type Job } from '../../../src/job.js';
import { sweepParts } from '../../../src/media/prepare/exclusive.js';
import type { JobStore } from '../../../src/store/store.js';
import { assertMonotonic } from './counters.js';
import { assertGone } from './gone.js';
import { assertWhole, type TemplateOf } from './whole.js';

export interface Aftermath {
  readonly store: Pick<JobStore, 'get' | 'history' | 'counts'>;
  readonly dataFolder: string;
  /** Every accepted job. */
  readonly ids: readonly string[];
  /** Every process that was started, directly or not. Each may have led a group. */
  readonly pids: readonly number[];
  /** Where the files are real: by which template each was to be made. */
  readonly templateOf?: TemplateOf | undefined;
  /** What the farm showed at /metrics, in the order of the looks; all of one process. */
  readonly scrapes?: readonly string[] | undefined;
}

/** Asserts all of it; answers the jobs as they ended. */
export async function assertInvariants(aftermath: Aftermath): Promise<Job[]> {
  const { store, dataFolder, ids, pids, templateOf, scrapes = [] } = aftermath;
  const jobs: Job[] = [];
  for (const id of ids) {
    const job = await store.get(id);
    assert.ok(job, `job ${id} was lost`);
    assertHistory(job, await store.history(id));
    await assertFiles(job, dataFolder);
    jobs.push(job);
  }
  const { byState } = await store.counts();
  const stored = Object.values(byState).reduce((sum, count) => sum + count, 0);
  assert.equal(stored, ids.length, 'there are as many jobs as were accepted');
  const unknown = (await entries(join(dataFolder, 'jobs'))).filter((id) => !ids.includes(id) && id !== '.storyfarm');
  assert.deepEqual(unknown, [], 'no files of unknown jobs');
  await assertGone(pids);
  if (templateOf) await assertWhole(jobs, templateOf, dataFolder);
  await assertSwept(dataFolder);
  assertMonotonic(scrapes);
  return jobs;
}

const ENDS: readonly HistoryEntry['event'][] = ['rendered', 'dead', 'cancelled'];
const RETURNS: readonly HistoryEntry['event'][] = ['released', 'rescued', 'retried'];

function assertHistory(job: Job, history: readonly HistoryEntry[]): void {
  const events = history.map(({ event }) => event);
  const told = `job ${job.id}: ${events.join(' ')}`;
  assert.equal(events[0], 'enqueued', told);
  assert.notEqual(job.state, 'rendering', `${told} (nobody renders any more)`);
  const ends = events.filter((event) => ENDS.includes(event));
  assert.equal(ends.length, isFinished(job.state) ? 1 : 0, `${told} (ends once when ${FINISHED_STATES.join(', ')})`);
  const fences = history.filter(({ event }) => event === 'claimed').map(({ fence }) => fence);
  assert.ok(
    fences.every((fence, index) => index === 0 || fence > (fences[index - 1] ?? 0)),
    `${told} (its fence grows with each claim)`,
  );
  events.forEach((event, index) => {
    if (event === 'claimed' && index < events.length - 1) {
      assert.ok(
        [...ENDS, ...RETURNS].includes(events[index + 1] as HistoryEntry['event']),
        `${told} (one claim, one outcome)`,
      );
    }
  });
}

/** A rendered job has the files of the attempt that finished it, and no others; any other job has none. */
async function assertFiles(job: Job, dataFolder: string): Promise<void> {
  const folder = join(dataFolder, 'jobs', job.id);
  const found = await entries(folder);
  const rendered = job.state === 'rendered' || job.state === 'delivered';
  assert.deepEqual(found, rendered ? [`${job.fence}`] : [], `the folders of job ${job.id}, which is ${job.state}`);
  if (!rendered) return;
  const files = (await entries(join(folder, `${job.fence}`))).map((name) => `${job.fence}/${name}`);
  const outputs = job.result?.outputs ?? [];
  assert.deepEqual(files.sort(), outputs.map(({ file }) => file).sort(), `the files of job ${job.id}`);
  for (const { file, bytes } of outputs)
    assert.equal((await stat(join(folder, file))).size, bytes, `${job.id}/${file}`);
}

const UNFINISHED = /\.part(\/|$)|(^|\/)\.(owner|try-[^/]*)$/;

/** A sweep, of what processes leave in the midst of preparing, and then nothing of anybody is unfinished; nor does an outcome wait to be written. */
async function assertSwept(dataFolder: string): Promise<void> {
  await sweepParts(join(dataFolder, 'editions'), 3);
  await sweepWorkFolders(dataFolder, Date.now());
  const left = await readdir(dataFolder, { recursive: true }).catch(() => []);
  assert.deepEqual(
    left.filter((path) => UNFINISHED.test(path) || path === 'outcomes.journal'),
    [],
    'nothing unfinished is left',
  );
}

const entries = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
