import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStorage } from '../../src/media/storage.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { jobsIn, storageContract } from './storage/conformance.js';

const open = (t: { after(clean: () => void): void }) => openStorage(temporaryFolder(t));

storageContract('in a folder', false, async (t) => {
  const storage = open(t);
  mkdirSync(storage.folder);
  return {
    storage,
    async found(id) {
      try {
        const paths = readdirSync(join(storage.folder, id), { recursive: true }).map(String);
        return paths.filter((path) => !path.startsWith('.') && path.includes('/')).sort();
      } catch {
        return [];
      }
    },
    read: async (id, file) => readFileSync(join(storage.folder, id, file), 'utf8'),
  };
});

test('in a folder, a part is published by one rename', async (t) => {
  const storage = open(t);
  const attempt = { id: 'job', fence: 3 };
  const part = await storage.begin(attempt);
  writeFileSync(join(part, 'large.mp4'), 'video');
  assert.deepEqual(readdirSync(join(storage.folder, 'job')), ['.3.part']);
  const final = await storage.publish(attempt);
  assert.deepEqual(readdirSync(join(storage.folder, 'job')), ['3']);
  assert.deepEqual(readdirSync(final), ['large.mp4']);
});

test('what a killed attempt published and never told goes when the job is tried again', async (t) => {
  const storage = open(t);
  await storage.begin({ id: 'job', fence: 1 });
  await storage.publish({ id: 'job', fence: 1 });
  await storage.begin({ id: 'job', fence: 2 });
  await storage.begin({ id: 'job', fence: 3 });
  assert.deepEqual(readdirSync(join(storage.folder, 'job')), ['.3.part']);
});

test('an empty job folder goes with the last attempt', async (t) => {
  const storage = open(t);
  await storage.begin({ id: 'job', fence: 1 });
  await storage.discard({ id: 'job', fence: 1 });
  assert.deepEqual(readdirSync(storage.folder), []);
});

test('what else lies in the folder is not told', async (t) => {
  const storage = open(t);
  await storage.begin({ id: 'job', fence: 3 });
  mkdirSync(join(storage.folder, 'lost+found'));
  writeFileSync(join(storage.folder, '.storyfarm'), '');
  writeFileSync(join(storage.folder, 'job', 'notes'), '');
  assert.deepEqual(await jobsIn(storage), ['job']);
  for await (const { fences } of storage.leavings()) assert.deepEqual(fences, [3]);
});
