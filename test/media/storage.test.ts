import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStorage } from '../../src/media/storage.js';
import { temporaryFolder } from '../fixtures/folder.js';

test('nothing is seen before it is published, and then all of it', async (t) => {
  const storage = openStorage(temporaryFolder(t));
  const attempt = { id: 'job', fence: 3 };
  const part = await storage.begin(attempt);
  writeFileSync(join(part, 'large.mp4'), 'video');
  assert.deepEqual(readdirSync(join(storage.folder, 'job')), ['.3.part']);
  const final = await storage.publish(attempt);
  assert.deepEqual(readdirSync(join(storage.folder, 'job')), ['3']);
  assert.deepEqual(readdirSync(final), ['large.mp4']);
});

test('an attempt that begins again begins empty', async (t) => {
  const storage = openStorage(temporaryFolder(t));
  const attempt = { id: 'job', fence: 1 };
  writeFileSync(join(await storage.begin(attempt), 'old'), '');
  assert.deepEqual(readdirSync(await storage.begin(attempt)), []);
});

test('a late attempt never touches a newer one, and its leavings go by number', async (t) => {
  const storage = openStorage(temporaryFolder(t));
  const late = { id: 'job', fence: 1 };
  const newer = { id: 'job', fence: 2 };
  writeFileSync(join(await storage.begin(newer), 'large.mp4'), 'newer');
  await storage.publish(newer);
  writeFileSync(join(await storage.begin(late), 'large.mp4'), 'late');
  await storage.publish(late);
  await storage.discard(late);
  assert.deepEqual(readdirSync(join(storage.folder, 'job')), ['2']);
});

test('what a killed attempt published and never told goes when the job is tried again', async (t) => {
  const storage = openStorage(temporaryFolder(t));
  await storage.begin({ id: 'job', fence: 1 });
  await storage.publish({ id: 'job', fence: 1 });
  await storage.begin({ id: 'job', fence: 2 });
  await storage.begin({ id: 'job', fence: 3 });
  assert.deepEqual(readdirSync(join(storage.folder, 'job')), ['.3.part']);
});

test('discarding what is not there is nothing, and an empty job folder goes too', async (t) => {
  const storage = openStorage(temporaryFolder(t));
  await storage.discard({ id: 'never', fence: 1 });
  await storage.begin({ id: 'job', fence: 1 });
  await storage.discard({ id: 'job', fence: 1 });
  assert.equal(existsSync(join(storage.folder, 'job')), false);
});

test('what lies there is told by job and fence, and nothing else that lies there', async (t) => {
  const storage = openStorage(temporaryFolder(t));
  for (const fence of [2, 3]) await storage.begin({ id: 'job', fence });
  await storage.publish({ id: 'job', fence: 3 });
  mkdirSync(join(storage.folder, 'lost+found'));
  writeFileSync(join(storage.folder, '.storyfarm'), '');
  writeFileSync(join(storage.folder, 'job', 'notes'), '');
  assert.deepEqual(await storage.jobs(), ['job']);
  const { fences = [], changedAt = 0 } = (await storage.leavings('job')) ?? {};
  // The third began by deleting what the second had left.
  assert.deepEqual(fences, [3]);
  assert.ok(Math.abs(Date.now() - changedAt) < 60_000, `${changedAt}`);
  assert.equal(await storage.leavings('never'), undefined);
});
