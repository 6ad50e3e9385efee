/**
 * Claims: as many jobs as there are free renderers, taken from the store when there may be some, and handed out one by one.
 *
 * The store's bell says when to look; the poll is for bells that were missed. After the disk was found full, claims rest for a while; when somebody asks for it,
 * until they are asked to go on.
 */

import type { Clock } from '../../clock.js';
import type { Job } from '../../job.js';
import type { ClaimOptions, JobStore } from '../../store/store.js';
import type { Beside } from '../loop.js';
import type { FarmObserver } from '../observer.js';

export interface ClaimTools {
  readonly store: Pick<JobStore, 'claim'>;
  readonly beside: Beside;
  readonly observer: FarmObserver;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** After the disk was full, claims rest this long. */
const NO_SPACE_PAUSE_MS = 10_000;
const CLAIMING = 'claiming jobs';

export class Claims {
  readonly #options: Omit<ClaimOptions, 'limit'> & { readonly pollMs: number };
  readonly #tools: ClaimTools;
  #lookAt = 0;
  #failing = false;
  #pausedUntil: number | undefined;
  #heldFor: string | undefined;
  #taken: Job[] = [];

  constructor(options: Omit<ClaimOptions, 'limit'> & { readonly pollMs: number }, tools: ClaimTools) {
    this.#options = options;
    this.#tools = tools;
  }

  /** Whether jobs are on their way to this farm, or here and not handed out. */
  get open(): boolean {
    return this.#tools.beside.has(CLAIMING) || this.#taken.length > 0;
  }

  /** Why no jobs are claimed though renderers are free, or undefined. */
  get obstacle(): string | undefined {
    if (this.#heldFor !== undefined) return this.#heldFor ? `paused: ${this.#heldFor}` : 'paused';
    if (this.#pausedUntil !== undefined) return 'the disk is full';
    return this.#failing ? 'the store does not answer' : undefined;
  }

  /** Something may have become claimable. */
  expect(): void {
    this.#lookAt = 0;
  }

  /** Claims beside the loop when it is time, at most `free` jobs. */
  look(free: number): void {
    const now = this.#tools.clock.monotonic();
    this.#resume(now);
    if (this.#pausedUntil !== undefined || this.#heldFor !== undefined || free <= 0 || now < this.#lookAt) return;
    this.#tools.beside.run(CLAIMING, async () => {
      // Before the question, so that a job that comes while it is asked makes us ask again.
      this.#lookAt = now + this.#options.pollMs;
      try {
        const { server, leaseMs } = this.#options;
        const jobs = await this.#tools.store.claim({ server, leaseMs, limit: free });
        this.#taken.push(...jobs);
        this.#failing = false;
        if (jobs.length === free) this.expect();
      } catch (error) {
        this.#failing = true;
        throw error;
      }
    });
  }

  /** The jobs that came since it was last asked. The caller has to place them, or give them back. */
  take(): Job[] {
    return this.#taken.splice(0);
  }

  /** The disk is full: what would be claimed would only fail. */
  pause(): void {
    if (this.#pausedUntil === undefined) this.#tools.observer.paused('no_space', true);
    this.#pausedUntil = this.#tools.clock.monotonic() + NO_SPACE_PAUSE_MS;
  }

  /** Why claims rest by request, in the words of who asked for it; undefined when they do not. */
  get heldFor(): string | undefined {
    return this.#heldFor;
  }

  /** Claims rest until `unhold`. A new reason replaces the old one. */
  hold(reason: string): void {
    if (this.#heldFor === undefined) this.#tools.observer.paused('request', true);
    this.#heldFor = reason;
  }

  unhold(): void {
    if (this.#heldFor === undefined) return;
    this.#heldFor = undefined;
    this.#tools.observer.paused('request', false);
    this.expect();
  }

  #resume(now: number): void {
    if (this.#pausedUntil === undefined || now < this.#pausedUntil) return;
    this.#pausedUntil = undefined;
    this.#tools.observer.paused('no_space', false);
  }
}
