/** Opens the job store that an address names. The only place that knows which databases there are. */

import { existsSync } from 'node:fs';
import { StoryfarmError } from '../errors.js';
import type { Source, Target } from './moving.js';
import type { Migration } from './mssql/migration.js';
import { type Backup, backUpSqlite } from './sqlite/file/backup.js';
import { openSqliteSource } from './sqlite/moving/source.js';
import { openSqliteTarget } from './sqlite/moving/target.js';
import { openSqliteStore } from './sqlite/sqlite.js';
import type { JobStore, StoreOptions } from './store.js';

/**
 * `sqlite:/absolute/file.db` or `sqlite:relative/file.db` (from the working folder); the file and its folder are made when missing.
 * `mssql://user:password@host:port/database`, with options (docs/sql-server.md); its tables are made by `migrateStore`.
 * Rejects with `config_invalid` (an address that cannot be used, a file that is another program's, a server that refuses), `store_corrupt`, `store_too_new`, `store_too_old` or `store_busy`.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<JobStore> {
  switch (schemeOf(url)) {
    case 'sqlite':
      return openSqliteStore(sqliteFile(url), options);
    case 'mssql': {
      // Its driver takes longer to load than an embedded store to open.
      const { openMssqlStore } = await import('./mssql/mssql.js');
      return openMssqlStore(url, options);
    }
    default:
      return unknownScheme(url);
  }
}

const schemeOf = (url: string): string => /^([a-z]+):/.exec(url)?.[1] ?? '';

/** The address may hold a password: only its scheme is repeated. */
function unknownScheme(url: string): never {
  throw new StoryfarmError('config_invalid', `No store is known for the scheme ${JSON.stringify(schemeOf(url))}.`, {
    hint: 'Use sqlite:/path/to/file.db, or mssql://user:password@host:port/database.',
  });
}

/**
 * Makes or brings up to date the tables of a store on SQL Server; with `plan`, only tells what would be done. An embedded store does this itself when it is opened. Rejects as openStore
 * does.
 */
export async function migrateStore(url: string, options: { readonly plan?: boolean } = {}): Promise<Migration> {
  if (!url.startsWith('mssql:')) {
    throw new StoryfarmError('config_invalid', 'Only a store on SQL Server is migrated by hand.', {
      hint: 'An embedded store is brought up to date when it is opened. Name the address of another with --store.',
    });
  }
  const { migrateMssql } = await import('./mssql/migration.js');
  return migrateMssql(url, options);
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

/** An embedded store, out of which jobs are moved. Rejects as openStore does; with `not_found` when there is none. */
export async function openSource(url: string): Promise<Source> {
  if (!url.startsWith('sqlite:')) {
    throw new StoryfarmError('config_invalid', 'Jobs are moved out of an embedded store only.', {
      hint: "Name its file: sqlite:/path/to/storyfarm.db. Between SQL Servers, use the server's own means (BACKUP DATABASE, RESTORE DATABASE).",
    });
  }
  const file = sqliteFile(url);
  if (!existsSync(file))
    throw new StoryfarmError('not_found', `There is no store ${file}.`, { hint: 'Check the path.' });
  return openSqliteSource(file);
}

/** A store into which jobs are moved. Rejects as openStore does. */
export async function openTarget(url: string): Promise<Target> {
  if (url.startsWith('sqlite:')) return openSqliteTarget(sqliteFile(url));
  if (!url.startsWith('mssql:')) return unknownScheme(url);
  const { openMssqlTarget } = await import('./mssql/moving/target.js');
  return openMssqlTarget(url);
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
