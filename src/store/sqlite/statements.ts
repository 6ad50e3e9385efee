/**
 * Every SQL statement, in one catalogue, so that a test can ask SQLite for the plan of each and find none that reads a whole table. The database's clock
 * is read in one place, `stamp` and `now`; the other statements are given what it said.
 */

import type Database from 'better-sqlite3';
import type { Failure } from '../../errors.js';
import type { HistoryEntry, Job, JobRequest, JobResult, JobState } from '../../job.js';
import type { OutboxRow } from '../store.js';

/** Milliseconds since the epoch on the database's clock. */
const NOW = `CAST(round(unixepoch('subsec') * 1000) AS INTEGER)`;

const JOB = `SELECT seq, id, state, partner, priority, attempt, crashes, fence, progress, server, revision,
  created_at AS createdAt, run_at AS runAt, started_at AS startedAt, finished_at AS finishedAt, request, result, failure
  FROM jobs JOIN payloads ON payloads.job = jobs.seq`;

/** A statement and the shape of its rows. */
interface Query<Row> {
  readonly text: string;
  readonly row?: Row;
}
const query = <Row>(text: string): Query<Row> => ({ text });

/** A job's place in the table, and what its history notes with each event. */
export interface Held {
  readonly seq: number;
  readonly state: JobState;
  readonly fence: number;
  readonly server: string | null;
}

export interface JobRow extends Omit<Job, 'request' | 'result' | 'failure'> {
  readonly seq: number;
  readonly revision: number;
  readonly request: string;
  readonly result: string | null;
  readonly failure: string | null;
}

