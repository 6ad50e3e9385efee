/** Jobs that come into an embedded store (moving.ts), which may be at work. */

import type Database from 'better-sqlite3';
import type { Amounts, Holds, JobRecord, Target } from '../../moving.js';
import { assertRequirement } from '../../refusals.js';
import { Calls } from '../calls.js';
import { openDatabase } from '../file/database.js';
import { Moment } from '../moment.js';
import { prepare } from '../steps/statements.js';

/** Milliseconds that it waits for whoever writes. */
const PATIENCE_MS = 60_000;

const MISSING = `SELECT value FROM json_each(@ids) WHERE value NOT IN (SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(@ids))) ORDER BY key`;
const OF = `job IN (SELECT seq FROM jobs WHERE id IN (SELECT value FROM json_each(@ids)))`;
const AMOUNTS = `SELECT (SELECT count(*) FROM jobs WHERE id IN (SELECT value FROM json_each(@ids))) AS jobs,
  (SELECT count(*) FROM history WHERE event <> 'enqueued' AND ${OF}) AS events, (SELECT count(*) FROM outbox WHERE ${OF}) AS callbacks,
  (SELECT count(*) FROM idempotency WHERE ${OF}) AS keys`;

const INSERT = {
  job: `INSERT INTO jobs (id, template, partner, requires, priority, state, run_at, fence, server, attempt, crashes, progress, revision, created_at, started_at, finished_at, erased)
    VALUES (@id, @template, @partner, @requires, @priority, @state, @runAt, @fence, @server, @attempt, @crashes, @progress, @revision, @createdAt, @startedAt, @finishedAt, @erased)`,
  payload: `INSERT INTO payloads (job, request, callback_url, result, failure) VALUES (@seq, @request, @callbackUrl, @result, @failure)`,
  key: `INSERT INTO idempotency (job, partner, key, fingerprint) VALUES (@seq, @partner, @name, @fingerprint) ON CONFLICT DO NOTHING`,
  entry: `INSERT INTO history (job, revision, at, event, fence, server, failure) VALUES (@seq, @revision, @at, @event, @fence, @server, @failure)`,
  callback: `INSERT INTO outbox (event_id, job, url, event, created_at, attempt, due_at, delivered)
    VALUES (@eventId, @seq, @url, @event, @createdAt, @attempt, @dueAt, @delivered)`,
  limit: `INSERT INTO limits (partner, most) VALUES (@partner, @most) ON CONFLICT DO NOTHING`,
  pause: `INSERT INTO pauses (kind, name, since) VALUES (@kind, @name, @since) ON CONFLICT DO NOTHING`,
};
type Insert = Readonly<Record<keyof typeof INSERT, Database.Statement<object[]>>>;

/** Rejects as openStore does; the file is made when it is missing. */
export async function openSqliteTarget(file: string): Promise<Target> {
  return new SqliteTarget(await openDatabase(file, PATIENCE_MS));
}

class SqliteTarget implements Target {
  readonly name: string;
  readonly #database: Database.Database;
  readonly #insert: Insert;
  readonly #calls: Calls;
  readonly #moment: Moment;

  constructor(database: Database.Database) {
    this.#database = database;
    this.name = `sqlite:${database.name}`;
    const entries = Object.entries(INSERT).map(([name, text]) => [name, database.prepare(text)]);
    this.#insert = Object.fromEntries(entries) as Insert;
    this.#moment = new Moment(prepare(database));
    this.#calls = new Calls(database, PATIENCE_MS, this.#moment);
  }

  missing(ids: readonly string[]): Promise<readonly string[]> {
    const missing = this.#database.prepare<{ ids: string }, string>(MISSING).pluck();
    return this.#calls.read(() => missing.all({ ids: JSON.stringify(ids) }));
  }

  amounts(ids: readonly string[]): Promise<Amounts> {
    const amounts = this.#database.prepare<{ ids: string }, Amounts>(AMOUNTS);
    return this.#calls.read(() => amounts.get({ ids: JSON.stringify(ids) }) as Amounts);
  }

  put(records: readonly JobRecord[]): Promise<void> {
    const known = this.#database.prepare('SELECT 1 FROM jobs WHERE id = ?');
    return this.#calls.write(() => {
      for (const record of records) if (known.get(record.job.id) === undefined) this.#put(record);
    });
  }

  hold({ limits, pauses }: Holds): Promise<void> {
    return this.#calls.write(() => {
      for (const limit of limits) this.#insert.limit.run(limit);
      for (const pause of pauses) {
        const [kind, name] = 'partner' in pause ? ['partner', pause.partner] : ['template', pause.template];
        this.#insert.pause.run({ kind, name, since: pause.since });
      }
    });
  }

  close(): Promise<void> {
    return this.#calls.close();
  }

  #put({ job, erased, callbackUrl, key, history, callbacks }: JobRecord): void {
    const { request, result, failure, ...row } = job;
    const { revision } = this.#moment.stamp();
    const { lastInsertRowid } = this.#insert.job.run({
      ...{ ...row, template: request.template.id, requires: assertRequirement(job.requires), revision },
      erased: Number(erased),
    });
    const seq = Number(lastInsertRowid);
    const texts = { request: JSON.stringify(request), result: textOf(result), failure: textOf(failure) };
    this.#insert.payload.run({ seq, callbackUrl, ...texts });
    if (key) this.#insert.key.run({ seq, partner: job.partner, name: key.name, fingerprint: key.fingerprint ?? '' });
    for (const entry of history) {
      const { revision } = this.#moment.stamp();
      this.#insert.entry.run({ ...entry, seq, revision, failure: textOf(entry.failure) });
    }
    for (const callback of callbacks)
      this.#insert.callback.run({ ...callback, seq, delivered: Number(callback.delivered) });
  }
}

const textOf = (value: object | null): string | null => value && JSON.stringify(value);
