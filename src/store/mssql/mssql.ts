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

import { asStoryfarmError } from '../../errors.js';
import type { HistoryEntry, Job, JobResult } from '../../job.js';
import { assertAtLeastOne, refused } from '../refusals.js';
import type {
  Announcement,
  ClaimCallbacks,
  ClaimedCallbacks,
  ClaimOptions,
  Enqueued,
  FailOptions,
  JobStore,
  Lease,
  Limit,
  Need,
  NewJob,
  OutboxRow,
  Pausable,
  Pause,
  Published,
  PublishedOptions,
  Purgeable,
  PurgeOptions,
  QueueCounts,
  Renewal,
  Server,
  Share,
  StoreOptions,
} from '../store.js';
import { type Address, parseAddress } from './address.js';
import { Attempts } from './attempts.js';
import { Callbacks } from './callbacks.js';
import { Calls } from './calls.js';
import { Claimer } from './claimer.js';
import { Enqueuer } from './enqueuer.js';
import { Forgetting } from './forgetting.js';
import { Holds } from './holds.js';
import { Patience } from './link/patience.js';
import { type Link, Pool } from './link/pool.js';
import { assertUpToDate, versionOf } from './schema/migrate.js';
import { Serving } from './serving.js';
import { textsFor } from './texts/texts.js';
import { Views } from './views.js';

/** Items of one transaction: some ten milliseconds of the store's time. */
const LARGEST_GROUP = 200;

/** Opens the store; rejects as openStore does. Its tables must have been made (schema/migrate.ts). `linkTo` makes the connections. */
export async function openMssqlStore(
  url: string,
  options: StoreOptions,
  linkTo = (driver: Address['driver']): Link => new Pool(driver),
): Promise<JobStore> {
  const { name, schema, driver } = parseAddress(url);
  const { busyDeadlineMs = 5000, mayBeAway = false, retried } = options;
  const link = linkTo(driver);
  const patience = new Patience({ link, name, deadlineMs: busyDeadlineMs, retried });
  const texts = textsFor(schema);
  const open = once(async () => {
    assertUpToDate(await versionOf(patience, schema, name), schema, name);
  });
  try {
    const [[row] = []] = await open().then(() => patience.send(texts.bell, {}, false));
    return new MssqlStore(name, new Calls(Number(row?.bell), { texts, patience, link, open }), busyDeadlineMs);
  } catch (thrown) {
    if (mayBeAway && asStoryfarmError(thrown).code === 'store_busy')
      return new MssqlStore(name, new Calls(0, { texts, patience, link, open }), busyDeadlineMs);
    await link.close();
    throw thrown;
  }
}

/** Does the work until it has succeeded once; those who come meanwhile share it. */
function once(work: () => Promise<void>): () => Promise<void> {
  let doing: Promise<void> | undefined;
  return () => {
    doing ??= work().catch((thrown) => {
      doing = undefined;
      throw thrown;
    });
    return doing;
  };
}

class MssqlStore implements JobStore {
  readonly name: string;
  readonly isShared = true;
  readonly #calls: Calls;
  readonly #enqueuer: Enqueuer;
  readonly #attempts: Attempts;
  readonly #claimer: Claimer;
  readonly #callbacks: Callbacks;
  readonly #views: Views;
  readonly #holds: Holds;
  readonly #forgetting: Forgetting;
  readonly #serving: Serving;

  constructor(name: string, calls: Calls, deadlineMs: number) {
    this.name = name;
    this.#calls = calls;
    this.#enqueuer = new Enqueuer(calls, LARGEST_GROUP, deadlineMs);
    this.#attempts = new Attempts(calls, LARGEST_GROUP, deadlineMs);
    this.#claimer = new Claimer(calls);
    this.#callbacks = new Callbacks(calls);
    this.#views = new Views(calls);
    this.#holds = new Holds(calls);
    this.#forgetting = new Forgetting(calls);
    this.#serving = new Serving(calls);
  }

