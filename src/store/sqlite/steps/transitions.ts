/**
 * What happens to a job, as synchronous steps inside a transaction that somebody else began. Each step changes the queue row, notes the history and
 * writes the outbox row where one is due; together they are committed or not at all. Since the transaction is the only writer, a row that was read here
 * stays as it was read until it is written.
 */

import type { Failure } from '../../../errors.js';
import { StoryfarmError } from '../../../errors.js';
import { type HistoryEntry, isFinished, type Job, type JobRequest, type JobResult } from '../../../job.js';
import { tagsIn } from '../../../tags.js';
import { fingerprint } from '../../fingerprint.js';
import { newId } from '../../ids.js';
import { assertRequirement, notRerenderable } from '../../refusals.js';
import type { ClaimCallbacks, Enqueued, FailOptions, Lease, NewJob, OutboxRow, Renewal } from '../../store.js';
import type { Moment, Stamp } from '../moment.js';
import { type Held, type Statements, toJob } from './statements.js';

export class Transitions {
  private readonly sql: Statements;
  private readonly moment: Moment;

  constructor(sql: Statements, moment: Moment) {
    this.sql = sql;
    this.moment = moment;
  }

  enqueue(job: NewJob): Enqueued {
    const asked = job.idempotencyKey === undefined ? null : fingerprint(job);
    const earlier = this.known(job, asked);
    if (earlier !== undefined) return { job: this.job(earlier), created: false };

    const { now, revision } = this.moment.stamp();
    const { partner, priority = 0, delayMs = 0, idempotencyKey, callbackUrl = null } = job;
    const [id, request, template] = [newId(), JSON.stringify(job.request), job.request.template.id];
    const requires = assertRequirement(job.requires);
    const runAt = now + Math.trunc(Math.max(0, delayMs));
    const { lastInsertRowid } = this.sql.insertJob.run({
      id,
      template,
      partner,
      requires,
      priority,
      runAt,
      revision,
      now,
    });
    const seq = Number(lastInsertRowid);
    this.sql.insertPayload.run({ seq, request, callbackUrl });
    if (idempotencyKey !== undefined) {
      this.sql.insertKey.run({ seq, partner, key: idempotencyKey, fingerprint: asked });
    }
    return { job: fresh({ id, partner, requires, priority, createdAt: now, runAt, request }), created: true };
  }

  renew(renewals: readonly Renewal[], leaseMs: number): readonly Lease[] {
    const isLost = ({ id, fence, progress }: Renewal) =>
      this.sql.extend.run({ ...this.moment.stamp(), id, fence, progress, leaseMs }).changes === 0;
    return renewals.filter(isLost).map(({ id, fence }) => ({ id, fence }));
  }

  release(lease: Lease): void {
    this.requeue(this.hold(lease), 'released');
  }

  rescue(whose: { readonly server: string } | 'expired'): number {
    const found =
      whose === 'expired'
        ? this.sql.expired.all({ now: this.moment.now })
        : this.sql.ofServer.all({ server: whose.server });
    for (const held of found) this.requeue(held, 'rescued');
    return found.length;
  }

  complete(lease: Lease, result: JobResult): void {
    const { id, fence } = lease;
    const stamp = this.moment.stamp();
    const held = this.sql.complete.get({ ...stamp, id, fence });
    if (held === undefined) throw fenced(lease);
    const kept = this.sql.keepResult.get({ seq: held.seq, result: JSON.stringify(result) });
    this.note(stamp, held, 'rendered');
    if (kept?.url) this.announce(stamp, held, 'rendered');
  }

  fail(lease: Lease, { failure, retryInMs, counts }: FailOptions): Job {
    const held = this.hold(lease);
    const stamp = this.moment.stamp();
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
    const stamp = this.moment.stamp();
    this.sql.cancel.run({ ...stamp, seq: standing.seq });
    this.note(stamp, standing, 'cancelled');
    this.announce(stamp, standing, 'cancelled');
    return this.job(standing.seq);
  }

  rerender(id: string): Job {
    const held = this.sql.standing.get({ id });
    const stamp = this.moment.stamp();
    if (held === undefined || this.sql.reopen.run({ ...stamp, seq: held.seq }).changes === 0)
      throw notRerenderable(id, held?.state);
    this.sql.dropResult.run({ seq: held.seq });
    this.sql.giveUp.run({ seq: held.seq });
    this.note(stamp, held, 'reopened');
    return this.job(held.seq);
  }

  claimCallbacks({ limit, holdMs, except = [] }: ClaimCallbacks): readonly OutboxRow[] {
    const { now } = this.moment;
    const rows = this.sql.dueCallbacks.all({ now, limit, except: JSON.stringify(except) });
    for (const { eventId } of rows) this.sql.holdCallback.run({ now, holdMs, eventId });
    return rows;
  }

  settle(eventId: string, outcome: 'delivered' | { readonly retryInMs: number | null }): void {
    const delivered = outcome === 'delivered';
    const retryInMs = delivered || outcome.retryInMs === null ? null : Math.max(0, outcome.retryInMs);
    const settled = this.sql.settle.get({ eventId, delivered: delivered ? 1 : 0, retryInMs });
    if (settled === undefined || !delivered || settled.event !== 'rendered') return;
    const stamp = this.moment.stamp();
    this.note(stamp, row(this.sql.deliver.get({ ...stamp, seq: settled.seq })), 'delivered');
  }

  /** The row that the lease gives the right to write. */
  private hold(lease: Lease): Held {
    const held = this.sql.held.get({ id: lease.id, fence: lease.fence });
    if (held === undefined) throw fenced(lease);
    return held;
  }

  private requeue(held: Held, event: 'released' | 'rescued'): void {
    const stamp = this.moment.stamp();
    this.sql.requeue.run({ ...stamp, seq: held.seq });
    this.note(stamp, held, event);
  }

  private known({ partner, idempotencyKey: key }: NewJob, asked: string | null): number | undefined {
    const known = key === undefined ? undefined : this.sql.known.get({ partner, key });
    // Empty once the words were erased.
    if (known !== undefined && known.fingerprint !== '' && known.fingerprint !== asked) {
      throw new StoryfarmError('idempotency_conflict', 'This Idempotency-Key came earlier with another request.');
    }
    return known?.seq;
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
    this.sql.announce.run({ now, seq, event, eventId: newId() });
  }

  private job(seq: number): Job {
    return toJob(row(this.sql.job.get({ seq })));
  }
}

/** A job that was just recorded, as it would be read back. */
function fresh({
  requires,
  request,
  ...row
}: Pick<Job, 'id' | 'partner' | 'priority' | 'createdAt' | 'runAt'> & {
  readonly requires: string;
  readonly request: string;
}): Job {
  const untouched = { state: 'queued', attempt: 0, crashes: 0, fence: 0, progress: 0 } as const;
  const none = { server: null, startedAt: null, finishedAt: null, result: null, failure: null };
  return { ...row, ...untouched, ...none, requires: tagsIn(requires), request: JSON.parse(request) as JobRequest };
}

const fenced = ({ id, fence }: Lease) => new StoryfarmError('fenced', `The lease ${fence} of job ${id} was lost.`);

/** A row that is there unless the store itself is wrong. */
function row<T>(found: T | undefined): T {
  if (found === undefined) throw new StoryfarmError('internal', 'The store lacks a row that it must have.');
  return found;
}
