/**
 * Outcomes: what became of each attempt, written to the store under its fence.
 *
 * Problem: the store may be locked or away when a job ends, and a write whose answer was lost may have been done or not. So an outcome is kept and tried
 * until the store has taken it (its lease is renewed meanwhile), and one that the fence refuses is first looked up in the job's history: it may be our own.
 * Only then it is another's, and what the attempt left on the disk is deleted.
 *
 * One that the store does not take at once is kept in the journal too, so that it survives the supervisor: the next one writes it before anything else (`recover`).
 */

import type { Clock } from '../../clock.js';
import { asStoryfarmError, type Failure } from '../../errors.js';
import type { Job, JobResult } from '../../job.js';
import type { JobStore, Lease } from '../../store/store.js';
import { type Fate, type FateLimits, fateOfCrash, fateOfFailure } from '../decisions/fate.js';
import type { FarmObserver } from '../observer.js';
import type { Journal } from './journal.js';

export interface OutcomeTools {
  readonly store: Pick<JobStore, 'release' | 'complete' | 'fail' | 'history' | 'get'>;
  /** Left out, what is not written by the end is rendered again. */
  readonly journal?: Journal | undefined;
  /** Deletes what an attempt left on the disk, published or not. */
  readonly discard: (attempt: Lease) => Promise<void>;
  readonly observer: FarmObserver;
  readonly clock: Pick<Clock, 'after'>;
  readonly random: () => number;
  /** Called whenever one has been written, or given up. */
  readonly settled: () => void;
}

/** Milliseconds between two tries, a part of them by chance. A store that is merely locked has itself waited for its deadline. */
const RETRY_MS = 1_000;
/** Milliseconds after which a store that has not taken an outcome may be slow, locked or away; a commit takes a few. */
const JOURNAL_MS = 250;

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

  /**
   * Writes what earlier lives could not, under the fences of their claims; to be called before their leases are taken back, so that what is rendered is not rendered
   * again. Rejects when the store does not answer; what is not written then stays in the journal.
   */
  async recover(): Promise<void> {
    for (const entry of (await this.#tools.journal?.entries()) ?? []) {
      const job = await this.#tools.store.get(entry.id);
      const known = job && { ...job, fence: entry.fence };
      try {
        await this.#settle(entry, entry.fate, known);
        await this.#forget(entry);
      } catch (error) {
        // What this one outcome suffers from must not keep the farm from starting: its job is rendered again.
        if (asStoryfarmError(error).code !== 'internal') throw error;
        this.#tools.observer.trouble(`writing the journalled outcome of job ${entry.id}`, error);
      }
    }
  }

  rendered(job: Job, result: JobResult): void {
    this.#see(job, () => this.#write(job, { event: 'rendered', result }));
  }

  /** `isExcused`: somebody else is about who ends processes. */
  failed(job: Job, told: Failure, isExcused = false): void {
    const fate = fateOfFailure(job, told, this.#limits, this.#tools.random(), isExcused);
    this.#see(job, () => this.#write(job, fate));
  }

  /** Its renderer died, and cannot clean up after itself; `isExcused`: somebody else is about who ends processes. */
  crashed(job: Job, cause: Failure, isExcused = false): void {
    this.#see(job, async () => {
      await this.#discard(job);
      await this.#write(job, fateOfCrash(job, cause, this.#limits, isExcused));
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
    const cancel = this.#tools.clock.after(JOURNAL_MS, () => void this.#keep(job, fate));
    while (!(await this.#tried(job, fate))) {
      await this.#keep(job, fate);
      if (this.#hurried) return cancel();
      await this.#pause();
    }
    cancel();
    await this.#forget(job);
  }

  /** Whether there is nothing more to do. */
  async #tried(job: Job, fate: Fate): Promise<boolean> {
    try {
      await this.#settle(job, fate, job);
      return true;
    } catch (error) {
      this.#tools.observer.trouble(`writing the outcome of job ${job.id}`, error);
      return false;
    }
  }

  /** Writes it, or finds it refused; in both cases it is over. `job` is undefined when the store does not know it any more. */
  async #settle(lease: Lease, fate: Fate, job: Job | undefined): Promise<void> {
    const isWritten = await this.#put(lease, fate);
    if (!isWritten) {
      await this.#discard(lease);
      this.#tools.observer.fenced(lease);
    }
    if (job && isWritten) this.#tell(job, fate);
    else if (job) this.#tools.observer.leaseLost(job);
  }

  /** In the journal, once; a job that is only given back loses nothing without it. */
  async #keep(job: Job, fate: Fate): Promise<void> {
    const { journal, observer } = this.#tools;
    if (!journal || fate.event === 'released') return;
    try {
      if (await journal.keep({ id: job.id, fence: job.fence, fate })) observer.journalled(job);
    } catch (error) {
      observer.trouble(`journalling the outcome of job ${job.id}`, error);
    }
  }

  async #forget(lease: Lease): Promise<void> {
    const { journal, observer } = this.#tools;
    await journal?.forget(lease).catch((error) => observer.trouble(`taking job ${lease.id} out of the journal`, error));
  }

  /** Whether the store has it: now, or since an earlier try whose answer was lost. */
  async #put(lease: Lease, fate: Fate): Promise<boolean> {
    const { store } = this.#tools;
    try {
      if (fate.event === 'rendered') await store.complete(lease, fate.result);
      else if (fate.event === 'released') await store.release(lease);
      else await store.fail(lease, fate.options);
      return true;
    } catch (error) {
      if (asStoryfarmError(error).code !== 'fenced') throw error;
      const history = await store.history(lease.id);
      return history.some(({ event, fence }) => event === fate.event && fence === lease.fence);
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

  /** A disk that refuses must not keep the job from going on; the sweeper comes by. */
  async #discard({ id, fence }: Lease): Promise<void> {
    await this.#tools
      .discard({ id, fence })
      .catch((error) => this.#tools.observer.trouble(`deleting what attempt ${fence} of job ${id} left`, error));
  }

  async #pause(): Promise<void> {
    let cancel = () => {};
    const waited = new Promise<void>((resolve) => {
      cancel = this.#tools.clock.after(RETRY_MS * (0.5 + this.#tools.random() / 2), resolve);
    });
    await Promise.race([waited, this.#hurry]);
    cancel();
  }
}
