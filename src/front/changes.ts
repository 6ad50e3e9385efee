/**
 * One look at the store for all who wait.
 *
 * Problem: a page per waiting person that asks the database in a loop brings the database down. Here a loop runs only while somebody waits, asks once per interval
 * what has changed for anybody, and hands each change to those who wait for that job. The cost does not grow with the number of people.
 *
 * A newcomer is shown his job as it stands at the loop's next turn, read before that turn's changes: so he misses none and never sees an older state
 * after a newer one. Listeners may be called with a state that they know.
 *
 * Where asking is cheap, at an embedded store, it asks at one pace, and sooner when the store's bell rings. A shared store costs a query each time: there it asks ever more slowly while nothing changes and nobody
 * comes (store/pace.ts), and does not listen for the bell, which is another question to the same store.
 *
 * A store that fails is asked again, ever more slowly, while the listeners wait.
 */

import type { Clock } from '../clock.js';
import { asStoryfarmError } from '../errors.js';
import type { Job } from '../job.js';
import type { Log } from '../log.js';
import { nextPause, PACE } from '../store/pace.js';
import type { JobStore } from '../store/store.js';

/** The job as it stands; undefined when the store has forgotten it. */
export type JobListener = (job: Job | undefined) => void;

export interface Changes {
  /** The returned function ends it. */
  follow(id: string, listener: JobListener): () => void;
  /** Takes a last look, so that all who wait hear of what had changed by now, and ends the loop. Nobody is called afterwards. */
  close(): Promise<void>;
}

export interface ChangesDeps {
  readonly store: Pick<JobStore, 'get' | 'changes' | 'watch' | 'isShared'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds between looks; at a shared store after news. */
  readonly pollMs: number;
  readonly random?: () => number;
}

/** A hint of the store shortens the wait to this part of the interval, so that a storm of hints is no storm of looks. */
const HINTED = 0.2;
const SLOWEST_MS = 2000;
/** Without a random part. */
const STEADY = 0.5;

export function createChanges({ store, clock, log, pollMs, random = Math.random }: ChangesDeps): Changes {
  const pace = { quickest: pollMs, slowest: store.isShared ? Math.max(pollMs, PACE.slowest) : pollMs };
  const listeners = new Map<string, Set<JobListener>>();
  const newcomers = new Map<JobListener, string>();
  let loop: Promise<void> | undefined;
  let isClosing = false;
  let closed = false;
  let rested = pollMs;
  let hint = () => {};
  let leave = () => {};

  async function run(): Promise<void> {
    const unwatch = store.isShared ? () => {} : store.watch(() => hint());
    let cursor: string | null = null;
    let failures = 0;
    for (let isLast = false; listeners.size > 0 && !isLast; ) {
      // A look that had begun before may have missed what was written meanwhile.
      isLast = isClosing;
      const hasNewcomers = newcomers.size > 0;
      const before = cursor;
      try {
        cursor = await look(cursor);
        failures = 0;
      } catch (error) {
        failures++;
        if (failures === 1)
          log.warn(
            { err: asStoryfarmError(error) },
            'the store does not say what has changed; people who wait are kept waiting',
          );
      }
      if (listeners.size > 0 && !isClosing) await rest(hasNewcomers || cursor !== before, failures);
    }
    unwatch();
    loop = undefined;
  }

  async function rest(hasNews: boolean, failures: number): Promise<void> {
    const chance = store.isShared ? random() : STEADY;
    const next = nextPause(pace, rested, hasNews, chance);
    rested = next.pause;
    const afterFailure = Math.min(pollMs * 2 ** failures, Math.max(pollMs, SLOWEST_MS)) * (0.75 + chance / 2);
    await pause(failures === 0 ? next.wait : afterFailure);
  }

  async function look(cursor: string | null): Promise<string> {
    const from = cursor ?? (await store.changes(null)).cursor;
    await Promise.all([...newcomers].map(([listener, id]) => welcome(id, listener)));
    const { jobs, cursor: next } = await store.changes(from);
    for (const job of jobs) for (const listener of listeners.get(job.id) ?? []) tell(listener, job);
    return next;
  }

  async function welcome(id: string, listener: JobListener): Promise<void> {
    const job = await store.get(id);
    if (newcomers.delete(listener)) tell(listener, job);
  }

  function tell(listener: JobListener, job: Job | undefined): void {
    if (!closed) listener(job);
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const since = clock.monotonic();
      let cancel = clock.after(ms, resolve);
      hint = () => {
        hint = () => {};
        cancel();
        cancel = clock.after(Math.max(0, ms * HINTED - (clock.monotonic() - since)), resolve);
      };
      leave = () => {
        cancel();
        resolve();
      };
    });
  }

  return {
    follow(id, listener) {
      const those = listeners.get(id) ?? new Set();
      listeners.set(id, those.add(listener));
      newcomers.set(listener, id);
      if (store.isShared) hint();
      loop ??= run();
      return () => {
        those.delete(listener);
        newcomers.delete(listener);
        if (those.size === 0 && listeners.get(id) === those) listeners.delete(id);
        if (listeners.size === 0) leave();
      };
    },
    async close() {
      isClosing = true;
      leave();
      await loop;
      closed = true;
    },
  };
}
