/** Opens the job store that an address names. The only place that knows which databases there are. */

import { StoryfarmError } from '../errors.js';
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
