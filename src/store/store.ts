/**
 * The store's contract: what every job store promises, whichever database is behind it. Adapters live in sqlite/ and mssql/; the conformance
 * suite in test/store/conformance.ts holds each of them to every sentence below.
 *
 * Problem: jobs must survive the death of any process at any moment, and two machines must never both finish one. Three ideas do it:
 * a lease (a claim with a time limit, measured on the database's clock only), a fence (a number that grows with each claim; every write of
 * an attempt names it and writes nothing when it is stale), and one transaction for each transition together with its history and outbox rows.
 *
 * Execution is at least once; publication and the terminal state are exactly once, by the fence.
 *
 * Who is served next is part of the promise (see `claim`), since every server has to keep to the same order: urgent jobs first, but waiting makes urgent; and partners
 * by turns, so that ten thousand jobs of one do not stand before the single job of another.
 *
 * What it does not do: decide. When to retry, when a job is poison, whom to rescue is decided by callers and passed in as plain values.
 *
 * Every method may reject with `store_busy` (locked or away past its deadline; nothing was written), `no_space` (nothing was written), `store_corrupt`, `unavailable`
 * (after `close`), `outcome_unknown` or `internal`. After the last two it is unknown whether something was written (`outcome_unknown`: the store did not answer before the deadline): look at the
 * job's state and fence before trying again. A `limit` that is not
 * a whole number of 1 or more is refused with `invalid_request`, as are an `ageingMs` that is not above 0 and an `olderThanMs` or a `holdMs` below 0.
 *
 * What a method wrote is durable when its promise resolves. Of `claim`, `claimCallbacks` and `renew` a power cut of the store's machine may undo the last ones, if all who claim are on that machine
 * and so end with it: the job is then queued as it was before, and its next claim may be given the same fence. So results that were kept outside the store in the
 * meantime are completed, or found fenced, before anything is claimed again.
 *
 * In what is answered, `server` is set while a job is `rendering`, `rendered` or `delivered`, `startedAt` is the start of the present or last attempt and null while
 * `queued`, and `failure` is that of the last failed attempt until one succeeds.
 *
 * All methods may be called concurrently, from any number of processes. Times are milliseconds; instants are on the database's clock.
 */

import type { Failure } from '../errors.js';
import type { HistoryEntry, Job, JobRequest, JobResult, JobState } from '../job.js';

export interface NewJob {
  readonly request: JobRequest;
  readonly partner: string;
  /** Higher first; default 0. */
  readonly priority?: number;
  /** Not claimable before this many milliseconds from now; default 0. */
  readonly delayMs?: number;
  /** Same partner, same key: the same job is answered. Keys of different partners have nothing to do with each other. */
  readonly idempotencyKey?: string;
  /** Where the partner wants to be told; writes an outbox row at the end of the job. */
  readonly callbackUrl?: string;
  /** Tags that a server must have to be given the job (tags.ts): at most MOST_REQUIRED, else `invalid_request`; default none. */
  readonly requires?: readonly string[];
}

export interface Enqueued {
  readonly job: Job;
  /** False when the idempotency key was known and the job is the earlier one. */
  readonly created: boolean;
}

/** The right to write about a job, for now. */
export interface Lease {
  readonly id: string;
  readonly fence: number;
}

export interface ClaimOptions {
  readonly server: string;
  /** At most this many jobs, 1 or more. */
  readonly limit: number;
  readonly leaseMs: number;
  /** After each of these waiting, a due job counts as of one priority more; above 0, default DEFAULT_AGEING_MS. */
  readonly ageingMs?: number;
  /** What the server has; default nothing. Jobs that require anything else are held back from it, and from it alone. */
  readonly tags?: readonly string[];
}

/** A minute: over the whole range of priorities that the API takes, -10 to 10, the longest that urgency alone can hold a job up is twenty minutes. */
export const DEFAULT_AGEING_MS = 60_000;

export interface Renewal extends Lease {
  /** Fraction of the attempt, 0 to 1. */
  readonly progress: number;
}

export interface FailOptions {
  readonly failure: Failure;
  /** Milliseconds until the job may be claimed again; null ends it as `dead`. */
  readonly retryInMs: number | null;
  /** `attempt`: the job failed, counted. `crash`: it ended its renderer, counted as a crash and not as an attempt. */
  readonly counts: 'attempt' | 'crash';
}

/** Whose jobs are not claimed for now. */
export type Pausable = { readonly partner: string } | { readonly template: string };
export type Pause = Pausable & { readonly since: number };

/** What queued jobs require, where they require anything, and how many. */
export interface Need {
  /** In the order of the alphabet. */
  readonly requires: readonly string[];
  /** Due or not, held back or not. */
  readonly queued: number;
}

