/** What is refused before the database is asked, as the contract says: `invalid_request`. */

import { StoryfarmError } from '../errors.js';
import { isFinished, type JobState } from '../job.js';
import { MOST_REQUIRED, requirementOf, TAG } from '../tags.js';

export const refused = (message: string): StoryfarmError => new StoryfarmError('invalid_request', message);

export function assertAtLeastOne(limit: number): void {
  // SQLite reads a negative limit as none.
  if (!(Number.isInteger(limit) && limit >= 1)) {
    throw refused(`A limit is a whole number of 1 or more, not ${limit}.`);
  }
}

export function assertAge(olderThanMs: number): void {
  if (!(olderThanMs >= 0)) throw refused(`An age is 0 or more milliseconds, not ${olderThanMs}.`);
}

export function assertHold(holdMs: number): void {
  if (!(holdMs >= 0)) throw refused(`A hold is 0 or more milliseconds, not ${holdMs}.`);
}

/** The revision that a cursor stands for. */
export function parseCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw refused('The cursor is not one of this store.');
  return Number(cursor);
}

/** What a job requires, as it is kept. */
export function assertRequirement(tags: readonly string[] = []): string {
  assertTags(tags);
  if (tags.length > MOST_REQUIRED) throw refused(`A job requires at most ${MOST_REQUIRED} tags, not ${tags.length}.`);
  return requirementOf(tags);
}

export function assertTags(tags: readonly string[]): void {
  const wrong = tags.find((tag) => !TAG.test(tag));
  if (wrong !== undefined) throw refused(`${JSON.stringify(wrong)} is no tag.`);
}

/** Why a job cannot be rendered again; `state` is undefined for a job that is not known. */
export function notRerenderable(id: string, state: JobState | undefined): StoryfarmError {
  if (state === undefined) return new StoryfarmError('unknown_job', `No job has the id ${JSON.stringify(id)}.`);
  if (state !== 'rendered' && state !== 'delivered')
    return new StoryfarmError('not_rerenderable', `Job ${id} is ${state}${isFinished(state) ? '' : ' already'}.`);
  return new StoryfarmError('not_rerenderable', `The words of job ${id} are erased.`);
}

/** The place in the order of coming from which `published` goes on. */
export const parsePlace = (after: string | null): number => (after === null ? 0 : parseCursor(after));
