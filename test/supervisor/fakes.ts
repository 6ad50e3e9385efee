/** What the parts of a supervisor are tested with: jobs, a clock that a test moves, and a list of what was told. */

import type { Clock } from '../../src/clock.js';
import type { Job } from '../../src/job.js';
import { Recorder } from '../chaos/farm/recorder.js';

export const job = (id: string, fields: Partial<Job> = {}): Job =>
  ({ id, fence: 1, attempt: 0, crashes: 0, ...fields }) as Job;

/** Time stands still until it is moved. */
export class StillClock implements Clock {
  #now = 0;
  readonly #calls = new Set<{ readonly at: number; readonly callback: () => void }>();

  readonly now = (): number => this.#now;
  readonly monotonic = this.now;

  after(ms: number, callback: () => void): () => void {
    const call = { at: this.#now + ms, callback };
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  get waiting(): number {
    return this.#calls.size;
  }

  move(ms: number): void {
    this.#now += ms;
    for (const call of [...this.#calls]) {
      if (call.at > this.#now) continue;
      this.#calls.delete(call);
      call.callback();
    }
  }
}

/** Lets everything that needs no time happen. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A promise, and the means to keep or break it. */
export function promised<T>() {
  let keep: (value: T) => void = () => {};
  let broken: (error: unknown) => void = () => {};
  const promise = new Promise<T>((resolve, reject) => {
    keep = resolve;
    broken = reject;
  });
  return { promise, keep, broken };
}

export const recorder = (): Recorder => new Recorder();
