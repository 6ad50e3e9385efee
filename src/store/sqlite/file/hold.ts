/**
 * A file that one process at a time can hold, as the sign that something is its own. The kernel lets go of it the moment its holder ends, however it ends, and everybody who sees the file
 * sees that it is held: other users and other containers too. Node has no such locks; SQLite has them on every system.
 *
 * The file stays empty, and stays: were it deleted, whoever made it anew would hold another one.
 */

import { closeSync, openSync } from 'node:fs';
import { connect } from '../connection.js';
import { asStoreError, isBusy } from '../faults.js';

export interface Held {
  /** Safe to repeat. */
  release(): void;
}

/** Holds the file, which is made when it is missing; undefined while somebody else does. Throws as opening a store does, or as making a file. */
export function holdFile(file: string): Held | undefined {
  make(file);
  const database = connect(file, { timeout: 0 });
  try {
    // Nothing will be written, so nothing has to be undone: there is no file for that either.
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    return { release: () => void database.close() };
  } catch (thrown) {
    database.close();
    if (isBusy(thrown)) return undefined;
    throw asStoreError(thrown, file);
  }
}

/** For its user alone: whoever may read it could hold it against him. One that is there is not even opened, since closing it would let go of a lock. */
function make(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
