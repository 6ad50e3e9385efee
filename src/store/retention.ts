/**
 * Applies how long things are kept: words first, then whole jobs with their files, in small batches, so that claims and completions go on in between.
 *
 * A job's files are deleted before its row. Killed in between, it leaves rows without files, which the next round finds again; the other order would leave files that
 * nothing points to, and that hold what somebody wrote. A job whose files cannot be deleted now is kept and tried again in the next round.
 *
 * It does not say when: the caller does, and calls again after a while.
 */

import type { FinishedState, JobStore, Purgeable } from './store.js';

/** Milliseconds since a job finished, after which it goes. */
export interface Ages {
  /** Of rendered and delivered jobs, with their files. */
  readonly jobsMs: number;
  /** Of dead and cancelled jobs. */
  readonly failedMs: number;
  /** Of the words of any finished job. */
  readonly wordsMs: number;
}

export interface RetentionTools {
  readonly store: Pick<JobStore, 'purgeable' | 'purge' | 'eraseWords'>;
  /** Deletes the files of these jobs, those that are already gone too, and answers the ids of the jobs that have none left. */
  readonly deleteFiles: (jobs: readonly Purgeable[]) => Promise<readonly string[]>;
  /** Whose files `deleteFiles` can reach; left out: everyone's. */
  readonly server?: string;
  /** Ends the round after the present batch. */
  readonly signal?: AbortSignal;
}

export interface Forgotten {
  readonly words: number;
  readonly jobs: number;
  /** Jobs whose files could not be deleted. */
  readonly kept: number;
}

/** Jobs a batch: some ten milliseconds of the store's time. */
const BATCH = 200;

/** One round: until nothing that is old enough is left, or can be deleted. Rejects as the store and `deleteFiles` do; what was done until then stays done. */
export async function retain(ages: Ages, tools: RetentionTools): Promise<Forgotten> {
  const words = await eraseWords(ages.wordsMs, tools);
  let [jobs, kept] = [0, 0];
  for (const state of ['rendered', 'delivered', 'dead', 'cancelled'] as const) {
    const olderThanMs = state === 'rendered' || state === 'delivered' ? ages.jobsMs : ages.failedMs;
    const round = await purge(state, olderThanMs, tools);
    jobs += round.jobs;
    kept += round.kept;
  }
  return { words, jobs, kept };
}

async function eraseWords(olderThanMs: number, { store, signal }: RetentionTools): Promise<number> {
  let words = 0;
  while (!signal?.aborted) {
    const erased = await store.eraseWords(olderThanMs, BATCH);
    words += erased;
    if (erased < BATCH) break;
  }
  return words;
}

async function purge(
  state: FinishedState,
  olderThanMs: number,
  { store, deleteFiles, server, signal }: RetentionTools,
): Promise<{ readonly jobs: number; readonly kept: number }> {
  let [jobs, kept] = [0, 0];
  while (!signal?.aborted) {
    // Those that were kept come again and first.
    const limit = BATCH + kept;
    const found = await store.purgeable({ state, olderThanMs, limit, ...(server === undefined ? {} : { server }) });
    if (found.length === 0) break;
    const gone = await deleteFiles(found);
    jobs += await store.purge(gone);
    kept = found.length - gone.length;
    if (gone.length === 0 || found.length < limit) break;
  }
  return { jobs, kept };
}
