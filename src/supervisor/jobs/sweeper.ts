/**
 * The sweeper: makes the disk, and the bucket where there is one, agree with the store.
 *
 * Problem: a supervisor that is killed leaves half a render, an attempt that came too late may die before it deletes its files, and files outlive jobs that were deleted from the
 * store. Each is small, and nobody else would ever look. The other way round, files that a disk has lost are missed by nobody until somebody wants to see them.
 *
 * How: in rounds over all jobs that have files, at the start and then every hour, the store is asked about each job, after the look at its files: what was there then belongs to a fence
 * that the store knows. Only attempts are deleted, by their numbers; so one that begins meanwhile is never hit. It works a tenth of the time at most, so that a
 * million folders are not felt.
 *
 * Then the store's finished jobs are gone through, those whose files are this server's, and those that have none left are told; a person decides whether they are to be made again
 * (`storyfarm jobs rerender`). What lies here of a job that was rendered again elsewhere has an older fence than the job, and so goes, whenever this server comes back.
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
  readonly store: Pick<JobStore, 'get' | 'published' | 'isShared'>;
  /** This server's name, by which its jobs on a shared store are known. One that is not shared has one server, which may have had another name. */
  readonly server: string;
  readonly storage: Pick<Storage, 'leavings' | 'has' | 'discard'>;
  /** The attempts that are under way here, wanted or not: whoever is at them deletes what they leave. */
  readonly underWay: () => readonly Lease[];
  readonly observer: Pick<FarmObserver, 'swept' | 'missed' | 'trouble'>;
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
    const seen = new Set<string>();
    for await (const leavings of storage.leavings()) {
      if (this.#isOver) return swept;
      swept += await this.#look(leavings, seen);
      if (++looks % STEP > 0) continue;
      await this.#rest((clock.monotonic() - since) * REST);
      since = clock.monotonic();
    }
    await this.#miss(seen);
    for (const sweep of others) await sweep();
    return swept;
  }

  /** Finds finished jobs of this server whose files are gone. Those that were seen in this round are not asked for again. Told at the end of each whole look, also when there are none. */
  async #miss(seen: ReadonlySet<string>): Promise<void> {
    const { store, clock, observer } = this.#tools;
    const missing: string[] = [];
    let after: string | null = null;
    for (;;) {
      const since = clock.monotonic();
      const page: Awaited<ReturnType<JobStore['published']>> = await store.published({
        ...this.#own,
        after,
        limit: STEP,
      });
      for (const lease of page.jobs) {
        if (this.#isOver) return;
        if (!seen.has(keyOf(lease)) && (await this.#isGone(lease))) missing.push(lease.id);
      }
      if (page.jobs.length < STEP) break;
      after = page.after;
      await this.#rest((clock.monotonic() - since) * REST);
    }
    observer.missed(missing);
  }

  get #own(): { readonly server?: string } {
    return this.#tools.store.isShared ? { server: this.#tools.server } : {};
  }

  /** Asked again where there is nothing: the job may have been purged, or rendered again, since it was looked for. */
  async #isGone({ id, fence }: Lease): Promise<boolean> {
    const { store, storage } = this.#tools;
    if (await storage.has({ id, fence })) return false;
    const job = await store.get(id);
    return job !== undefined && isWanted(job, fence);
  }

  async #go(): Promise<void> {
    while (!this.#isOver) {
      await this.round().catch((error) => this.#tools.observer.trouble('sweeping', error));
      await this.#rest(EVERY_MS);
    }
  }

  /** Notes in `seen` what belongs to a job. */
  async #look(leavings: Leavings, seen: Set<string>): Promise<number> {
    const { store, storage, underWay, observer, clock } = this.#tools;
    const { id } = leavings;
    const job = await store.get(id);
    if (job && leavings.fences.includes(job.fence)) seen.add(keyOf(job));
    const stale = unwanted(leavings, job, clock.now());
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

/**
 * The attempts in a job's folder that nobody wants, by fence; `job` as it stood later than the folder. A job that was rendered again, here or elsewhere, has another fence; whose it is by name is not
 * asked, since a server that was given another name still has the only files of its jobs. Pure.
 */
export function unwanted({ fences, changedAt }: Omit<Leavings, 'id'>, job: Job | undefined, now: number): number[] {
  if (!job) return now - changedAt > DAY_MS ? [...fences] : [];
  return fences.filter((fence) => !isWanted(job, fence));
}

/** Whether the job is being made, or was, under this fence. */
const isWanted = (job: Job, fence: number): boolean =>
  (job.state === 'rendering' || job.state === 'rendered' || job.state === 'delivered') && job.fence === fence;

const keyOf = ({ id, fence }: Lease): string => `${id} ${fence}`;
