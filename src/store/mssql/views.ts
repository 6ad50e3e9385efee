/** What those who look on are answered. */

import type { HistoryEntry, Job, JobState } from '../../job.js';
import { assertAtLeastOne, parseCursor } from '../refusals.js';
import type { OutboxRow, QueueCounts, Share } from '../store.js';
import { known } from './attempts.js';
import type { Calls } from './calls.js';
import { toEntry, toJob, toOutboxRow, toShare } from './rows.js';

/** Jobs in one answer of `changes`. */
const LARGEST_PAGE = 1000;

export class Views {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async job(id: string): Promise<Job | undefined> {
    const [[row] = []] = await this.#calls.look('get', { id: known(id) });
    return row && toJob(row);
  }

  async history(id: string): Promise<readonly HistoryEntry[]> {
    const [rows = []] = await this.#calls.look('history', { id: known(id) });
    return rows.map(toEntry);
  }

  async counts(): Promise<QueueCounts> {
    const [rows = []] = await this.#calls.look('counts');
    const byState = Object.fromEntries(rows.map(({ state, jobs }) => [state, Number(jobs)]));
    const { now, later, oldest } = rows[0] ?? {};
    return {
      byState: byState as Record<JobState, number>,
      due: (byState.queued ?? 0) - Number(later),
      oldestDueMs: oldest == null ? 0 : Math.max(0, Number(now) - Number(oldest)),
    };
  }

  async shares(): Promise<readonly Share[]> {
    const [rows = []] = await this.#calls.look('shares');
    return rows.map(toShare);
  }

  async recent(limit: number): Promise<readonly Job[]> {
    assertAtLeastOne(limit);
    const [rows = []] = await this.#calls.look('recent', { limit });
    return rows.map(toJob);
  }

  async changes(cursor: string | null): Promise<{ readonly jobs: readonly Job[]; readonly cursor: string }> {
    const after = cursor === null ? Number.MAX_SAFE_INTEGER : parseCursor(cursor);
    const [[counter] = [], rows = []] = await this.#calls.look('changes', { cursor: after, limit: LARGEST_PAGE });
    // Without rows, a cursor of another, older life of the database (a restored backup) is brought back to the present.
    const next = rows.at(-1)?.revision ?? Math.min(after, Number(counter?.revision));
    return { jobs: rows.map(toJob), cursor: String(next) };
  }

  async outbox(limit: number): Promise<readonly OutboxRow[]> {
    assertAtLeastOne(limit);
    const [rows = []] = await this.#calls.look('outbox', { limit });
    return rows.map(toOutboxRow);
  }

  async ping(): Promise<void> {
    await this.#calls.look('bell');
  }
}
