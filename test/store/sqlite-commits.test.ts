/** SQLite only: how writes share commits, on a table of its own. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { StoryfarmError } from '../../src/errors.js';
import { Commits, type Disk } from '../../src/store/sqlite/commits.js';
import { connect } from '../../src/store/sqlite/connection.js';
import { openDatabase } from '../../src/store/sqlite/file/database.js';
import { LogFile } from '../../src/store/sqlite/file/log.js';
import { Moment } from '../../src/store/sqlite/moment.js';
import { prepare } from '../../src/store/sqlite/steps/statements.js';
import { Transitions } from '../../src/store/sqlite/steps/transitions.js';
import { asked, rejectsWith } from './conformance/subject.js';
import { freshFile } from './fixtures/place.js';

const FRAME = { begin: () => {}, end: () => {} };
const DISK = { flush: async () => {} };

async function commits(context: TestContext, disk: Disk = DISK) {
  const said: string[] = [];
  const database = connect(await freshFile(context), { verbose: (sql) => said.push(String(sql)) });
  context.after(() => database.close());
  database.exec('CREATE TABLE parents (id INTEGER PRIMARY KEY)');
  database.exec('CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)');
  const insert = database.prepare('INSERT INTO parents VALUES (?)');
  const orphan = database.prepare('INSERT INTO children VALUES (-1)');
  const count = () => database.prepare<[], number>('SELECT count(*) FROM parents').pluck().get();
  const times = (word: string) => said.filter((sql) => sql === word).length;
  return { database, group: new Commits(database, 1000, FRAME, disk), insert, orphan, count, times };
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

/** A disk whose flushes end when the test says so. */
function slowDisk() {
  const ends: { readonly done: () => void; readonly failed: (thrown: unknown) => void }[] = [];
  const flush = () => new Promise<void>((done, failed) => ends.push({ done, failed }));
  const turns = async () => {
    for (let n = 0; n < 3; n++) await new Promise(setImmediate);
  };
  return { flush, ends, turns };
}

test('a write is promised when it is flushed, and not before; one that needs no flush does not wait for any', async (context) => {
  const disk = slowDisk();
  const { group, insert, count } = await commits(context, disk);
  const settled: string[] = [];
  const writing = (name: string, isFlushed?: boolean) =>
    group.write(() => insert.run(null), isFlushed).then(() => settled.push(name));
  const first = writing('flushed');
  await writing('unflushed', false);
  await disk.turns();
  assert.deepEqual(settled, ['unflushed']);
  assert.deepEqual([count(), disk.ends.length], [2, 1]);
  disk.ends[0]?.done();
  await first;
});

test('what comes while the disk flushes shares the next commit and the next flush', async (context) => {
  const disk = slowDisk();
  const { group, insert, count, times } = await commits(context, disk);
  const some = [group.write(() => insert.run(1))];
  await disk.turns();
  for (const id of [2, 3, 4]) {
    some.push(group.write(() => insert.run(id)));
    await disk.turns();
  }
  assert.deepEqual([count(), disk.ends.length], [1, 1]);
  // It takes along what came before it, and none of that is promised by the flush that began earlier.
  await group.write(() => insert.run(5), false);
  assert.deepEqual([count(), times('COMMIT')], [5, 2]);
  disk.ends[0]?.done();
  await some[0];
  await disk.turns();
  assert.equal(disk.ends.length, 2);
  disk.ends[1]?.done();
  await Promise.all(some);
});

test('a flush that fails is told to those whose writes it should have kept, and to nobody else', async (context) => {
  const disk = slowDisk();
  const { group, insert } = await commits(context, disk);
  const first = group.write(() => insert.run(1));
  await disk.turns();
  const second = group.write(() => insert.run(2));
  disk.ends[0]?.failed(new StoryfarmError('internal', 'no answer'));
  await rejectsWith('internal', first);
  await disk.turns();
  disk.ends[1]?.done();
  assert.equal((await second).changes, 1);
});

test('after a flush that failed, a checkpoint proves what the next flush cannot', async (context) => {
  const database = await openDatabase(await freshFile(context), 1000);
  context.after(() => database.close());
  let flushes = 0;
  const log = new LogFile(database, async () => {
    if (++flushes === 1) throw Object.assign(new Error('i/o error'), { code: 'EIO' });
  });
  context.after(() => log.close());
  const group = new Commits(database, 1000, FRAME, log);
  const pause = (name: string) =>
    group.write(() => database.prepare(`INSERT INTO pauses VALUES ('partner', ?, 0)`).run(name));
  await rejectsWith('internal', pause('one'));
  await pause('two');
  assert.equal(flushes, 1, 'the second was proved otherwise');
  const { log: pages, checkpointed } = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as Record<
    string,
    number
  >;
  assert.equal(pages, checkpointed);
  await pause('three');
  assert.equal(flushes, 2);
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
  const group = new Commits(database, 1000, moment, DISK);
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
