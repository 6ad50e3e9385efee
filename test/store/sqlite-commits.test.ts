/** SQLite only: how writes share commits, on a table of its own. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Commits } from '../../src/store/sqlite/commits.js';
import { connect } from '../../src/store/sqlite/connection.js';
import { openDatabase } from '../../src/store/sqlite/file/database.js';
import { Moment } from '../../src/store/sqlite/moment.js';
import { prepare } from '../../src/store/sqlite/steps/statements.js';
import { Transitions } from '../../src/store/sqlite/steps/transitions.js';
import { asked } from './conformance/subject.js';
import { freshFile } from './fixtures/place.js';

const FRAME = { begin: () => {}, end: () => {} };

async function commits(context: TestContext) {
  const said: string[] = [];
  const database = connect(await freshFile(context), { verbose: (sql) => said.push(String(sql)) });
  context.after(() => database.close());
  database.exec('CREATE TABLE parents (id INTEGER PRIMARY KEY)');
  database.exec('CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)');
  const insert = database.prepare('INSERT INTO parents VALUES (?)');
  const orphan = database.prepare('INSERT INTO children VALUES (-1)');
  const count = () => database.prepare<[], number>('SELECT count(*) FROM parents').pluck().get();
  const times = (word: string) => said.filter((sql) => sql === word).length;
  return { database, group: new Commits(database, 1000, FRAME), insert, orphan, count, times };
}

test('writes of one turn of the event loop share one commit', async (context) => {
  const { group, insert, count, times } = await commits(context);
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => group.write(() => insert.run(n).changes + n)));
  assert.deepEqual(
    answers,
    Array.from({ length: 50 }, (_, n) => n + 1),
  );
  assert.equal(count(), 50);
  assert.deepEqual([times('BEGIN IMMEDIATE'), times('COMMIT')], [1, 1]);
});

test('what needs no flush is flushed only in company', async (context) => {
  const { group, database } = await commits(context);
  const level = () => database.pragma('synchronous');
  const [FULL, NORMAL] = [2, 1];
  assert.equal(await group.write(level), FULL);
  assert.equal(await group.write(level, false), NORMAL);
  assert.deepEqual(await Promise.all([group.write(level, false), group.write(level)]), [FULL, FULL]);
  assert.equal(await group.write(level, false), NORMAL);
  assert.equal(await group.write(level), FULL);
});

test('one that throws undoes itself alone, whatever it wrote before; the others run once more', async (context) => {
  const { group, insert, count, times } = await commits(context);
  const outcomes = await Promise.allSettled([
    group.write(() => insert.run(1).changes),
    group.write(() => {
      insert.run(2);
      throw new Error('half-way');
    }),
    group.write(() => insert.run(3).changes),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(count(), 2);
  assert.deepEqual([times('BEGIN IMMEDIATE'), times('ROLLBACK'), times('COMMIT')], [2, 1, 1]);
});

test('very many are cut into several commits, so that the event loop gets its turn', async (context) => {
  const { group, insert, count, times } = await commits(context);
  await Promise.all(Array.from({ length: 450 }, (_, n) => group.write(() => insert.run(n))));
  assert.equal(count(), 450);
  assert.equal(times('COMMIT'), 3);
});

test('when the commit itself fails, all of it rejects, nothing stays, and the next one works', async (context) => {
  const { group, insert, orphan, count } = await commits(context);
  const outcomes = await Promise.allSettled([
    group.write(() => insert.run(1)),
    // Found wrong by COMMIT only.
    group.write(() => orphan.run()),
    group.write(() => insert.run(2)),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  assert.equal(count(), 0);
  await group.write(() => insert.run(3));
  assert.equal(count(), 1);
});

test('a full disk: no_space for what does not fit, the rest is kept, and it goes on when there is room again', async (context) => {
  const database = await openDatabase(await freshFile(context), 1000);
  context.after(() => database.close());
  const sql = prepare(database);
  const moment = new Moment(sql);
  const group = new Commits(database, 1000, moment);
  const transitions = new Transitions(sql, moment);
  const enqueue = () => group.write(() => transitions.enqueue(asked()).job.id);
  const pages = database.pragma('page_count', { simple: true }) as number;
  database.pragma(`max_page_count = ${pages + 8}`);

  const acknowledged: string[] = [];
  const refused: unknown[] = [];
  while (refused.length < 10) {
    for (const outcome of await Promise.allSettled(Array.from({ length: 20 }, enqueue))) {
      if (outcome.status === 'fulfilled') acknowledged.push(outcome.value);
      else refused.push(outcome.reason.code);
    }
  }
  assert.deepEqual([...new Set(refused)], ['no_space']);

  database.pragma(`max_page_count = ${pages + 10_000}`);
  acknowledged.push(await enqueue());
  const kept = sql.recent.all({ limit: 10_000 }).map(({ id }) => id);
  assert.deepEqual(new Set(kept), new Set(acknowledged));
  assert.equal(sql.tally.all().find(({ state }) => state === 'queued')?.jobs, acknowledged.length);
  assert.equal(database.pragma('integrity_check', { simple: true }), 'ok');
});
