/** How long to wait before trying again. Pure: chance comes in as `random`, a number in [0, 1). */

import type { Failure } from '../../errors.js';

/** A delay spread over its upper half, so that many who wait do not wake together. */
const jittered = (ms: number, random: number) => ms / 2 + (ms / 2) * random;

/** Longest delays before a restart: of a renderer that died by itself, and of one that somebody else killed. */
const MOST_MS = 5_000;
const MOST_STRUCK_MS = 500;

/**
 * Milliseconds until a seat gets another renderer after `deaths` deaths in a row without a finished job between: at once the first time, then 50 ms to 5 s; to 0.5 s when
 * the last was `struck` by somebody else, since waiting mends programs that crash, and not who kills them. These renderers had booted, or were struck while they did; for
 * those that cannot boot, see afterBootFailure.
 */
export function restartDelay(deaths: number, random: number, isStruck = false): number {
  return deaths <= 1 ? 0 : jittered(Math.min(isStruck ? MOST_STRUCK_MS : MOST_MS, 50 * 2 ** (deaths - 2)), random);
}

/** How the last boots went, over the whole farm: what keeps one renderer from booting keeps all. */
export interface Boots {
  /** Failures in a row, those at about the same time counted as one. */
  readonly failures: number;
  /** No renderer is started before this monotonic instant. */
  readonly notBefore: number;
}

export const BOOTS_WELL: Boots = { failures: 0, notBefore: 0 };

/** Opens the breaker, or keeps it open for longer: 0.5 s after the first failure, up to 30 s. One success closes it (BOOTS_WELL). */
export function afterBootFailure({ failures, notBefore }: Boots, now: number, random: number): Boots {
  if (failures > 0 && now < notBefore) return { failures, notBefore };
  return { failures: failures + 1, notBefore: now + jittered(Math.min(30_000, 500 * 2 ** failures), random) };
}

/** Whether a renderer may be started now. After a failure one goes ahead, and the others wait for how it fares. */
export function mayBoot({ failures, notBefore }: Boots, now: number, booting: number): boolean {
  return now >= notBefore && (failures === 0 || booting === 0);
}

/**
 * Milliseconds until a failed job is tried again, or null when it is not: it cannot be retried, or this was its last attempt. `attempt` counts the failures
 * before this one.
 */
export function retryDelay(
  failure: Pick<Failure, 'retryable'>,
  attempt: number,
  maxAttempts: number,
  random: number,
): number | null {
  if (!failure.retryable || attempt + 1 >= maxAttempts) return null;
  return jittered(Math.min(300_000, 2_000 * 4 ** attempt), random);
}
