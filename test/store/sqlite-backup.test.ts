/** SQLite only: a copy that is made while the store is used. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { backUpStore } from '../../src/store/open.js';
import { connect } from '../../src/store/sqlite/connection.js';
import { asked, claimOne, enqueue, events, present, rendering, result } from './conformance/subject.js';
import { freshFile, neighbour, opened } from './fixtures/place.js';

test('made while another process writes, it has every job that was accepted before, and is a store', async (context) => {
  const file = await freshFile(context);
  const { child, kill } = await neighbour(context, file);
  const acknowledged: string[] = [];
  child.on('message', (id: string) => acknowledged.push(id));
  child.send('enqueue without end');
  while (acknowledged.length < 100) await once(child, 'message');
  const copies: { readonly to: string; readonly before: readonly string[]; readonly jobs: number }[] = [];
  for (let n = 0; n < 5; n++) {
    const before = [...acknowledged];
    const to = join(dirname(file), `copy-${n}.db`);
    const { jobs, bytes } = backUpStore(`sqlite:${file}`, to);
    assert.equal((await stat(to)).size, bytes);
    copies.push({ to, before, jobs });
    const seen = acknowledged.length;
    while (acknowledged.length < seen + 50) await once(child, 'message');
  }
  await kill();
  for (const { to, before, jobs } of copies) {
    assert.ok(jobs >= before.length);
    assert.equal((await stat(to)).mode & 0o777, 0o600);
    const copy = await opened(context, to);
    for (const id of before) assert.equal((await present(copy, id)).state, 'queued');
    assert.equal((await copy.counts()).byState.queued, jobs);
    await claimOne(copy);
    await enqueue(copy);
  }
});

test('put in the place of the store, it goes on where it was', async (context) => {
  const file = await freshFile(context);
  const store = await opened(context, file);
  const done = await rendering(store, { idempotencyKey: 'key' });
  await store.complete(done, result);
  await store.pause({ partner: 'acme' });
  const waiting = await enqueue(store);
  const copy = `${file}.copy`;
  backUpStore(`sqlite:${file}`, copy);
  await enqueue(store);
  await store.close();

  const restored = join(dirname(file), 'restored.db');
  await copyFile(copy, restored);
  const again = await opened(context, restored);
  assert.deepEqual(await again.recent(10), [waiting, await present(again, done.id)]);
  assert.deepEqual(await events(again, done.id), ['enqueued', 'claimed', 'rendered']);
  assert.equal((await again.enqueue(asked({ idempotencyKey: 'key' }))).created, false);
  await again.resume({ partner: 'acme' });
  assert.equal((await claimOne(again)).id, waiting.id);
});

test('a store that nobody uses is copied, and one of another version as it is', async (context) => {
  const file = await freshFile(context);
  const store = await opened(context, file);
  const job = await enqueue(store);
  await store.close();
  const raw = connect(file);
  raw.pragma('user_version = 99');
  raw.close();
  const to = `${file}.copy`;
  assert.equal(backUpStore(`sqlite:${file}`, to).jobs, 1);
  const copy = connect(to);
  assert.equal(copy.pragma('user_version'), 99);
  assert.deepEqual(copy.prepare('SELECT id FROM jobs').pluck().all(), [job.id]);
  copy.close();
});

test('a file that is there is replaced only when that is wanted; the store itself never is', async (context) => {
  const file = await freshFile(context);
  const store = await opened(context, file);
  await enqueue(store);
  const to = `${file}.copy`;
  await writeFile(to, 'something else');
  const copy = (name: string, replace: boolean) => () => backUpStore(`sqlite:${file}`, name, { replace });
  assert.throws(copy(to, false), { code: 'config_invalid' });
  assert.equal(copy(to, true)().jobs, 1);
  const alias = `${file}.alias`;
  await symlink(file, alias);
  for (const place of [file, alias, dirname(file)]) assert.throws(copy(place, true), { code: 'config_invalid' });
  assert.throws(copy(join(dirname(file), 'none', 'copy.db'), false), { code: 'config_invalid' });
  assert.equal((await store.recent(10)).length, 1);
  assert.deepEqual(
    (await readdir(dirname(file))).filter((name) => name.endsWith('.part')),
    [],
  );
});

test('refuses what is no store, what is damaged, and SQL Server; a copy that is there stays', async (context) => {
  const file = await freshFile(context);
  const to = `${file}.copy`;
  await writeFile(to, 'the copy of yesterday');
  const copy = (url: string) => () => backUpStore(url, to, { replace: true });
  assert.throws(copy(`sqlite:${file}`), { code: 'not_found' });
  assert.throws(copy('mssql://sa:secret@host/farm'), ({ code, message, hint }) => {
    assert.deepEqual([code, /secret/.test(message + hint), /SQL Server/.test(hint)], ['config_invalid', false, true]);
    return true;
  });
  const theirs = connect(file);
  theirs.exec('CREATE TABLE letters (body TEXT)');
  theirs.close();
  assert.throws(copy(`sqlite:${file}`), { code: 'config_invalid' });
  const damaged = `${file}.damaged`;
  await writeFile(damaged, 'This is a letter and not a database. '.repeat(200));
  assert.throws(copy(`sqlite:${damaged}`), { code: 'store_corrupt' });
  assert.equal((await stat(to)).size, 'the copy of yesterday'.length);
});

test('of a store that cannot be opened the store is named, and not the copy', async (context) => {
  const file = await freshFile(context);
  // Its path is longer than SQLite takes.
  const far = join(dirname(file), ...Array<string>(3).fill('x'.repeat(200)), 'far.db');
  await mkdir(dirname(far), { recursive: true });
  await writeFile(far, '');
  const copy = () => backUpStore(`sqlite:${far}`, `${file}.copy`);
  assert.throws(copy, { code: 'config_invalid', message: /^The store .*far\.db cannot be opened/ });
});
