/** Watches that counters only rise. They begin anew with each life of the farm. Pure. */

import type { Look, Scraped } from './scrape.js';

export class Counters {
  /** What has fallen, as sentences. */
  readonly fallen: string[] = [];
  #life: unknown;
  #before: Scraped = new Map();

  /** `life`: whose they are; the same for the same process only. */
  take({ scraped, rising }: Look, life: unknown): void {
    const before = life === this.#life ? this.#before : new Map<string, number>();
    this.#life = life;
    this.#before = scraped;
    for (const [series, was] of before) {
      const now = scraped.get(series);
      if (!rising.has(nameOf(series)) || (now !== undefined && now >= was)) continue;
      this.fallen.push(`counter fell: ${series} from ${was} to ${now ?? 'nothing'}`);
    }
  }
}

const nameOf = (series: string) => series.split('{')[0] ?? '';
