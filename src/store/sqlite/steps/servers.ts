/** Who serves: servers as they announce themselves, the jobs whose files they have, and what they must have to be given jobs. */

import { tagsIn } from '../../../tags.js';
import { parsePlace } from '../../refusals.js';
import {
  ALIVE_MS,
  type Announcement,
  type Need,
  type Published,
  type PublishedOptions,
  type Server,
} from '../../store.js';
import type { Moment } from '../moment.js';
import type { Lanes } from './lanes.js';
import type { Statements } from './statements.js';

export class Servers {
  private readonly sql: Statements;
  private readonly moment: Moment;
  private readonly lanes: Lanes;

  constructor(sql: Statements, moment: Moment, lanes: Lanes) {
    this.sql = sql;
    this.moment = moment;
    this.lanes = lanes;
  }

  /** In a transaction. */
  announce({ tags, ...server }: Announcement): void {
    this.sql.hear.run({ ...server, tags: JSON.stringify(tags), now: this.moment.now });
  }

  /** In a transaction. */
  forget(name: string): boolean {
    return this.sql.forget.run({ name }).changes > 0;
  }

  all(now: number): readonly Server[] {
    return this.sql.servers.all().map(({ heardAt, tags, ...server }) => {
      const silentMs = Math.max(0, now - heardAt);
      return {
        ...server,
        tags: JSON.parse(tags) as string[],
        silentMs,
        isAlive: server.state !== 'gone' && silentMs < ALIVE_MS,
      };
    });
  }

  published({ server, after, limit }: PublishedOptions): {
    readonly jobs: readonly Published[];
    readonly after: string;
  } {
    const place = { after: parsePlace(after), limit };
    const rows = server === undefined ? this.sql.published.all(place) : this.sql.publishedBy.all({ ...place, server });
    return {
      jobs: rows.map(({ seq: _, ...job }) => job),
      after: String(rows.at(-1)?.seq ?? place.after),
    };
  }

  needs(): readonly Need[] {
    const needs = new Map<string, number>();
    for (const { partner, template, priority, requires } of this.lanes.all()) {
      if (requires === '') continue;
      const jobs = this.sql.inLane.get({ partner, template, priority, requires })?.jobs ?? 0;
      needs.set(requires, (needs.get(requires) ?? 0) + jobs);
    }
    return [...needs]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([text, queued]) => ({ requires: tagsIn(text), queued }));
  }
}
