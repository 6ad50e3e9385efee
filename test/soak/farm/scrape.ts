/** Reads the farm's metrics now and then, to know how much of the seats' time was lost. Counters begin anew with each life of the farm: only what they grew by counts. */

/** One look at the metrics: values by metric name with its labels, as they are written. */
export type Scraped = ReadonlyMap<string, number>;

export function parseMetrics(text: string): Scraped {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** The names of the metrics whose every series may only rise: counters, and what histograms and summaries count. */
export function risingIn(text: string): ReadonlySet<string> {
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) => {
      if (type === 'counter') return [name];
      return type === 'histogram' || type === 'summary' ? [`${name}_count`, `${name}_sum`, `${name}_bucket`] : [];
    }),
  );
}

/** Sums over all series of a metric that have the text in their labels. */
const sum = (scraped: Scraped, metric: string, label = '') =>
  [...scraped]
    .filter(([name]) => (name === metric || name.startsWith(`${metric}{`)) && name.includes(label))
    .reduce((total, [, value]) => total + value, 0);

const SEATS = 'storyfarm_slots';
const RECYCLES = 'storyfarm_renderer_recycles_total';
const UNSEATED = ['empty', 'booting'];
/** Where the farm itself keeps account of its seats' time. */
const SECONDS = 'storyfarm_slot_seconds_total';
const LOST_SECONDS = 'storyfarm_slot_seconds_lost_total';

/** Seats in which there is a renderer that could work. */
export const seatsFilled = (scraped: Scraped): number =>
  ['idle', 'busy', 'resting'].reduce((total, name) => total + sum(scraped, SEATS, `condition="${name}"`), 0);

/** Seats without a renderer that could work, as a share of all, over the looks of a run. */
export class Capacity {
  #seats = 0;
  #empty = 0;
  #recycled = 0;
  #recycledForMemory = 0;
  #restarted = 0;
  #seconds = 0;
  #planned = 0;
  #before: Scraped = new Map();

  take(scraped: Scraped): void {
    this.#seats += sum(scraped, SEATS);
    this.#empty += UNSEATED.reduce((total, condition) => total + sum(scraped, SEATS, `condition="${condition}"`), 0);
    this.#recycled += this.#growth(scraped, RECYCLES);
    this.#recycledForMemory += this.#growth(scraped, RECYCLES, '="memory"');
    this.#restarted += this.#growth(scraped, 'storyfarm_renderer_restarts_total');
    this.#seconds += this.#growth(scraped, SECONDS);
    this.#planned += this.#growth(scraped, LOST_SECONDS, '="planned"');
    this.#before = scraped;
  }

  /** Fraction; 0 when nothing was seen. */
  get lost(): number {
    return this.#seats === 0 ? 0 : this.#empty / this.#seats;
  }

  /** The share that planned recycling cost; undefined when the farm keeps no account of it. */
  get lostToRecycling(): number | undefined {
    return this.#seconds === 0 ? undefined : this.#planned / this.#seconds;
  }

  /** Planned replacements, those of them for memory, and replacements after a death, as far as they were seen. */
  get replaced(): { readonly recycled: number; readonly recycledForMemory: number; readonly restarted: number } {
    return { recycled: this.#recycled, recycledForMemory: this.#recycledForMemory, restarted: this.#restarted };
  }

  #growth(scraped: Scraped, metric: string, label = ''): number {
    const [before, now] = [sum(this.#before, metric, label), sum(scraped, metric, label)];
    return now >= before ? now - before : now;
  }
}

export interface Look {
  readonly scraped: Scraped;
  /** See risingIn. */
  readonly rising: ReadonlySet<string>;
}

/** Undefined when the farm does not answer at once. */
export async function scrape(address: string): Promise<Look | undefined> {
  try {
    const answer = await fetch(`${address}/metrics`, { signal: AbortSignal.timeout(500) });
    const text = await answer.text();
    return { scraped: parseMetrics(text), rising: risingIn(text) };
  } catch {
    return undefined;
  }
}
