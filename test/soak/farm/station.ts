/** One farm of a run, or one front: the service, where it is, and what is known of it. */

import type { JobStore } from '../../../src/store/store.js';
import { straysNow } from '../books/audit.js';
import { Census } from './census.js';
import { Counters } from './counters.js';
import { Kept, type Line, type Surroundings } from './keeper.js';
import { begin, filled, scrapeUntil, swept } from './patience.js';
import { Capacity } from './scrape.js';
import { Seats } from './seats.js';

/** Its name is that of its server. */
export interface Place {
  readonly name: string;
  /** An address of this machine that is its own. */
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
}

export class FarmStation {
  readonly place: Place;
  readonly service: Kept;
  readonly seats = new Seats();
  readonly census: Census;
  readonly capacity = new Capacity();
  readonly counters = new Counters();

  /** `hear` is told each line of its log. */
  constructor(place: Place, where: Surroundings, hear: (line: Line, station: FarmStation) => void) {
    this.place = place;
    this.service = new Kept(
      'farm',
      where,
      (line) => {
        this.seats.hear(line);
        hear(line, this);
      },
      place.name,
    );
    this.census = new Census(this.service);
  }

  get address(): string {
    return addressOf(this.place);
  }

  begin(): Promise<void> {
    return begin(this.service, this.address);
  }

  filled(seats: number): Promise<number> {
    return filled(this.address, seats);
  }

  scrapeUntil(over: AbortSignal): Promise<void> {
    return scrapeUntil(over, this.address, this.service, (look, life) => {
      this.capacity.take(look.scraped);
      this.counters.take(look, life);
    });
  }

  /** Ends it, starts it once more so that it sweeps, and ends it again. Answers its exit codes. */
  async sweep(store: Pick<JobStore, 'recent' | 'isShared'>): Promise<(number | null)[]> {
    this.census.look();
    const first = await this.service.end();
    await this.begin();
    await swept(store.isShared ? 'shared' : 'embedded', () => straysNow({ store, farm: this.place }));
    this.census.look();
    return [first, await this.service.end()];
  }
}

export const addressOf = ({ host, port }: Pick<Place, 'host' | 'port'>): string => `http://${host}:${port}`;

/** Of several farms together. */
export function capacityOf(stations: readonly FarmStation[]): Pick<Capacity, 'lost' | 'lostToRecycling' | 'replaced'> {
  const all = stations.map(({ capacity }) => capacity);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const told = all.flatMap(({ lostToRecycling }) => lostToRecycling ?? []);
  const sum = (name: keyof Capacity['replaced']) => all.reduce((total, { replaced }) => total + replaced[name], 0);
  return {
    lost: mean(all.map(({ lost }) => lost)),
    lostToRecycling: told.length === 0 ? undefined : mean(told),
    replaced: {
      recycled: sum('recycled'),
      recycledForMemory: sum('recycledForMemory'),
      restarted: sum('restarted'),
    },
  };
}
