/**
 * Forgetting beside the work: a few jobs at a time with a pause after each, so that a claim that comes meanwhile waits for a fraction of a millisecond and not for a thousand jobs
 * to go. What was overwritten stands in the log as well, until that is emptied; once for a whole call, since emptying waits for the disk.
 */

import type Database from 'better-sqlite3';
import { type Steps, UNFLUSHED } from './calls.js';

/** Jobs in one transaction: less than a claim takes. */
const PIECE = 5;
/** Milliseconds between two of them; together some thousand jobs a second at the most. */
const BREATH_MS = 4;

export class Forgetting {
  private readonly emptyLog: Database.Statement;
  private readonly steps: Steps;

  constructor(database: Database.Database, steps: Steps) {
    this.emptyLog = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
    this.steps = steps;
  }

  /** Forgets up to `limit` jobs: `work` is asked for those from `first` on, `most` at a time. It answers how many it found, `isLast` whether that ends it. Answers how many in all. */
  async upTo(
    limit: number,
    work: (first: number, most: number) => number,
    isLast: (found: number, most: number) => boolean = () => false,
  ): Promise<number> {
    let forgotten = 0;
    for (let first = 0; first < limit; first += PIECE) {
      if (first > 0) await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
      const most = Math.min(PIECE, limit - first);
      const found = await this.steps.write(() => work(first, most), UNFLUSHED);
      forgotten += found;
      if (isLast(found, most)) break;
    }
    if (forgotten === 0) return 0;
    // Or emptying would have to, in the thread of the event loop.
    await this.steps.flush();
    // A reader that is still in it puts this off to the next time.
    await this.steps.read(() => this.emptyLog.get());
    return forgotten;
  }
}
