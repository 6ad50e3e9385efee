/** Servers: what they say of themselves, the jobs whose files they have, and what jobs require of them. */

import { tagsIn } from '../../tags.js';
import { assertAtLeastOne, assertTags, parsePlace } from '../refusals.js';
import type { Announcement, Need, Published, PublishedOptions, Server } from '../store.js';
import type { Calls } from './calls.js';
import { assertName } from './enqueuer.js';
import { toServer } from './rows.js';

export class Serving {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async announce({ name, ...said }: Announcement): Promise<void> {
    assertName(name);
    assertTags(said.tags);
    const items = JSON.stringify([{ n: 1, ...said }]);
    await this.#calls.write('announce', { name, items });
  }

  async all(): Promise<readonly Server[]> {
    const [rows = []] = await this.#calls.look('servers');
    return rows.map(toServer);
  }

  async forget(name: string): Promise<boolean> {
    assertName(name);
    const [[row] = []] = await this.#calls.write('forget', { name });
    return Number(row?.known) > 0;
  }

  async published({
    server,
    after,
    limit,
  }: PublishedOptions): Promise<{ readonly jobs: readonly Published[]; readonly after: string }> {
    assertAtLeastOne(limit);
    const place = parsePlace(after);
    const [rows = []] = await this.#calls.look('published', { server: server ?? null, limit, cursor: place });
    const jobs = rows.map((row) => ({ id: String(row.id), fence: Number(row.fence), server: String(row.server) }));
    return { jobs, after: String(rows.at(-1)?.seq ?? place) };
  }

  async needs(): Promise<readonly Need[]> {
    const [rows = []] = await this.#calls.look('needs');
    return rows.map(({ requires, queued }) => ({ requires: tagsIn(String(requires)), queued: Number(queued) }));
  }
}