/** What a server says of itself. */
export interface Announcement {
  /** As in leases and rows. */
  readonly name: string;
  /** Public address of its files, without a slash at the end; null: none was configured. */
  readonly domain: string | null;
  /** Of Storyfarm. */
  readonly version: string;
  /** Version of its ffmpeg; null: it has none. */
  readonly ffmpeg: string | null;
  /** Jobs that it can render at the same time, and those that it renders now. */
  readonly slots: number;
  readonly rendering: number;
  /** `draining`: it finishes what it has and claims no more; `gone`: it has ended. */
  readonly state: 'running' | 'draining' | 'gone';
  readonly tags: readonly string[];
}

/** A server as the store knows it. */
export interface Server extends Announcement {
  /** Milliseconds since it last announced itself, on the database's clock. */
  readonly silentMs: number;
  /** It is not gone, and was heard within ALIVE_MS. */
  readonly isAlive: boolean;
}

/** How often a server announces itself while nothing changes. */
export const ANNOUNCE_MS = 10_000;
/** Three announcements may be late or lost, and a fourth be late. */
export const ALIVE_MS = 45_000;

/** How many jobs of a partner may be rendering at once, over all servers. */
export interface Limit {
  readonly partner: string;
  readonly most: number;
}

/** The states in which a job is kept only as long as somebody wants it. */
export type FinishedState = Exclude<JobState, 'queued' | 'rendering'>;

export interface PurgeOptions {
  readonly state: FinishedState;
  /** Only jobs that finished at least this long ago. */
  readonly olderThanMs: number;
  /** At most this many, 1 or more. */
  readonly limit: number;
  /** Only jobs whose files this server has, and those that left none; left out: all. */
  readonly server?: string;
}

/** A job that may be purged, and who has its files; null: nobody. */
export interface Purgeable {
  readonly id: string;
  readonly server: string | null;
}

/** Which finished jobs are looked for by whose files they are. */
export interface PublishedOptions {
  /** Left out: all servers. */
  readonly server?: string;
  /** Of the answer before; null: from the first. */
  readonly after: string | null;
  /** At most this many, 1 or more. */
  readonly limit: number;
}

/** A job whose files were published, by which claim of which server. */
export interface Published extends Lease {
  readonly server: string;
}

/** Ids in one call of `purge`. */
export const LARGEST_PURGE = 1000;

export interface QueueCounts {
  readonly byState: Readonly<Record<JobState, number>>;
  /** Queued and due now, paused or not. */
  readonly due: number;
  /** For how long the job that is due longest has been due; 0 when none is. */
  readonly oldestDueMs: number;
}

/** What a partner has in the queue of one template. */
export interface Share {
  readonly partner: string;
  readonly template: string;
  /** Due or not, held back or not. */
  readonly queued: number;
  /** Of those, due now. */
  readonly due: number;
  readonly rendering: number;
}

export interface OutboxRow {
  readonly eventId: string;
  readonly jobId: string;
  readonly partner: string;
  readonly url: string;
  readonly event: 'rendered' | 'dead' | 'cancelled';
  readonly createdAt: number;
  /** How often it was tried and settled as not delivered. */
  readonly attempt: number;
}

export interface ClaimCallbacks {
  /** At most this many, 1 or more. */
  readonly limit: number;
  /** How long they are kept from others unless they are settled before; 0 or more. */
  readonly holdMs: number;
  /** Partners whose callbacks are left where they are. */
  readonly except?: readonly string[];
}

export interface ClaimedCallbacks {
  readonly rows: readonly OutboxRow[];
  /** Milliseconds until another becomes due, of those that are not due now; null when there is none. */
  readonly nextInMs: number | null;
}

export interface JobStore {
  /** For messages: scheme and place, without secrets. */
  readonly name: string;

  /** Whether servers on other machines may claim from it. Where none can, an expired lease is still good while its farm lives. */
  readonly isShared: boolean;

  /**
   * Records a job durably: when the promise resolves, the job survives a power cut. Concurrent calls share a commit.
   * Same partner and idempotencyKey as before: the earlier job as it now stands, `created: false`, if the same was asked for, else rejects with `idempotency_conflict`.
   * The same means: template id, cast, words and callbackUrl equal in value. The template's version is not compared, since the template may have been replaced between
   * an honest request and its retry; the earlier job keeps the version that it was pinned to. Once the words are erased nothing is left to compare, and whatever comes under
   * the key is answered with the earlier job; once the job is purged, the key is free.
   */
  enqueue(job: NewJob): Promise<Enqueued>;

  /** The job as it stands, or undefined. */
  get(id: string): Promise<Job | undefined>;

  /** Every event of a job, oldest first; empty for an unknown id. */
  history(id: string): Promise<readonly HistoryEntry[]>;

