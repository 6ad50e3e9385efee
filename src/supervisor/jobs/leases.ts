/**
 * Leases: kept for what is being rendered or written, and taken back from those who let theirs expire.
 *
 * Its own are renewed before any are rescued, in this order and never at the same time: after a jump of the database's clock, or a long sleep of this process, all
 * leases look expired, and a farm that rescued first would take away its own jobs. Progress travels with the renewal.
 *
 * A lease that cannot be renewed, since the store is away, expires; then another server may claim the job. So where servers share a store, an attempt is given up shortly before:
 * it would burn CPU for what the fence will refuse. What is rendered already and only waits to be written is not given up. Where nobody else claims (the embedded
 * store, with one farm for a file) an expired lease is still good, and renders go on however long the store is locked.
 */

import type { JobStore, Lease } from '../../store/store.js';
import type { Beside } from '../loop.js';
import type { Assignment } from '../renderer/renderer.js';

export interface LeaseLimits {
  /** How long a claim holds without renewal. Renewed at a third of it, sooner while there is progress to note. */
  readonly leaseMs: number;
}

export interface LeaseTools {
  readonly store: Pick<JobStore, 'renew' | 'rescue' | 'isShared'>;
  readonly beside: Beside;
  /** Called with each lease that is found lost, or given up. */
  readonly lost: (lease: Lease) => void;
}

/** While jobs are being rendered, their progress reaches the store this often. */
const PROGRESS_MS = 1_000;
/** The share of a lease that is left for stopping an attempt. */
const STOPPING = 0.2;

export class Leases {
  readonly #limits: LeaseLimits;
  readonly #tools: LeaseTools;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #rescuedAt: number;
  /** When each lease of an attempt was last known to begin, where that matters. */
  #heldSince = new Map<string, number>();
  /** Whether the last renewal failed. */
  #failing = false;

  /** `now`: when its own jobs were last rescued. Instants are monotonic milliseconds. */
  constructor(limits: LeaseLimits, now: number, tools: LeaseTools) {
    this.#limits = limits;
    this.#rescuedAt = now;
    this.#tools = tools;
  }

  /** How long leases hold has changed: those that are held are renewed at once, since a third of the new time may be longer than the old. */
  retime(): void {
    this.#renewedAt = Number.NEGATIVE_INFINITY;
  }

  /** Renews and rescues what is due: `assignments` as they are rendered, and `pending`, whose outcomes are being written. */
  tend(assignments: readonly Assignment[], pending: readonly Lease[], now: number): void {
    const { leaseMs } = this.#limits;
    this.#giveUp(assignments, now);
    const every = assignments.length > 0 ? Math.min(PROGRESS_MS, leaseMs / 3) : leaseMs / 3;
    const toRescue = now - this.#rescuedAt >= leaseMs / 2;
    if (now - this.#renewedAt < every) return;
    const { store, beside } = this.#tools;
    const renewals = [
      ...assignments.map(({ job: { id, fence }, progress }) => ({ id, fence, progress })),
      ...pending.map(({ id, fence }) => ({ id, fence, progress: 1 })),
    ];
    if (renewals.length === 0 && !toRescue) return;
    beside.run('keeping leases', async () => {
      this.#renewedAt = now;
      if (renewals.length > 0) await this.#renew(renewals, now);
      if (!toRescue) return;
      await store.rescue('expired');
      this.#rescuedAt = now;
    });
  }

  async #renew(renewals: Parameters<JobStore['renew']>[0], now: number): Promise<void> {
    const { store, lost } = this.#tools;
    // A store that does not answer at all rejects too, after a deadline of its own.
    const leases = await store.renew(renewals, this.#limits.leaseMs).catch((error) => {
      this.#failing = true;
      throw error;
    });
    this.#failing = false;
    // From before the question, so that it is never later than the database has it.
    for (const key of renewals.map(keyOf)) if (this.#heldSince.has(key)) this.#heldSince.set(key, now);
    for (const lease of leases) lost(lease);
  }

  /** Only after a renewal has failed: a process that stood still for long asks first, since its leases may still be good. */
  #giveUp(assignments: readonly Assignment[], now: number): void {
    const { leaseMs } = this.#limits;
    if (!this.#tools.store.isShared) return;
    const since = ({ job }: Assignment) => this.#heldSince.get(keyOf(job)) ?? now;
    this.#heldSince = new Map(assignments.map((assignment) => [keyOf(assignment.job), since(assignment)]));
    if (!this.#failing) return;
    for (const { job } of assignments) {
      if (now - (this.#heldSince.get(keyOf(job)) ?? now) >= leaseMs * (1 - STOPPING)) this.#tools.lost(job);
    }
  }
}

const keyOf = ({ id, fence }: Lease): string => `${fence} ${id}`;
