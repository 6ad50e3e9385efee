/** What holds jobs back, as it is noted and read: limits of partners, pauses of partners and templates. */

import type { Limit, Pausable, Pause } from '../../store.js';
import type { Moment } from '../moment.js';
import type { Statements } from './statements.js';

export class Holds {
  private readonly sql: Statements;
  private readonly moment: Moment;

  constructor(sql: Statements, moment: Moment) {
    this.sql = sql;
    this.moment = moment;
  }

  limit(partner: string, most: number | null): void {
    if (most === null) this.sql.unlimit.run({ partner });
    else this.sql.limit.run({ partner, most });
  }

  limits(): readonly Limit[] {
    return this.sql.limits.all();
  }

  isAnyLimited(): boolean {
    return this.sql.anyLimit.get() !== undefined;
  }

  pause(what: Pausable): void {
    this.sql.pause.run({ ...named(what), now: this.moment.now });
  }

  resume(what: Pausable): void {
    this.sql.resume.run(named(what));
  }

  pauses(): readonly Pause[] {
    return this.sql.pauses
      .all()
      .sort((a, b) => a.since - b.since)
      .map(({ kind, name, since }) => (kind === 'partner' ? { partner: name, since } : { template: name, since }));
  }
}

const named = (what: Pausable): { readonly kind: 'partner' | 'template'; readonly name: string } =>
  'partner' in what ? { kind: 'partner', name: what.partner } : { kind: 'template', name: what.template };
