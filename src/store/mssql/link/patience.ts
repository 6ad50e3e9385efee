/**
 * Sends texts until they are answered, or the call's deadline is over.
 *
 * A deadlock and a lock that is not given in time are tried again at once, after a random pause, a few times. A server that is away is tried until the deadline. When a text was sent and
 * no answer came, nobody knows what became of it: it is sent again with @resent set, and finds under the store's lock, by (id, fence), id or ticket, what it did the first time
 * (texts/frame.ts). So nothing is done twice, and the caller is told `internal` only when the store did not come back in time.
 *
 * The driver's pool may keep connections that lead nowhere; after a few failures in a row, all of them are given up.
 */

import type { StoryfarmError } from '../../../errors.js';
import type { Retried } from '../../store.js';
import { asStoreError, type Fault, faultOf } from './faults.js';
import type { Answer, Link, Values } from './pool.js';

/** Tries of a text that the server rolls back. */
const MOST_TRIES = 6;
/** Failures of connections in a row, over all texts, after which the pool is rebuilt. */
const FAILURES_TO_REBUILD = 3;

export interface PatienceTools {
  readonly link: Link;
  /** The store's name. */
  readonly name: string;
  /** Milliseconds that a call may take. */
  readonly deadlineMs: number;
  readonly retried?: ((why: Retried) => void) | undefined;
  /** Milliseconds that one try may take; half of the deadline, so that one connection that leads nowhere leaves time for another. */
  readonly tryMs?: number;
  readonly random?: () => number;
  /** Resolves after so many milliseconds. */
  readonly pause?: (ms: number) => Promise<void>;
}

/** Milliseconds before try number `next` (1 is the first repetition): 10 to 20, doubling to 0.5 to 1 s. */
export const pauseBefore = (next: number, random: number): number => {
  const longest = Math.min(1_000, 20 * 2 ** (next - 1));
  return longest / 2 + (longest / 2) * random;
};

/** Whether a text is sent again after `tries` of them. */
export const isTriedAgain = (fault: Fault, tries: number): fault is Exclude<Retried, 'rebuilt'> & Fault =>
  fault === 'away' || fault === 'unknown' || ((fault === 'deadlock' || fault === 'lock_timeout') && tries < MOST_TRIES);

export class Patience {
  readonly #tools: Required<Omit<PatienceTools, 'retried'>> & Pick<PatienceTools, 'retried'>;
  #failures = 0;
  #wasLetIn = false;

  constructor(tools: PatienceTools) {
    const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    this.#tools = { random: Math.random, pause, tryMs: tools.deadlineMs / 2, ...tools };
  }

  /** Sends the text; with `isWrite` it is given @resent. Rejects with a StoryfarmError. */
  async send(text: string, values: Values, isWrite: boolean): Promise<Answer> {
    const { link, name, deadlineMs, tryMs, random, pause } = this.#tools;
    const start = performance.now();
    const left = () => deadlineMs - (performance.now() - start);
    let unknown: StoryfarmError | undefined;
    for (let tries = 1; ; tries++) {
      try {
        const timeoutMs = Math.min(left(), tryMs);
        const answer = await link.send(
          text,
          isWrite ? { ...values, resent: unknown !== undefined } : values,
          timeoutMs,
        );
        this.#failures = 0;
        this.#wasLetIn = true;
        return answer;
      } catch (thrown) {
        const fault = this.#faultOf(thrown);
        const error = asStoreError(thrown, isWrite || fault !== 'unknown' ? fault : 'away', name);
        if (isWrite && fault === 'unknown') unknown = error;
        this.#note(fault);
        const wait = pauseBefore(tries, random());
        if (!isTriedAgain(fault, tries) || left() <= wait) throw unknown ?? error;
        this.#tools.retried?.(fault);
        await pause(wait);
      }
    }
  }

  /** Whoever was let in before is refused by a server that is starting and has not opened its databases yet. */
  #faultOf(thrown: unknown): Fault {
    const fault = faultOf(thrown);
    return fault === 'refused' && this.#wasLetIn ? 'away' : fault;
  }

  #note(fault: Fault): void {
    if (fault !== 'away' && fault !== 'unknown') {
      this.#failures = 0;
      return;
    }
    this.#failures++;
    if (this.#failures % FAILURES_TO_REBUILD !== 0) return;
    this.#tools.link.rebuild();
    this.#tools.retried?.('rebuilt');
  }
}