export const QUERIES = {
  now: query<{ now: number }>(`SELECT ${NOW} AS now`),
  stamp: query<{ now: number; revision: number }>(
    `UPDATE counter SET revision = revision + 1 WHERE only = 1 RETURNING revision, ${NOW} AS now`,
  ),
  revision: query<{ revision: number }>(`SELECT revision FROM counter WHERE only = 1`),

  known: query<{ seq: number; fingerprint: string }>(
    `SELECT job AS seq, fingerprint FROM idempotency WHERE partner = @partner AND key = @key`,
  ),
  insertJob: query<{ seq: number }>(
    `INSERT INTO jobs (id, template, partner, priority, state, run_at, revision, created_at)
     VALUES (@id, @template, @partner, @priority, 'queued', @now + CAST(@delayMs AS INTEGER), @revision, @now) RETURNING seq`,
  ),
  insertPayload: query<never>(
    `INSERT INTO payloads (job, request, callback_url) VALUES (@seq, @request, @callbackUrl)`,
  ),
  insertKey: query<never>(
    `INSERT INTO idempotency (job, partner, key, fingerprint) VALUES (@seq, @partner, @key, @fingerprint)`,
  ),
  note: query<never>(
    `INSERT INTO history (job, revision, at, event, fence, server, failure)
     VALUES (@seq, @revision, @now, @event, @fence, @server, @failure)`,
  ),

  anyDue: query<{ due: 1 }>(`SELECT 1 AS due FROM jobs WHERE state = 'queued' AND run_at <= ${NOW} LIMIT 1`),
  due: query<{ seq: number }>(
    `SELECT seq FROM jobs WHERE state = 'queued' AND run_at <= @now ORDER BY priority DESC, run_at, seq LIMIT @limit`,
  ),
  take: query<Held>(
    `UPDATE jobs SET state = 'rendering', fence = fence + 1, lease_until = @now + CAST(@leaseMs AS INTEGER), server = @server,
       progress = 0, started_at = @now, revision = @revision
     WHERE seq = @seq RETURNING seq, state, fence, server`,
  ),
  held: query<Held>(
    `SELECT seq, state, fence, server FROM jobs WHERE id = @id AND fence = @fence AND state = 'rendering'`,
  ),
  standing: query<Held>(`SELECT seq, state, fence, server FROM jobs WHERE id = @id`),
  expired: query<Held>(`SELECT seq, state, fence, server FROM jobs WHERE state = 'rendering' AND lease_until <= @now`),
  ofServer: query<Held>(`SELECT seq, state, fence, server FROM jobs WHERE state = 'rendering' AND server = @server`),

  // An unchanged progress is no change of the job: whoever follows `changes` is not troubled with it.
  extend: query<never>(
    `UPDATE jobs SET lease_until = @now + CAST(@leaseMs AS INTEGER), progress = @progress,
       revision = iif(progress = @progress, revision, @revision) WHERE seq = @seq`,
  ),
  requeue: query<never>(
    `UPDATE jobs SET state = 'queued', run_at = min(run_at, @now), lease_until = NULL, server = NULL, progress = 0,
       started_at = NULL, revision = @revision WHERE seq = @seq`,
  ),
  retry: query<never>(
    `UPDATE jobs SET state = 'queued', run_at = @now + CAST(@retryInMs AS INTEGER), lease_until = NULL, server = NULL, progress = 0,
       started_at = NULL, attempt = attempt + @attempts, crashes = crashes + @crashes, revision = @revision WHERE seq = @seq`,
  ),
  bury: query<never>(
    `UPDATE jobs SET state = 'dead', finished_at = @now, lease_until = NULL, server = NULL,
       attempt = attempt + @attempts, crashes = crashes + @crashes, revision = @revision WHERE seq = @seq`,
  ),
  complete: query<never>(
    `UPDATE jobs SET state = 'rendered', finished_at = @now, lease_until = NULL, progress = 1, revision = @revision WHERE seq = @seq`,
  ),
  cancel: query<never>(
    `UPDATE jobs SET state = 'cancelled', finished_at = @now, lease_until = NULL, server = NULL, revision = @revision WHERE seq = @seq`,
  ),
  deliver: query<never>(`UPDATE jobs SET state = 'delivered', revision = @revision WHERE seq = @seq`),
  keepResult: query<never>(`UPDATE payloads SET result = @result, failure = NULL WHERE job = @seq`),
  keepFailure: query<never>(`UPDATE payloads SET failure = @failure WHERE job = @seq`),

  announce: query<never>(
    `INSERT INTO outbox (event_id, job, url, event, created_at, due_at)
     SELECT @eventId, job, callback_url, @event, @now, @now FROM payloads WHERE job = @seq AND callback_url IS NOT NULL`,
  ),
  outbox: query<OutboxRow>(
    `SELECT event_id AS eventId, jobs.id AS jobId, url, event, outbox.created_at AS createdAt, outbox.attempt AS attempt
     FROM outbox JOIN jobs ON jobs.seq = outbox.job WHERE due_at <= ${NOW} ORDER BY due_at, outbox.seq LIMIT @limit`,
  ),
  settle: query<{ seq: number; event: OutboxRow['event'] }>(
    `UPDATE outbox SET attempt = attempt + 1, delivered = @delivered, due_at = ${NOW} + CAST(@retryInMs AS INTEGER)
     WHERE event_id = @eventId AND due_at IS NOT NULL RETURNING job AS seq, event`,
  ),

  job: query<JobRow>(`${JOB} WHERE seq = @seq`),
  jobById: query<JobRow>(`${JOB} WHERE id = @id`),
  recent: query<JobRow>(`${JOB} ORDER BY seq DESC LIMIT @limit`),
  changed: query<JobRow>(`${JOB} WHERE revision > @cursor ORDER BY revision LIMIT @limit`),
  history: query<Omit<HistoryEntry, 'failure'> & { failure: string | null }>(
    `SELECT at, event, history.fence AS fence, history.server AS server, failure
     FROM history JOIN jobs ON jobs.seq = history.job WHERE jobs.id = @id ORDER BY history.revision`,
  ),
  tally: query<{ state: JobState; jobs: number }>(`SELECT state, jobs FROM tally`),
  waiting: query<{ due: number; oldestDueMs: number }>(
    `SELECT count(*) AS due, ifnull(${NOW} - min(run_at), 0) AS oldestDueMs FROM jobs WHERE state = 'queued' AND run_at <= ${NOW}`,
  ),
};

type Bindings = Readonly<Record<string, string | number | null>>;
type RowOf<Q> = Q extends Query<infer Row> ? Row : never;
export type Statements = {
  readonly [Name in keyof typeof QUERIES]: Database.Statement<Bindings[], RowOf<(typeof QUERIES)[Name]>>;
};

export function prepare(database: Database.Database): Statements {
  const prepared = Object.entries(QUERIES).map(([name, { text }]) => [name, database.prepare(text)]);
  return Object.fromEntries(prepared) as Statements;
}

export function toJob(row: JobRow): Job {
  const { seq: _seq, revision: _revision, ...job } = row;
  return {
    ...job,
    request: JSON.parse(row.request) as JobRequest,
    result: fromJson<JobResult>(row.result),
    failure: fromJson<Failure>(row.failure),
  };
}

export const fromJson = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));
