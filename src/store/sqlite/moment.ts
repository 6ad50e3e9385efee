/**
 * One commit's moment: what the database's clock says, and the revisions that its changes get. Asked once and written back once for all the writes of
 * a commit; nobody else can give out revisions meanwhile, since SQLite has one writer at a time.
 */

import type { Statements } from './steps/statements.js';

/** A change: when, and as which revision of the store. */
export interface Stamp {
  readonly now: number;
  readonly revision: number;
}

export class Moment {
  private readonly sql: Pick<Statements, 'present' | 'count'>;
  private at = Number.NaN;
  private given = 0;
  private before = 0;

  constructor(sql: Pick<Statements, 'present' | 'count'>) {
    this.sql = sql;
  }

  /** Milliseconds since the epoch on the database's clock. */
  get now(): number {
    return this.at;
  }

  /** The transaction has begun. */
  begin(): void {
    const { now, revision } = this.sql.present.get() as Stamp;
    this.at = now;
    this.given = revision;
    this.before = revision;
  }

  /** A revision of its own for each change. One that comes to nothing leaves a gap, which troubles nobody. */
  stamp(): Stamp {
    return { now: this.at, revision: ++this.given };
  }

  /** The transaction is about to be committed. */
  end(): void {
    if (this.given !== this.before) this.sql.count.run({ revision: this.given });
  }
}
