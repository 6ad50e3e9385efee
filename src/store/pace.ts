/**
 * How soon to ask again, where nothing rings: quickly after there was news, then ever more slowly while there is none. A random part keeps those who ask apart, however they came to ask
 * together: machines that were started at the same moment, or that all waited for a database that was away.
 */

/** Milliseconds. */
export interface Pace {
  readonly quickest: number;
  readonly slowest: number;
}

/** How a store is asked that others write to. */
export const PACE: Pace = { quickest: 250, slowest: 2_000 };

/** Milliseconds until the next question, from the `pause` before the last one. `wait` is spread over a quarter up and down: `random` is in [0, 1). */
export function nextPause(
  { quickest, slowest }: Pace,
  before: number,
  hasNews: boolean,
  random: number,
): { readonly pause: number; readonly wait: number } {
  const pause = hasNews ? quickest : Math.min(slowest, Math.max(quickest, before * 1.5));
  return { pause, wait: pause * (0.75 + random / 2) };
}
