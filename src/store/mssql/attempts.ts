/** Keeps attempts and takes their ends, and cancels; ends that come at about the same time are one transaction. */

import { type Failure, StoryfarmError } from '../../errors.js';
import type { Job, JobResult } from '../../job.js';
import { newId } from '../ids.js';
import { notRerenderable } from '../refusals.js';
import type { FailOptions, Lease, Renewal } from '../store.js';
import type { Calls } from './calls.js';
import { Gather } from './gather.js';
import { toJob } from './rows.js';
import { REVISIONS } from './texts/frame.js';

/** How an attempt, or a job, ends, as texts/move.ts reads it. */
interface End {
  readonly id: string;
  /** Null where no lease is needed. */
  readonly fence: number | null;
  readonly event: 'rendered' | 'dead' | 'retried' | 'released' | 'cancelled' | 'reopened';
  readonly attempts: number;
  readonly crashes: number;
  readonly retry_in: number | null;
  readonly result: JobResult | null;
  readonly failure: Failure | null;
  readonly event_id: string;
}

const UNHARMED = { attempts: 0, crashes: 0, retry_in: null, result: null, failure: null };

export class Attempts {
  readonly #calls: Calls;
  readonly #ends: Gather<End, Job | undefined>;

  constructor(calls: Calls, largest: number, deadlineMs: number) {
    this.#calls = calls;
    const write = (items: readonly End[], ms: number) => this.#write(items, ms);
    this.#ends = new Gather({ write, key: ({ id }) => id, largest, deadlineMs });
  }

  async renew(renewals: readonly Renewal[], leaseMs: number): Promise<readonly Lease[]> {
    const lost: Lease[] = [];
    for (let start = 0; start < renewals.length; start += REVISIONS) {
      const some = renewals.slice(start, start + REVISIONS);
      const items = some.map(({ id, fence, progress }, index) => ({ n: index + 1, id: known(id), fence, progress }));
      const [rows = []] = await this.#calls.write('renew', {
        items: JSON.stringify(items),
        lease: Math.trunc(leaseMs),
      });
      for (const { n } of rows) {
        const { id, fence } = some[Number(n) - 1] as Renewal;
        lost.push({ id, fence });
      }
    }
    return lost;
  }

  async release({ id, fence }: Lease): Promise<void> {
    await this.#ends.add({ id, fence, ...UNHARMED, event: 'released', event_id: newId() });
  }

  async complete({ id, fence }: Lease, result: JobResult): Promise<void> {
    const end = { ...UNHARMED, event: 'rendered', result, event_id: newId() } as const;
    await this.#ends.add({ id, fence, ...end });
  }

  async fail({ id, fence }: Lease, { failure, retryInMs, counts }: FailOptions): Promise<Job> {
    const end = {
      ...UNHARMED,
      event: retryInMs === null ? 'dead' : 'retried',
      attempts: counts === 'attempt' ? 1 : 0,
      crashes: counts === 'crash' ? 1 : 0,
      retry_in: retryInMs === null ? null : Math.trunc(Math.max(0, retryInMs)),
      failure,
      event_id: newId(),
    } as const;
    return (await this.#ends.add({ id, fence, ...end })) as Job;
  }

  async rescue(whose: { readonly server: string } | 'expired'): Promise<number> {
    const server = whose === 'expired' ? null : whose.server;
    let rescued = 0;
    for (;;) {
      const [[row] = []] = await this.#calls.write('rescue', { server });
      const some = Number(row?.rescued);
      rescued += some;
      if (some < REVISIONS) return rescued;
    }
  }

  async cancel(id: string): Promise<Job> {
    return (await this.#ends.add({ id, fence: null, ...UNHARMED, event: 'cancelled', event_id: newId() })) as Job;
  }

  async rerender(id: string): Promise<Job> {
    return (await this.#ends.add({ id, fence: null, ...UNHARMED, event: 'reopened', event_id: newId() })) as Job;
  }

  async #write(ends: readonly End[], ms: number): Promise<(Job | undefined | StoryfarmError)[]> {
    const items = JSON.stringify(ends.map((end, index) => ({ n: index + 1, ...end, id: known(end.id) })));
    const requeues = ends.some(({ event }) => ['retried', 'released', 'reopened'].includes(event));
    const [good = [], jobs = []] = await this.#calls.write('end', { items, requeues }, ms);
    const isGood = new Set(good.map(({ n }) => Number(n)));
    const found = new Map(jobs.map((row) => [Number(row.n), toJob(row)]));
    return ends.map((end, index) => {
      const job = found.get(index + 1);
      return isGood.has(index + 1) ? job : refusal(end, job);
    });
  }
}

function refusal({ id, fence, event }: End, job: Job | undefined): StoryfarmError {
  if (event === 'reopened') return notRerenderable(id, job?.state);
  if (event !== 'cancelled') return new StoryfarmError('fenced', `The lease ${fence} of job ${id} was lost.`);
  if (job === undefined) return new StoryfarmError('unknown_job', `No job has the id ${JSON.stringify(id)}.`);
  return new StoryfarmError('not_cancellable', `Job ${id} is already ${job.state}.`);
}

/** An id as a column takes it; ours are shorter, so that what is cut is none of ours. */
export const known = (id: string): string => id.slice(0, 64);
