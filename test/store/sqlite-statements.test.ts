/** SQLite only: how each statement finds its rows. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '../../src/store/sqlite/file/database.js';
import { QUERIES } from '../../src/store/sqlite/steps/statements.js';
import type { JobStore } from '../../src/store/store.js';
import { enqueue, HOUR } from './conformance/subject.js';
import { freshFile, opened } from './fixtures/place.js';

/** Rows that are read in an index's own order, from an index that holds only what renders; a table of six rows, those with a row for each pause, limit or server, and a list that is given. */
const ALLOWED_SCANS = [
  /^SCAN jobs USING (COVERING )?INDEX jobs_rendering$/,
  /^SCAN (tally|limits|pauses|servers)$/,
  /^SCAN json_each /,
];
/** Reads the table backwards and stops at its limit; reads the index of what waits, for somebody who asks who has how much in it. */
const ALLOWED_STATEMENTS: readonly string[] = ['recent', 'waiting'];

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

test('claim, rescue, retention, changes and outbox are served by their own indexes', async (context) => {
  const database = await openDatabase(await freshFile(context), 1000);
  context.after(() => database.close());
  const uses = (name: keyof typeof QUERIES, index: string) =>
    assert.match(plan(database, QUERIES[name].text).join('; '), new RegExp(`INDEX ${index}\\b`), name);
  uses('restOfLane', 'jobs_queued');
  uses('laterInLane', 'jobs_queued');
  uses('atWork', 'jobs_rendering');
  uses('waiting', 'jobs_queued');
  uses('rendering', 'jobs_rendering');
  uses('finished', 'jobs_finished');
  uses('withWords', 'jobs_finished');
  uses('expired', 'jobs_rendering');
  uses('ofServer', 'jobs_rendering');
  uses('outbox', 'outbox_due');
  uses('publishedBy', 'jobs_files');
  uses('inLane', 'jobs_queued');
  uses('dueCallbacks', 'outbox_due');
  uses('nextCallback', 'outbox_due');
  uses('changed', 'jobs_revision');
  uses('known', 'idempotency_key');
});

test('claim passes over a lane of 20,000 jobs as quickly as over one of 20', async (context) => {
  const store = await opened(context, await freshFile(context));
  const full = await opened(context, await freshFile(context));
  for (const [where, jobs] of [
    [store, 20],
    [full, 20_000],
  ] as const)
    await Promise.all(Array.from({ length: jobs }, () => enqueue(where, { partner: 'many' })));
  /** The quickest of several, so that a pause of the machine does not count. */
  const claimMs = async (where: JobStore) => {
    const times: number[] = [];
    for (let n = 0; n < 20; n++) {
      const { id } = await enqueue(where, { partner: 'few', delayMs: n % 2 === 0 ? 0 : HOUR });
      const start = performance.now();
      await where.counts();
      const jobs = await where.claim({ server: 'one', limit: 2, leaseMs: HOUR });
      times.push(performance.now() - start);
      assert.equal(jobs.length, 2);
      for (const job of jobs) await where.release(job);
      await where.cancel(id);
    }
    return Math.min(...times);
  };
  const [few, many] = [await claimMs(store), await claimMs(full)];
  assert.ok(many < 3 * few, `${many} ms beside ${few} ms`);
});

function plan(database: Awaited<ReturnType<typeof openDatabase>>, text: string): string[] {
  const bindings = Object.fromEntries([...text.matchAll(/@(\w+)/g)].map(([, name]) => [name as string, 1]));
  const statement = database.prepare<[Record<string, number>], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`);
  return statement.all(bindings).map(({ detail }) => detail);
}