  /**
   * Takes up to `limit` due jobs that neither a pause nor a limit holds back and whose tags the server has, one after the other, each time the one that comes first:
   *
   * 1. of the highest aged priority: its own and one more for each whole `ageingMs` since its `runAt`, but never above the highest own priority of any job that could be taken;
   * 2. then of the partner with the fewest jobs rendering, on all servers, those just taken counted;
   * 3. then of the partner that was given a job longest ago, or never;
   * 4. then with the earliest `runAt`, then the first enqueued.
   *
   * So however many urgent jobs keep coming, one that is less urgent by n priorities is overtaken only by those that come within its first n `ageingMs`; and while several
   * partners have jobs of one aged priority due, the slots are shared evenly among them, however many jobs each has queued.
   *
   * Each becomes `rendering`, leased to the server for `leaseMs`, with a fence greater than any it had. No two claims ever hold the same fence of a job. Answered in the order of
   * taking. Never waits for a job to come. The cost depends on how many partners, templates, priorities and requirements have jobs queued, not on how many jobs.
   */
  claim(options: ClaimOptions): Promise<readonly Job[]>;

  /**
   * Extends the leases for `leaseMs` from now, in one transaction, and notes the progress. Answers the leases that were lost (stale fence, or no longer
   * `rendering`); those are not extended and their attempts must stop. A lease that has expired but was not yet rescued is still good and is extended: whoever renews its own
   * before it rescues survives a jump of the clock.
   */
  renew(renewals: readonly Renewal[], leaseMs: number): Promise<readonly Lease[]>;

  /** Gives a job back unharmed: `queued`, due at once and in its old place, neither an attempt nor a crash counted. Rejects with `fenced` when the lease is stale. */
  release(lease: Lease): Promise<void>;

  /** The attempt succeeded: `rendered`, with its result; the outbox row, if any, in the same transaction. Rejects with `fenced` when the lease is stale. */
  complete(lease: Lease, result: JobResult): Promise<void>;

  /** The attempt failed; see FailOptions. Outbox row with `dead`. Answers the job as it now stands. Rejects with `fenced` when the lease is stale. */
  fail(lease: Lease, options: FailOptions): Promise<Job>;

  /**
   * Takes back `rendering` jobs whose lease has expired, or, with `server`, all of that server, expired or not (it has just booted and renders nothing).
   * They become `queued`, due at once and in their old places, nothing counted. Answers how many.
   */
  rescue(whose: { readonly server: string } | 'expired'): Promise<number>;

  /** Withdraws a queued or rendering job; a running attempt finds its lease lost. Rejects with `unknown_job` or, when finished, `not_cancellable`. */
  cancel(id: string): Promise<Job>;

  /**
   * Has the files of a `rendered` or `delivered` job made anew, by whatever server takes it: `queued`, due now and behind what is due already, with no attempt or crash counted and nothing of its
   * result left. Its partner is told again when it ends, under a new event; callbacks that were not settled are given up, since the files that they speak of are not to be had any more.
   * Rejects with `unknown_job`, or with `not_rerenderable` when it is in another state or its words are erased.
   */
  rerender(id: string): Promise<Job>;

  /** At most `most` (a whole number of 1 or more, else `invalid_request`) jobs of the partner are rendering at once; null: any number. More that are rendering already go on. */
  limit(partner: string, most: number | null): Promise<void>;

  /** The limits, by partner. */
  limits(): Promise<readonly Limit[]>;

  /** Jobs of the partner, or of the template, are enqueued but not claimed; those that are rendering go on. Pausing twice is pausing once, since the first time. */
  pause(what: Pausable): Promise<void>;

  /** Ends the pause of just this partner or template; without one, nothing. */
  resume(what: Pausable): Promise<void>;

  /** The pauses, the longest first. */
  pauses(): Promise<readonly Pause[]>;

  /**
   * Finished jobs that are old enough to go, the longest finished first. Delete their files, then `purge` them. In this order, since a crash in between leaves rows without
   * files, which the next look finds again; the other order would leave files that nothing points to, and that hold what somebody wrote.
   */
  purgeable(options: PurgeOptions): Promise<readonly Purgeable[]>;

  /**
   * Forgets those of the jobs that are finished, with their history, callbacks (told or not) and idempotency keys; others and unknown ones are left alone. Answers how many.
   * At most LARGEST_PURGE ids, else `invalid_request`. An embedded store overwrites what was stored, and does not only unlink it. Claims and completions go on in between; so when it rejects,
   * some may be gone.
   */
  purge(ids: readonly string[]): Promise<number>;

  /**
   * Overwrites the words of up to `limit` jobs that finished at least `olderThanMs` ago and still have them, and answers how many; fewer than `limit`: no more are left.
   * Everything else stays: id, template, cast, partner, outputs, stages, history. What was made of the words for the comparison of idempotency keys goes too. It counts as
   * no change of the job: `changes` does not bring it. As with `purge`, others go on in between.
   */
  eraseWords(olderThanMs: number, limit: number): Promise<number>;

