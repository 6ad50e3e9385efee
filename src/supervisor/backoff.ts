/** How long to wait before trying again. Pure: chance comes in as `random`, a number in [0, 1). */

import type { Failure } from '../errors.js';

/** A delay spread over its upper half, so that many who wait do not wake together. */
const jittered = (ms: number, random: number) => ms / 2 + (ms / 2) * random;

/**
 * Milliseconds until a seat gets another renderer after `deaths` deaths in a row without a finished job between. A renderer that booted and then crashed is
 * replaced at once the first time; one that cannot even boot waits 0.5 s to 30 s.
 */
export function restartDelay(deaths: number, booted: boolean, random: number): number {
  if (booted) return deaths <= 1 ? 0 : jittered(Math.min(5_000, 50 * 2 ** (deaths - 2)), random);
  return jittered(Math.min(30_000, 500 * 2 ** (deaths - 1)), random);
}

/**
 * Milliseconds until a failed job is tried again, or null when it is not: it cannot be retried, or this was its last attempt. `attempt` counts the failures
 * before this one.
 */
export function retryDelay(failure: Pick<Failure, 'retryable'>, attempt: number, maxAttempts: number, random: number): number | null {
  if (!failure.retryable || attempt + 1 >= maxAttempts) return null;
  return jittered(Math.min(300_000, 2_000 * 4 ** attempt), random);
}
