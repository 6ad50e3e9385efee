/** What a farm counted, as it would be scraped: noted at every report that it makes of itself, so that a counter which falls is seen. */

import assert from 'node:assert/strict';
import type { Metrics } from '../../../src/metrics.js';
import { Counters } from '../../soak/farm/counters.js';
import { parseMetrics, risingIn, type Scraped } from '../../soak/farm/scrape.js';

export class Noted {
  readonly #metrics: Pick<Metrics, 'text'>;
  readonly #scrapes: Promise<string>[] = [];

  constructor(metrics: Pick<Metrics, 'text'>) {
    this.#metrics = metrics;
  }

  note(): void {
    this.#scrapes.push(this.#metrics.text());
  }

  /** Every look so far, and one more. */
  async texts(): Promise<string[]> {
    this.note();
    return Promise.all(this.#scrapes);
  }
}

/** No counter of one process has fallen, or gone, from one scrape to the next. Answers the last. */
export function assertMonotonic(scrapes: readonly string[]): Scraped {
  const counters = new Counters();
  const looks = scrapes.map((text) => ({ scraped: parseMetrics(text), rising: risingIn(text) }));
  for (const look of looks) counters.take(look, 'one process');
  assert.deepEqual(counters.fallen, []);
  return looks.at(-1)?.scraped ?? new Map();
}
