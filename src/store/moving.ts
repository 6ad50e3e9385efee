/**
 * Moving: jobs leave one store and come into another as they were.
 *
 * Problem: when one machine is outgrown, its jobs have to come along, with their ids (which partners and addresses know), their history and what is still to be told; and whoever
 * moves them may be interrupted at any moment. The contract of a store (store.ts) knows no way to write a job that was: each of its verbs makes history of its own.
 *
 * Solution: records that belong to no store, a source that gives them in their order, and a target that takes a few at a time, whole, in one transaction, and only those that it does not have:
 * the id of a job says whether it has come. So moving is the same however often it is begun: what has come is passed over, what has not comes now. Nobody else may write into the source
 * meanwhile, which the source sees to; the target may be at work.
 *
 * What it does not do: take anything out of the source, which stays as it was. Numbers of a store's own (places in the queue, revisions, whose turn it was) are given anew, in the same order.
 */

import type { HistoryEntry, Job } from '../job.js';
import type { Limit, OutboxRow, Pause } from './store.js';

/** What a partner is told of the end of a job: still to be, or done with. */
export interface CallbackRecord extends Omit<OutboxRow, 'jobId' | 'partner'> {
  /** Milliseconds since the epoch; null once it is settled: delivered, or given up. */
  readonly dueAt: number | null;
  readonly delivered: boolean;
}

/** A job with everything that hangs on it. None is `rendering`: see `unclaimed`. */
export interface JobRecord {
  readonly job: Job;
  /** Whether its words were erased. */
  readonly erased: boolean;
  readonly callbackUrl: string | null;
  /** Its idempotency key; the fingerprint is null once the words are erased. */
  readonly key: { readonly name: string; readonly fingerprint: string | null } | null;
  /** As JobStore.history answers it, without `enqueued`, which the job itself tells. */
  readonly history: readonly HistoryEntry[];
  readonly callbacks: readonly CallbackRecord[];
}

/** How much there is of what, of the jobs that were asked about. */
export interface Amounts {
  readonly jobs: number;
  readonly events: number;
  readonly callbacks: number;
  readonly keys: number;
}
export const NOTHING: Amounts = { jobs: 0, events: 0, callbacks: 0, keys: 0 };

export interface Holds {
  readonly limits: readonly Limit[];
  readonly pauses: readonly Pause[];
}

/** Where jobs come from. Every method rejects as those of a JobStore do. */
export interface Source {
  readonly name: string;
  /** Keeps all others from writing until `close`; they find the store locked. Rejects with `store_busy` while one of them writes. */
  seal(): Promise<void>;
  /** How much there is. */
  amounts(): Promise<Amounts>;
  /** Ids of the first `limit` jobs after the one with this id, in the order in which they came; null: from the first on. */
  ids(after: string | null, limit: number): Promise<readonly string[]>;
  /** These jobs, in this order. */
  records(ids: readonly string[]): Promise<readonly JobRecord[]>;
  holds(): Promise<Holds>;
  close(): Promise<void>;
}

/** Where they go. */
export interface Target {
  readonly name: string;
  /** Those of these ids that it does not have, in this order. */
  missing(ids: readonly string[]): Promise<readonly string[]>;
  /** How much it has of these jobs. */
  amounts(ids: readonly string[]): Promise<Amounts>;
  /** Writes those that it does not have, in this order: all of them, or none. At most LARGEST_PUT. An idempotency key that another of its jobs has by now stays with that one. */
  put(records: readonly JobRecord[]): Promise<void>;
  /** Notes the limits and pauses of partners and templates for which it has none. */
  hold(holds: Holds): Promise<void>;
  close(): Promise<void>;
}

export const LARGEST_PUT = 100;

/** A job that somebody was rendering waits again, unharmed, as after JobStore.rescue. Pure. */
export function unclaimed(record: JobRecord, now: number): JobRecord {
  const { job, history } = record;
  if (job.state !== 'rendering') return record;
  const { fence, server } = job;
  const rescued: HistoryEntry = { at: now, event: 'rescued', fence, server, failure: null };
  const waiting = { state: 'queued', progress: 0, server: null, startedAt: null } as const;
  return { ...record, job: { ...job, ...waiting, runAt: Math.min(job.runAt, now) }, history: [...history, rescued] };
}

/** What came of it. */
export interface Moved {
  /** Jobs that this run brought, and those that had come before. */
  readonly moved: number;
  readonly before: number;
  readonly source: Amounts;
  /** What the target has of the source's jobs. More events than the source has where it is at work already. */
  readonly target: Amounts;
  readonly holds: Holds;
}

export interface MoveOptions {
  /** Only counts: nothing is sealed, nothing written. */
  readonly isDry?: boolean;
  /** Ends it between two transactions; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Jobs that were seen to, of so many. */
  readonly tell?: (done: number, all: number) => void;
}

/** Brings everything that the target does not have, then compares. Rejects as source and target do; what came until then stays, and another run goes on from there. */
export async function move(source: Source, target: Target, options: MoveOptions = {}): Promise<Moved> {
  const { isDry = false, signal, tell } = options;
  if (!isDry) await source.seal();
  const [all, holds] = [await source.amounts(), await source.holds()];
  let [moved, before, has] = [0, 0, NOTHING];
  // First, so that nothing that was held back is claimed meanwhile.
  if (!isDry) await target.hold(holds);
  for await (const ids of pagesOf(source)) {
    signal?.throwIfAborted();
    const missing = await target.missing(ids);
    if (!isDry && missing.length > 0) await target.put(await source.records(missing));
    moved += missing.length;
    before += ids.length - missing.length;
    has = sum(has, await target.amounts(ids));
    tell?.(moved + before, all.jobs);
  }
  return { moved, before, source: all, target: has, holds };
}

async function* pagesOf(source: Source): AsyncGenerator<readonly string[]> {
  for (let last: string | null = null; ; ) {
    const ids: readonly string[] = await source.ids(last, LARGEST_PUT);
    if (ids.length === 0) return;
    yield ids;
    last = ids.at(-1) ?? null;
  }
}

const sum = (a: Amounts, b: Amounts): Amounts => ({
  jobs: a.jobs + b.jobs,
  events: a.events + b.events,
  callbacks: a.callbacks + b.callbacks,
  keys: a.keys + b.keys,
});