  enqueue(job: NewJob): Promise<Enqueued> {
    return this.#calls.during(() => this.#enqueuer.enqueue(job));
  }

  get(id: string): Promise<Job | undefined> {
    return this.#calls.during(() => this.#views.job(id));
  }

  history(id: string): Promise<readonly HistoryEntry[]> {
    return this.#calls.during(() => this.#views.history(id));
  }

  claim(options: ClaimOptions): Promise<readonly Job[]> {
    return this.#calls.during(async () => {
      assertAtLeastOne(options.limit);
      if (!((options.ageingMs ?? 1) > 0)) throw refused(`Ageing takes more than ${options.ageingMs} ms.`);
      return this.#claimer.claim(options);
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

  rerender(id: string): Promise<Job> {
    return this.#calls.during(() => this.#attempts.rerender(id));
  }

  limit(partner: string, most: number | null): Promise<void> {
    return this.#calls.during(() => this.#holds.limit(partner, most));
  }

  limits(): Promise<readonly Limit[]> {
    return this.#calls.during(() => this.#holds.limits());
  }

  pause(what: Pausable): Promise<void> {
    return this.#calls.during(() => this.#holds.pause(what));
  }

  resume(what: Pausable): Promise<void> {
    return this.#calls.during(() => this.#holds.resume(what));
  }

  pauses(): Promise<readonly Pause[]> {
    return this.#calls.during(() => this.#holds.pauses());
  }

  purgeable(options: PurgeOptions): Promise<readonly Purgeable[]> {
    return this.#calls.during(() => this.#forgetting.purgeable(options));
  }

  purge(ids: readonly string[]): Promise<number> {
    return this.#calls.during(() => this.#forgetting.purge(ids));
  }

  eraseWords(olderThanMs: number, limit: number): Promise<number> {
    return this.#calls.during(() => this.#forgetting.eraseWords(olderThanMs, limit));
  }

  published(options: PublishedOptions): Promise<{ readonly jobs: readonly Published[]; readonly after: string }> {
    return this.#calls.during(() => this.#serving.published(options));
  }

  announce(server: Announcement): Promise<void> {
    return this.#calls.during(() => this.#serving.announce(server));
  }

  servers(): Promise<readonly Server[]> {
    return this.#calls.during(() => this.#serving.all());
  }

  forget(server: string): Promise<boolean> {
    return this.#calls.during(() => this.#serving.forget(server));
  }

  needs(): Promise<readonly Need[]> {
    return this.#calls.during(() => this.#serving.needs());
  }

  counts(): Promise<QueueCounts> {
    return this.#calls.during(() => this.#views.counts());
  }

  shares(): Promise<readonly Share[]> {
    return this.#calls.during(() => this.#views.shares());
  }

  recent(limit: number): Promise<readonly Job[]> {
    return this.#calls.during(() => this.#views.recent(limit));
  }

  changes(cursor: string | null): Promise<{ readonly jobs: readonly Job[]; readonly cursor: string }> {
    return this.#calls.during(() => this.#views.changes(cursor));
  }

  outbox(limit: number): Promise<readonly OutboxRow[]> {
    return this.#calls.during(() => this.#views.outbox(limit));
  }

  claimCallbacks(options: ClaimCallbacks): Promise<ClaimedCallbacks> {
    return this.#calls.during(() => this.#callbacks.claim(options));
  }

  settle(eventId: string, outcome: 'delivered' | { readonly retryInMs: number | null }): Promise<void> {
    return this.#calls.during(() => this.#callbacks.settle(eventId, outcome));
  }

  watch(listener: () => void): () => void {
    return this.#calls.watch(listener);
  }

  ping(): Promise<void> {
    return this.#calls.during(() => this.#views.ping());
  }

  close(): Promise<void> {
    return this.#calls.close();
  }
}
