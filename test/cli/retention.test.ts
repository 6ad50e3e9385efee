/** A round of forgetting on a real store and a real disk. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { loadConfig } from '../../src/cli/config.js';
import { retention } from '../../src/cli/retention.js';
import { createLog } from '../../src/log.js';
import { openStorage } from '../../src/media/storage.js';
import { openStore } from '../../src/store/open.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { enqueue, present, rendering, result } from '../store/conformance/subject.js';
import { Service } from './storyfarm.js';

test('old jobs go with their files, their words before; what still renders or waits stays', async (t) => {
  const dataFolder = temporaryFolder(t);
  const store = await openStore(`sqlite:${join(dataFolder, 'jobs.db')}`);
  t.after(() => store.close());
  const folder = join(dataFolder, 'jobs');
  const publish = (id: string) => {
    mkdirSync(join(folder, id, '1'), { recursive: true });
    writeFileSync(join(folder, id, '1', 'large.mp4'), 'film');
  };
  const done = await rendering(store);
  publish(done.id);
  await store.complete(done, result);
  const running = await rendering(store);
  publish(running.id);
  const waiting = await enqueue(store);

  const log = createLog({ part: 'test', level: 'fatal' });
  const round = (keep: object) =>
    retention({ config: { ...loadConfig({ flags: {} }).config, ...keep }, log }, store, openStorage(dataFolder))();
  assert.deepEqual(await round({}), { words: 0, jobs: 0, kept: 0 }, 'nothing is old');
  assert.deepEqual(await round({ keepWords: 0 }), { words: 1, jobs: 0, kept: 0 });
  assert.ok(existsSync(join(folder, done.id, '1', 'large.mp4')));
  assert.deepEqual(await round({ keepJobs: 0, keepFailed: 0 }), { words: 0, jobs: 1, kept: 0 });
  assert.equal(existsSync(join(folder, done.id)), false);
  assert.equal(await store.get(done.id), undefined);
  assert.ok(existsSync(join(folder, running.id, '1', 'large.mp4')));
  assert.deepEqual([await present(store, running.id), await present(store, waiting.id)], [running, waiting]);
});

test('a farm forgets at its start, and then every hour', async (t) => {
  const cwd = temporaryFolder(t);
  const file = join(cwd, 'var', 'storyfarm.db');
  mkdirSync(join(cwd, 'var', 'jobs'), { recursive: true });
  const store = await openStore(`sqlite:${file}`);
  const old = await rendering(store);
  await store.complete(old, result);
  const young = await rendering(store);
  await store.complete(young, result);
  await store.close();
  for (const { id } of [old, young]) mkdirSync(join(cwd, 'var', 'jobs', id, '1'), { recursive: true });
  const database = new Database(file);
  database.prepare('UPDATE jobs SET finished_at = finished_at - 40 * 86400000 WHERE id = ?').run(old.id);
  database.close();
  const farm = await Service.start(t, ['farm', '--farm-port', '0'], { cwd });
  const { jobs } = await farm.said('forgot what was kept long enough');
  assert.equal(jobs, 1);
  assert.equal(existsSync(join(cwd, 'var', 'jobs', old.id)), false);
  assert.ok(existsSync(join(cwd, 'var', 'jobs', young.id)));
});
