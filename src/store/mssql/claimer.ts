/**
 * Gives attempts out.
 *
 * A look for news comes before a claim, which would else compete for the lock with nothing to do; not after one that took as much as it might, for there will be more.
 *
 * When a claim's time is over without an answer, nobody knows whether it took jobs; and those that it took would wait for the end of their leases. So its ticket is kept, and the next claim of the same server
 * asks under it: it is answered with those jobs, or takes some now.
 */

import { randomUUID } from 'node:crypto';
import { asStoryfarmError } from '../../errors.js';
import type { Job } from '../../job.js';
import { type ClaimOptions, DEFAULT_AGEING_MS } from '../store.js';
import type { Calls } from './calls.js';
import { assertName, tagItems } from './enqueuer.js';
import { toJob } from './rows.js';
import { REVISIONS } from './texts/frame.js';

/** A claim of which nobody knows what became. */
interface Owed {
  readonly server: string;
  readonly ticket: string;
}

export class Claimer {
  readonly #calls: Pick<Calls, 'seek' | 'news' | 'write'>;
  /** The last claim took as much as it might. */
  #isPlenty = false;
  #owed: readonly Owed[] = [];

  constructor(calls: Pick<Calls, 'seek' | 'news' | 'write'>) {
    this.#calls = calls;
  }

  async claim({
    server,
    limit,
    leaseMs,
    ageingMs = DEFAULT_AGEING_MS,
    tags = [],
  }: ClaimOptions): Promise<readonly Job[]> {
    assertName(server);
    const items = tagItems(tags);
    const most = Math.min(limit, REVISIONS);
    this.#calls.seek(items);
    const owed = this.#owed.find((claim) => claim.server === server);
    this.#owed = this.#owed.filter((claim) => claim !== owed);
    if (!owed && !this.#isPlenty && !(await this.#calls.news()).isDue) return [];
    const ticket = owed?.ticket ?? randomUUID();
    this.#isPlenty = false;
    const asked = { server, limit: most, lease: Math.trunc(leaseMs), ageing: ageingMs, items, ticket };
    try {
      const [jobs = []] = await this.#calls.write('claim', { ...asked, resent: owed !== undefined });
      this.#isPlenty = jobs.length === most;
      return jobs.map(toJob);
    } catch (thrown) {
      if (owed || asStoryfarmError(thrown).code === 'outcome_unknown') this.#owed = [...this.#owed, { server, ticket }];
      throw thrown;
    }
  }
}
