/**
 * The books of a soak: every accepted job accounted for, and nothing else left. Pure: facts in, ledger out.
 *
 * They balance when each accepted job is delivered, dead or cancelled, the partner was told so of each by one event, and nothing was lost, doubled, orphaned, littered or broken. A job may die only when it was made to (doomed, poison); however often
 * somebody else has killed its renderers, any other death is harm.
 */

import type { ErrorCode } from '../../../src/errors.js';
import { type HistoryEntry, isFinished, type JobState } from '../../../src/job.js';
import type { Answered } from '../farm/client.js';
import type { Hit } from '../farm/seats.js';
import { type Shares, sharesOf } from './fairness.js';

/** A job as the store has it at the end. */
export interface JobFacts {
  readonly id: string;
  readonly state: JobState;
  readonly failure: ErrorCode | undefined;
  readonly partner: string;
  readonly history: readonly Pick<HistoryEntry, 'at' | 'event' | 'fence'>[];
}

export interface Facts {
  /** Requests that were sent at least once. */
  readonly asked: number;
  readonly answered: readonly Answered[];
  readonly jobs: readonly JobFacts[];
  readonly hits: readonly Hit[];
  /** Milliseconds from each death of the supervisor to its last descendant gone. */
  readonly goneMs: readonly number[];
  /** Milliseconds from each return of the database to the next job that was rendered. */
  readonly resumedMs: readonly number[];
  /** Processes that outlived their farm, as text. */
  readonly orphans: readonly string[];
  /** Paths in the data folder that belong to nothing. */
  readonly strays: readonly string[];
  /** Published files that are not what was asked, with the reason. */
  readonly broken: readonly string[];
  /** Events that the partner took, by job. */
  readonly told: ReadonlyMap<string, ReadonlySet<string>>;
  /** What else went wrong, as sentences. */
  readonly troubles: readonly string[];
  /** It was ended before its jobs were. */
  readonly isInterrupted: boolean;
}

/** Milliseconds. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export interface Ledger {
  readonly accepted: number;
  readonly delivered: number;
  readonly dead: number;
  readonly cancelled: number;
  /** Still queued, when it was interrupted. */
  readonly unfinished: number;
  readonly lost: number;
  /** Terminal states written again, jobs that two had at a time or that were made again for the same key, and ends told by two events. */
  readonly duplicates: number;
  readonly orphans: number;
  readonly strayFiles: number;
  readonly broken: number;
  /** Jobs that died though they were innocent. */
  readonly harmed: number;
  readonly refused: number;
  /** How evenly the slots were shared; undefined where nobody had to wait. */
  readonly shares: Shares | undefined;
  /** Jobs of whose end the partner was not told. */
  readonly untold: number;
  /** Dead jobs by code. */
  readonly deaths: Readonly<Record<string, number>>;
  /** From a renderer's death to its job claimable again. */
  readonly requeue: Spread | undefined;
  /** From a renderer's death to another one ready in its seat. */
  readonly refill: Spread | undefined;
  /** From the supervisor's death to its last descendant gone. */
  readonly gone: Spread | undefined;
  /** From the database's return to the next job that was rendered. */
  readonly resumed: Spread | undefined;
  readonly balances: boolean;
  /** Everything that keeps them from balancing, as sentences. */
  readonly findings: readonly string[];
}

const RETURNS: readonly HistoryEntry['event'][] = ['retried', 'released'];
const ENDS: readonly HistoryEntry['event'][] = ['rendered', 'dead', 'cancelled'];

