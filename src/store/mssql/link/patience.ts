/**
 * Sends texts until they are answered, or the call's deadline is over.
 *
 * A deadlock and a lock that is not given in time are tried again at once, after a random pause, a few times. A server that is away is tried until the deadline, by one text for all that
 * wait (gate.ts). When a text was sent and no answer came, nobody knows what became of it: it is sent again with @resent set, and finds under the store's lock, by (id, fence), id or ticket,
 * what it did the first time (texts/frame.ts). So nothing is done twice, and the caller is told `outcome_unknown` only when the store did not come back in time.
 *
 * A try gets half of the deadline, so that a connection that leads nowhere leaves time for another. The driver's pool may keep more of them: so with the first failure all connections are given up.
 *
 * Those that are made then do lead somewhere. When a text is not answered over one of them it is the server that is slow about it, as one that has just been started may be. So for a while they are not given up, and a text is
 * not broken off, also when its caller's time is over: it would be begun anew, and as slowly, for ever.
 */

import { StoryfarmError } from '../../../errors.js';
import type { Retried } from '../../store.js';
import { asStoreError, type Fault, faultOf } from './faults.js';
import { Gate, pauseBefore } from './gate.js';
import type { Answer, Link, Values } from './pool.js';

/** Tries of a text that the server rolls back. */
const MOST_TRIES = 6;
/** For so many deadlines connections that were made after a failure are new: a text may take as long over them. */
const DEADLINES_NEW = 4;

export interface PatienceTools {
  readonly link: Link;
  /** The store's name. */
  readonly name: string;
  /** Milliseconds that a call may take. */
  readonly deadlineMs: number;
  readonly retried?: ((why: Retried) => void) | undefined;
  /** Milliseconds that one try may take; default half of the deadline. */
  readonly tryMs?: number;
  readonly random?: () => number;
  /** Resolves after so many milliseconds. */
  readonly pause?: (ms: number) => Promise<void>;
  /** Milliseconds, never falling. */
  readonly now?: () => number;
}

/** Whether a text is sent again after `tries` of them. */
export const isTriedAgain = (fault: Fault, tries: number): fault is Exclude<Retried, 'rebuilt'> & Fault =>
  isSilence(fault) || ((fault === 'deadlock' || fault === 'lock_timeout') && tries < MOST_TRIES);

/** Whether the server said nothing. */
const isSilence = (fault: Fault): fault is 'away' | 'unknown' => fault === 'away' || fault === 'unknown';

export class Patience {
  readonly #tools: Required<Omit<PatienceTools, 'retried'>> & Pick<PatienceTools, 'retried'>;
  readonly #gate: Gate;
  /** When all connections were given up last. */
  #rebuiltAt = Number.NEGATIVE_INFINITY;
  #wasLetIn = false;

  constructor(tools: PatienceTools) {
    const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    const now = () => performance.now();
    this.#tools = { random: Math.random, pause, now, tryMs: tools.deadlineMs / 2, ...tools };
    this.#gate = new Gate(this.#tools);
  }

  /** Sends the text; with `isWrite` it is given @resent, true from the beginning where `values` have it so. Rejects with a StoryfarmError, `deadlineMs` after the call at the latest; left out: that of all calls. */
  async send(
    text: string,
    values: Values,
    isWrite: boolean,
    deadlineMs: number = this.#tools.deadlineMs,
  ): Promise<Answer> {
    const { link, name, random, pause, now } = this.#tools;
    const start = now();
    const left = () => deadlineMs - (now() - start);
    let unknown: StoryfarmError | undefined;
    let last: StoryfarmError | undefined;
    for (let tries = 1; ; tries++) {
      const passage = await this.#gate.enter(left());
      if (!passage) throw unknown ?? last ?? untried(name);
      try {
        const given = isWrite ? { ...values, resent: unknown !== undefined || values.resent === true } : values;
        const answer = await within(left(), link.send(text, given, this.#tryMs(left())));
        this.#wasLetIn = true;
        passage.leave(true);
        return answer;
      } catch (thrown) {
        const fault = this.#faultOf(thrown);
        last = asStoreError(thrown, isWrite || fault !== 'unknown' ? fault : 'away', name);
        if (isWrite && fault === 'unknown') unknown = last;
        if (isSilence(fault)) this.#doubt();
        passage.leave(!isSilence(fault));
        const wait = isSilence(fault) ? 0 : pauseBefore(tries, random());
        if (!isTriedAgain(fault, tries) || left() <= wait) throw unknown ?? last;
        this.#tools.retried?.(fault);
        if (wait > 0) await pause(wait);
      }
    }
  }

  get #areNew(): boolean {
    const { now, deadlineMs } = this.#tools;
    return now() - this.#rebuiltAt < DEADLINES_NEW * deadlineMs;
  }

  #tryMs(left: number): number {
    const { tryMs, deadlineMs } = this.#tools;
    return this.#areNew ? DEADLINES_NEW * deadlineMs : Math.min(left, tryMs);
  }

  /** Whoever was let in before is refused by a server that is starting and has not opened its databases yet. */
  #faultOf(thrown: unknown): Fault {
    const fault = faultOf(thrown);
    return fault === 'refused' && this.#wasLetIn ? 'away' : fault;
  }

  /** Gives all connections up, unless they are new. */
  #doubt(): void {
    if (this.#areNew) return;
    this.#rebuiltAt = this.#tools.now();
    this.#tools.link.rebuild();
    this.#tools.retried?.('rebuilt');
  }
}

const untried = (name: string): StoryfarmError =>
  new StoryfarmError('store_busy', `The store ${name} does not answer; nothing was written.`);

/** The work, or after `ms` what the driver says of an answer that did not come: it may need another while to find that out. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(Object.assign(new Error('No answer came in time.'), { name: 'RequestError', code: 'ETIMEOUT' }));
    const timer = setTimeout(late, Math.max(0, ms));
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
