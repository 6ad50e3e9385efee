/**
 * Forgets a few at a time, and rests as long as each piece took: writers take turns at the store (texts/frame.ts) in no order of coming, and whoever asked again at once would
 * hold up claims and completions.
 */

import { assertAge, assertAtLeastOne, refused } from '../refusals.js';
import { LARGEST_PURGE, type Purgeable, type PurgeOptions } from '../store.js';
import { known } from './attempts.js';
import type { Calls } from './calls.js';
import type { Answer, Values } from './link/pool.js';

/** Jobs in one transaction. */
const PIECE = 100;

export class Forgetting {
  readonly #calls: Calls;
  /** On the monotonic clock. */
  #restsUntil = 0;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async purgeable({ state, olderThanMs, limit, ...rest }: PurgeOptions): Promise<readonly Purgeable[]> {
    assertAtLeastOne(limit);
    assertAge(olderThanMs);
    const values = { state, age: Math.trunc(olderThanMs), limit, server: rest.server ?? null };
    const [rows = []] = await this.#calls.look('purgeable', values);
    return rows.map(({ id, server }) => ({ id: String(id), server: server == null ? null : String(server) }));
  }

  async purge(ids: readonly string[]): Promise<number> {
    if (ids.length > LARGEST_PURGE) throw refused(`At most ${LARGEST_PURGE} jobs are purged at once.`);
    let purged = 0;
    for (let first = 0; first < ids.length; first += PIECE) {
      const items = ids.slice(first, first + PIECE).map((id) => ({ id: known(id) }));
      const [[row] = []] = await this.#piece('purge', { items: JSON.stringify(items) });
      purged += Number(row?.purged);
    }
    return purged;
  }

  async eraseWords(olderThanMs: number, limit: number): Promise<number> {
    assertAtLeastOne(limit);
    assertAge(olderThanMs);
    let erased = 0;
    while (erased < limit) {
      const most = Math.min(PIECE, limit - erased);
      const [[row] = []] = await this.#piece('eraseWords', { age: Math.trunc(olderThanMs), limit: most });
      erased += Number(row?.erased);
      if (Number(row?.erased) < most) break;
    }
    return erased;
  }

  async #piece(name: 'purge' | 'eraseWords', values: Values): Promise<Answer> {
    const rest = this.#restsUntil - performance.now();
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    const start = performance.now();
    const answer = await this.#calls.write(name, values);
    const end = performance.now();
    this.#restsUntil = end + (end - start);
    return answer;
  }
}
