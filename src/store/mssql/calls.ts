/** The calls of one handle of the store: sends texts by their names, hears the bell in what is answered, and knows when it is over. */

import { StoryfarmError } from '../../errors.js';
import type { Patience } from './link/patience.js';
import type { Answer, Link, Values } from './link/pool.js';
import { Poller } from './poller.js';
import type { LookName, Texts, WriteName } from './texts/texts.js';

export interface CallsTools {
  readonly texts: Texts;
  readonly patience: Pick<Patience, 'send'>;
  readonly link: Pick<Link, 'close'>;
}

export class Calls {
  readonly #tools: CallsTools;
  readonly #poller: Poller;
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** `bell`: how often it had rung when the store was opened. */
  constructor(bell: number, tools: CallsTools) {
    this.#tools = tools;
    this.#poller = new Poller(bell, { ask: async () => bellIn(await this.#send('bell', {}, false)) });
  }

  /** What the text answers after the bell. */
  async write(name: WriteName, values: Values = {}): Promise<Answer> {
    const [bell = [], ...answer] = await this.#send(name, values, true);
    this.#poller.hear(bellIn([bell]));
    return answer;
  }

  look(name: LookName, values: Values = {}): Promise<Answer> {
    return this.#send(name, values, false);
  }

  /** Holds the end of the handle up until the call is over. Throws `unavailable` after `close`. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const running = call();
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  watch(listener: () => void): () => void {
    this.assertOpen();
    return this.#poller.add(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  assertOpen(): void {
    if (this.#closing !== undefined) throw new StoryfarmError('unavailable', 'The store is closed.');
  }

  async #finish(): Promise<void> {
    this.#poller.close();
    await Promise.allSettled(this.#underWay);
    await this.#tools.link.close();
  }

  #send(name: WriteName | LookName, values: Values, isWrite: boolean): Promise<Answer> {
    return this.#tools.patience.send(this.#tools.texts[name], values, isWrite);
  }
}

const bellIn = ([rows]: Answer): number => Number(rows?.[0]?.bell);
