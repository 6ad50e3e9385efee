/**
 * The job store on SQL Server: for several machines, each of which names the same address.
 *
 * Problem: keep every promise of the contract while any machine may be killed, stopped or cut off, and the server may be away, restarted or deadlocked; on SQL Server itself and on
 * servers that speak its protocol and language, which have other locks and fewer exact error numbers.
 *
 * Solution: every write is one text and one transaction that decides on the server and takes its turn at one row (texts/frame.ts), shared with what is written at about the same time
 * (gather.ts), and sent again until it is known what became of it (link/patience.ts). Those who look wait for nobody. One question for all listeners stands for the bell that cannot ring
 * from machine to machine (poller.ts). The tables are made by `storyfarm migrate` (schema/migrate.ts), and refused here when they are of another version.
 *
 * What it does not do: write several things at the same time. Commits come one after the other, as in SQLite; what the store can take is so many commits a second, times what is
 * gathered in each. And it overwrites nothing that was forgotten: the server's log and backups keep it as long as they are kept.
 */

import { randomUUID } from 'node:crypto';
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
import { type Address, parseAddress } from './address.js';
import { Attempts, known } from './attempts.js';
import { Calls } from './calls.js';
import { assertName, Enqueuer } from './enqueuer.js';
import { Patience } from './link/patience.js';
import { type Link, Pool } from './link/pool.js';
import { toEntry, toJob, toOutboxRow, toPause, toShare } from './rows.js';
import { assertUpToDate, versionOf } from './schema/migrate.js';
import { textsFor } from './texts/texts.js';

/** Jobs in one answer of `changes`. */
const LARGEST_PAGE = 1000;
/** Items of one transaction: some ten milliseconds of the store's time. */
const LARGEST_GROUP = 200;
/** Jobs that are forgotten in one transaction. */
const PURGED_AT_ONCE = 100;

/** Opens the store; rejects as openStore does. Its tables must have been made (schema/migrate.ts). `linkTo` makes the connections. */
export async function openMssqlStore(
  url: string,
  options: StoreOptions,
  linkTo = (driver: Address['driver']): Link => new Pool(driver),
): Promise<JobStore> {
  const { name, schema, driver } = parseAddress(url);
  const { busyDeadlineMs = 5000, retried } = options;
  const link = linkTo(driver);
  const patience = new Patience({ link, name, deadlineMs: busyDeadlineMs, retried });
  try {
    assertUpToDate(await versionOf(patience, schema, name), schema, name);
    const texts = textsFor(schema);
    const [[row] = []] = await patience.send(texts.bell, {}, false);
    return new MssqlStore(name, new Calls(Number(row?.bell), { texts, patience, link }), busyDeadlineMs);
  } catch (thrown) {
    await link.close();
    throw thrown;
  }
}

class MssqlStore implements JobStore {
  readonly name: string;
  readonly isShared = true;
  readonly #calls: Calls;
  readonly #enqueuer: Enqueuer;
  readonly #attempts: Attempts;

  constructor(name: string, calls: Calls, deadlineMs: number) {
    this.name = name;
    this.#calls = calls;
    this.#enqueuer = new Enqueuer(calls, LARGEST_GROUP, deadlineMs);
    this.#attempts = new Attempts(calls, LARGEST_GROUP, deadlineMs);
  }

  enqueue(job: NewJob): Promise<Enqueued> {
    return this.#calls.during(() => this.#enqueuer.enqueue(job));
  }

