/** Forgetting, inside a transaction that somebody else began: finished jobs as a whole, or their words alone. */

import { FINISHED_STATES } from '../../../job.js';
import type { Purgeable, PurgeOptions } from '../../store.js';
import type { Moment } from '../moment.js';
import type { Statements } from './statements.js';

export class Retention {
  private readonly sql: Statements;
  private readonly moment: Moment;

  constructor(sql: Statements, moment: Moment) {
    this.sql = sql;
    this.moment = moment;
  }

  /** `now` from outside, since looking needs no transaction. */
  purgeable({ state, olderThanMs, limit, ...rest }: PurgeOptions, now: number): readonly Purgeable[] {
    const server = rest.server ?? null;
    const before = now - olderThanMs;
    return [0, 1]
      .flatMap((erased) => this.sql.finished.all({ state, erased, before, server, limit }))
      .sort((a, b) => a.finishedAt - b.finishedAt || a.seq - b.seq)
      .slice(0, limit)
      .map(({ id, server }) => ({ id, server }));
  }

  purge(ids: readonly string[]): number {
    return ids.reduce((purged, id) => purged + this.sql.purge.run({ id }).changes, 0);
  }

  eraseWords(olderThanMs: number, limit: number): number {
    const before = this.moment.now - olderThanMs;
    let erased = 0;
    for (const state of FINISHED_STATES) {
      if (erased === limit) break;
      for (const { seq } of this.sql.withWords.all({ state, before, limit: limit - erased })) {
        this.sql.eraseWords.run({ seq });
        this.sql.eraseFingerprint.run({ seq });
        this.sql.noteErased.run({ seq });
        erased++;
      }
    }
    return erased;
  }
}
