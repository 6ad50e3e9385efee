/** Somebody else locks the store: nobody can write. */

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../../src/store/sqlite/connection.js';
import type { Fault } from './faults.js';

/** It competes with the services for the lock that it wants to take. */
const TRIES = 200;

export const lockStore: Fault = async ({ dataFolder, over }, { lastsMs }) => {
  const database = connect(join(dataFolder, 'storyfarm.db'), { timeout: 0 });
  try {
    for (let tries = 0; tries < TRIES && !database.inTransaction && !over.aborted; tries++) {
      try {
        database.exec('BEGIN IMMEDIATE');
      } catch {
        await pause(5);
      }
    }
    if (!database.inTransaction) return false;
    await pause(lastsMs, undefined, { signal: over }).catch(() => {});
    database.exec('ROLLBACK');
    return true;
  } finally {
    database.close();
  }
};
