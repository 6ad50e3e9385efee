/**
 * Every SQL statement, in one catalogue, so that a test can ask SQLite for the plan of each and find none that reads a whole table. The database's clock
 * is read in one place, `present` and `now`; the other statements are given what it said.
 */

import type Database from 'better-sqlite3';
import type { Failure } from '../../../errors.js';
import type { HistoryEntry, Job, JobRequest, JobResult, JobState } from '../../../job.js';
import { tagsIn } from '../../../tags.js';
import type { Announcement, Limit, OutboxRow, Published } from '../../store.js';
import type { Lane } from '../../turns.js';

/** Milliseconds since the epoch on the database's clock. */
export const NOW = `CAST(round(unixepoch('subsec') * 1000) AS INTEGER)`;

const JOB = `SELECT seq, id, state, partner, requires, priority, attempt, crashes, fence, progress, server, revision,
  created_at AS createdAt, run_at AS runAt, started_at AS startedAt, finished_at AS finishedAt, request, result, failure
  FROM jobs JOIN payloads ON payloads.job = jobs.seq`;

/** A statement and the shape of its rows. */
interface Query<Row> {
  readonly text: string;
  readonly row?: Row;
}
const query = <Row>(text: string): Query<Row> => ({ text });

const LANE = `SELECT seq, partner, template, priority, requires, run_at AS runAt FROM jobs WHERE state = 'queued'`;

const CALLBACK = `event_id AS eventId, jobs.id AS jobId, partner, url, event, outbox.created_at AS createdAt, outbox.attempt AS attempt`;

/** A job's place in the table, and what its history notes with each event. */
export interface Held {
  readonly seq: number;
  readonly state: JobState;
  readonly fence: number;
  readonly server: string | null;
}

export interface JobRow extends Omit<Job, 'requires' | 'request' | 'result' | 'failure'> {
  readonly seq: number;
  readonly revision: number;
  readonly requires: string;
  readonly request: string;
  readonly result: string | null;
  readonly failure: string | null;
}

export interface TakenRow
  extends Pick<
    Job,
    'id' | 'partner' | 'priority' | 'attempt' | 'crashes' | 'fence' | 'server' | 'createdAt' | 'runAt'
  > {
  readonly requires: string;
  readonly request: string;
  readonly failure: string | null;
}

interface HistoryRow extends Omit<HistoryEntry, 'failure'> {
  readonly revision: number;
  readonly failure: string | null;
}

export interface PauseRow {
  readonly kind: 'partner' | 'template';
  readonly name: string;
  readonly since: number;
}

interface ServerRow extends Omit<Announcement, 'tags'> {
  /** A list, in JSON. */
  readonly tags: string;
  readonly heardAt: number;
}

/** The plus keeps SQLite from the index by state, which has them in another order. */
const PUBLISHED = `SELECT seq, id, fence, server FROM jobs WHERE +state IN ('rendered', 'delivered') AND finished_at IS NOT NULL AND seq > @after`;

