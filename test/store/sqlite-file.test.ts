/** SQLite only: which files and addresses are taken, and which are refused and left as they were. */

import assert from 'node:assert/strict';
import { open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { openStore, sqliteFile } from '../../src/store/open.js';
import { connect } from '../../src/store/sqlite/connection.js';
import { isNetworkFileSystem, isOlder, openDatabase } from '../../src/store/sqlite/file/database.js';
import { MIGRATIONS } from '../../src/store/sqlite/file/schema.js';
import { asked, enqueue, present, rejectsWith } from './conformance/subject.js';
import { freshFile, opened } from './fixtures/place.js';

describe('addresses', () => {
  test('name a file, absolute or from the working folder', () => {
    assert.equal(sqliteFile('sqlite:/var/lib/jobs.db'), '/var/lib/jobs.db');
    assert.equal(sqliteFile('sqlite:///var/lib/jobs.db'), '/var/lib/jobs.db');
    assert.equal(sqliteFile('sqlite:data/my jobs.db'), 'data/my jobs.db');
    assert.equal(sqliteFile('sqlite:C:\\farm\\jobs.db'), 'C:\\farm\\jobs.db');
  });

  test('that keep nothing or name no file are refused', () => {
    for (const url of ['sqlite:', 'sqlite::memory:', 'sqlite://host/jobs.db', 'sqlite:/folder/']) {
      assert.throws(() => sqliteFile(url), { code: 'config_invalid' }, url);
    }
  });

  test('that name no place, and of unknown databases, are refused without repeating a password', async () => {
    for (const url of [
      'mssql://sa:secret@host',
      'mssql://sa:secret@host/farm?x=secret',
      'mysql://sa:secret@host/farm',
      'secret',
    ]) {
      await assert.rejects(openStore(url), (thrown: Error & { code: string }) => {
        assert.equal(thrown.code, 'config_invalid');
        assert.doesNotMatch(thrown.message, /secret/);
        return true;
      });
    }
  });

  test('relative ones work, and the folders are made', async (context) => {
    const file = join(await freshFile(context), '..', 'deep', 'er', 'jobs.db');
    const store = await opened(context, relative(process.cwd(), file));
    assert.equal(store.name, `sqlite:${file}`);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });
});

describe('the connection', () => {
  test('flushes at every commit and checks references', async (context) => {
    const database = await openDatabase(await freshFile(context), 1000);
    const pragma = (name: string) => database.pragma(name, { simple: true });
    const settings = ['journal_mode', 'synchronous', 'fullfsync', 'foreign_keys'].map(pragma);
    database.close();
    assert.deepEqual(settings, ['wal', 2, 1, 1]);
  });

  test('several at once to a file that does not exist yet all succeed', async (context) => {
    const file = await freshFile(context);
    const stores = await Promise.all(Array.from({ length: 6 }, () => opened(context, file)));
    const jobs = await Promise.all(stores.map((store) => enqueue(store)));
    for (const { id } of jobs) await present(stores[0] as (typeof stores)[0], id);
  });

  test('knows older versions of SQLite from newer ones', () => {
    for (const version of ['3.51.2', '3.9.9', '2.99.99', '3.51'])
      assert.equal(isOlder(version, '3.51.3'), true, version);
    for (const version of ['3.51.3', '3.51.10', '3.52.0', '4.0.0'])
      assert.equal(isOlder(version, '3.51.3'), false, version);
  });

  test('knows network disks from local ones', { skip: process.platform !== 'linux' && 'Linux only' }, () => {
    const signedSmb2 = 0xfe534d42 | 0;
    for (const type of [0x6969, 0xfe534d42, signedSmb2, 0x01021997]) assert.equal(isNetworkFileSystem(type), true);
    for (const type of [0xef53, 0x9123683e, 0x58465342, 0x01021994]) assert.equal(isNetworkFileSystem(type), false);
  });
});

describe('a file that is refused', () => {
  test('no database at all: store_corrupt, with file and remedy', async (context) => {
    const file = await freshFile(context);
    await writeFile(file, 'This is a letter and not a database. '.repeat(200));
    const before = await readFile(file);
    await assert.rejects(
      openStore(`sqlite:${file}`),
      (thrown: Error & { code: string; file: string; hint: string }) => {
        assert.deepEqual([thrown.code, thrown.file], ['store_corrupt', file]);
        assert.match(thrown.hint, /backup/);
        return true;
      },
    );
    assert.deepEqual(await readFile(file), before);
  });

  for (const [damage, hurt] of Object.entries({
    'pages overwritten': async (file: string) => {
      const handle = await open(file, 'r+');
      const { size } = await handle.stat();
      for (let at = 8192; at < size; at += 8192) await handle.write(Buffer.alloc(512, 0xa5), 0, 512, at);
      await handle.close();
    },
    'cut in half': async (file: string) => truncate(file, Math.floor((await stat(file)).size / 2 / 4096) * 4096),
  })) {
    test(`${damage}: store_corrupt`, async (context) => {
      const file = await freshFile(context);
      const store = await opened(context, file);
      await Promise.all(Array.from({ length: 200 }, () => enqueue(store)));
      await store.close();
      await hurt(file);
      await rejectsWith('store_corrupt', openStore(`sqlite:${file}`));
    });
  }

  test('of a newer Storyfarm: store_too_new, and every job is left', async (context) => {
    const file = await freshFile(context);
    const store = await opened(context, file);
    const job = await enqueue(store);
    await store.close();
    setVersion(file, 99);
    await rejectsWith('store_too_new', openStore(`sqlite:${file}`));
    setVersion(file, MIGRATIONS.length);
    assert.deepEqual(await present(await opened(context, file), job.id), job);
  });

  test("another program's database: config_invalid, and it is left as it was", async (context) => {
    const file = await freshFile(context);
    const theirs = connect(file);
    theirs.exec('CREATE TABLE letters (body TEXT)');
    theirs.close();
    const before = await readFile(file);
    await rejectsWith('config_invalid', openStore(`sqlite:${file}`));
    assert.deepEqual(await readFile(file), before);
  });

  test('a folder, or a place below a file: config_invalid', async (context) => {
    const file = await freshFile(context);
    await rejectsWith('config_invalid', openStore(`sqlite:${join(file, '..')}`));
    await writeFile(file, '');
    await rejectsWith('config_invalid', openStore(`sqlite:${join(file, 'jobs.db')}`));
  });
});

test('a write that breaks half-way is undone alone: its neighbours in the same commit are kept', async (context) => {
  const store = await opened(context, await freshFile(context));
  const unwritable = {
    ...asked().request,
    toJSON: () => {
      throw new Error('not to be written');
    },
  };
  const outcomes = await Promise.allSettled([
    store.enqueue(asked()),
    store.enqueue(asked({ request: unwritable })),
    store.enqueue(asked()),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal((await store.recent(10)).length, 2);
  assert.equal((await store.counts()).byState.queued, 2);
});

function setVersion(file: string, version: number): void {
  const raw = connect(file);
  raw.pragma(`user_version = ${version}`);
  raw.close();
}
