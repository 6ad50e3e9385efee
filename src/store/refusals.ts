/** What is refused before the database is asked, as the contract says: `invalid_request`. */

import { StoryfarmError } from '../errors.js';

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
