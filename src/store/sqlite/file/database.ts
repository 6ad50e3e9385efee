/** Opens the file: refuses what cannot keep the store's promises, sets the connection up, brings the tables up to date. */

import { closeSync, mkdirSync, openSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { StoryfarmError } from '../../../errors.js';
import { patiently } from '../commits.js';
import { connect } from '../connection.js';
import { asStoreError } from '../faults.js';
import { APPLICATION_ID, MIGRATIONS } from './schema.js';

/** Milliseconds that SQLite itself, and with it the event loop, may wait for a lock. */
const BLOCKING_WAIT_MS = 25;
/** Bytes that the write-ahead log is cut back to when it starts over. */
const LOG_SIZE_LIMIT = 16 * 1024 * 1024;
/** Older ones can lose a commit when the write-ahead log starts over (sqlite.org/wal.html, "the WAL-reset bug"). */
const OLDEST_SQLITE = '3.51.3';

/** Rejects as openStore does. Nothing stays open after a rejection. */
export async function openDatabase(path: string, deadlineMs: number, check = true): Promise<Database.Database> {
  const file = resolve(path);
  const database = openFile(file);
  try {
    await patiently(() => setUp(database), file, deadlineMs);
    if (check) await patiently(() => assertSound(database), file, deadlineMs);
    await patiently(() => migrate(database), file, deadlineMs);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function openFile(file: string): Database.Database {
  try {
    mkdirSync(dirname(file), { recursive: true });
    assertLocalDisk(file);
    // Made here and not by SQLite: the words in it are nobody else's to read. The log beside it takes over these rights.
    closeSync(openSync(file, 'a', 0o600));
    return connect(file, { timeout: BLOCKING_WAIT_MS });
  } catch (thrown) {
    if (thrown instanceof StoryfarmError || thrown instanceof Database.SqliteError) throw asStoreError(thrown, file);
    throw new StoryfarmError('config_invalid', `The store ${file} cannot be opened: ${(thrown as Error).message}`, {
      file,
      cause: thrown,
      hint: 'Give the user that runs Storyfarm the right to write the file and its folder, or choose another place.',
    });
  }
}

function assertLocalDisk(file: string): void {
  if (!isNetworkFileSystem(statfsSync(dirname(file)).type)) return;
  throw new StoryfarmError('config_invalid', `The store ${file} lies on a network file system.`, {
    file,
    hint: 'SQLite cannot lock or share memory there and would lose jobs: put the store on a local disk, or use SQL Server for several machines.',
  });
}

// statfs(2): NFS, SMB, CIFS, SMB2, 9p, AFS (three), Ceph, Lustre, GPFS, OCFS2. FUSE cannot be told apart from a local disk.
const NETWORK_FILE_SYSTEMS = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x5346414f, 0x6b414653, 0x00c36400, 0x0bd00bd0, 0x47504653,
  0x7461636f,
]);

/** Whether a statfs type is one on which SQLite's log cannot be shared. Linux's numbers; elsewhere the types are others and nothing is refused. */
export const isNetworkFileSystem = (type: number): boolean =>
  process.platform === 'linux' && NETWORK_FILE_SYSTEMS.has(type >>> 0);

function assertLibrary(database: Database.Database): void {
  const version = database.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '';
  if (!isOlder(version, OLDEST_SQLITE)) return;
  throw new StoryfarmError('config_invalid', `SQLite ${version} is linked; ${OLDEST_SQLITE} or newer is needed.`, {
    hint: 'Run `npm ci` again, so that better-sqlite3 brings its own SQLite.',
  });
}

/** Compares dotted version numbers. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (const [index, wanted] of (b ?? []).entries()) {
    const part = a?.[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}

function setUp(database: Database.Database): void {
  assertLibrary(database);
  assertOurs(database);
  const mode = database.pragma('journal_mode = WAL');
  if (mode !== 'wal') {
    throw new StoryfarmError('config_invalid', `The disk of ${database.name} does not allow a write-ahead log.`, {
      file: database.name,
      hint: 'Put the store on a local disk.',
    });
  }
  // A commit is on the disk when it returns, until somebody else sees to that (log.ts); on macOS that takes fullfsync, elsewhere it changes nothing.
  database.pragma('synchronous = FULL');
  database.pragma('fullfsync = ON');
  database.pragma('foreign_keys = ON');
  database.pragma('trusted_schema = OFF');
  // What is purged or erased is overwritten, and not only taken off the books.
  database.pragma('secure_delete = ON');
  // What a savepoint may have to undo is kept in memory and not in a temporary file.
  database.pragma('temp_store = MEMORY');
  database.pragma(`journal_size_limit = ${LOG_SIZE_LIMIT}`);
}

/** Before anything is written: another program's database is left as it was. */
export function assertOurs(database: Database.Database): void {
  const empty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (empty || database.pragma('application_id') === APPLICATION_ID) return;
  throw new StoryfarmError('config_invalid', `${database.name} is a database, but not a Storyfarm store.`, {
    file: database.name,
    hint: 'Name another file for the store.',
  });
}

/** `pragma`: quick_check reads everything once; integrity_check compares indexes with tables as well. */
export function assertSound(database: Database.Database, pragma = 'quick_check'): void {
  const finding = database.pragma(`${pragma}(1)`);
  if (finding !== 'ok') throw new Database.SqliteError(String(finding), 'SQLITE_CORRUPT');
}

/** Forward only. Whoever comes first does it; whoever comes at the same time waits and finds it done. */
function migrate(database: Database.Database): void {
  const bringUpToDate = database.transaction(() => {
    const done = database.pragma('user_version') as number;
    if (done > MIGRATIONS.length) {
      throw new StoryfarmError(
        'store_too_new',
        `The store ${database.name} has schema ${done}; this Storyfarm knows ${MIGRATIONS.length}.`,
        { file: database.name },
      );
    }
    if (done === MIGRATIONS.length) return;
    for (const migration of MIGRATIONS.slice(done)) database.exec(migration);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${MIGRATIONS.length}`);
  });
  bringUpToDate.immediate();
}
