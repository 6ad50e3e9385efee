/**
 * The job store in one SQLite file: the default, for one machine, where any number of processes (fronts, the farm, the command line) share the file.
 *
 * Problem: a store that needs no server, yet keeps every promise of the contract when any of its processes is killed at any instruction or the power goes.
 *
 * Solution: a write-ahead log flushed at every commit (file/database.ts), writes gathered into few commits (commits.ts), every transition one piece with its
 * history and outbox rows (steps/), all SQL in one catalogue (steps/statements.ts), errors mapped once (faults.ts), and the operating system's file
 * notices as the bell between processes (wake.ts). SQLite has one writer at a time; fences and revisions lean on that.
 *
 * What it does not do: serve several machines (SQLite must not lie on a network disk), or claim fairly for several farms on one file: one farm per file.
 */

import type Database from 'better-sqlite3';
import { StoryfarmError } from '../../errors.js';
import type { HistoryEntry, Job, JobResult, JobState } from '../../job.js';
import {
  type ClaimOptions,
  type Enqueued,
  type FailOptions,
  type JobStore,
  LARGEST_PURGE,
  type Lease,
  type Limit,
  type NewJob,
  type OutboxRow,
  type Pausable,
  type Pause,
  type Purgeable,
  type PurgeOptions,
  type QueueCounts,
  type Renewal,
  type Share,
  type StoreOptions,
} from '../store.js';
import { Commits, patiently } from './commits.js';
import { openDatabase } from './file/database.js';
import { Moment } from './moment.js';
import { Claim } from './steps/claim.js';
import { Lanes } from './steps/lanes.js';
import { Retention } from './steps/retention.js';
import { prepare, type Statements, toEntry, toJob } from './steps/statements.js';
import { Transitions } from './steps/transitions.js';
import { Wake } from './wake.js';

