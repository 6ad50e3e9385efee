/** How figures of the queue are named, shown and held against what is asked of them. */

import { table } from '../../../src/cli/table.js';
import { type Figure, quantile } from '../render/figures.js';

export type { Figure };

/** How much is measured. */
export interface Scale {
  /** Of each way of enqueueing or claiming, how often and how long; and how long a farm that is looked at is left alone before it is, and looked at. */
  readonly rounds: number;
  readonly seconds: number;
  readonly settleSeconds: number;
  readonly costSeconds: number;
  /** Jobs through a supervisor; jobs enqueued for an idle farm; renderers killed; recycled for each reason; supervisors killed in each way; leaking jobs; scrapes of each farm. */
  readonly jobs: number;
  readonly wakes: number;
  readonly kills: number;
  readonly recycles: number;
  readonly endings: number;
  readonly leaks: number;
  readonly scrapes: number;
}

export const FULL: Scale = {
  ...{ rounds: 5, seconds: 1, settleSeconds: 60, costSeconds: 30, jobs: 6_000, wakes: 100 },
  ...{ kills: 200, recycles: 20, endings: 20, leaks: 1_000, scrapes: 100 },
};
/** For tests: it says that all can be measured, and nothing of how much it is. */
export const QUICK: Scale = {
  ...{ rounds: 1, seconds: 0.3, settleSeconds: 0, costSeconds: 1, jobs: 400, wakes: 3 },
  ...{ kills: 3, recycles: 2, endings: 1, leaks: 40, scrapes: 3 },
};

export const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
export const perSecond = (value: number): string => `${value.toFixed(0)} /s`;
export const percent = (value: number): string => `${value.toFixed(value < 1 ? 3 : 1)} %`;
export const megabytes = (value: number): string => `${(value / 1e6).toFixed(0)} MB`;
export const microseconds = (value: number): string => `${value.toFixed(0)} us`;
export const times = (value: number): string => `${value.toFixed(2)} x`;

/** Middle, 99th percentile and worst of times in milliseconds; `must` says what one of them must stay below. */
export function spread(
  [name, variant]: readonly [string, string],
  text: string,
  values: readonly number[],
  must: { readonly p50?: number; readonly p99?: number; readonly worst?: number } = {},
): Figure[] {
  const of = { p50: quantile(values, 0.5), p99: quantile(values, 0.99), worst: quantile(values, 1) };
  return (['p50', 'p99', 'worst'] as const).map((part) => ({
    name: `${name}_${part}_ms__${variant}`,
    text: `${text}, ${part}`,
    value: of[part],
    show: milliseconds,
    ...(must[part] === undefined ? {} : { must: must[part], most: true }),
  }));
}

export function tableOf(figures: readonly Figure[]): string {
  const asked = ({ must, most, show }: Figure) => (must === undefined ? '' : `${most ? '<=' : '>='} ${show(must)}`);
  const verdict = ({ must, most, value }: Figure) => {
    if (must === undefined) return '';
    return (most ? value <= must : value >= must) ? 'reached' : 'missed';
  };
  return table(
    ['figure', 'measured', 'to reach', ''],
    figures.map((figure) => [figure.text, figure.show(figure.value), asked(figure), verdict(figure)]),
  );
}