  /**
   * The rendered and delivered jobs whose files a server has, those enqueued first before others; `after` continues. Fewer than `limit`: no more are left. One that is rendered meanwhile may be
   * left out.
   */
  published(options: PublishedOptions): Promise<{ readonly jobs: readonly Published[]; readonly after: string }>;

  /**
   * Registers a server, or replaces what it said before: who it is and that it lives now. Changes no job, and wakes nobody. A power cut may undo the last ones.
   * A tag that is none (tags.ts) is refused with `invalid_request`.
   */
  announce(server: Announcement): Promise<void>;

  /** All servers that have announced themselves and were not forgotten, by name. */
  servers(): Promise<readonly Server[]>;

  /** Forgets a server; one that lives is known again when it next announces itself. Its jobs stay as they are. Answers whether it was known. */
  forget(server: string): Promise<boolean>;

  /** What queued jobs require, by its tags; jobs that require nothing are left out. It reads an entry for each of the others. */
  needs(): Promise<readonly Need[]>;

  /** Numbers for metrics and status; costs the same however many jobs are finished or due. */
  counts(): Promise<QueueCounts>;

  /**
   * How the queue is divided: one for each partner and template with a job queued or rendering, in this order. It reads an entry for each of these jobs (some ten
   * milliseconds for 100,000): for people who ask now and then, not for scrapes.
   */
  shares(): Promise<readonly Share[]>;

  /** Newest first, for status and listings. */
  recent(limit: number): Promise<readonly Job[]>;

  /**
   * The jobs that changed after `cursor`, each once as it stands, and the next cursor, which is the same when nothing changed. One call serves any number of waiting people.
   * Start with `null`, which answers no jobs and the present cursor. At most 1,000 jobs at once, the longest unchanged first; the rest comes with the next call. A renewal
   * changes a job only when its progress moved. A cursor that this store did not give is refused with `invalid_request`.
   */
  changes(cursor: string | null): Promise<{ readonly jobs: readonly Job[]; readonly cursor: string }>;

  /** Outbox rows due now, those that are due longest first. Only a look: who tells partners claims them. */
  outbox(limit: number): Promise<readonly OutboxRow[]>;

  /**
   * Takes outbox rows that are due, those that are due longest first, so that retries do not stand before new ones. None is given to anybody else until it is settled or its hold is over; then it is
   * due again, with the same event id: whoever took it has died, and may have told the partner. No number of tries is counted by that. So any number of couriers work on one store, and each event is
   * told at least once. Never waits for one to come.
   */
  claimCallbacks(options: ClaimCallbacks): Promise<ClaimedCallbacks>;

  /**
   * Notes the outcome of a callback: delivered (a `rendered` job becomes `delivered`), or due again in `retryInMs`; null gives up. An event that is unknown, already
   * delivered or given up is left as it is.
   */
  settle(eventId: string, outcome: 'delivered' | { readonly retryInMs: number | null }): Promise<void>;

  /**
   * Calls the listener soon after something may have become claimable, by this process or another; within some seconds where the other is on another machine. A shared store calls within
   * some seconds also when a job became due by the passing of time, and when it answers again after it was away: a look of one's own costs it a query, so who listens need not look now and then,
   * as one does at an embedded store. May call without cause. The returned function ends it.
   */
  watch(listener: () => void): () => void;

  /** Whether the store answers a trivial question now. */
  ping(): Promise<void>;

  /** Waits for calls under way, then lets go of every handle. Other calls afterwards reject with `unavailable`; closing twice is closing once. */
  close(): Promise<void>;
}

/** How a store is opened. */
export interface StoreOptions {
  /** Milliseconds that a call waits for a store that is locked or away before it rejects with `store_busy`; default 5000. */
  readonly busyDeadlineMs?: number;
  /** Whether an embedded file is read through at opening, so that damage is found at boot and not in the middle of the work; default true. Takes some 0.8 s per 100 MB. */
  readonly checkIntegrity?: boolean;
  /**
   * Whether a shared store is opened though it is away; what it would be refused for is then told by the calls once it answers. Default false: rejects with `store_busy`. An embedded store
   * is there or not.
   */
  readonly mayBeAway?: boolean;
  /** Called whenever a shared store is asked again, with the reason. */
  readonly retried?: ((why: Retried) => void) | undefined;
}

/** Why a shared store is asked again: a transaction that the server rolled back, a server that is away, an answer that did not come; `rebuilt`: all connections were given up. */
export type Retried = 'deadlock' | 'lock_timeout' | 'away' | 'unknown' | 'rebuilt';
