/**
 * Leases: kept for what is being rendered or written, and taken back from those who let theirs expire.
 *
 * Its own are renewed before any are rescued, in this order and never at the same time: after a jump of the database's clock, or a long sleep of this process, all
 * leases look expired, and a farm that rescued first would take away its own jobs. Progress travels with the renewal.
 */

import type { JobStore, Lease } from '../../store/store.js';
import type { Beside } from '../loop.js';
import type { Assignment } from '../renderer/renderer.js';

export interface LeaseTools {
  readonly store: Pick<JobStore, 'renew' | 'rescue'>;
  readonly beside: Beside;
  /** Called with each lease that is found lost. */
  readonly lost: (lease: Lease) => void;
}

/** While jobs are being rendered, their progress reaches the store this often. */
const PROGRESS_MS = 1_000;

export class Leases {
  readonly #leaseMs: number;
  readonly #tools: LeaseTools;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #rescuedAt: number;

  /** `now`: when its own jobs were last rescued. Instants are monotonic milliseconds. */
  constructor(leaseMs: number, now: number, tools: LeaseTools) {
    this.#leaseMs = leaseMs;
    this.#rescuedAt = now;
    this.#tools = tools;
  }

  /** Renews and rescues what is due: `assignments` as they are rendered, and `pending`, whose outcomes are being written. */
  tend(assignments: readonly Assignment[], pending: readonly Lease[], now: number): void {
    const every = assignments.length > 0 ? Math.min(PROGRESS_MS, this.#leaseMs / 3) : this.#leaseMs / 3;
    const toRescue = now - this.#rescuedAt >= this.#leaseMs / 2;
    if (now - this.#renewedAt < every && !toRescue) return;
    const { store, beside } = this.#tools;
    const renewals = [
      ...assignments.map(({ job: { id, fence }, progress }) => ({ id, fence, progress })),
      ...pending.map(({ id, fence }) => ({ id, fence, progress: 1 })),
    ];
    if (renewals.length === 0 && !toRescue) return;
    beside.run('keeping leases', async () => {
      this.#renewedAt = now;
      if (renewals.length > 0) {
        for (const lease of await store.renew(renewals, this.#leaseMs)) this.#tools.lost(lease);
      }
      if (!toRescue) return;
      await store.rescue('expired');
      this.#rescuedAt = now;
    });
  }
}
