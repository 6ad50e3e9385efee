/**
 * Claims: as many jobs as there are free renderers, taken from the store when there may be some, and handed out one by one.
 *
 * The store's bell says when to look; the poll is for what becomes due by the passing of time, of which an embedded store does not tell, and for bells that were missed. A shared store tells of
 * both by asking one question for all who listen (JobStore.watch), so that a look of our own is a second query of this machine: there the poll is slow. A store that does not answer is asked again
 * soon, since it has waited for its deadline; and ever later up to a second, since it may as well refuse at once. Claims rest while there is no room for files (room.ts), also when it is the store that has none;
 * and when somebody asks for it, until they are asked to go on.
 */

import type { Clock } from '../../clock.js';
import { asStoryfarmError, type Failure } from '../../errors.js';
import type { Job } from '../../job.js';
import { nextPause, type Pace } from '../../store/pace.js';
import type { ClaimOptions, JobStore } from '../../store/store.js';
import type { Beside } from '../loop.js';
import { Room, type RoomLimits, type RoomTools, wantBehind, whyOf } from './room.js';

export interface ClaimLimits extends Omit<ClaimOptions, 'limit'>, RoomLimits {
  readonly pollMs: number;
}

export interface ClaimTools extends RoomTools {
  readonly store: Pick<JobStore, 'claim' | 'isShared'>;
  readonly beside: Beside;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly random: () => number;
}

/** Milliseconds between two looks at a shared store that has not rung. */
const SHARED_POLL_MS = 30_000;
/** After a claim that failed. */
const AFTER_FAILURE: Pace = { quickest: 250, slowest: 1_000 };

const CLAIMING = 'claiming jobs';
const WANTS = {
  no_space: 'the disk is full',
  storage: 'the folder of jobs cannot be written',
  bucket: 'the bucket takes no files',
} as const;

export class Claims {
  readonly #options: ClaimLimits;
  readonly #tools: ClaimTools;
  readonly #room: Room;
  #lookAt = 0;
  #failing = false;
  /** Milliseconds that the last claim that failed was rested for. */
  #rested = 0;
  #heldFor: string | undefined;
  #taken: Job[] = [];

  constructor(options: ClaimLimits, tools: ClaimTools) {
    this.#options = options;
    this.#tools = tools;
    this.#room = new Room(options, tools);
  }

  /** Whether jobs are on their way to this farm, or here and not handed out. */
  get open(): boolean {
    return this.#tools.beside.has(CLAIMING) || this.#taken.length > 0;
  }

  /** Why no jobs are claimed though renderers are free, or undefined. */
  get obstacle(): string | undefined {
    if (this.#heldFor !== undefined) return this.#heldFor ? `paused: ${this.#heldFor}` : 'paused';
    if (this.#room.want) return this.#room.why ?? WANTS[this.#room.want];
    return this.#failing ? 'the store does not answer' : undefined;
  }

  /** Something may have become claimable. */
  expect(): void {
    this.#lookAt = 0;
  }

  /** Claims beside the loop when it is time, at most `free` jobs. */
  look(free: number): void {
    const now = this.#tools.clock.monotonic();
    const isDue = now >= this.#lookAt;
    if (this.#heldFor !== undefined || free <= 0 || !(isDue || this.#room.isDue)) return;
    this.#tools.beside.run(CLAIMING, async () => {
      if (!isDue) return this.#lookForRoom();
      // Before the question, so that a job that comes while it is asked makes us ask again.
      this.#lookAt = now + this.#pollMs;
      if (this.#room.isDue) await this.#room.look();
      if (this.#room.want) return;
      try {
        const { server, leaseMs, ageingMs, tags } = this.#options;
        const ageing = ageingMs === undefined ? {} : { ageingMs };
        const jobs = await this.#tools.store.claim({ server, leaseMs, limit: free, ...ageing, ...(tags && { tags }) });
        this.#taken.push(...jobs);
        this.#failing = false;
        if (jobs.length === free) this.expect();
      } catch (error) {
        this.heed(asStoryfarmError(error));
        this.#rest();
        throw error;
      }
    });
  }

  async #lookForRoom(): Promise<void> {
    const { want } = this.#room;
    await this.#room.look();
    if (want && !this.#room.want) this.expect();
  }

  get #pollMs(): number {
    const { pollMs } = this.#options;
    return this.#tools.store.isShared ? Math.max(pollMs, SHARED_POLL_MS) : pollMs;
  }

  #rest(): void {
    const { clock, random } = this.#tools;
    const { pause, wait } = nextPause(AFTER_FAILURE, this.#rested, !this.#failing, random());
    this.#failing = true;
    this.#rested = pause;
    this.#lookAt = Math.min(this.#lookAt, clock.monotonic() + wait);
  }

  /** The jobs that came since it was last asked. The caller has to place them, or give them back. */
  take(): Job[] {
    return this.#taken.splice(0);
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

  /** What fails so may mean that what would be claimed now would fail too. */
  heed(failure: Pick<Failure, 'code' | 'message' | 'hint'>): void {
    const want = wantBehind(failure.code);
    if (want) this.#room.lacks(want, whyOf(failure));
  }
}
