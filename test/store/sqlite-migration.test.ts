/** SQLite only: a store of an earlier version is brought up to date, and loses nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../src/store/sqlite/connection.js';
import { APPLICATION_ID, MIGRATIONS } from '../../src/store/sqlite/file/schema.js';
import { asked, claimOne, events, HOUR, present, result } from './conformance/subject.js';
import { freshFile, opened } from './fixtures/place.js';

test('from schema 1: jobs keep their state, place and history, and are claimed, purged and erased', async (context) => {
  const file = await freshFile(context);
  const earlier = connect(file);
  earlier.exec(MIGRATIONS[0] ?? '');
  earlier.exec(`
    INSERT INTO jobs (seq, id, template, partner, priority, state, run_at, revision, created_at, fence, finished_at)
    VALUES (1, 'first', 'birthday', 'acme', 0, 'queued', 1000, 1, 1000, 0, NULL), (2, 'urgent', 'birthday', 'acme', 3, 'queued', 2000, 2, 2000, 0, NULL),
      (3, 'old', 'birthday', 'acme', 0, 'dead', 500, 4, 500, 1, 3000);
    INSERT INTO history VALUES (1, 1, 1000, 'enqueued', 0, NULL, NULL), (2, 2, 2000, 'enqueued', 0, NULL, NULL), (3, 3, 500, 'enqueued', 0, NULL, NULL),
      (3, 4, 3000, 'dead', 1, 'one', NULL);
    UPDATE counter SET revision = 4;
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = 1;`);
  const payload = earlier.prepare('INSERT INTO payloads (job, request) VALUES (?, ?)');
  for (const seq of [1, 2, 3]) payload.run(seq, JSON.stringify(asked().request));
  earlier.close();

  const store = await opened(context, file);
  const { byState, due } = await store.counts();
  assert.deepEqual([byState.queued, byState.dead, due], [2, 1, 2]);
  assert.deepEqual(await events(store, 'old'), ['enqueued', 'dead']);
  assert.equal((await present(store, 'old')).createdAt, 500);
  const [urgent, ...more] = await store.claim({ server: 'one', limit: 1, leaseMs: 1000, ageingMs: 2 ** 50 });
  assert.deepEqual([urgent?.id, more.length], ['urgent', 0]);
  const job = await claimOne(store);
  assert.equal(job.id, 'first');
  await store.complete(job, result);
  assert.deepEqual(await events(store, 'first'), ['enqueued', 'claimed', 'rendered']);
  assert.equal(await store.eraseWords(HOUR, 10), 1, 'that of long ago');
  assert.deepEqual(await store.purgeable({ state: 'dead', olderThanMs: 0, limit: 10 }), [{ id: 'old', server: null }]);
});
