/** What follows from a partner's answer: delivered, again later, or never. Pure: chance comes in as `random`, a number in [0, 1). */

import type { Answer } from './post.js';

/** As the store settles a callback. */
export type Settlement = 'delivered' | { readonly retryInMs: number | null };

const [S, MIN, H] = [1_000, 60_000, 3_600_000];

/** Pauses after each failed try: eleven tries in three days, as Standard Webhooks advises (some within minutes, then for days). */
export const PAUSES: readonly number[] = [5 * S, MIN, 5 * MIN, 30 * MIN, 2 * H, 5 * H, 10 * H, 14 * H, 18 * H, 24 * H];

/** A server that wants to be left alone for longer is asked again after a day all the same. */
const LONGEST_PAUSE = 24 * H;

/** `attempt` counts the tries that failed before. 2xx delivers; 410 says that nobody wants to be told there any more; all else, redirects included, is tried again. */
export function settlementOf(answer: Answer, attempt: number, random: number): Settlement {
  const status = 'status' in answer ? answer.status : undefined;
  if (status !== undefined && status >= 200 && status < 300) return 'delivered';
  const pause = PAUSES[attempt];
  if (status === 410 || pause === undefined) return { retryInMs: null };
  const asked = 'status' in answer ? (answer.retryAfterMs ?? 0) : 0;
  // Later by up to a fifth, so that what failed together does not come back together.
  return { retryInMs: Math.round(Math.max(pause * (1 + random / 5), Math.min(asked, LONGEST_PAUSE))) };
}
