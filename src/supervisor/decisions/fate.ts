/**
 * What becomes of a job when its attempt has ended, and which entry of its history says so. Pure.
 *
 * A failure that the renderer tells is counted as an attempt; the death of a renderer is counted as a crash, against the job and not against the seat, so
 * that a job which kills renderers is set aside whoever gets it, and its neighbours are not. An interrupted attempt is not counted at all.
 *
 * Nor is one that somebody else ended. A renderer that ends by a fault (SIGSEGV, an exit code) or had to be killed for what it did is evidence against its job. SIGKILL is not so clear: the
 * job may be behind it, and so may anybody. It counts while this job is the only one to suffer; when renderers without a job, or those of several others, go the same way, there is
 * somebody who kills (killer.ts), and the job is excused. Not for ever: a job that was claimed so often and never came to its end is suspected whoever else is there.
 */

import { type Failure, failure } from '../../errors.js';
import type { Job, JobResult } from '../../job.js';
import type { FailOptions } from '../../store/store.js';
import { retryDelay } from './backoff.js';

export interface FateLimits {
  /** Counted failures after which a job is dead. */
  readonly maxAttempts: number;
  /** Renderers a job may end before it is set aside as poison. */
  readonly maxCrashes: number;
}

export type Fate =
  | { readonly event: 'rendered'; readonly result: JobResult }
  | { readonly event: 'released' }
  | { readonly event: 'retried' | 'dead'; readonly options: FailOptions };

const ROOM: readonly string[] = ['no_space', 'storage_failed', 'bucket_failed'];
const wantsRoom = (code: string) => ROOM.includes(code);

/** Claims after which a job is excused no more. */
export const MOST_CLAIMS = 100;

/**
 * The renderer told that it failed. A disk that is full or cannot be written, or a bucket that takes nothing, says nothing about the job: it is given back. `isExcused`: what failed was ended by somebody
 * who ends others, too.
 */
export function fateOfFailure(
  job: Pick<Job, 'attempt' | 'fence'>,
  told: Failure,
  limits: FateLimits,
  random: number,
  isExcused = false,
): Fate {
  if (wantsRoom(told.code)) return { event: 'released' };
  if (isExcused && job.fence < MOST_CLAIMS) return { event: 'released' };
  const retryInMs = retryDelay(told, job.attempt, limits.maxAttempts, random);
  return {
    event: retryInMs === null ? 'dead' : 'retried',
    options: { failure: told, retryInMs, counts: 'attempt' },
  };
}

/** Its renderer died. It is tried again at once, until it has ended too many. `isExcused`: by somebody who ends others, too. */
export function fateOfCrash(
  job: Pick<Job, 'crashes' | 'fence'>,
  cause: Failure,
  limits: FateLimits,
  isExcused = false,
): Fate {
  if (isExcused && job.fence < MOST_CLAIMS) return { event: 'released' };
  const crashes = job.crashes + 1;
  if (crashes < limits.maxCrashes) {
    return { event: 'retried', options: { failure: cause, retryInMs: 0, counts: 'crash' } };
  }
  const poison = failure('poison', `The job ended ${crashes} renderers, the last with ${cause.code}: ${cause.message}`);
  return { event: 'dead', options: { failure: poison, retryInMs: null, counts: 'crash' } };
}