export function balance(facts: Facts): Ledger {
  const accepted = facts.answered.filter(({ ids }) => ids.length > 0);
  const byId = new Map(facts.jobs.map((job) => [job.id, job]));
  const purposes = new Map(accepted.flatMap(({ ids, purpose }) => ids.map((id) => [id, purpose] as const)));
  const stateOf = ({ ids: [id = ''] }: Answered) => byId.get(id)?.state;
  const isKept = (state: JobState | undefined) =>
    state !== undefined && (isFinished(state) || (facts.isInterrupted && state === 'queued'));

  const lost = accepted.filter((each) => !isKept(stateOf(each)));
  const ended = facts.jobs.map((job) => ({
    job,
    ends: job.history.filter(({ event }) => ENDS.includes(event)).length,
  }));
  const again = ended.filter(({ job, ends }) => ends > (isFinished(job.state) ? 1 : 0));
  const shared = facts.jobs.filter(isShared);
  const doubled = accepted.filter(({ ids }) => ids.length > 1);
  const unasked = Math.max(0, facts.jobs.length - facts.asked);
  const dead = facts.jobs.filter(({ state }) => state === 'dead');
  const harmed = dead.filter(({ id }) => !isMeantToDie(purposes.get(id)));
  const eventsTold = ({ ids: [id = ''] }: Answered) => facts.told.get(id)?.size ?? 0;
  const untold = accepted.filter(
    (each) => !facts.isInterrupted && isFinished(stateOf(each) ?? 'queued') && eventsTold(each) === 0,
  );
  const toldTwice = accepted.filter((each) => eventsTold(each) > 1);
  const waiting = accepted.filter((each) => !facts.isInterrupted && stateOf(each) === 'rendered');
  const refused = facts.answered.filter(({ refusal }) => refusal !== undefined);
  const count = (...states: readonly JobState[]) =>
    accepted.filter((each) => states.includes(stateOf(each) as JobState)).length;

  const findings = [
    ...lost.map((each) => `lost: job ${each.ids[0]} is ${stateOf(each) ?? 'not in the store'}`),
    ...again.map(({ job, ends }) => `ended ${ends} times: job ${job.id}, ${eventsOf(job)}`),
    ...shared.map((job) => `claimed twice at a time: job ${job.id}, ${eventsOf(job)}`),
    ...doubled.map(({ key, ids }) => `made ${ids.length} times: key ${key}, jobs ${ids.join(', ')}`),
    ...untold.map(({ ids }) => `untold: job ${ids[0]}`),
    ...waiting.map(({ ids }) => `told, and not noted as delivered: job ${ids[0]}`),
    ...toldTwice.map((each) => `told by ${eventsTold(each)} events: job ${each.ids[0]}`),
    ...(unasked > 0 ? [`made unasked: ${unasked} jobs`] : []),
    ...harmed.map((job) => `harmed: job ${job.id} died of ${job.failure}, ${eventsOf(job)}`),
    ...refused.map(({ key, refusal }) => `refused: key ${key}: ${refusal}`),
    ...facts.orphans.map((text) => `orphan: ${text}`),
    ...facts.strays.map((path) => `stray: ${path}`),
    ...facts.broken.map((text) => `broken: ${text}`),
    ...facts.troubles,
  ];
  return {
    accepted: accepted.length,
    delivered: count('rendered', 'delivered'),
    dead: count('dead'),
    cancelled: count('cancelled'),
    unfinished: facts.isInterrupted ? count('queued') : 0,
    lost: lost.length,
    duplicates: again.length + shared.length + doubled.length + toldTwice.length + unasked,
    orphans: facts.orphans.length,
    strayFiles: facts.strays.length,
    broken: facts.broken.length,
    harmed: harmed.length,
    refused: refused.length,
    shares: sharesOf(facts.jobs),
    untold: untold.length,
    deaths: tally(dead.map(({ failure }) => failure ?? 'unknown')),
    requeue: spread(requeueTimes(facts.hits, byId)),
    refill: spread(facts.hits.flatMap(({ at, refilledAt }) => (refilledAt === undefined ? [] : refilledAt - at))),
    gone: spread(facts.goneMs),
    resumed: spread(facts.resumedMs),
    balances: findings.length === 0,
    findings,
  };
}

const isMeantToDie = (purpose: string | undefined) => purpose === 'doomed' || purpose === 'poison';

/** A claim follows another before that one's end was written, or does not have a higher fence. */
function isShared({ history }: JobFacts): boolean {
  const fences = history.filter(({ event }) => event === 'claimed').map(({ fence }) => fence);
  return (
    history.some(({ event }, at) => event === 'claimed' && history[at - 1]?.event === 'claimed') ||
    fences.some((fence, at) => at > 0 && fence <= (fences[at - 1] ?? 0))
  );
}

const eventsOf = ({ history }: JobFacts) => history.map(({ event }) => event).join(' ');

/** How long the jobs could not be claimed whose renderers were killed. Those that died with it or were withdrawn had nothing to wait for. */
function requeueTimes(hits: readonly Hit[], jobs: ReadonlyMap<string, JobFacts>): number[] {
  return hits.flatMap(({ at, attempt }) => {
    const history = attempt ? (jobs.get(attempt.id)?.history ?? []) : [];
    const back = history.find(({ event, fence }) => RETURNS.includes(event) && fence === attempt?.fence);
    // Told just before, it had ended otherwise.
    return back && back.at >= at ? [back.at - at] : [];
  });
}

/** By nearest rank; undefined of nothing. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
  if (sorted.length === 0) return undefined;
  return { count: sorted.length, p50: rank(0.5), p99: rank(0.99), most: rank(1) };
}

/** How often each is there. */
export function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
