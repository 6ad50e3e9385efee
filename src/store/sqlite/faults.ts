/** What SQLite's result codes mean to Storyfarm. */

import Database from 'better-sqlite3';
import { asStoryfarmError, StoryfarmError } from '../../errors.js';

const resultCode = (thrown: unknown): string => (thrown instanceof Database.SqliteError ? thrown.code : '');

/** Another connection has the lock; nothing was written and trying again may help. */
export const isBusy = (thrown: unknown): boolean => /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(resultCode(thrown));

export const storeBusy = (file: string, cause?: unknown): StoryfarmError =>
  new StoryfarmError('store_busy', 'Another process keeps the store locked; nothing was written.', { file, cause });

/** Whatever was thrown while working on the file. The message names no words: SQLite's messages hold no values. */
export function asStoreError(thrown: unknown, file: string): StoryfarmError {
  const code = resultCode(thrown);
  if (isBusy(thrown)) return storeBusy(file, thrown);
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new StoryfarmError('store_corrupt', `The store ${file} is damaged or not a database.`, {
      file,
      cause: thrown,
      hint: 'Stop every Storyfarm process, move the file and its -wal and -shm files aside, and restore a backup (docs/operations.md).',
    });
  }
  if (code.startsWith('SQLITE_FULL')) {
    return new StoryfarmError('no_space', `No disk space is left for the store ${file}.`, { file, cause: thrown });
  }
  if (/^SQLITE_(CANTOPEN|READONLY|PERM)/.test(code)) {
    return new StoryfarmError('config_invalid', `The store ${file} cannot be opened for writing.`, {
      file,
      cause: thrown,
      hint: 'Give the user that runs Storyfarm the right to write the file and its folder, or choose another place.',
    });
  }
  return asStoryfarmError(thrown);
}
