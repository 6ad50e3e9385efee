/** What a loop of turns needs: a bell that ends its sleep, and work that takes time beside it, so that no step ever waits. */

import type { Clock } from '../clock.js';

export class Bell {
  readonly #clock: Pick<Clock, 'after'>;
  #rung = false;
  #wake: () => void = () => {};

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** Ends the present sleep, or else the next. */
  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  /** Resolves when it rings, or has rung since the last sleep; at the latest after `ms`. */
  async sleep(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(ms, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#wake = () => {};
    this.#rung = false;
  }
}

export class Beside {
  readonly #running = new Map<string, Promise<void>>();
  readonly #done: () => void;
  readonly #failed: (what: string, error: unknown) => void;
  /** How often work of a name has failed in a row, and with what code. */
  readonly #failures = new Map<string, { readonly code: unknown; readonly times: number }>();

  /** `done` is called when a piece of work has ended, `failed` before that with what it threw: of like failures in a row the first, the second, the fourth and so on, since a full disk can last for hours. */
  constructor(done: () => void, failed: (what: string, error: unknown) => void) {
    this.#done = done;
    this.#failed = failed;
  }

  /** Starts the work unless work of this name is under way: never two of a kind. What goes wrong is told, and tried again when it is next due. */
  run(what: string, work: () => Promise<void>): void {
    if (this.#running.has(what)) return;
    const running = work()
      .then(
        () => void this.#failures.delete(what),
        (error) => this.#note(what, error),
      )
      .finally(() => {
        this.#running.delete(what);
        this.#done();
      });
    this.#running.set(what, running);
  }

  #note(what: string, error: unknown): void {
    const code = (error as { code?: unknown } | null)?.code;
    const last = this.#failures.get(what);
    const times = last && last.code === code ? last.times + 1 : 1;
    this.#failures.set(what, { code, times });
    if (Number.isInteger(Math.log2(times))) this.#failed(what, error);
  }

  /** Whether work of this name is under way. */
  has(what: string): boolean {
    return this.#running.has(what);
  }

  /** Resolves when nothing is under way. */
  async ended(): Promise<void> {
    await Promise.all(this.#running.values());
  }
}
