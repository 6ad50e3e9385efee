/** What a farm counted, as it would be scraped: noted at every report that it makes of itself, so that a counter which falls is seen. */

import assert from 'node:assert/strict';
import type { Metrics } from '../../../src/metrics.js';
import { parseMetrics, type Scraped } from '../../soak/farm/scrape.js';

/** Whether a series may not fall: it is of a metric that calls itself a counter or a histogram. */
function risingIn(text: string): (series: string) => boolean {
  const rising = new Set([...text.matchAll(/^# TYPE (\S+) (?:counter|histogram)$/gm)].map(([, name]) => name));
  return (series) => rising.has(series.replace(/\{.*/, '').replace(/_(sum|count|bucket)$/, ''));
}

export class Counters {
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
  let before: Scraped = new Map();
  for (const text of scrapes) {
    const now = parseMetrics(text);
    const isRising = risingIn(text);
    for (const [name, value] of before) {
      if (!isRising(name)) continue;
      const present = now.get(name);
      assert.ok(present !== undefined && present >= value, `${name} was ${value} and is ${present}`);
    }
    before = now;
  }
  return before;
}
