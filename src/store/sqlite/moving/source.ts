/** Jobs that leave an embedded store (moving.ts). One connection that writes nothing, and while it is sealed keeps the lock of the only writer. */

import type Database from 'better-sqlite3';
import type { Failure } from '../../../errors.js';
import type { HistoryEntry } from '../../../job.js';
import { type Amounts, type CallbackRecord, type Holds, type JobRecord, type Source, unclaimed } from '../../moving.js';
import type { Limit } from '../../store.js';
import { patiently } from '../commits.js';
import { openDatabase } from '../file/database.js';
import { fromJson, type JobRow, NOW, type PauseRow, QUERIES, toJob } from '../steps/statements.js';

/** Milliseconds that it waits for whoever writes. */
const PATIENCE_MS = 5_000;

const AMOUNTS = `SELECT (SELECT count(*) FROM jobs) AS jobs,
  (SELECT count(*) FROM history WHERE event <> 'enqueued') + (SELECT count(*) FROM jobs WHERE state = 'rendering') AS events,
  (SELECT count(*) FROM outbox) AS callbacks, (SELECT count(*) FROM idempotency) AS keys`;
const IDS = `SELECT id FROM jobs WHERE seq > coalesce((SELECT seq FROM jobs WHERE id = @after), -1) ORDER BY seq LIMIT @limit`;
const REST = `SELECT erased, callback_url AS callbackUrl, key, fingerprint
  FROM jobs JOIN payloads ON payloads.job = jobs.seq LEFT JOIN idempotency ON idempotency.job = jobs.seq WHERE jobs.seq = @seq`;
const HISTORY = `SELECT at, event, fence, server, failure FROM history WHERE job = @seq AND event <> 'enqueued' ORDER BY revision`;
const CALLBACKS = `SELECT event_id AS eventId, url, event, created_at AS createdAt, attempt, due_at AS dueAt, delivered
  FROM outbox WHERE job = @seq ORDER BY seq`;

interface Rest {
  readonly erased: number;
  readonly callbackUrl: string | null;
  readonly key: string | null;
  readonly fingerprint: string | null;
}
type Entry = Omit<HistoryEntry, 'failure'> & { readonly failure: string | null };
type Callback = Omit<CallbackRecord, 'delivered'> & { readonly delivered: number };

/** Rejects as openStore does. */
export async function openSqliteSource(file: string): Promise<Source> {
  return new SqliteSource(await openDatabase(file, PATIENCE_MS));
}

class SqliteSource implements Source {
  readonly name: string;
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
    this.name = `sqlite:${database.name}`;
  }

  seal(): Promise<void> {
    return this.#ask(() => void this.#database.exec('BEGIN IMMEDIATE'));
  }

  amounts(): Promise<Amounts> {
    return this.#ask(() => this.#database.prepare<[], Amounts>(AMOUNTS).get() as Amounts);
  }

  ids(after: string | null, limit: number): Promise<readonly string[]> {
    const ids = this.#database.prepare<{ after: string | null; limit: number }, string>(IDS).pluck();
    return this.#ask(() => ids.all({ after, limit }));
  }

  records(ids: readonly string[]): Promise<readonly JobRecord[]> {
    const prepare = <Row>(text: string) => this.#database.prepare<{ seq: number }, Row>(text);
    const job = this.#database.prepare<{ id: string }, JobRow>(QUERIES.jobById.text);
    const [rest, history, callbacks] = [prepare<Rest>(REST), prepare<Entry>(HISTORY), prepare<Callback>(CALLBACKS)];
    return this.#ask(() => {
      const now = this.#database.prepare<[], number>(`SELECT ${NOW}`).pluck().get() ?? Number.NaN;
      return ids.map((id) => {
        const row = job.get({ id }) as JobRow;
        const { seq } = row;
        const told = { history: history.all({ seq }).map(entryOf), callbacks: callbacks.all({ seq }).map(callbackOf) };
        return unclaimed({ job: toJob(row), ...restOf(rest.get({ seq }) as Rest), ...told }, now);
      });
    });
  }

  holds(): Promise<Holds> {
    return this.#ask(() => ({
      limits: this.#database.prepare<[], Limit>(QUERIES.limits.text).all(),
      pauses: this.#database
        .prepare<[], PauseRow>(QUERIES.pauses.text)
        .all()
        .map(({ kind, name, since }) => (kind === 'partner' ? { partner: name, since } : { template: name, since })),
    }));
  }

  /** What was sealed is open again: nothing was written. */
  async close(): Promise<void> {
    this.#database.close();
  }

  #ask<T>(question: () => T): Promise<T> {
    return patiently(question, this.#database.name, PATIENCE_MS);
  }
}

const entryOf = (entry: Entry): HistoryEntry => ({ ...entry, failure: fromJson<Failure>(entry.failure) });
const callbackOf = (callback: Callback): CallbackRecord => ({ ...callback, delivered: callback.delivered === 1 });

/** A fingerprint is empty once the words are erased. */
const restOf = ({ erased, callbackUrl, key, fingerprint }: Rest): Omit<JobRecord, 'job' | 'history' | 'callbacks'> => ({
  erased: erased === 1,
  callbackUrl,
  key: key === null ? null : { name: key, fingerprint: fingerprint || null },
});
