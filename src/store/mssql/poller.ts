/**
 * Tells listeners that something may have become claimable, on whatever machine it was done.
 *
 * Nothing rings across machines, so one question is asked now and then for all who listen in this process: how often has the bell rung? It reads one row. Soon after the bell has rung it is
 * asked every 250 ms, and ever more slowly, down to every 2 s, while nothing comes; a random part keeps the machines apart. What this process writes tells it the
 * bell without being asked, and so wakes its listeners at once.
 *
 * It asks only while somebody listens, and keeps no process alive. A store that does not answer is asked on at the slowest pace.
 */

export interface Pace {
  /** Milliseconds. */
  readonly quickest: number;
  readonly slowest: number;
}
export const PACE: Pace = { quickest: 250, slowest: 2_000 };

/** Milliseconds until the next question, from those before the last one. Spread over a quarter up and down: `random` is in [0, 1). */
export function nextPause(
  { quickest, slowest }: Pace,
  before: number,
  hasRung: boolean,
  random: number,
): { readonly pause: number; readonly wait: number } {
  const pause = hasRung ? quickest : Math.min(slowest, before * 1.5);
  return { pause, wait: pause * (0.75 + random / 2) };
}

export interface PollerTools {
  /** How often the bell has rung. */
  readonly ask: () => Promise<number>;
  readonly random?: () => number;
  readonly pace?: Pace;
}

export class Poller {
  readonly #ask: () => Promise<number>;
  readonly #random: () => number;
  readonly #pace: Pace;
  readonly #listeners = new Set<() => void>();
  #heard: number;
  #pause: number;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
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

  /** The bell has rung so often by now. Calls the listeners outside the caller's stack, once for all that comes in a turn of the event loop. */
  hear(bell: number): void {
    if (bell <= this.#heard) return;
    this.#heard = bell;
    if (this.#isCalled) return;
    this.#isCalled = true;
    setImmediate(() => {
      this.#isCalled = false;
      for (const listener of this.#listeners) listener();
    });
  }

  close(): void {
    this.#listeners.clear();
    this.#rest();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #askLater(hasRung: boolean): void {
    if (this.#isAsking || (this.#timer !== undefined && !hasRung) || this.#listeners.size === 0) return;
    this.#rest();
    const { pause, wait } = nextPause(this.#pace, this.#pause, hasRung, this.#random());
    this.#pause = pause;
    this.#timer = setTimeout(() => void this.#look(), wait).unref();
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#isAsking = true;
    const before = this.#heard;
    // A store that is away is no news; whoever works with it says so.
    const bell = await this.#ask().catch(() => before);
    this.#isAsking = false;
    this.hear(bell);
    this.#askLater(bell > before);
  }
}
