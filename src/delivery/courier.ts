/**
 * The courier: tells partners what became of their jobs, by a signed POST to the address that came with the job (Standard Webhooks, sign.ts).
 *
 * Problem: a partner's server may be away, slow, or never done with its answer, and no renderer may wait for it; a courier may die at any moment, and no event may be lost by that. Ten
 * thousand events for a partner that answers nothing must not stand before the one for another.
 *
 * How: an event lies in the store's outbox since the transaction that ended its job. The courier, in a process of its own (keeper.ts), claims what is due, posts it within a
 * total deadline (post.ts), and settles it: delivered, due again later and later, or given up after some days (schedule.ts). What it holds when it dies is due again when the hold is over, with the
 * same event id, by which a partner knows what it has had already: told at least once. Of each partner only a few are under way at once; while they are, its others stay in the outbox. When there is no room
 * for all who have something due, they are served by turns.
 *
 * What it does not do: keep the order of events of several jobs (each tells how its job stands when it is sent), or claim from the store more than it can send now.
 */

import type { Clock } from '../clock.js';
import { asStoryfarmError, type StoryfarmError } from '../errors.js';
import type { Job } from '../job.js';
import type { JobStore, OutboxRow } from '../store/store.js';
import type { Poster } from './post.js';
import { type Settlement, settlementOf } from './schedule.js';
import { type Secrets, signed } from './sign.js';

export interface CourierOptions {
  readonly secrets: Secrets;
  /** Milliseconds until a call that has not been answered is given up, from its first byte to the answer's last. */
  readonly timeoutMs: number;
  /** Longest time between two looks. What other processes end (a front cancels) is found by looking. Default 5 s. */
  readonly pollMs?: number;
}

/** What became of one call. */
export interface Told {
  readonly partner: string;
  readonly outcome: 'delivered' | 'retried' | 'given_up';
  readonly ms: number;
  readonly row: OutboxRow;
  /** What the partner's server answered, or why it did not. */
  readonly answer: string;
  readonly retryInMs: number | null;
}

export interface CourierTools {
  readonly store: Pick<JobStore, 'claimCallbacks' | 'get' | 'settle'>;
  readonly post: Poster;
  /** The job as the partner may see it. */
  readonly document: (job: Job) => unknown | Promise<unknown>;
  readonly told: (told: Told) => void;
  readonly trouble: (error: StoryfarmError) => void;
  readonly clock: Clock;
  readonly random?: () => number;
}

/** Calls under way at once. */
const MOST = 32;
/** With so many under way, a partner's others wait. Twice as many, less one, may be under way, since that is only looked at between two claims. */
const SHARE = 4;

export class Courier {
  readonly #options: CourierOptions;
  readonly #tools: CourierTools;
  /** The partner of each call under way. */
  readonly #underWay = new Map<Promise<void>, string>();
  /** When there was no room left: who had it. The others come first, so that backlogs of slow partners, all due longer, do not take each place that becomes free. */
  readonly #served = new Set<string>();
  #wake = () => {};
  #isCalled = false;
  #isLeaving = false;

  constructor(options: CourierOptions, tools: CourierTools) {
    this.#options = options;
    this.#tools = tools;
  }

  /** Something may have become due. */
  look(): void {
    this.#isCalled = true;
    this.#wake();
  }

  /** Works until it is to leave; resolves when the last call is settled. */
  async work(): Promise<void> {
    while (!this.#isLeaving) await this.#pause(await this.#send());
    // What ended just before.
    await this.#send();
    await Promise.all(this.#underWay.keys());
  }

  leave(): void {
    this.#isLeaving = true;
    this.#wake();
  }

  /** Sends what is due and has room. Answers in how many milliseconds to look again. */
  async #send(): Promise<number> {
    const { pollMs = 5_000, timeoutMs } = this.#options;
    this.#isCalled = false;
    for (;;) {
      const limit = Math.min(SHARE, MOST - this.#underWay.size);
      if (limit <= 0) {
        for (const partner of this.#underWay.values()) this.#served.add(partner);
        return pollMs;
      }
      try {
        const claim = { limit, holdMs: 2 * timeoutMs, except: [...new Set([...this.#busy(), ...this.#served])] };
        const { rows, nextInMs } = await this.#tools.store.claimCallbacks(claim);
        for (const row of rows) this.#begin(row);
        if (rows.length === limit) continue;
        if (this.#served.size === 0) return Math.min(pollMs, nextInMs ?? pollMs);
        // All others have had their turn.
        this.#served.clear();
      } catch (thrown) {
        this.#tools.trouble(asStoryfarmError(thrown));
        return pollMs;
      }
    }
  }

  #busy(): string[] {
    const partners = [...this.#underWay.values()];
    return [...new Set(partners)].filter((partner) => partners.filter((other) => other === partner).length >= SHARE);
  }

  #begin(row: OutboxRow): void {
    const call = this.#tell(row)
      // It is due again when its hold is over.
      .catch((thrown) => this.#tools.trouble(asStoryfarmError(thrown)))
      .finally(() => {
        this.#underWay.delete(call);
        // There is room, perhaps for a partner that had none.
        this.look();
      });
    this.#underWay.set(call, row.partner);
  }

  async #tell(row: OutboxRow): Promise<void> {
    const { store, post, document, told, clock, random = Math.random } = this.#tools;
    const { partner, eventId, url } = row;
    const job = await store.get(row.jobId);
    // Purged meanwhile, and the event with it; or to be rendered again, and the event given up.
    if (!job || !isStill(row.event, job)) return;
    const secrets = this.#options.secrets[partner] ?? [];
    const body = JSON.stringify({
      type: `job.${row.event}`,
      timestamp: new Date(row.createdAt).toISOString(),
      data: await document(job),
    });
    const since = clock.monotonic();
    const answer =
      secrets.length === 0
        ? { failure: 'no secret is configured for the partner' }
        : await post(url, signed({ id: eventId, at: clock.now(), body, secrets }), body, this.#options.timeoutMs);
    const ms = clock.monotonic() - since;
    const settlement = settlementOf(answer, row.attempt, random());
    await store.settle(eventId, settlement);
    const outcome = outcomeOf(settlement);
    const retryInMs = settlement === 'delivered' ? null : settlement.retryInMs;
    told({ partner, outcome, ms, row, answer: 'status' in answer ? `${answer.status}` : answer.failure, retryInMs });
  }

  #pause(ms: number): Promise<void> {
    if (this.#isCalled || this.#isLeaving) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#wake = () => {};
        cancel();
        resolve();
      };
      const cancel = this.#tools.clock.after(ms, done);
      this.#wake = done;
    });
  }
}

/** Whether the job stands as the event says. */
const isStill = (event: OutboxRow['event'], { state }: Job): boolean =>
  state === event || (event === 'rendered' && state === 'delivered');

function outcomeOf(settlement: Settlement): Told['outcome'] {
  if (settlement === 'delivered') return 'delivered';
  return settlement.retryInMs === null ? 'given_up' : 'retried';
}
