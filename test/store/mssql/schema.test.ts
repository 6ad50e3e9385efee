/** SQL Server: making the tables, and what is refused. Needs a server. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { migrateMssql } from '../../../src/store/mssql/migration.js';
import { MIGRATIONS } from '../../../src/store/mssql/schema/migrations.js';
import { claimOne, enqueue, giveUp, HOUR, rejectsWith, result } from '../conformance/subject.js';
import { noServer, sqlServer } from '../fixtures/sql-server.js';

const place = sqlServer();
const NEWEST = MIGRATIONS.length;

const skip = noServer ?? false;

describe('the tables', () => {
  test('that are there are left as they are', { skip }, async () => {
    const { from, steps } = await migrateMssql(place.url);
    assert.deepEqual([from, steps], [NEWEST, []]);
  });

  test('of a newer Storyfarm are refused, to use and to migrate', { skip }, async () => {
    await place.query(
      `INSERT INTO ${place.schema}.migrations (version, applied_at) VALUES (${NEWEST + 1}, SYSUTCDATETIME())`,
    );
    await rejectsWith('store_too_new', place.open());
    await rejectsWith('store_too_new', migrateMssql(place.url));
    await place.query(`DELETE FROM ${place.schema}.migrations WHERE version = ${NEWEST + 1}`);
  });

  test('of an older one, or none, are refused with what to do', { skip }, async () => {
    await place.query(`DELETE FROM ${place.schema}.migrations WHERE version = ${NEWEST}`);
    await assert.rejects(place.open(), { code: 'store_too_old', hint: /storyfarm migrate/ });
    const { steps } = await migrateMssql(place.url, { plan: true });
    assert.equal(steps.at(-1)?.version, NEWEST);
    await place.query(
      `INSERT INTO ${place.schema}.migrations (version, applied_at) VALUES (${NEWEST}, SYSUTCDATETIME())`,
    );
    const empty = new URL(place.url);
    empty.searchParams.set('schema', 'test_of_nobody');
    assert.equal((await migrateMssql(empty.href, { plan: true })).from, 0);
  });

  test('are made once by two who make them at the same time', { skip }, async () => {
    const schema = `${place.schema}_two`;
    const url = new URL(place.url);
    url.searchParams.set('schema', schema);
    await Promise.all([migrateMssql(url.href), migrateMssql(url.href)]);
    const [[row] = []] = await place.query(`SELECT COUNT(*) AS versions FROM ${schema}.migrations`);
    assert.equal(row?.versions, NEWEST);
    for (const table of [
      'outbox',
      'idempotency',
      'history',
      'payloads',
      'jobs',
      'lanes',
      'turns',
      'limits',
      'pauses',
      'requirements',
      'servers',
      'counter',
      'tally',
      'migrations',
    ])
      await place.query(`DROP TABLE ${schema}.${table}`);
    await place.query(`DROP SCHEMA ${schema}`);
  });
});

test('lanes and tally are what the jobs are, whatever happened to them', { skip }, async () => {
  await place.empty();
  const store = await place.open();
  try {
    const [s, partners] = [place.schema, ['a', 'b', 'c']];
    for (let n = 0; n < 40; n++) {
      const { id } = await enqueue(store, { partner: partners[n % 3] as string, priority: n % 4 });
      if (n % 3 === 0) continue;
      if (n % 10 === 1) await store.cancel(id);
      else {
        const job = await claimOne(store);
        if (n % 5 === 0) await store.release(job);
        else if (n % 5 === 1) await store.fail(job, giveUp);
        else if (n % 5 === 2) await store.complete(job, result);
        else if (n % 5 === 3) await store.fail(job, { ...giveUp, retryInMs: HOUR });
        else await store.rescue({ server: 'one' });
      }
      if (n % 8 === 0)
        await store.purge((await store.purgeable({ state: 'dead', olderThanMs: 0, limit: 1 })).map((job) => job.id));
      const look = async (text: string) => (await place.query(text))[0] ?? [];
      assert.deepEqual(
        await look(`SELECT partner, template, priority FROM ${s}.lanes ORDER BY partner, template, priority`),
        await look(
          `SELECT DISTINCT partner, template, priority FROM ${s}.jobs WHERE state = 'queued' ORDER BY partner, template, priority`,
        ),
      );
      assert.deepEqual(
        await look(`SELECT state, jobs FROM ${s}.tally WHERE jobs <> 0 ORDER BY state`),
        await look(`SELECT state, CAST(COUNT(*) AS bigint) AS jobs FROM ${s}.jobs GROUP BY state ORDER BY state`),
      );
    }
  } finally {
    await store.close();
  }
});
