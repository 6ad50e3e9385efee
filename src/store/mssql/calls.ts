/** The calls of one handle of the store: sends texts by their names, hears the bell in what is answered, and knows when it is over. */

import { StoryfarmError } from '../../errors.js';
import type { Patience } from './link/patience.js';
import type { Answer, Link, Values } from './link/pool.js';
import { type News, Poller } from './poller.js';
import type { LookName, Texts, WriteName } from './texts/texts.js';

export interface CallsTools {
  readonly texts: Texts;
  readonly patience: Pick<Patience, 'send'>;
  readonly link: Pick<Link, 'close'>;
  /** Rejects while the store cannot be used. */
  readonly open: () => Promise<void>;
}

export class Calls {
  readonly #tools: CallsTools;
  readonly #poller: Poller;
  /** The tags of whoever claims over this handle. */
  #tags = '[]';
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** `bell`: how often it had rung at some time before. */
  constructor(bell: number, tools: CallsTools) {
    this.#tools = tools;
    this.#poller = new Poller(bell, { ask: () => this.#ask() });
  }

  /** What the text answers after the bell. `ms`: its own deadline, where it is not that of all. */
  async write(name: WriteName, values: Values = {}, ms?: number): Promise<Answer> {
    const [bell = [], ...answer] = await this.#send(name, values, true, ms);
    this.#poller.hear(Number(bell[0]?.bell));
    return answer;
  }

  /** From now on what is asked for is news for a server with these tags. */
  seek(tags: string): void {
    this.#tags = tags;
  }

  /** Asks in place of the poller. */
  async news(): Promise<News> {
    const news = await this.#ask();
    this.#poller.hear(news.bell);
    return news;
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

  async #ask(): Promise<News> {
    const [[row] = []] = await this.#send('news', { items: this.#tags }, false);
    return { bell: Number(row?.bell), isDue: Number(row?.due) === 1 };
  }

  async #send(name: WriteName | LookName, values: Values, isWrite: boolean, ms?: number): Promise<Answer> {
    const { open, patience, texts } = this.#tools;
    await open();
    return patience.send(texts[name], values, isWrite, ms);
  }
}
