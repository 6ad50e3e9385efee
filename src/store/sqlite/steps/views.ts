/** Jobs as they are shown: one, its history, the newest, those that changed, and how many there are. They read and change nothing. */

import type { HistoryEntry, Job, JobState } from '../../../job.js';
import { parseCursor } from '../../refusals.js';
import type { QueueCounts } from '../../store.js';
import type { Lanes } from './lanes.js';
import { type Statements, toEntry, toJob } from './statements.js';

/** Jobs in one answer of `changes`. */
const LARGEST_PAGE = 1000;

export class Views {
  private readonly sql: Statements;
  private readonly lanes: Lanes;

  constructor(sql: Statements, lanes: Lanes) {
    this.sql = sql;
    this.lanes = lanes;
  }

  job(id: string): Job | undefined {
    const row = this.sql.jobById.get({ id });
    return row && toJob(row);
  }

  history(id: string): readonly HistoryEntry[] {
    return this.sql.history.all({ id }).map(toEntry);
  }

  recent(limit: number): readonly Job[] {
    return this.sql.recent.all({ limit }).map(toJob);
  }

  changes(cursor: string | null): { readonly jobs: readonly Job[]; readonly cursor: string } {
    // Read before the rows: a commit between the two statements then comes with the next call, instead of never.
    const present = this.sql.revision.get()?.revision ?? 0;
    const after = cursor === null ? present : parseCursor(cursor);
    const rows = this.sql.changed.all({ cursor: after, limit: LARGEST_PAGE });
    // Without rows, a cursor of another, older life of the file (a restored backup) is brought back to the present.
    const next = rows.at(-1)?.revision ?? Math.min(after, present);
    return { jobs: rows.map(toJob), cursor: String(next) };
  }

  /** To be called in one transaction, so that what is due is a part of what is queued. */
  counts(now: number): QueueCounts {
    const byState = Object.fromEntries(this.sql.tally.all().map(({ state, jobs }) => [state, jobs]));
    return { byState: byState as Record<JobState, number>, ...this.lanes.due(byState.queued ?? 0, now) };
  }
}
