/**
 * Waiting for a store that is away when a service starts.
 *
 * Problem: after a power cut everything starts at once, and the database last. A service that ended for that would be started again and again, and whoever asks how it is would find nobody there.
 *
 * How: it listens, says at /readyz that the store does not answer, and asks until it does. What waiting cannot mend (a login that is refused, tables of another version, damage) ends it as ever.
 */

import type { Clock } from '../clock.js';
import { asStoryfarmError, type ErrorCode } from '../errors.js';
import type { Log } from '../log.js';
import { nextPause, type Pace } from '../store/pace.js';

export interface Waiting {
  /** What the log says of who waits, and for what. */
  readonly about: Readonly<Record<string, unknown>>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  readonly random?: () => number;
}

export interface Done<T> {
  readonly value: T;
}

/** What a store that is away rejects with. */
export const MENDS: readonly ErrorCode[] = ['store_busy', 'outcome_unknown'];
/** Milliseconds between two tries, each of which has waited for its deadline. */
const PACE: Pace = { quickest: 250, slowest: 1_000 };

/**
 * Does the work, again and again while it fails for a store that is away, and keeps the process alive meanwhile. Answers what came of it; undefined once the signal has come. Rejects with what waiting cannot
 * mend.
 */
export async function whenStoreAnswers<T>(work: () => Promise<T>, waiting: Waiting): Promise<Done<T> | undefined> {
  const presence = setInterval(() => {}, 2 ** 30);
  try {
    return await patiently(work, waiting);
  } finally {
    clearInterval(presence);
  }
}

async function patiently<T>(
  work: () => Promise<T>,
  { about, clock, log, signal, random = Math.random }: Waiting,
): Promise<Done<T> | undefined> {
  const since = clock.monotonic();
  let pause = 0;
  for (let tries = 1; !signal.aborted; tries++) {
    try {
      const value = await work();
      if (tries > 1) log.info({ ...about, waitedMs: Math.round(clock.monotonic() - since) }, 'the store answers');
      return { value };
    } catch (thrown) {
      const { code, message, hint } = asStoryfarmError(thrown);
      if (!MENDS.includes(code)) throw thrown;
      // It may take hours.
      if (Number.isInteger(Math.log2(tries)))
        log.warn({ ...about, code, detail: message, hint, tries }, 'the store does not answer: waiting for it');
    }
    const next = nextPause(PACE, pause, tries === 1, random());
    pause = next.pause;
    await resting(next.wait, clock, signal);
  }
  return undefined;
}

function resting(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
