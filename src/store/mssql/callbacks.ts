/** What partners are to be told, and what they were told. */

import { randomUUID } from 'node:crypto';
import { assertAtLeastOne, assertHold } from '../refusals.js';
import type { ClaimCallbacks, ClaimedCallbacks } from '../store.js';
import { known } from './attempts.js';
import type { Calls } from './calls.js';
import { toOutboxRow } from './rows.js';
import { REVISIONS } from './texts/frame.js';

export class Callbacks {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async claim({ limit, holdMs, except: partners = [] }: ClaimCallbacks): Promise<ClaimedCallbacks> {
    assertAtLeastOne(limit);
    assertHold(holdMs);
    const except = JSON.stringify(partners);
    const [[look] = []] = await this.#calls.look('anyCallback', { except });
    const nextInMs = look?.next_in == null ? null : Number(look.next_in);
    if (Number(look?.due) !== 1) return { rows: [], nextInMs };
    const hold = Math.trunc(holdMs);
    const [rows = []] = await this.#calls.write('claimCallbacks', { limit: Math.min(limit, REVISIONS), hold, except });
    const back = rows.length > 0 && hold > 0 ? hold : Number.POSITIVE_INFINITY;
    const next = Math.min(nextInMs ?? Number.POSITIVE_INFINITY, back);
    return { rows: rows.map(toOutboxRow), nextInMs: Number.isFinite(next) ? next : null };
  }

  async settle(eventId: string, outcome: 'delivered' | { readonly retryInMs: number | null }): Promise<void> {
    const delivered = outcome === 'delivered';
    const retry_in = delivered || outcome.retryInMs === null ? null : Math.trunc(Math.max(0, outcome.retryInMs));
    await this.#calls.write('settle', { event_id: known(eventId), delivered, retry_in, ticket: randomUUID() });
  }
}