export const QUERIES = {
  now: query<{ now: number }>(`SELECT ${NOW} AS now`),
  present: query<{ now: number; revision: number }>(`SELECT ${NOW} AS now, revision FROM counter WHERE only = 1`),
  count: query<never>(`UPDATE counter SET revision = @revision WHERE only = 1`),
  revision: query<{ revision: number }>(`SELECT revision FROM counter WHERE only = 1`),

  known: query<{ seq: number; fingerprint: string }>(
    `SELECT job AS seq, fingerprint FROM idempotency WHERE partner = @partner AND key = @key`,
  ),
  insertJob: query<never>(
    `INSERT INTO jobs (id, template, partner, requires, priority, state, run_at, revision, created_at)
     VALUES (@id, @template, @partner, @requires, @priority, 'queued', @runAt, @revision, @now)`,
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

  // One step into the index, past all the jobs of the lane before. SQLite begins such a search with the equal rows and passes over them one by one; with a time that
  // no job has, there are none.
  lane: query<Lane>(
    `${LANE} AND (partner, template, priority, requires, run_at) > (@partner, @template, @priority, @requires, 9e18)
     ORDER BY partner, template, priority, requires, run_at, seq LIMIT 1`,
  ),
  restOfLane: query<Lane>(
    `${LANE} AND partner = @partner AND template = @template AND priority = @priority AND requires = @requires ORDER BY run_at, seq LIMIT 1`,
  ),
  laterInLane: query<{ jobs: number }>(
    `SELECT count(*) AS jobs FROM jobs WHERE state = 'queued' AND partner = @partner AND template = @template AND priority = @priority
       AND requires = @requires AND run_at > @now`,
  ),
  inLane: query<{ jobs: number }>(
    `SELECT count(*) AS jobs FROM jobs WHERE state = 'queued' AND partner = @partner AND template = @template AND priority = @priority AND requires = @requires`,
  ),
  atWork: query<{ partner: string; rendering: number }>(
    `SELECT partner, count(*) AS rendering FROM jobs WHERE state = 'rendering' GROUP BY partner`,
  ),
  waiting: query<{ partner: string; template: string; queued: number; due: number }>(
    `SELECT partner, template, count(*) AS queued, sum(run_at <= @now) AS due FROM jobs WHERE state = 'queued' GROUP BY partner, template`,
  ),
  rendering: query<{ partner: string; template: string }>(
    `SELECT partner, template FROM jobs WHERE state = 'rendering'`,
  ),
  turn: query<{ turn: number }>(`SELECT turn FROM turns WHERE partner = @partner`),
  keepTurn: query<never>(
    `INSERT INTO turns (partner, turn) VALUES (@partner, @turn) ON CONFLICT (partner) DO UPDATE SET turn = excluded.turn`,
  ),
  take: query<TakenRow>(
    `UPDATE jobs SET state = 'rendering', fence = fence + 1, lease_until = @now + CAST(@leaseMs AS INTEGER), server = @server,
       progress = 0, started_at = @now, revision = @revision
     WHERE seq = @seq RETURNING id, partner, requires, priority, attempt, crashes, fence, server, created_at AS createdAt, run_at AS runAt,
       (SELECT request FROM payloads WHERE job = seq) AS request, (SELECT failure FROM payloads WHERE job = seq) AS failure`,
  ),

  limits: query<Limit>(`SELECT partner, most FROM limits ORDER BY partner`),
  anyLimit: query<{ any: 1 }>(`SELECT 1 AS any FROM limits LIMIT 1`),
  limit: query<never>(
    `INSERT INTO limits (partner, most) VALUES (@partner, @most) ON CONFLICT (partner) DO UPDATE SET most = excluded.most`,
  ),
  unlimit: query<never>(`DELETE FROM limits WHERE partner = @partner`),
  pauses: query<PauseRow>(`SELECT kind, name, since FROM pauses`),
  pause: query<never>(`INSERT INTO pauses (kind, name, since) VALUES (@kind, @name, @now) ON CONFLICT DO NOTHING`),
  resume: query<never>(`DELETE FROM pauses WHERE kind = @kind AND name = @name`),

  held: query<Held>(
    `SELECT seq, state, fence, server FROM jobs WHERE id = @id AND fence = @fence AND state = 'rendering'`,
  ),
  standing: query<Held>(`SELECT seq, state, fence, server FROM jobs WHERE id = @id`),
  expired: query<Held>(`SELECT seq, state, fence, server FROM jobs WHERE state = 'rendering' AND lease_until <= @now`),
  ofServer: query<Held>(`SELECT seq, state, fence, server FROM jobs WHERE state = 'rendering' AND server = @server`),

  // An unchanged progress is no change of the job: whoever follows `changes` is not troubled with it.
  extend: query<never>(
    `UPDATE jobs SET lease_until = @now + CAST(@leaseMs AS INTEGER), progress = @progress,
       revision = iif(progress = @progress, revision, @revision) WHERE id = @id AND fence = @fence AND state = 'rendering'`,
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
  complete: query<Held>(
    `UPDATE jobs SET state = 'rendered', finished_at = @now, lease_until = NULL, progress = 1, revision = @revision
     WHERE id = @id AND fence = @fence AND state = 'rendering' RETURNING seq, state, fence, server`,
  ),
  cancel: query<never>(
    `UPDATE jobs SET state = 'cancelled', finished_at = @now, lease_until = NULL, server = NULL, revision = @revision WHERE seq = @seq`,
  ),
  deliver: query<Held>(
    `UPDATE jobs SET state = 'delivered', revision = @revision WHERE seq = @seq RETURNING seq, state, fence, server`,
  ),
  keepResult: query<{ url: string | null }>(
    `UPDATE payloads SET result = @result, failure = NULL WHERE job = @seq RETURNING callback_url AS url`,
  ),
  keepFailure: query<never>(`UPDATE payloads SET failure = @failure WHERE job = @seq`),
  reopen: query<never>(
    `UPDATE jobs SET state = 'queued', run_at = @now, server = NULL, attempt = 0, crashes = 0, progress = 0, started_at = NULL, finished_at = NULL, revision = @revision
     WHERE seq = @seq AND state IN ('rendered', 'delivered') AND erased = 0`,
  ),
  dropResult: query<never>(`UPDATE payloads SET result = NULL WHERE job = @seq`),
  giveUp: query<never>(`UPDATE outbox SET due_at = NULL WHERE job = @seq`),

  hear: query<never>(
    `INSERT INTO servers (name, domain, version, ffmpeg, slots, rendering, state, tags, heard_at)
     VALUES (@name, @domain, @version, @ffmpeg, @slots, @rendering, @state, @tags, @now)
     ON CONFLICT (name) DO UPDATE SET domain = excluded.domain, version = excluded.version, ffmpeg = excluded.ffmpeg, slots = excluded.slots,
       rendering = excluded.rendering, state = excluded.state, tags = excluded.tags, heard_at = excluded.heard_at`,
  ),
  servers: query<ServerRow>(
    `SELECT name, domain, version, ffmpeg, slots, rendering, state, tags, heard_at AS heardAt FROM servers ORDER BY name`,
  ),
  forget: query<never>(`DELETE FROM servers WHERE name = @name`),
  published: query<Published & { readonly seq: number }>(`${PUBLISHED} ORDER BY seq LIMIT @limit`),
  publishedBy: query<Published & { readonly seq: number }>(
    `${PUBLISHED} AND server = @server ORDER BY seq LIMIT @limit`,
  ),

  announce: query<never>(
    `INSERT INTO outbox (event_id, job, url, event, created_at, due_at)
     SELECT @eventId, job, callback_url, @event, @now, @now FROM payloads WHERE job = @seq AND callback_url IS NOT NULL`,
  ),
  outbox: query<OutboxRow>(
    `SELECT ${CALLBACK} FROM outbox JOIN jobs ON jobs.seq = outbox.job WHERE due_at <= ${NOW} ORDER BY due_at, outbox.seq LIMIT @limit`,
  ),
  dueCallbacks: query<OutboxRow>(
    `SELECT ${CALLBACK} FROM outbox JOIN jobs ON jobs.seq = outbox.job WHERE due_at <= @now
       AND partner NOT IN (SELECT value FROM json_each(@except)) ORDER BY due_at, outbox.seq LIMIT @limit`,
  ),
  holdCallback: query<never>(`UPDATE outbox SET due_at = @now + CAST(@holdMs AS INTEGER) WHERE event_id = @eventId`),
  nextCallback: query<{ inMs: number | null }>(`SELECT min(due_at) - @now AS inMs FROM outbox WHERE due_at > @now`),
  settle: query<{ seq: number; event: OutboxRow['event'] }>(
    `UPDATE outbox SET attempt = attempt + 1, delivered = @delivered, due_at = ${NOW} + CAST(@retryInMs AS INTEGER)
     WHERE event_id = @eventId AND due_at IS NOT NULL RETURNING job AS seq, event`,
  ),

  job: query<JobRow>(`${JOB} WHERE seq = @seq`),
  jobById: query<JobRow>(`${JOB} WHERE id = @id`),
  recent: query<JobRow>(`${JOB} ORDER BY seq DESC LIMIT @limit`),
  changed: query<JobRow>(`${JOB} WHERE revision > @cursor ORDER BY revision LIMIT @limit`),
  // That it was enqueued is told by the job itself; earlier versions noted it as well.
  history: query<HistoryRow>(
    `SELECT 0 AS revision, created_at AS at, 'enqueued' AS event, 0 AS fence, NULL AS server, NULL AS failure FROM jobs WHERE id = @id
     UNION ALL
     SELECT history.revision, at, event, history.fence, history.server, failure
     FROM jobs CROSS JOIN history ON history.job = jobs.seq WHERE jobs.id = @id AND event <> 'enqueued' ORDER BY revision`,
  ),
  tally: query<{ state: JobState; jobs: number }>(`SELECT state, jobs FROM tally`),

  // The index has the erased ones of a state and the others apart.
  finished: query<{ id: string; server: string | null; finishedAt: number; seq: number }>(
    `SELECT id, server, finished_at AS finishedAt, seq FROM jobs WHERE state = @state AND erased = @erased AND finished_at <= @before
       AND (@server IS NULL OR server IS NULL OR server = @server) ORDER BY finished_at, seq LIMIT @limit`,
  ),
  purge: query<never>(`DELETE FROM jobs WHERE id = @id AND finished_at IS NOT NULL`),
  withWords: query<{ seq: number }>(
    `SELECT seq FROM jobs WHERE state = @state AND erased = 0 AND finished_at <= @before ORDER BY finished_at, seq LIMIT @limit`,
  ),
  noteErased: query<never>(`UPDATE jobs SET erased = 1 WHERE seq = @seq`),
  eraseWords: query<never>(`UPDATE payloads SET request = json_set(request, '$.words', json('{}')) WHERE job = @seq`),
  eraseFingerprint: query<never>(`UPDATE idempotency SET fingerprint = '' WHERE job = @seq`),
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
    requires: tagsIn(row.requires),
    request: JSON.parse(row.request) as JobRequest,
    result: fromJson<JobResult>(row.result),
    failure: fromJson<Failure>(row.failure),
  };
}

export function toEntry({ revision: _revision, ...entry }: HistoryRow): HistoryEntry {
  return { ...entry, failure: fromJson<Failure>(entry.failure) };
}

export const fromJson = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));
