/**
 * Outcomes: what became of each attempt, written to the store under its fence.
 *
 * Problem: the store may be locked or away when a job ends, and a write whose answer was lost may have been done or not. So an outcome is kept and tried
 * until the store has taken it (its lease is renewed meanwhile), and one that the fence refuses is first looked up in the job's history: it may be our own.
 * Only then it is another's, and what the attempt left on the disk is deleted.
 *
 * What it does not do: survive the supervisor. A result that could not be written by the end is rendered again.
 */

import type { Clock } from '../../clock.js';
import { asStoryfarmError, type Failure } from '../../errors.js';
import type { Job, JobResult } from '../../job.js';
import type { JobStore, Lease } from '../../store/store.js';
import { type Fate, type FateLimits, fateOfCrash, fateOfFailure } from '../decisions/fate.js';
import type { FarmObserver } from '../observer.js';

export interface OutcomeTools {
  readonly store: Pick<JobStore, 'release' | 'complete' | 'fail' | 'history'>;
  /** Deletes what an attempt left on the disk, published or not. */
  readonly discard: (attempt: Lease) => Promise<void>;
  readonly observer: FarmObserver;
  readonly clock: Pick<Clock, 'after'>;
  readonly random: () => number;
  /** Called whenever one has been written, or given up. */
  readonly settled: () => void;
}

/** Milliseconds between two tries. A store that is merely locked has itself waited for its deadline. */
const RETRY_MS = 1_000;

export class Outcomes {
  readonly #limits: FateLimits;
  readonly #tools: OutcomeTools;
  /** Those whose outcome is not written yet. */
  readonly #pending = new Set<Job>();
  #hurried = false;
  #cutShort: () => void = () => {};
  readonly #hurry = new Promise<void>((resolve) => {
    this.#cutShort = resolve;
  });
  #underWay = 0;

  constructor(limits: FateLimits, tools: OutcomeTools) {
    this.#limits = limits;
    this.#tools = tools;
  }

  /** How many are still being seen to. */
  get underWay(): number {
    return this.#underWay;
  }

  /** The leases to be renewed meanwhile. */
  get leases(): readonly Lease[] {
    return [...this.#pending].map(({ id, fence }) => ({ id, fence }));
  }

  rendered(job: Job, result: JobResult): void {
    this.#see(job, () => this.#write(job, { event: 'rendered', result }));
  }

  failed(job: Job, told: Failure): void {
    const fate = fateOfFailure(job, told, this.#limits, this.#tools.random());
    this.#see(job, () => this.#write(job, fate));
  }

  /** Its renderer died, and cannot clean up after itself. */
  crashed(job: Job, cause: Failure): void {
    this.#see(job, async () => {
      await this.#discard(job);
      await this.#write(job, fateOfCrash(job, cause, this.#limits));
    });
  }

  /** It was stopped, or found no renderer: nobody is to blame. */
  interrupted(job: Job): void {
    this.#see(job, async () => {
      await this.#discard(job);
      await this.#write(job, { event: 'released' });
    });
  }

  /** Another attempt owns the job, or nobody wants it any more. */
  lost(job: Job): void {
    this.#see(undefined, () => this.#writeOff(job));
  }

  /** From now on, a write that the store refuses is not tried again: the farm has to end, and the lease will expire. */
  hurry(): void {
    this.#hurried = true;
    this.#cutShort();
  }

  /** `held` is the job whose lease must be kept while the work lasts. */
  #see(held: Job | undefined, work: () => Promise<void>): void {
    this.#underWay++;
    if (held) this.#pending.add(held);
    void work().finally(() => {
      this.#underWay--;
      if (held) this.#pending.delete(held);
      this.#tools.settled();
    });
  }

  async #write(job: Job, fate: Fate): Promise<void> {
    while (!(await this.#tried(job, fate))) {
      if (this.#hurried) return;
      await this.#pause();
    }
  }

  /** Whether there is nothing more to do. */
  async #tried(job: Job, fate: Fate): Promise<boolean> {
    try {
      if (await this.#put(job, fate)) this.#tell(job, fate);
      else await this.#writeOff(job);
      return true;
    } catch (error) {
      this.#tools.observer.trouble(`writing the outcome of job ${job.id}`, error);
      return false;
    }
  }

  /** Whether the store has it: now, or since an earlier try whose answer was lost. */
  async #put(job: Job, fate: Fate): Promise<boolean> {
    const { store } = this.#tools;
    try {
      if (fate.event === 'rendered') await store.complete(job, fate.result);
      else if (fate.event === 'released') await store.release(job);
      else await store.fail(job, fate.options);
      return true;
    } catch (error) {
      if (asStoryfarmError(error).code !== 'fenced') throw error;
      const history = await store.history(job.id);
      return history.some(({ event, fence }) => event === fate.event && fence === job.fence);
    }
  }

  #tell(job: Job, fate: Fate): void {
    const { observer } = this.#tools;
    if (fate.event === 'rendered') observer.rendered(job, fate.result);
    else if (fate.event === 'released') observer.released(job);
    else observer.failed(job, fate.options.failure, fate.options.retryInMs);
  }

  async #writeOff(job: Job): Promise<void> {
    await this.#discard(job);
    this.#tools.observer.leaseLost(job);
  }

  /** A disk that refuses must not keep the job from going on; the next start sweeps. */
  async #discard({ id, fence }: Job): Promise<void> {
    await this.#tools
      .discard({ id, fence })
      .catch((error) => this.#tools.observer.trouble(`deleting what attempt ${fence} of job ${id} left`, error));
  }

  async #pause(): Promise<void> {
    let cancel = () => {};
    const waited = new Promise<void>((resolve) => {
      cancel = this.#tools.clock.after(RETRY_MS, resolve);
    });
    await Promise.race([waited, this.#hurry]);
    cancel();
  }
}
