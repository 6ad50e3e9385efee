/**
 * The job store in one SQLite file: the default, for one machine, where any number of processes (fronts, the farm, the command line) share the file.
 *
 * Problem: a store that needs no server, yet keeps every promise of the contract when any of its processes is killed at any instruction or the power goes.
 *
 * Solution: a write-ahead log flushed at every commit (database.ts), writes gathered into few commits (commits.ts), every transition one piece with its
 * history and outbox rows (transitions.ts), all SQL in one catalogue (statements.ts), errors mapped once (faults.ts), and the operating system's file
 * notices as the bell between processes (wake.ts). SQLite has one writer at a time; fences and revisions lean on that.
 *
 * What it does not do: serve several machines (SQLite must not lie on a network disk), or claim fairly for several farms on one file: one farm per file.
 */

import type Database from 'better-sqlite3';
import { StoryfarmError } from '../../errors.js';
import type { HistoryEntry, Job, JobResult, JobState } from '../../job.js';
import type {
  ClaimOptions,
  Enqueued,
  FailOptions,
  JobStore,
  Lease,
  NewJob,
  OutboxRow,
  QueueCounts,
  Renewal,
  StoreOptions,
} from '../store.js';
import { Commits, patiently } from './commits.js';
import { openDatabase } from './database.js';
import { fromJson, prepare, type Statements, toJob } from './statements.js';
import { Transitions } from './transitions.js';
import { Wake } from './wake.js';

/** Jobs in one answer of `changes`. */
const LARGEST_PAGE = 1000;

/** Opens or makes the store; rejects as openStore does. */
export async function openSqliteStore(file: string, options: StoreOptions): Promise<JobStore> {
  const { busyDeadlineMs = 5000, checkIntegrity = true } = options;
  const database = await openDatabase(file, busyDeadlineMs, checkIntegrity);
  try {
    return await patiently(() => new SqliteStore(database, busyDeadlineMs), database.name, busyDeadlineMs);
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

class SqliteStore implements JobStore {
  readonly name: string;
  private readonly database: Database.Database;
  private readonly deadlineMs: number;
  private readonly sql: Statements;
  private readonly transitions: Transitions;
  private readonly commits: Commits;
  private readonly wake: Wake;
  private readonly underWay = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;

  constructor(database: Database.Database, deadlineMs: number) {
    this.database = database;
    this.deadlineMs = deadlineMs;
    this.name = `sqlite:${database.name}`;
    this.sql = prepare(database);
    this.transitions = new Transitions(this.sql);
    this.commits = new Commits(database, deadlineMs);
    this.wake = new Wake(`${database.name}-wal`, this.commitsElsewhere(), () => this.anyDue());
  }

  async enqueue(job: NewJob): Promise<Enqueued> {
    const enqueued = await this.write(() => this.transitions.enqueue(job));
    if (enqueued.created) this.wake.soon();
    return enqueued;
  }

  get(id: string): Promise<Job | undefined> {
    return this.read(() => {
      const row = this.sql.jobById.get({ id });
      return row && toJob(row);
    });
  }

  history(id: string): Promise<readonly HistoryEntry[]> {
    return this.read(() => this.sql.history.all({ id }).map((row) => ({ ...row, failure: fromJson(row.failure) })));
  }

  async claim(options: ClaimOptions): Promise<readonly Job[]> {
    assertAtLeastOne(options.limit);
    // A farm with nothing to do does not compete for the write lock.
    if (!(await this.read(() => this.anyDue()))) return [];
    return this.write(() => this.transitions.claim(options));
  }

  renew(renewals: readonly Renewal[], leaseMs: number): Promise<readonly Lease[]> {
    return this.write(() => this.transitions.renew(renewals, leaseMs));
  }

  async release(lease: Lease): Promise<void> {
    await this.write(() => this.transitions.release(lease));
    this.wake.soon();
  }

  complete(lease: Lease, result: JobResult): Promise<void> {
    return this.write(() => this.transitions.complete(lease, result));
  }

  async fail(lease: Lease, options: FailOptions): Promise<Job> {
    const job = await this.write(() => this.transitions.fail(lease, options));
    if (job.state === 'queued') this.wake.soon();
    return job;
  }

  async rescue(whose: { readonly server: string } | 'expired'): Promise<number> {
    const rescued = await this.write(() => this.transitions.rescue(whose));
    if (rescued > 0) this.wake.soon();
    return rescued;
  }

  cancel(id: string): Promise<Job> {
    return this.write(() => this.transitions.cancel(id));
  }

  counts(): Promise<QueueCounts> {
    return this.read(() => {
      const byState = Object.fromEntries(this.sql.tally.all().map(({ state, jobs }) => [state, jobs]));
      const { due, oldestDueMs } = this.sql.waiting.get() ?? { due: 0, oldestDueMs: 0 };
      return { byState: byState as Record<JobState, number>, due, oldestDueMs };
    });
  }

  async recent(limit: number): Promise<readonly Job[]> {
    assertAtLeastOne(limit);
    return this.read(() => this.sql.recent.all({ limit }).map(toJob));
  }

  changes(cursor: string | null): Promise<{ readonly jobs: readonly Job[]; readonly cursor: string }> {
    return this.read(() => {
      // Read before the rows: a commit between the two statements then comes with the next call, instead of never.
      const present = this.sql.revision.get()?.revision ?? 0;
      const after = cursor === null ? present : parseCursor(cursor);
      const rows = this.sql.changed.all({ cursor: after, limit: LARGEST_PAGE });
      // Without rows, a cursor of another, older life of the file (a restored backup) is brought back to the present.
      const next = rows.at(-1)?.revision ?? Math.min(after, present);
      return { jobs: rows.map(toJob), cursor: String(next) };
    });
  }

  async outbox(limit: number): Promise<readonly OutboxRow[]> {
    assertAtLeastOne(limit);
    return this.read(() => this.sql.outbox.all({ limit }));
  }

  settle(eventId: string, outcome: 'delivered' | { readonly retryInMs: number | null }): Promise<void> {
    return this.write(() => this.transitions.settle(eventId, outcome));
  }

  watch(listener: () => void): () => void {
    this.assertOpen();
    return this.wake.add(listener);
  }

  async ping(): Promise<void> {
    await this.read(() => this.sql.revision.get());
  }

  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    this.wake.close();
    await Promise.allSettled(this.underWay);
    this.database.close();
  }

  private write<T>(work: () => T): Promise<T> {
    return this.track(() => this.commits.write(work));
  }

  private read<T>(work: () => T): Promise<T> {
    return this.track(() => patiently(work, this.database.name, this.deadlineMs));
  }

  private async track<T>(start: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const call = start();
    this.underWay.add(call);
    try {
      return await call;
    } finally {
      this.underWay.delete(call);
    }
  }

  private assertOpen(): void {
    if (this.closing !== undefined) throw new StoryfarmError('unavailable', 'The store is closed.');
  }

  private anyDue(): boolean {
    return this.sql.anyDue.get() !== undefined;
  }

  private commitsElsewhere(): () => boolean {
    const version = this.database.prepare<[], number>('PRAGMA data_version').pluck();
    let seen = version.get();
    return () => {
      const before = seen;
      seen = version.get();
      return seen !== before;
    };
  }
}

function assertAtLeastOne(limit: number): void {
  // SQLite reads a negative limit as none.
  if (!(Number.isInteger(limit) && limit >= 1)) {
    throw new StoryfarmError('invalid_request', `A limit is a whole number of 1 or more, not ${limit}.`);
  }
}

function parseCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw new StoryfarmError('invalid_request', 'The cursor is not one of this store.');
  return Number(cursor);
}
