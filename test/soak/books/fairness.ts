/**
 * How evenly the slots were shared. Pure.
 *
 * Only the time counts in which every partner had a job waiting: then each ought to have as many slots as any other. An attempt holds its slot from its claim to whatever ended it, and what it holds is
 * measured on the database's clock, over all servers.
 */

import { isFinished } from '../../../src/job.js';
import type { JobFacts } from './ledger.js';

export interface Shares {
  /** Seconds of slots by partner. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Seconds in which all had jobs waiting. */
  readonly contended: number;
  /** By how much the share of whoever got most or least differs from an even one, as a fraction of that; 0: all the same. */
  readonly unevenness: number;
}

interface Step {
  readonly at: number;
  readonly partner: string;
  readonly waiting: -1 | 0 | 1;
  readonly holding: -1 | 0 | 1;
}

/** Undefined where there is nobody to share with, or nothing was ever contended. */
export function sharesOf(jobs: readonly Pick<JobFacts, 'partner' | 'history' | 'state'>[]): Shares | undefined {
  const partners = [...new Set(jobs.map(({ partner }) => partner))].sort();
  if (partners.length < 2) return undefined;
  const counts = new Map(partners.map((partner) => [partner, { waiting: 0, holding: 0, milliseconds: 0 }]));
  let [contended, before] = [0, Number.NaN];
  for (const { at, partner, waiting, holding } of jobs.flatMap(stepsOf).sort((a, b) => a.at - b.at)) {
    const all = [...counts.values()];
    if (at > before && all.every((count) => count.waiting > 0)) {
      contended += at - before;
      for (const count of all) count.milliseconds += count.holding * (at - before);
    }
    before = at;
    const count = counts.get(partner);
    if (!count) continue;
    count.waiting += waiting;
    count.holding += holding;
  }
  const total = [...counts.values()].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  if (total === 0) return undefined;
  const even = total / partners.length;
  return {
    seconds: Object.fromEntries([...counts].map(([partner, { milliseconds }]) => [partner, milliseconds / 1000])),
    contended: contended / 1000,
    unevenness: Math.max(...[...counts.values()].map(({ milliseconds }) => Math.abs(milliseconds - even) / even)),
  };
}

/** A retry waits for its time, and for a moment before it is due it is not there to be claimed; that is so short here that it counts as waiting. */
function stepsOf({ partner, history, state }: Pick<JobFacts, 'partner' | 'history' | 'state'>): Step[] {
  const steps: Step[] = [];
  let [isWaiting, isHolding] = [false, false];
  for (const [place, { at, event }] of history.entries()) {
    const isLast = place === history.length - 1;
    const [waits, holds] = [
      event !== 'claimed' &&
        !(isLast && isFinished(state)) &&
        !['rendered', 'dead', 'cancelled', 'delivered'].includes(event),
      event === 'claimed',
    ];
    steps.push({ at, partner, waiting: change(isWaiting, waits), holding: change(isHolding, holds) });
    [isWaiting, isHolding] = [waits, holds];
  }
  return steps;
}

const change = (was: boolean, is: boolean): -1 | 0 | 1 => (was === is ? 0 : is ? 1 : -1);
