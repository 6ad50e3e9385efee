/**
 * The sweeper: makes the disk, and the bucket where there is one, agree with the store.
 *
 * Problem: a supervisor that is killed leaves half a render, an attempt that came too late may die before it deletes its files, and files outlive jobs that were deleted from the
 * store. Each is small, and nobody else would ever look.
 *
 * How: in rounds over all jobs that have files, at the start and then every hour, the store is asked about each job, after the look at its files: what was there then belongs to a fence
 * that the store knows. Only attempts are deleted, by their numbers; so one that begins meanwhile is never hit. It works a tenth of the time at most, so that a
 * million folders are not felt.
 *
 * What it does not do: delete files of jobs that the store does not know before they are a day old. A store that was restored from a backup, or replaced by mistake, shall not cost
 * today's videos.
 */

import type { Clock } from '../../clock.js';
import type { Job } from '../../job.js';
import type { Leavings, Storage } from '../../media/storage.js';
import type { JobStore, Lease } from '../../store/store.js';
import type { FarmObserver } from '../observer.js';

export interface SweeperTools {
  readonly store: Pick<JobStore, 'get'>;
  readonly storage: Pick<Storage, 'leavings' | 'discard'>;
  /** The attempts that are under way here, wanted or not: whoever is at them deletes what they leave. */
  readonly underWay: () => readonly Lease[];
  readonly observer: Pick<FarmObserver, 'swept' | 'trouble'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'after'>;
  /** What else is swept in each round; each tells by itself what it deletes. */
  readonly others?: readonly (() => Promise<unknown>)[];
}

/** Milliseconds from the end of a round to the next. */
const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Folders between two rests, and how many times as long as the work a rest takes. */
const STEP = 50;
const REST = 9;

export class Sweeper {
  readonly #tools: SweeperTools;
  #isOver = false;
  #cutShort: () => void = () => {};
  #rounds: Promise<void> | undefined;

  constructor(tools: SweeperTools) {
    this.#tools = tools;
  }

  /** Begins the first round now. */
  start(): void {
    this.#rounds ??= this.#go();
  }

  /** Resolves when it does nothing any more; in the middle of a round too. */
  async stop(): Promise<void> {
    this.#isOver = true;
    this.#cutShort();
    await this.#rounds;
  }

  /** One round. Answers how many attempts it deleted. Rejects when the store does not answer, or the folder cannot be read. */
  async round(): Promise<number> {
    const { storage, clock, others = [] } = this.#tools;
    let swept = 0;
    let since = clock.monotonic();
    let looks = 0;
    for await (const leavings of storage.leavings()) {
      if (this.#isOver) return swept;
      swept += await this.#look(leavings);
      if (++looks % STEP > 0) continue;
      await this.#rest((clock.monotonic() - since) * REST);
      since = clock.monotonic();
    }
    for (const sweep of others) await sweep();
    return swept;
  }

  async #go(): Promise<void> {
    while (!this.#isOver) {
      await this.round().catch((error) => this.#tools.observer.trouble('sweeping', error));
      await this.#rest(EVERY_MS);
    }
  }

  async #look(leavings: Leavings): Promise<number> {
    const { store, storage, underWay, observer, clock } = this.#tools;
    const { id } = leavings;
    const stale = unwanted(leavings, await store.get(id), clock.now());
    const isUnderWay = (fence: number) => underWay().some((lease) => lease.id === id && lease.fence === fence);
    let swept = 0;
    for (const fence of stale.filter((fence) => !isUnderWay(fence))) {
      try {
        await storage.discard({ id, fence });
        observer.swept('attempt', `${id}/${fence}`);
        swept++;
      } catch (error) {
        // One that cannot be deleted must not keep all others.
        observer.trouble(`sweeping attempt ${fence} of job ${id}`, error);
      }
    }
    return swept;
  }

  async #rest(ms: number): Promise<void> {
    if (this.#isOver) return;
    let cancel = () => {};
    await new Promise<void>((resolve) => {
      this.#cutShort = resolve;
      cancel = this.#tools.clock.after(ms, resolve);
    });
    cancel();
  }
}

/** The attempts in a job's folder that nobody wants, by fence; `job` as it stood later than the folder. Pure. */
export function unwanted({ fences, changedAt }: Omit<Leavings, 'id'>, job: Job | undefined, now: number): number[] {
  if (!job) return now - changedAt > DAY_MS ? [...fences] : [];
  const wants = job.state === 'rendering' || job.state === 'rendered' || job.state === 'delivered';
  return fences.filter((fence) => !(wants && fence === job.fence));
}
