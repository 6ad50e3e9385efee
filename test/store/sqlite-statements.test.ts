/** SQLite only: how each statement finds its rows. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { QUERIES } from '../../src/store/sqlite/statements.js';
import { freshFile } from './fixtures/place.js';

/** Rows that are read in an index's own order, from an index that holds only what waits or renders; and a table of six rows. */
const ALLOWED_SCANS = [/^SCAN jobs USING (COVERING )?INDEX jobs_(queued|rendering)$/, /^SCAN tally$/];
/** Reads the table backwards and stops at its limit. */
const ALLOWED_STATEMENTS: readonly string[] = ['recent'];

test('no statement reads a whole table or sorts', async (context) => {
  const database = await openDatabase(await freshFile(context), 1000);
  context.after(() => database.close());
  for (const [name, { text }] of Object.entries(QUERIES)) {
    if (ALLOWED_STATEMENTS.includes(name)) continue;
    for (const step of plan(database, text)) {
      const reads = /^SCAN (?!CONSTANT)/.test(step) && !ALLOWED_SCANS.some((scan) => scan.test(step));
      assert.ok(!reads, `${name}: ${step}`);
      assert.doesNotMatch(step, /TEMP B-TREE|AUTOMATIC/, name);
    }
  }
});

test('claim, rescue, changes and outbox are served by their own indexes', async (context) => {
  const database = await openDatabase(await freshFile(context), 1000);
  context.after(() => database.close());
  const uses = (name: keyof typeof QUERIES, index: string) =>
    assert.match(plan(database, QUERIES[name].text).join('; '), new RegExp(`INDEX ${index}\\b`), name);
  uses('due', 'jobs_queued');
  uses('anyDue', 'jobs_queued');
  uses('waiting', 'jobs_queued');
  uses('expired', 'jobs_rendering');
  uses('ofServer', 'jobs_rendering');
  uses('outbox', 'outbox_due');
  uses('changed', 'jobs_revision');
  uses('known', 'idempotency_key');
});

function plan(database: Awaited<ReturnType<typeof openDatabase>>, text: string): string[] {
  const bindings = Object.fromEntries([...text.matchAll(/@(\w+)/g)].map(([, name]) => [name as string, 1]));
  const statement = database.prepare<[Record<string, number>], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`);
  return statement.all(bindings).map(({ detail }) => detail);
}
