/** Opens the job store that an address names. The only place that knows which databases there are. */

import { StoryfarmError } from '../errors.js';
import { type Backup, backUpSqlite } from './sqlite/file/backup.js';
import { openSqliteStore } from './sqlite/sqlite.js';
import type { JobStore, StoreOptions } from './store.js';

/**
 * `sqlite:/absolute/file.db` or `sqlite:relative/file.db` (from the working folder); the file and its folder are made when missing.
 * Rejects with `config_invalid` (an address that cannot be used, a file that is another program's), `store_corrupt`, `store_too_new` or `store_busy`.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<JobStore> {
  const scheme = /^([a-z]+):/.exec(url)?.[1];
  switch (scheme) {
    case 'sqlite':
      return openSqliteStore(sqliteFile(url), options);
    case 'mssql':
      throw new StoryfarmError('config_invalid', 'SQL Server as the store comes with a later version.', {
        hint: 'Use sqlite:/path/to/file.db.',
      });
    default:
      // The address may hold a password: only its scheme is repeated.
      throw new StoryfarmError('config_invalid', `No store is known for the scheme ${JSON.stringify(scheme ?? '')}.`, {
        hint: 'Use sqlite:/path/to/file.db.',
      });
  }
}

/**
 * Copies the embedded store that the address names to a file, while it is used: every job committed before is in it. With `replace`, a file that is there may be replaced.
 * Throws `config_invalid`, `not_found`, `no_space` or `store_corrupt`; then the file is as it was.
 */
export function backUpStore(url: string, file: string, options: { readonly replace?: boolean } = {}): Backup {
  if (!url.startsWith('sqlite:')) {
    throw new StoryfarmError('config_invalid', 'Only the embedded store is backed up by Storyfarm.', {
      hint: "Back a SQL Server store up with SQL Server's own means (BACKUP DATABASE).",
    });
  }
  return backUpSqlite(sqliteFile(url), file, options);
}

/** The file of a sqlite address. A memory database is refused: it would lose every job with its process. */
export function sqliteFile(url: string): string {
  const rest = url.slice('sqlite:'.length);
  const file = rest.startsWith('///') ? rest.slice(2) : rest;
  if (file === '' || file.startsWith('//') || file.startsWith(':') || file.endsWith('/')) {
    throw new StoryfarmError('config_invalid', `${JSON.stringify(url)} does not name a file.`, {
      hint: 'Use sqlite:/path/to/file.db, or sqlite:file.db for one in the working folder.',
    });
  }
  return file;
}
