/**
 * The job store in one SQLite file: the default, for one machine, where any number of processes (fronts, the farm, the command line) share the file.
 *
 * Problem: a store that needs no server, yet keeps every promise of the contract when any of its processes is killed at any instruction or the power goes.
 *
 * Solution: a write-ahead log (file/database.ts) that is flushed before anything is promised (file/log.ts), writes gathered into few commits (commits.ts), calls counted until the end (calls.ts), every transition one piece with its
 * history and outbox rows (steps/), all SQL in one catalogue (steps/statements.ts), errors mapped once (faults.ts), and the operating system's file
 * notices as the bell between processes (wake.ts). SQLite has one writer at a time; fences and revisions lean on that.
 *
 * What it does not do: serve several machines (SQLite must not lie on a network disk), or claim fairly for several farms on one file: one farm per file.
 */

import type Database from 'better-sqlite3';
import type { HistoryEntry, Job, JobResult } from '../../job.js';
import { assertAge, assertAtLeastOne, assertHold, assertTags, refused } from '../refusals.js';
import {
  type Announcement,
  type ClaimCallbacks,
  type ClaimedCallbacks,
  type ClaimOptions,
  type Enqueued,
  type FailOptions,
  type JobStore,
  LARGEST_PURGE,
  type Lease,
  type Limit,
  type Need,
  type NewJob,
  type OutboxRow,
  type Pausable,
  type Pause,
  type Published,
  type PublishedOptions,
  type Purgeable,
  type PurgeOptions,
  type QueueCounts,
  type Renewal,
  type Server,
  type Share,
  type StoreOptions,
} from '../store.js';
import { Calls, UNFLUSHED } from './calls.js';
import { patiently } from './commits.js';
import { openDatabase } from './file/database.js';
import { Forgetting } from './forgetting.js';
import { Moment } from './moment.js';
import { Claim } from './steps/claim.js';
import { Holds } from './steps/holds.js';
import { Lanes } from './steps/lanes.js';
import { Retention } from './steps/retention.js';
import { Servers } from './steps/servers.js';
import { prepare, type Statements } from './steps/statements.js';
import { Transitions } from './steps/transitions.js';
import { Views } from './steps/views.js';
import { Wake } from './wake.js';

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
  /** One farm for a file. */
  readonly isShared = false;
  private readonly database: Database.Database;
  private readonly sql: Statements;
  private readonly moment: Moment;
  private readonly lanes: Lanes;
  private readonly views: Views;
  private readonly holds: Holds;
  private readonly transitions: Transitions;
  private readonly claims: Claim;
  private readonly retention: Retention;
  private readonly serving: Servers;
  private readonly calls: Calls;
  private readonly forgetting: Forgetting;
  private readonly wake: Wake;

  constructor(database: Database.Database, deadlineMs: number) {
    this.database = database;
    this.name = `sqlite:${database.name}`;
    this.sql = prepare(database);
    this.moment = new Moment(this.sql);
    this.lanes = new Lanes(this.sql);
    this.views = new Views(this.sql, this.lanes);
    this.holds = new Holds(this.sql, this.moment);
    this.transitions = new Transitions(this.sql, this.moment);
    this.claims = new Claim(this.sql, this.moment);
    this.retention = new Retention(this.sql, this.moment);
    this.serving = new Servers(this.sql, this.moment, this.lanes);
    this.calls = new Calls(database, deadlineMs, this.moment);
    this.forgetting = new Forgetting(database, this.calls.steps);
    this.wake = new Wake(`${database.name}-wal`, this.commitsElsewhere(), () => this.anyDue());
  }

  async enqueue(job: NewJob): Promise<Enqueued> {
    const enqueued = await this.calls.write(() => this.transitions.enqueue(job));
    if (enqueued.created) this.wake.soon();
    return enqueued;
  }

  get(id: string): Promise<Job | undefined> {
    return this.calls.read(() => this.views.job(id));
  }

  history(id: string): Promise<readonly HistoryEntry[]> {
    return this.calls.read(() => this.views.history(id));
  }

  async claim(options: ClaimOptions): Promise<readonly Job[]> {
    assertAtLeastOne(options.limit);
    if (!((options.ageingMs ?? 1) > 0)) throw refused(`Ageing takes more than ${options.ageingMs} ms.`);
    // A farm with nothing to do does not compete for the write lock.
    if (!(await this.calls.read(() => this.lanes.anyDue(this.now(), options.tags ?? [])))) return [];
    return this.calls.write(() => this.claims.take(options), UNFLUSHED);
  }

  renew(renewals: readonly Renewal[], leaseMs: number): Promise<readonly Lease[]> {
    return this.calls.write(() => this.transitions.renew(renewals, leaseMs), UNFLUSHED);
  }

  async release(lease: Lease): Promise<void> {
    await this.calls.write(() => this.transitions.release(lease));
    this.wake.soon();
  }

  complete(lease: Lease, result: JobResult): Promise<void> {
    return this.end(() => this.transitions.complete(lease, result));
  }

  fail(lease: Lease, options: FailOptions): Promise<Job> {
    return this.end(() => this.transitions.fail(lease, options));
  }

  async rescue(whose: { readonly server: string } | 'expired'): Promise<number> {
    const rescued = await this.calls.write(() => this.transitions.rescue(whose));
    if (rescued > 0) this.wake.soon();
    return rescued;
  }

  cancel(id: string): Promise<Job> {
    return this.end(() => this.transitions.cancel(id));
  }

  async rerender(id: string): Promise<Job> {
    const job = await this.calls.write(() => this.transitions.rerender(id));
    this.wake.soon();
    return job;
  }

  async limit(partner: string, most: number | null): Promise<void> {
    if (most !== null) assertAtLeastOne(most);
    await this.calls.write(() => this.holds.limit(partner, most));
    this.wake.soon();
  }

  limits(): Promise<readonly Limit[]> {
    return this.calls.read(() => this.holds.limits());
  }

  async pause(what: Pausable): Promise<void> {
    await this.calls.write(() => this.holds.pause(what));
  }

  async resume(what: Pausable): Promise<void> {
    await this.calls.write(() => this.holds.resume(what));
    this.wake.soon();
  }

  pauses(): Promise<readonly Pause[]> {
    return this.calls.read(() => this.holds.pauses());
  }

  async purgeable(options: PurgeOptions): Promise<readonly Purgeable[]> {
    assertAtLeastOne(options.limit);
    assertAge(options.olderThanMs);
    return this.calls.read(() => this.retention.purgeable(options, this.now()));
  }

  async purge(ids: readonly string[]): Promise<number> {
    if (ids.length > LARGEST_PURGE) throw refused(`At most ${LARGEST_PURGE} jobs are purged at once.`);
    return this.calls.track(() =>
      this.forgetting.upTo(ids.length, (first, most) => this.retention.purge(ids.slice(first, first + most))),
    );
  }

  async eraseWords(olderThanMs: number, limit: number): Promise<number> {
    assertAtLeastOne(limit);
    assertAge(olderThanMs);
    return this.calls.track(() =>
      this.forgetting.upTo(
        limit,
        (_, most) => this.retention.eraseWords(olderThanMs, most),
        (found, most) => found < most,
      ),
    );
  }

  async published(options: PublishedOptions): Promise<{ readonly jobs: readonly Published[]; readonly after: string }> {
    assertAtLeastOne(options.limit);
    return this.calls.read(() => this.serving.published(options));
  }

  async announce(server: Announcement): Promise<void> {
    assertTags(server.tags);
    await this.calls.write(() => this.serving.announce(server), UNFLUSHED);
  }

  servers(): Promise<readonly Server[]> {
    return this.calls.read(() => this.serving.all(this.now()));
  }

  forget(server: string): Promise<boolean> {
    return this.calls.write(() => this.serving.forget(server));
  }

  needs(): Promise<readonly Need[]> {
    // One transaction, so that no job is counted twice.
    return this.calls.read(this.database.transaction(() => this.serving.needs()));
  }

  counts(): Promise<QueueCounts> {
    return this.calls.read(this.database.transaction(() => this.views.counts(this.now())));
  }

  shares(): Promise<readonly Share[]> {
    // One transaction, so that no job is seen in both states or in none.
    return this.calls.read(this.database.transaction(() => this.lanes.shares(this.now())));
  }

  async recent(limit: number): Promise<readonly Job[]> {
    assertAtLeastOne(limit);
    return this.calls.read(() => this.views.recent(limit));
  }

  changes(cursor: string | null): Promise<{ readonly jobs: readonly Job[]; readonly cursor: string }> {
    return this.calls.read(() => this.views.changes(cursor));
  }

  async outbox(limit: number): Promise<readonly OutboxRow[]> {
    assertAtLeastOne(limit);
    return this.calls.read(() => this.sql.outbox.all({ limit }));
  }

  async claimCallbacks(options: ClaimCallbacks): Promise<ClaimedCallbacks> {
    assertAtLeastOne(options.limit);
    assertHold(options.holdMs);
    const look = { limit: 1, except: JSON.stringify(options.except ?? []) };
    const isDue = await this.calls.read(() => this.sql.dueCallbacks.get({ now: this.now(), ...look }) !== undefined);
    // A courier with nothing to do does not compete for the write lock.
    const rows = isDue ? await this.calls.write(() => this.transitions.claimCallbacks(options), UNFLUSHED) : [];
    const next = await this.calls.read(() => this.sql.nextCallback.get({ now: this.now() }));
    return { rows, nextInMs: next?.inMs ?? null };
  }

  settle(eventId: string, outcome: 'delivered' | { readonly retryInMs: number | null }): Promise<void> {
    return this.calls.write(() => this.transitions.settle(eventId, outcome));
  }

  watch(listener: () => void): () => void {
    this.calls.assertOpen();
    return this.wake.add(listener);
  }

  async ping(): Promise<void> {
    await this.calls.read(() => this.sql.revision.get());
  }

  close(): Promise<void> {
    this.wake.close();
    return this.calls.close();
  }

  /** A job stops rendering, or waits again: another may be claimed, if only for a limit. */
  private async end<T>(work: () => T): Promise<T> {
    const { value, isLimited } = await this.calls.write(() => ({
      value: work(),
      isLimited: this.holds.isAnyLimited(),
    }));
    if (isLimited || (value as Job | undefined)?.state === 'queued') this.wake.soon();
    return value;
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
