/**
 * How many texts may be under way at once: any number while the store answers, one when it did not.
 *
 * Problem: everybody waits for a store that is away. If all of them kept asking, a server that comes back would be met by all at once in its first second, with as many logins, and would be
 * the longer about it; and each that had just gone to rest would find out later than it could.
 *
 * Solution: after a failure one asks for all, with pauses that grow to half a second. When it is answered, those who wait go on: first two at a time, and each answer makes room for one more,
 * until all may pass.
 *
 * What was under way when the store went away is neither waited for nor counted: it may hang for long.
 */

/** Texts at once from which on nobody has to wait: more than a pool has connections. */
const WIDE = 16;

/** Milliseconds after failure number `failures` in a row (from 1): 10 to 20, doubling to 250 to 500; `random` is in [0, 1). */
export const pauseBefore = (failures: number, random: number): number => {
  const longest = Math.min(500, 20 * 2 ** (failures - 1));
  return longest / 2 + (longest / 2) * random;
};

export interface GateTools {
  readonly random: () => number;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
}

/** The right to be under way; to be given back once. */
export interface Passage {
  /** `isAnswered`: whether the server said anything. */
  leave(isAnswered: boolean): void;
}

export class Gate {
  readonly #tools: GateTools;
  readonly #waiting = new Set<() => void>();
  #room = Number.POSITIVE_INFINITY;
  #inside = 0;
  #failures = 0;
  #isShut = false;
  /** Grows with each failure that narrows the gate. */
  #round = 0;

  constructor(tools: GateTools) {
    this.#tools = tools;
  }

  /** Waits for a passage, those who came first before others; undefined when there was none within `ms`. */
  async enter(ms: number): Promise<Passage | undefined> {
    if (this.#isFree) return this.#passage();
    return new Promise((resolve) => {
      const admit = () => {
        clearTimeout(timer);
        this.#waiting.delete(admit);
        resolve(this.#passage());
      };
      const giveUp = () => {
        this.#waiting.delete(admit);
        resolve(undefined);
      };
      const timer = setTimeout(giveUp, Math.max(0, ms));
      this.#waiting.add(admit);
    });
  }

  get #isFree(): boolean {
    return !this.#isShut && this.#inside < this.#room;
  }

  #passage(): Passage {
    this.#inside++;
    const round = this.#round;
    return { leave: (isAnswered) => this.#leave(round, isAnswered) };
  }

  #leave(round: number, isAnswered: boolean): void {
    if (round !== this.#round) return;
    this.#inside--;
    if (isAnswered) {
      this.#failures = 0;
      this.#room = this.#room + 1 >= WIDE ? Number.POSITIVE_INFINITY : this.#room + 1;
      this.#admit();
    } else this.#narrow();
  }

  #narrow(): void {
    this.#failures++;
    this.#round++;
    this.#inside = 0;
    this.#room = 1;
    this.#isShut = true;
    const { pause, random } = this.#tools;
    void pause(pauseBefore(this.#failures, random())).then(() => {
      this.#isShut = false;
      this.#admit();
    });
  }

  #admit(): void {
    for (const admit of this.#waiting) {
      if (!this.#isFree) return;
      admit();
    }
  }
}
