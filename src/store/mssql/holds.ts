/** Limits and pauses. */

import { assertAtLeastOne } from '../refusals.js';
import type { Limit, Pausable, Pause } from '../store.js';
import type { Calls } from './calls.js';
import { assertName } from './enqueuer.js';
import { toPause } from './rows.js';

export class Holds {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async limit(partner: string, most: number | null): Promise<void> {
    if (most !== null) assertAtLeastOne(most);
    assertName(partner);
    await this.#calls.write('limit', { partner, most });
  }

  async limits(): Promise<readonly Limit[]> {
    const [rows = []] = await this.#calls.look('limits');
    return rows.map(({ partner, most }) => ({ partner: String(partner), most: Number(most) }));
  }

  async pause(what: Pausable): Promise<void> {
    await this.#calls.write('pause', named(what));
  }

  async resume(what: Pausable): Promise<void> {
    await this.#calls.write('resume', named(what));
  }

  async pauses(): Promise<readonly Pause[]> {
    const [rows = []] = await this.#calls.look('pauses');
    return rows.map(toPause);
  }
}

function named(what: Pausable): { readonly kind: 'partner' | 'template'; readonly name: string } {
  const [kind, name] =
    'partner' in what ? (['partner', what.partner] as const) : (['template', what.template] as const);
  assertName(name);
  return { kind, name };
}