/** The power cut that undoes these ends the attempts that they are about. */
const UNFLUSHED = false;
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
  private readonly emptyLog: Database.Statement;
  private readonly transitions: Transitions;
  private readonly claims: Claim;
  private readonly lanes: Lanes;
  private readonly retention: Retention;
  private readonly moment: Moment;
  private readonly commits: Commits;
  private readonly wake: Wake;
  private readonly underWay = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;

  constructor(database: Database.Database, deadlineMs: number) {
    this.database = database;
    this.deadlineMs = deadlineMs;
    this.name = `sqlite:${database.name}`;
    this.sql = prepare(database);
    this.emptyLog = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
    this.moment = new Moment(this.sql);
    this.transitions = new Transitions(this.sql, this.moment);
    this.claims = new Claim(this.sql, this.moment);
    this.lanes = new Lanes(this.sql);
    this.retention = new Retention(this.sql, this.moment);
    this.commits = new Commits(database, deadlineMs, this.moment);
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
    return this.read(() => this.sql.history.all({ id }).map(toEntry));
  }

  async claim(options: ClaimOptions): Promise<readonly Job[]> {
    assertAtLeastOne(options.limit);
    if (!((options.ageingMs ?? 1) > 0)) throw refused(`Ageing takes more than ${options.ageingMs} ms.`);
    // A farm with nothing to do does not compete for the write lock.
    if (!(await this.read(() => this.anyDue()))) return [];
    return this.write(() => this.claims.take(options), UNFLUSHED);
  }

  renew(renewals: readonly Renewal[], leaseMs: number): Promise<readonly Lease[]> {
    return this.write(() => this.transitions.renew(renewals, leaseMs), UNFLUSHED);
  }

  async release(lease: Lease): Promise<void> {
    await this.write(() => this.transitions.release(lease));
    this.wake.soon();
  }

  complete(lease: Lease, result: JobResult): Promise<void> {
    return this.end(() => this.transitions.complete(lease, result));
  }

  fail(lease: Lease, options: FailOptions): Promise<Job> {
    return this.end(() => this.transitions.fail(lease, options));
  }

  async rescue(whose: { readonly server: string } | 'expired'): Promise<number> {
    const rescued = await this.write(() => this.transitions.rescue(whose));
    if (rescued > 0) this.wake.soon();
    return rescued;
  }

  cancel(id: string): Promise<Job> {
    return this.end(() => this.transitions.cancel(id));
  }

  async limit(partner: string, most: number | null): Promise<void> {
    if (most !== null) assertAtLeastOne(most);
    await this.write(() => (most === null ? this.sql.unlimit.run({ partner }) : this.sql.limit.run({ partner, most })));
    this.wake.soon();
  }

  limits(): Promise<readonly Limit[]> {
    return this.read(() => this.sql.limits.all());
  }

  async pause(what: Pausable): Promise<void> {
    await this.write(() => this.sql.pause.run({ ...named(what), now: this.moment.now }));
  }

  async resume(what: Pausable): Promise<void> {
    await this.write(() => this.sql.resume.run(named(what)));
    this.wake.soon();
  }

  pauses(): Promise<readonly Pause[]> {
    return this.read(() =>
      this.sql.pauses
        .all()
        .sort((a, b) => a.since - b.since)
        .map(({ kind, name, since }) => (kind === 'partner' ? { partner: name, since } : { template: name, since })),
    );
  }

  async purgeable(options: PurgeOptions): Promise<readonly Purgeable[]> {
    assertAtLeastOne(options.limit);
    assertAge(options.olderThanMs);
    return this.read(() => this.retention.purgeable(options, this.now()));
  }

  async purge(ids: readonly string[]): Promise<number> {
    if (ids.length > LARGEST_PURGE) throw refused(`At most ${LARGEST_PURGE} jobs are purged at once.`);
    return this.forget(() => this.retention.purge(ids));
  }

  async eraseWords(olderThanMs: number, limit: number): Promise<number> {
    assertAtLeastOne(limit);
    assertAge(olderThanMs);
    return this.forget(() => this.retention.eraseWords(olderThanMs, limit));
  }

  counts(): Promise<QueueCounts> {
    // One transaction, so that what is due is a part of what is queued.
    const look = this.database.transaction(() => {
      const byState = Object.fromEntries(this.sql.tally.all().map(({ state, jobs }) => [state, jobs]));
      return { byState: byState as Record<JobState, number>, ...this.lanes.due(byState.queued ?? 0, this.now()) };
    });
    return this.read(look);
  }

  shares(): Promise<readonly Share[]> {
    // One transaction, so that no job is seen in both states or in none.
    return this.read(this.database.transaction(() => this.lanes.shares(this.now())));
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

  /** A job stops rendering, or waits again: another may be claimed, if only for a limit. */
  private async end<T>(work: () => T): Promise<T> {
    const { value, isLimited } = await this.write(() => ({
      value: work(),
      isLimited: this.sql.anyLimit.get() !== undefined,
    }));
    if (isLimited || (value as Job | undefined)?.state === 'queued') this.wake.soon();
    return value;
  }

  /** What was overwritten stands in the log as well, until that is emptied; a reader that is still in it puts this off to the next time. */
  private async forget(work: () => number): Promise<number> {
    const forgotten = await this.write(work);
    if (forgotten > 0) await this.read(() => this.emptyLog.get());
    return forgotten;
  }

  private write<T>(work: () => T, isFlushed = true): Promise<T> {
    return this.track(() => this.commits.write(work, isFlushed));
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
    return this.lanes.anyDue(this.now());
  }

  private now(): number {
    return this.sql.now.get()?.now ?? Number.NaN;
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
    throw refused(`A limit is a whole number of 1 or more, not ${limit}.`);
  }
}

function assertAge(olderThanMs: number): void {
  if (!(olderThanMs >= 0)) throw refused(`An age is 0 or more milliseconds, not ${olderThanMs}.`);
}

const refused = (message: string) => new StoryfarmError('invalid_request', message);

const named = (what: Pausable): { readonly kind: 'partner' | 'template'; readonly name: string } =>
  'partner' in what ? { kind: 'partner', name: what.partner } : { kind: 'template', name: what.template };

function parseCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw refused('The cursor is not one of this store.');
  return Number(cursor);
}
