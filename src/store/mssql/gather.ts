/**
 * Group commit: what is asked for at about the same time is written in one transaction. Commits come one after the other (texts/frame.ts), and one costs about the same whether it
 * holds one job or a hundred; so while one is under way, the next ones gather.
 *
 * What is about the same thing (`key`) never shares a transaction, since a text sees the items of one all at once. When a group of several is refused as a whole, each is
 * written alone: so one that cannot be written does not hurt its neighbours.
 */

import { StoryfarmError } from '../../errors.js';

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly key: string | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (thrown: unknown) => void;
  /** When it came, in monotonic milliseconds. */
  readonly since: number;
  /** Ends the wait for a place in a group. */
  expiry: NodeJS.Timeout | undefined;
}

export interface GatherOptions<Item, Answer> {
  /** Writes the items in one transaction, within `ms`, and answers for each in its place; an error is the refusal of that one alone. */
  readonly write: (items: readonly Item[], ms: number) => Promise<readonly (Answer | StoryfarmError)[]>;
  /** Items of one key are written one after the other; undefined: with any. */
  readonly key: (item: Item) => string | undefined;
  /** Items in a transaction. */
  readonly largest: number;
  /** Milliseconds that an item may take: it waits as long for the groups before it, then `store_busy`; what is left of them it is written in. */
  readonly deadlineMs: number;
}

/** The share of the deadline that a write gets, however long its items had waited before. */
const LEAST = 0.2;

export class Gather<Item, Answer> {
  readonly #options: GatherOptions<Item, Answer>;
  #waiting: Waiting<Item, Answer>[] = [];
  #isUnderWay = false;

  constructor(options: GatherOptions<Item, Answer>) {
    this.#options = options;
  }

  /** Resolves when the item is written; rejects as `write` does, or as it answers for this item. */
  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const [key, since] = [this.#options.key(item), performance.now()];
      const entry: Waiting<Item, Answer> = { item, key, resolve, reject, since, expiry: undefined };
      entry.expiry = setTimeout(() => this.#giveUp(entry), this.#options.deadlineMs);
      this.#waiting.push(entry);
      this.#start();
    });
  }

  /** After this turn of the event loop, so that what is asked for in it comes along. */
  #start(): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    setImmediate(async () => {
      while (this.#waiting.length > 0) await this.#write(this.#next());
      this.#isUnderWay = false;
    });
  }

  #next(): Waiting<Item, Answer>[] {
    const keys = new Set<string>();
    const group: Waiting<Item, Answer>[] = [];
    const rest: Waiting<Item, Answer>[] = [];
    for (const entry of this.#waiting) {
      const isFree = entry.key === undefined || !keys.has(entry.key);
      if (entry.key !== undefined) keys.add(entry.key);
      (isFree && group.length < this.#options.largest ? group : rest).push(entry);
    }
    this.#waiting = rest;
    for (const { expiry } of group) clearTimeout(expiry);
    return group;
  }

  async #write(group: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const items = group.map(({ item }) => item);
      const answers = await this.#options.write(items, this.#left(group));
      for (const [place, { resolve, reject }] of group.entries()) {
        const answer = answers[place];
        if (answer instanceof StoryfarmError) reject(answer);
        else resolve(answer as Answer);
      }
    } catch (thrown) {
      if (group.length > 1 && isRefusal(thrown)) for (const entry of group) await this.#write([entry]);
      else for (const { reject } of group) reject(thrown);
    }
  }

  /** Milliseconds that the one who waits longest has left; some in any case, since what is broken off at once is neither done nor not. */
  #left(group: readonly Waiting<Item, Answer>[]): number {
    const { deadlineMs } = this.#options;
    const longest = performance.now() - Math.min(...group.map(({ since }) => since));
    return Math.max(deadlineMs - longest, deadlineMs * LEAST);
  }

  #giveUp(entry: Waiting<Item, Answer>): void {
    this.#waiting = this.#waiting.filter((other) => other !== entry);
    entry.reject(
      new StoryfarmError('store_busy', 'The store did not come to this write in time; nothing was written.'),
    );
  }
}

const NO_REFUSAL: readonly string[] = ['store_busy', 'outcome_unknown', 'no_space', 'unavailable'];
/** The store could be asked and would not have it; asking again for a store that is away would only take longer. */
const isRefusal = (thrown: unknown): boolean => !(thrown instanceof StoryfarmError && NO_REFUSAL.includes(thrown.code));
