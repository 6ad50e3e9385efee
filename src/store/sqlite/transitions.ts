/**
 * What happens to a job, as synchronous steps inside a transaction that somebody else began. Each step changes the queue row, notes the history and
 * writes the outbox row where one is due; together they are committed or not at all. Since the transaction is the only writer, a row that was read here
 * stays as it was read until it is written.
 */

import { randomUUID } from 'node:crypto';
import type { Failure } from '../../errors.js';
import { StoryfarmError } from '../../errors.js';
import { type HistoryEntry, isFinished, type Job, type JobResult } from '../../job.js';
import { fingerprint } from '../fingerprint.js';
import type { ClaimOptions, Enqueued, FailOptions, Lease, NewJob, OutboxRow, Renewal } from '../store.js';
import { type Held, type Statements, toJob } from './statements.js';

/** One moment of change: what the clock says, and the revision that the changed row gets. */
interface Stamp {
  readonly now: number;
  readonly revision: number;
}

export class Transitions {
  private readonly sql: Statements;

  constructor(sql: Statements) {
    this.sql = sql;
  }

  enqueue(job: NewJob): Enqueued {
    const asked = job.idempotencyKey === undefined ? null : fingerprint(job);
    const earlier = this.known(job, asked);
    if (earlier !== undefined) return { job: this.job(earlier), created: false };

    const stamp = this.stamp();
    const { request, partner, priority = 0, delayMs = 0, idempotencyKey, callbackUrl = null } = job;
    const template = request.template.id;
    const { seq } = row(
      this.sql.insertJob.get({
        ...stamp,
        id: randomUUID(),
        template,
        partner,
        priority,
        delayMs: Math.max(0, delayMs),
      }),
    );
    this.sql.insertPayload.run({ seq, request: JSON.stringify(request), callbackUrl });
    if (idempotencyKey !== undefined) {
      this.sql.insertKey.run({ seq, partner, key: idempotencyKey, fingerprint: asked });
    }
    this.note(stamp, { seq, fence: 0, server: null }, 'enqueued');
    return { job: this.job(seq), created: true };
  }

  claim({ server, limit, leaseMs }: ClaimOptions): readonly Job[] {
    const { now } = row(this.sql.now.get());
    return this.sql.due.all({ now, limit }).map(({ seq }) => {
      const stamp = this.stamp();
      this.note(stamp, row(this.sql.take.get({ ...stamp, seq, server, leaseMs })), 'claimed');
      return this.job(seq);
    });
  }

  renew(renewals: readonly Renewal[], leaseMs: number): readonly Lease[] {
    const lost: Lease[] = [];
    for (const { id, fence, progress } of renewals) {
      const held = this.sql.held.get({ id, fence });
      if (held === undefined) lost.push({ id, fence });
      else this.sql.extend.run({ ...this.stamp(), seq: held.seq, leaseMs, progress });
    }
    return lost;
  }

  release(lease: Lease): void {
    this.requeue(this.hold(lease), 'released');
  }

  rescue(whose: { readonly server: string } | 'expired'): number {
    const found =
      whose === 'expired'
        ? this.sql.expired.all({ now: row(this.sql.now.get()).now })
        : this.sql.ofServer.all({ server: whose.server });
    for (const held of found) this.requeue(held, 'rescued');
    return found.length;
  }

  complete(lease: Lease, result: JobResult): void {
    const held = this.hold(lease);
    const stamp = this.stamp();
    this.sql.complete.run({ ...stamp, seq: held.seq });
    this.sql.keepResult.run({ seq: held.seq, result: JSON.stringify(result) });
    this.note(stamp, held, 'rendered');
    this.announce(stamp, held, 'rendered');
  }

  fail(lease: Lease, { failure, retryInMs, counts }: FailOptions): Job {
    const held = this.hold(lease);
    const stamp = this.stamp();
    const change = {
      ...stamp,
      seq: held.seq,
      attempts: counts === 'attempt' ? 1 : 0,
      crashes: counts === 'crash' ? 1 : 0,
    };
    this.sql.keepFailure.run({ seq: held.seq, failure: JSON.stringify(failure) });
    if (retryInMs === null) {
      this.sql.bury.run(change);
      this.note(stamp, held, 'dead', failure);
      this.announce(stamp, held, 'dead');
    } else {
      this.sql.retry.run({ ...change, retryInMs: Math.max(0, retryInMs) });
      this.note(stamp, held, 'retried', failure);
    }
    return this.job(held.seq);
  }

  cancel(id: string): Job {
    const standing = this.sql.standing.get({ id });
    if (standing === undefined) throw new StoryfarmError('unknown_job', `No job has the id ${JSON.stringify(id)}.`);
    if (isFinished(standing.state))
      throw new StoryfarmError('not_cancellable', `Job ${id} is already ${standing.state}.`);
    const stamp = this.stamp();
    this.sql.cancel.run({ ...stamp, seq: standing.seq });
    this.note(stamp, standing, 'cancelled');
    this.announce(stamp, standing, 'cancelled');
    return this.job(standing.seq);
  }

  settle(eventId: string, outcome: 'delivered' | { readonly retryInMs: number | null }): void {
    const delivered = outcome === 'delivered';
    const retryInMs = delivered || outcome.retryInMs === null ? null : Math.max(0, outcome.retryInMs);
    const settled = this.sql.settle.get({ eventId, delivered: delivered ? 1 : 0, retryInMs });
    if (settled === undefined || !delivered || settled.event !== 'rendered') return;
    const job = this.job(settled.seq);
    const stamp = this.stamp();
    this.sql.deliver.run({ ...stamp, seq: settled.seq });
    this.note(stamp, { ...job, seq: settled.seq }, 'delivered');
  }

  /** The row that the lease gives the right to write. */
  private hold({ id, fence }: Lease): Held {
    const held = this.sql.held.get({ id, fence });
    if (held === undefined) throw new StoryfarmError('fenced', `The lease ${fence} of job ${id} was lost.`);
    return held;
  }

  private requeue(held: Held, event: 'released' | 'rescued'): void {
    const stamp = this.stamp();
    this.sql.requeue.run({ ...stamp, seq: held.seq });
    this.note(stamp, held, event);
  }

  private known({ partner, idempotencyKey: key }: NewJob, asked: string | null): number | undefined {
    const known = key === undefined ? undefined : this.sql.known.get({ partner, key });
    if (known !== undefined && known.fingerprint !== asked) {
      throw new StoryfarmError('idempotency_conflict', 'This Idempotency-Key came earlier with another request.');
    }
    return known?.seq;
  }

  private stamp(): Stamp {
    return row(this.sql.stamp.get());
  }

  private note(
    stamp: Stamp,
    { seq, fence, server }: Omit<Held, 'state'>,
    event: HistoryEntry['event'],
    failure: Failure | null = null,
  ): void {
    this.sql.note.run({ ...stamp, seq, event, fence, server, failure: failure && JSON.stringify(failure) });
  }

  private announce({ now }: Stamp, { seq }: Held, event: OutboxRow['event']): void {
    this.sql.announce.run({ now, seq, event, eventId: randomUUID() });
  }

  private job(seq: number): Job {
    return toJob(row(this.sql.job.get({ seq })));
  }
}

/** A row that is there unless the store itself is wrong. */
function row<T>(found: T | undefined): T {
  if (found === undefined) throw new StoryfarmError('internal', 'The store lacks a row that it must have.');
  return found;
}