  get(id: string): Promise<Job | undefined> {
    return this.#calls.during(async () => {
      const [[row] = []] = await this.#calls.look('get', { id: known(id) });
      return row && toJob(row);
    });
  }

  history(id: string): Promise<readonly HistoryEntry[]> {
    return this.#calls.during(async () => {
      const [rows = []] = await this.#calls.look('history', { id: known(id) });
      return rows.map(toEntry);
    });
  }

  claim(options: ClaimOptions): Promise<readonly Job[]> {
    return this.#calls.during(async () => {
      assertAtLeastOne(options.limit);
      if (!((options.ageingMs ?? 1) > 0)) throw refused(`Ageing takes more than ${options.ageingMs} ms.`);
      return this.#attempts.claim(options);
    });
  }

  renew(renewals: readonly Renewal[], leaseMs: number): Promise<readonly Lease[]> {
    return this.#calls.during(() => this.#attempts.renew(renewals, leaseMs));
  }

  release(lease: Lease): Promise<void> {
    return this.#calls.during(() => this.#attempts.release(lease));
  }

  complete(lease: Lease, result: JobResult): Promise<void> {
    return this.#calls.during(() => this.#attempts.complete(lease, result));
  }

  fail(lease: Lease, options: FailOptions): Promise<Job> {
    return this.#calls.during(() => this.#attempts.fail(lease, options));
  }

  rescue(whose: { readonly server: string } | 'expired'): Promise<number> {
    return this.#calls.during(() => this.#attempts.rescue(whose));
  }

  cancel(id: string): Promise<Job> {
    return this.#calls.during(() => this.#attempts.cancel(id));
  }

  limit(partner: string, most: number | null): Promise<void> {
    return this.#calls.during(async () => {
      if (most !== null) assertAtLeastOne(most);
      assertName(partner);
      await this.#calls.write('limit', { partner, most });
    });
  }

  limits(): Promise<readonly Limit[]> {
    return this.#calls.during(async () => {
      const [rows = []] = await this.#calls.look('limits');
      return rows.map(({ partner, most }) => ({ partner: String(partner), most: Number(most) }));
    });
  }

  pause(what: Pausable): Promise<void> {
    return this.#calls.during(async () => void (await this.#calls.write('pause', named(what))));
  }

  resume(what: Pausable): Promise<void> {
    return this.#calls.during(async () => void (await this.#calls.write('resume', named(what))));
  }

  pauses(): Promise<readonly Pause[]> {
    return this.#calls.during(async () => {
      const [rows = []] = await this.#calls.look('pauses');
      return rows.map(toPause);
    });
  }

  purgeable({ state, olderThanMs, limit, ...rest }: PurgeOptions): Promise<readonly Purgeable[]> {
    return this.#calls.during(async () => {
      assertAtLeastOne(limit);
      assertAge(olderThanMs);
      const values = { state, age: Math.trunc(olderThanMs), limit, server: rest.server ?? null };
      const [rows = []] = await this.#calls.look('purgeable', values);
      return rows.map((row) => ({ id: String(row.id), server: row.server == null ? null : String(row.server) }));
    });
  }

  purge(ids: readonly string[]): Promise<number> {
    return this.#calls.during(async () => {
      if (ids.length > LARGEST_PURGE) throw refused(`At most ${LARGEST_PURGE} jobs are purged at once.`);
      let purged = 0;
      for (let start = 0; start < ids.length; start += PURGED_AT_ONCE) {
        const items = ids.slice(start, start + PURGED_AT_ONCE).map((id) => ({ id: known(id) }));
        const [[row] = []] = await this.#calls.write('purge', { items: JSON.stringify(items) });
        purged += Number(row?.purged);
      }
      return purged;
    });
  }

  eraseWords(olderThanMs: number, limit: number): Promise<number> {
    return this.#calls.during(async () => {
      assertAtLeastOne(limit);
      assertAge(olderThanMs);
      const [[row] = []] = await this.#calls.write('eraseWords', { age: Math.trunc(olderThanMs), limit });
      return Number(row?.erased);
    });
  }

  counts(): Promise<QueueCounts> {
    return this.#calls.during(async () => {
      const [rows = []] = await this.#calls.look('counts');
      const byState = Object.fromEntries(rows.map(({ state, jobs }) => [state, Number(jobs)]));
      const { now, later, oldest } = rows[0] ?? {};
      return {
        byState: byState as Record<JobState, number>,
        due: (byState.queued ?? 0) - Number(later),
        oldestDueMs: oldest == null ? 0 : Math.max(0, Number(now) - Number(oldest)),
      };
    });
  }

  shares(): Promise<readonly Share[]> {
    return this.#calls.during(async () => {
      const [rows = []] = await this.#calls.look('shares');
      return rows.map(toShare);
    });
  }

  recent(limit: number): Promise<readonly Job[]> {
    return this.#calls.during(async () => {
      assertAtLeastOne(limit);
      const [rows = []] = await this.#calls.look('recent', { limit });
      return rows.map(toJob);
    });
  }

  changes(cursor: string | null): Promise<{ readonly jobs: readonly Job[]; readonly cursor: string }> {
    return this.#calls.during(async () => {
      const after = cursor === null ? Number.MAX_SAFE_INTEGER : parseCursor(cursor);
      const [[counter] = [], rows = []] = await this.#calls.look('changes', { cursor: after, limit: LARGEST_PAGE });
      // Without rows, a cursor of another, older life of the database (a restored backup) is brought back to the present.
      const next = rows.at(-1)?.revision ?? Math.min(after, Number(counter?.revision));
      return { jobs: rows.map(toJob), cursor: String(next) };
    });
  }

  outbox(limit: number): Promise<readonly OutboxRow[]> {
    return this.#calls.during(async () => {
      assertAtLeastOne(limit);
      const [rows = []] = await this.#calls.look('outbox', { limit });
      return rows.map(toOutboxRow);
    });
  }

  settle(eventId: string, outcome: 'delivered' | { readonly retryInMs: number | null }): Promise<void> {
    return this.#calls.during(async () => {
      const delivered = outcome === 'delivered';
      const retry_in = delivered || outcome.retryInMs === null ? null : Math.trunc(Math.max(0, outcome.retryInMs));
      await this.#calls.write('settle', { event_id: known(eventId), delivered, retry_in, ticket: randomUUID() });
    });
  }

  watch(listener: () => void): () => void {
    return this.#calls.watch(listener);
  }

  ping(): Promise<void> {
    return this.#calls.during(async () => void (await this.#calls.look('bell')));
  }

  close(): Promise<void> {
    return this.#calls.close();
  }
}

function assertAtLeastOne(limit: number): void {
  if (!(Number.isInteger(limit) && limit >= 1)) throw refused(`A limit is a whole number of 1 or more, not ${limit}.`);
}

function assertAge(olderThanMs: number): void {
  if (!(olderThanMs >= 0)) throw refused(`An age is 0 or more milliseconds, not ${olderThanMs}.`);
}

const refused = (message: string) => new StoryfarmError('invalid_request', message);

function named(what: Pausable): { readonly kind: 'partner' | 'template'; readonly name: string } {
  const [kind, name] =
    'partner' in what ? (['partner', what.partner] as const) : (['template', what.template] as const);
  assertName(name);
  return { kind, name };
}

function parseCursor(cursor: string): number {
  const number = Number(cursor);
  if (!/^\d{1,16}$/.test(cursor) || !Number.isSafeInteger(number))
    throw refused('The cursor is not one of this store.');
  return number;
}
