/** Migrating by hand: what would be done to the database that an address names, and doing it. */

import { parseAddress } from './address.js';
import { Patience } from './link/patience.js';
import { Pool } from './link/pool.js';
import { planOf, type Step, versionOf } from './schema/migrate.js';

export interface Migration {
  /** The store's name. */
  readonly name: string;
  /** Migrations that were applied before; 0 for a new database. */
  readonly from: number;
  /** What was to be done, in order. */
  readonly steps: readonly Step[];
}

/** Milliseconds for one migration: an index over all jobs takes a while. */
const MIGRATION_MS = 1_800_000;

/** Rejects as openStore does. With `plan` nothing is done. */
export async function migrateMssql(url: string, { plan = false } = {}): Promise<Migration> {
  const { name, schema, driver } = parseAddress(url);
  const link = new Pool(driver);
  try {
    const from = await versionOf(new Patience({ link, name, deadlineMs: 30_000 }), schema, name);
    const steps = planOf(from, schema, name);
    const worker = new Patience({ link, name, deadlineMs: MIGRATION_MS, tryMs: MIGRATION_MS });
    if (!plan) for (const { text } of steps) await worker.send(text, {}, false);
    return { name, from, steps };
  } finally {
    await link.close();
  }
}
