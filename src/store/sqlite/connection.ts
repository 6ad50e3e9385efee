/**
 * Opens SQLite files: the one door to better-sqlite3.
 *
 * Its version 12, the last that runs on Node 20, must never have its objects collected on Node 24: their destructors then call into an environment that V8 has not
 * entered, and the process aborts (`RemoveEnvironmentCleanupHook: Assertion failed: (env) != nullptr`; gone in version 13, which needs Node 22). So every handle is kept for
 * the life of the process: a store has some forty statements and is opened once. Closing still frees what SQLite holds.
 */

import Database from 'better-sqlite3';

const kept: object[] = [];

function keep<T extends object>(handle: T): T {
  kept.push(handle);
  return handle;
}

/** A connection whose statements stay. `pragma` answers the first value, or undefined. Throws as better-sqlite3 does. */
export function connect(file: string, options?: Database.Options): Database.Database {
  const database = keep(new Database(file, options));
  const prepare = database.prepare.bind(database);
  database.prepare = ((source: string) => keep(prepare(source))) as typeof database.prepare;
  // The library's own makes a statement for each call and drops it.
  database.pragma = (source: string) => {
    const statement = database.prepare(`PRAGMA ${source}`);
    return statement.reader ? statement.pluck().get() : void statement.run();
  };
  return database;
}
