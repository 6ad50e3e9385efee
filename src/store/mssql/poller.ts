/**
 * Tells listeners that something may have become claimable, on whatever machine it was done, or by the passing of time.
 *
 * Nothing rings across machines, so one question is asked now and then for all who listen in this process: how often has the bell rung, and is anything due? It reads one row, and the heads of
 * the lanes. Soon after the bell has rung it is asked every 250 ms, and ever more slowly, down to every 2 s, while nothing comes (pace.ts). What this process writes, and what it
 * looks at before a claim, tells it the bell without being asked: so its listeners are woken at once, and the next question is put off.
 *
 * It is the only one of its machine that asks while nothing happens: who listens need not ask by himself.
 *
 * It asks only while somebody listens, and keeps no process alive. Once a store answers again that had not, the listeners are called: nobody knows what they have missed.
 */

import { nextPause, PACE, type Pace } from '../pace.js';

export interface News {
  /** How often the bell has rung. */
  readonly bell: number;
  /** Whether a claim would find a job. */
  readonly isDue: boolean;
}

export interface PollerTools {
  readonly ask: () => Promise<News>;
  readonly random?: () => number;
  readonly pace?: Pace;
}

export class Poller {
  readonly #ask: () => Promise<News>;
  readonly #random: () => number;
  readonly #pace: Pace;
  readonly #listeners = new Set<() => void>();
  #heard: number;
  #pause: number;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #isAway = false;
  #isCalled = false;

  /** `heard`: how often the bell had rung at some time before anybody listens. */
  constructor(heard: number, { ask, random = Math.random, pace = PACE }: PollerTools) {
    this.#heard = heard;
    this.#ask = ask;
    this.#random = random;
    this.#pace = pace;
    this.#pause = pace.quickest;
  }

  add(listener: () => void): () => void {
    // A wrapper, so that the same function given twice is two listeners.
    const entry = () => listener();
    this.#listeners.add(entry);
    this.#askLater(true);
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  /** The bell has rung so often by now. */
  hear(bell: number): void {
    const hasRung = bell > this.#heard;
    if (hasRung) {
      this.#heard = bell;
      this.#call();
    }
    if (this.#timer !== undefined) this.#askLater(hasRung);
  }

  close(): void {
    this.#listeners.clear();
    this.#rest();
  }

  /** Calls the listeners outside the caller's stack, once for all that comes in a turn of the event loop. */
  #call(): void {
    if (this.#isCalled) return;
    this.#isCalled = true;
    setImmediate(() => {
      this.#isCalled = false;
      for (const listener of this.#listeners) listener();
    });
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** In place of a question that is to come already. */
  #askLater(hasNews: boolean): void {
    if (this.#isAsking || this.#listeners.size === 0) return;
    this.#rest();
    const { pause, wait } = nextPause(this.#pace, this.#pause, hasNews, this.#random());
    this.#pause = pause;
    this.#timer = setTimeout(() => void this.#look(), wait).unref();
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#isAsking = true;
    const [before, wasAway] = [this.#heard, this.#isAway];
    // A store that is away is no news; whoever works with it says so.
    const news = await this.#ask().catch(() => undefined);
    this.#isAsking = false;
    this.#isAway = news === undefined;
    if (news) this.hear(news.bell);
    if (news && (news.isDue || wasAway)) this.#call();
    this.#askLater(this.#heard > before || this.#isAway !== wasAway);
  }
}
