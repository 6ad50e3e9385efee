/**
 * How long the queue is, looked at seldom: however many people ask, the store is asked once a second at most.
 */

import type { Clock } from '../clock.js';
import { StoryfarmError } from '../errors.js';
import type { Job } from '../job.js';
import type { JobStore, QueueCounts } from '../store/store.js';

export interface Wait {
  /** Due jobs that a new one of usual priority would wait behind. */
  readonly ahead: number;
  /** Seconds until a new job would begin; null when nothing tells. */
  readonly startsIn: number | null;
  /** Seconds that rendering takes, by the jobs of late; null when there were none. */
  readonly takes: number | null;
}

interface Look {
  readonly counts: QueueCounts;
  readonly recent: readonly Job[];
}

export interface QueueView {
  wait(): Promise<Wait>;
  /** Rejects with `unavailable` while at least `most` jobs are queued. */
  admit(most: number): Promise<void>;
}

const FRESH_MS = 1000;
/** Enough finished jobs for a median, even when most of the newest still wait. */
const RECENT = 100;

export function createQueueView(store: Pick<JobStore, 'counts' | 'recent'>, clock: Clock): QueueView {
  let last: { readonly at: number; readonly look: Promise<Look> } | undefined;

  function look(): Promise<Look> {
    const now = clock.monotonic();
    if (last && now - last.at < FRESH_MS) return last.look;
    const fresh = Promise.all([store.counts(), store.recent(RECENT)]).then(([counts, recent]) => ({ counts, recent }));
    last = { at: now, look: fresh };
    fresh.catch(() => {
      last = undefined;
    });
    return fresh;
  }

  return {
    async wait() {
      const { counts, recent } = await look();
      return expectedWait(counts, recent.flatMap(renderingTime));
    },
    async admit(most) {
      const { counts } = await look();
      if (counts.byState.queued >= most) throw new StoryfarmError('unavailable', 'Too many jobs are waiting already.');
    },
  };
}

/**
 * While jobs wait, every slot is taken: the number of rendering jobs is the number of slots, and the queue moves by that many jobs per rendering time.
 * With nothing due, a slot is free or about to be.
 */
export function expectedWait({ due, byState: { rendering } }: QueueCounts, seconds: readonly number[]): Wait {
  const takes = median(seconds);
  if (due === 0) return { ahead: 0, startsIn: 0, takes };
  const known = takes !== null && rendering > 0;
  return { ahead: due, startsIn: known ? Math.round((due / rendering) * takes * 10) / 10 : null, takes };
}

function renderingTime({ state, startedAt, finishedAt }: Job): readonly number[] {
  const whole = (state === 'rendered' || state === 'delivered') && startedAt !== null && finishedAt !== null;
  return whole ? [(finishedAt - startedAt) / 1000] : [];
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
