/** Tells the observer every second how the farm stands, and counts the store's jobs for that; both more seldom while every renderer waits for a job, since nothing changes then. */

import type { Clock } from '../clock.js';
import type { JobStore, QueueCounts } from '../store/store.js';
import type { Beside } from './loop.js';
import type { FarmObserver } from './observer.js';
import type { Seats } from './seats.js';

export interface TellingTools {
  readonly store: Pick<JobStore, 'counts' | 'isShared'>;
  readonly seats: Pick<Seats, 'slots' | 'spent' | 'standbys' | 'concurrency'>;
  readonly observer: Pick<FarmObserver, 'state' | 'capacity'>;
  readonly beside: Beside;
  readonly clock: Pick<Clock, 'monotonic'>;
}

const STATE_MS = 1_000;
/** At a shared store, whose questions all machines ask: milliseconds between two counts while every renderer waits. */
const SHARED_QUIET_MS = 10_000;
/** While every renderer waits for a job, what is looked at now and then is looked at this many times more seldom. */
export const QUIET_FACTOR = 5;

export class Telling {
  readonly #tools: TellingTools;
  #toldAt = Number.NEGATIVE_INFINITY;
  #countedAt = Number.NEGATIVE_INFINITY;
  #wasQuiet = false;
  #queue: QueueCounts | undefined;

  constructor(tools: TellingTools) {
    this.#tools = tools;
  }

  tell(isQuiet: boolean): void {
    const { store, seats, observer, beside, clock } = this.#tools;
    const now = clock.monotonic();
    if (now - this.#toldAt < STATE_MS * (isQuiet && this.#wasQuiet ? QUIET_FACTOR : 1)) return;
    this.#toldAt = now;
    // That it has become quiet is told as any other change.
    this.#wasQuiet = isQuiet;
    const quietMs = store.isShared ? SHARED_QUIET_MS : STATE_MS * QUIET_FACTOR;
    if (now - this.#countedAt >= (isQuiet ? quietMs : STATE_MS)) {
      this.#countedAt = now;
      beside.run('counting jobs', async () => {
        this.#queue = await store.counts();
      });
    }
    const { standbys, concurrency } = seats;
    observer.state(seats.slots, this.#queue);
    observer.capacity(seats.spent(), { standbys, concurrency });
  }
}
