/**
 * Sends texts until they are answered, or the call's deadline is over.
 *
 * A deadlock and a lock that is not given in time are tried again at once, after a random pause, a few times. A server that is away is tried until the deadline, by one text for all that
 * wait (gate.ts). When a text was sent and no answer came, nobody knows what became of it: it is sent again with @resent set, and finds under the store's lock, by (id, fence), id or ticket,
 * what it did the first time (texts/frame.ts). So nothing is done twice, and the caller is told `outcome_unknown` only when the store did not come back in time.
 *
 * A try gets half of the deadline, so that a connection that leads nowhere leaves time for another. When that has failed twice in a row for a text it is the server that is slow about it, as one that has just been started
 * may be: then a text is not broken off, also when its caller's time is over, since otherwise it would be begun anew, and as slowly, for ever.
 *
 * The driver's pool may keep connections that lead nowhere; after a few failures in a row, all of them are given up. Those that are made then are new, so that it helps ever more seldom while nothing is
 * answered; and on a server that is slow they may just have got on their way.
 */

import { StoryfarmError } from '../../../errors.js';
import type { Retried } from '../../store.js';
import { asStoreError, type Fault, faultOf } from './faults.js';
import { Gate, pauseBefore } from './gate.js';
import type { Answer, Link, Values } from './pool.js';

/** Tries of a text that the server rolls back. */
const MOST_TRIES = 6;
/** Failures of connections in a row, over all texts, after which the pool is rebuilt; and then after so many times as many. */
const FAILURES_TO_REBUILD = 3;
const MORE_TO_REBUILD = 4;
/** Answers to a text in a row that did not come, after which it is not broken off for so many deadlines. */
const SILENCES_TO_WAIT = 2;
const DEADLINES_TO_WAIT = 4;

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
}

/** Whether a text is sent again after `tries` of them. */
export const isTriedAgain = (fault: Fault, tries: number): fault is Exclude<Retried, 'rebuilt'> & Fault =>
  isSilence(fault) || ((fault === 'deadlock' || fault === 'lock_timeout') && tries < MOST_TRIES);

/** Whether the server said nothing. */
const isSilence = (fault: Fault): fault is 'away' | 'unknown' => fault === 'away' || fault === 'unknown';

export class Patience {
  readonly #tools: Required<Omit<PatienceTools, 'retried'>> & Pick<PatienceTools, 'retried'>;
  readonly #gate: Gate;
  #failures = 0;
  #rebuildAt = FAILURES_TO_REBUILD;
  /** By the text, since one may be answered at once while another is not. */
  readonly #silences = new Map<string, number>();
  #wasLetIn = false;

  constructor(tools: PatienceTools) {
    const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    this.#tools = { random: Math.random, pause, tryMs: tools.deadlineMs / 2, ...tools };
    this.#gate = new Gate(this.#tools);
  }

  /** Sends the text; with `isWrite` it is given @resent, true from the beginning where `values` have it so. Rejects with a StoryfarmError, `deadlineMs` after the call at the latest; left out: that of all calls. */
  async send(
    text: string,
    values: Values,
    isWrite: boolean,
    deadlineMs: number = this.#tools.deadlineMs,
  ): Promise<Answer> {
    const { link, name, random, pause } = this.#tools;
    const start = performance.now();
    const left = () => deadlineMs - (performance.now() - start);
    let unknown: StoryfarmError | undefined;
    let last: StoryfarmError | undefined;
    for (let tries = 1; ; tries++) {
      const passage = await this.#gate.enter(left());
      if (!passage) throw unknown ?? last ?? untried(name);
      try {
        const given = isWrite ? { ...values, resent: unknown !== undefined || values.resent === true } : values;
        const answer = await within(left(), link.send(text, given, this.#tryMs(text, left())));
        this.#forgive(text);
        this.#wasLetIn = true;
        passage.leave(true);
        return answer;
      } catch (thrown) {
        const fault = this.#faultOf(thrown);
        last = asStoreError(thrown, isWrite || fault !== 'unknown' ? fault : 'away', name);
        if (isWrite && fault === 'unknown') unknown = last;
        this.#note(text, fault);
        passage.leave(!isSilence(fault));
        const wait = isSilence(fault) ? 0 : pauseBefore(tries, random());
        if (!isTriedAgain(fault, tries) || left() <= wait) throw unknown ?? last;
        this.#tools.retried?.(fault);
        if (wait > 0) await pause(wait);
      }
    }
  }

  #tryMs(text: string, left: number): number {
    const { tryMs, deadlineMs } = this.#tools;
    return (this.#silences.get(text) ?? 0) >= SILENCES_TO_WAIT ? DEADLINES_TO_WAIT * deadlineMs : Math.min(left, tryMs);
  }

  /** Whoever was let in before is refused by a server that is starting and has not opened its databases yet. */
  #faultOf(thrown: unknown): Fault {
    const fault = faultOf(thrown);
    return fault === 'refused' && this.#wasLetIn ? 'away' : fault;
  }

  #forgive(text: string): void {
    this.#failures = 0;
    this.#silences.delete(text);
    this.#rebuildAt = FAILURES_TO_REBUILD;
  }

  #note(text: string, fault: Fault): void {
    if (!isSilence(fault)) {
      this.#forgive(text);
      return;
    }
    if (fault === 'unknown') this.#silences.set(text, (this.#silences.get(text) ?? 0) + 1);
    this.#failures++;
    if (this.#failures < this.#rebuildAt) return;
    this.#rebuildAt *= MORE_TO_REBUILD;
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
