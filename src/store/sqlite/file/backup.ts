/**
 * Copies a store while it is used.
 *
 * VACUUM INTO and not SQLite's page-by-page backup, which begins anew whenever another process writes and so might never end beside a busy farm. It reads in one
 * transaction, which holds nobody up under a write-ahead log, and leaves out what was deleted. Nothing is migrated: a store of another version is copied as it is.
 *
 * The copy is written beside its place, checked, flushed and then renamed: under its name there is a whole one, or none.
 */

import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { StoryfarmError } from '../../../errors.js';
import { connect } from '../connection.js';
import { asStoreError } from '../faults.js';
import { assertOurs, assertSound } from './database.js';

/** What was copied. */
export interface Backup {
  /** The copy, as an absolute path. */
  readonly file: string;
  readonly bytes: number;
  readonly jobs: number;
}

/**
 * Copies the store in the file `from` to the file `to`. Blocks the event loop meanwhile, some second per 100 MB. Throws `not_found` (no store there), `config_invalid` (`to` is
 * there already and may not be replaced, or is the store itself, or cannot be written; `from` is no store), `no_space`, `store_corrupt`; then `to` is as it was.
 */
export function backUpSqlite(from: string, to: string, { replace = false } = {}): Backup {
  const [source, file] = [resolve(from), resolve(to)];
  if (!existsSync(source)) throw new StoryfarmError('not_found', `There is no store ${source}.`);
  assertPlace(source, file, replace);
  const part = join(dirname(file), `.${basename(file)}.${randomUUID().slice(0, 8)}.part`);
  try {
    copy(source, part);
    const jobs = check(part);
    flush(part);
    renameSync(part, file);
    flush(dirname(file));
    return { file, bytes: statSync(file).size, jobs };
  } catch (thrown) {
    if (thrown instanceof StoryfarmError) throw thrown;
    if (thrown instanceof Database.SqliteError && !/^SQLITE_(FULL|CANTOPEN)/.test(thrown.code))
      throw asStoreError(thrown, source);
    throw unwritable(file, thrown);
  } finally {
    rmSync(part, { force: true });
    rmSync(`${part}-journal`, { force: true });
  }
}

function assertPlace(source: string, file: string, replace: boolean): void {
  if (!existsSync(file)) return;
  const [there, store] = [statSync(file), statSync(source)];
  if (!there.isFile() || (there.dev === store.dev && there.ino === store.ino)) {
    throw new StoryfarmError('config_invalid', `${file} is ${there.isFile() ? 'the store itself' : 'no file'}.`, {
      file,
      hint: 'Name another file for the copy.',
    });
  }
  if (replace) return;
  throw new StoryfarmError('config_invalid', `${file} is there already.`, {
    file,
    hint: 'Name another file, or allow it to be replaced (--replace).',
  });
}

function copy(source: string, part: string): void {
  // Made here, since SQLite would make it readable for everyone; it takes an empty file.
  closeSync(openSync(part, 'wx', 0o600));
  const database = openSource(source);
  try {
    database.prepare('VACUUM INTO ?').run(part);
  } finally {
    database.close();
  }
}

/** Apart from the copying, so that what is wrong with the store is not told of the copy. */
function openSource(source: string): Database.Database {
  let database: Database.Database | undefined;
  try {
    database = connect(source, { readonly: true, fileMustExist: true });
    assertOurs(database);
    return database;
  } catch (thrown) {
    database?.close();
    throw asStoreError(thrown, source);
  }
}

/** Answers how many jobs the copy has. */
function check(part: string): number {
  const database = connect(part, { readonly: true });
  try {
    assertSound(database, 'integrity_check');
    return database.prepare<[], number>('SELECT count(*) FROM jobs').pluck().get() ?? 0;
  } finally {
    database.close();
  }
}

function flush(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function unwritable(file: string, cause: unknown): StoryfarmError {
  const code = String((cause as { code?: unknown } | null)?.code);
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)/.test(code))
    return new StoryfarmError('no_space', `No disk space is left for the copy ${file}.`, { file, cause });
  return new StoryfarmError('config_invalid', `The copy ${file} cannot be written: ${(cause as Error).message}`, {
    file,
    cause,
    hint: 'Name a file in a folder that exists and may be written.',
  });
}
