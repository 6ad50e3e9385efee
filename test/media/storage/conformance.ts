/** What every storage promises (media/storage.ts): the local folder and a bucket alike. */

import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { lookAt } from '../../../src/media/prepare/proof.js';
import type { Attempt, Storage } from '../../../src/media/storage.js';

export interface Subject {
  readonly storage: Storage;
  /** What is there of a job, whoever may see it, but for part folders: `fence/name`, sorted. */
  found(id: string): Promise<string[]>;
  /** What an object or file holds. */
  read(id: string, file: string): Promise<string>;
}

/** The ids of the jobs of which there is something. */
export async function jobsIn(storage: Pick<Storage, 'leavings'>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of storage.leavings()) ids.push(id);
  return ids.sort();
}

export function storageContract(name: string, skip: string | false, open: (t: TestContext) => Promise<Subject>): void {
  describe(`storage ${name}`, { skip }, () => {
    const first: Attempt = { id: 'job', fence: 1 };
    const second: Attempt = { id: 'job', fence: 2 };
    const write = async (storage: Storage, attempt: Attempt, files: Readonly<Record<string, string>>) => {
      const folder = await storage.begin(attempt);
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
      return folder;
    };
    const FILES = { 'large.mp4': 'a large film', 'poster.jpg': 'a picture' };
    const publish = async (storage: Storage, attempt: Attempt, files: Readonly<Record<string, string>> = FILES) => {
      await write(storage, attempt, files);
      return storage.publish(attempt);
    };

    test('nothing is there before it is published, and then all of it', async (t) => {
      const { storage, found, read } = await open(t);
      await write(storage, first, FILES);
      assert.deepEqual(await found('job'), []);
      await storage.publish(first);
      assert.deepEqual(await found('job'), ['1/large.mp4', '1/poster.jpg']);
      assert.equal(await read('job', '1/large.mp4'), 'a large film');
      const left = readdirSync(storage.folder, { recursive: true }).map(String);
      assert.deepEqual(
        left.filter((path) => path.includes('.part')),
        [],
      );
    });

    test('files may be taken while others are made, and are published with them, however often they were taken', async (t) => {
      const { storage, found } = await open(t);
      const folder = await write(storage, first, { 'poster.jpg': 'a picture' });
      storage.take(first, [join(folder, 'poster.jpg')]);
      storage.take(first, [join(folder, 'poster.jpg')]);
      writeFileSync(join(folder, 'large.mp4'), 'a large film');
      const told: number[] = [];
      await storage.publish(first, { onProgress: (fraction) => told.push(fraction) });
      assert.deepEqual(await found('job'), ['1/large.mp4', '1/poster.jpg']);
      assert.deepEqual(told, [...told].sort());
      assert.ok(told.every((fraction) => fraction > 0 && fraction <= 1));
    });

    test('an attempt that begins again begins empty', async (t) => {
      const { storage } = await open(t);
      await write(storage, first, { old: '' });
      assert.deepEqual(readdirSync(await storage.begin(first)), []);
    });

    test('a late attempt never touches a newer one, and its leavings go by number', async (t) => {
      const { storage, found, read } = await open(t);
      await publish(storage, second, { 'large.mp4': 'newer' });
      await publish(storage, first, { 'large.mp4': 'late' });
      assert.equal(await read('job', '2/large.mp4'), 'newer');
      await storage.discard(first);
      assert.deepEqual(await found('job'), ['2/large.mp4']);
    });

    test('an attempt whose number only begins like that of another is another', async (t) => {
      const { storage, found } = await open(t);
      await publish(storage, { id: 'job', fence: 12 });
      await publish(storage, { id: 'job-2', fence: 1 });
      await storage.discard(first);
      await storage.forget('jo');
      assert.deepEqual([(await found('job')).length, (await found('job-2')).length], [2, 2]);
    });

    test('what was taken of an attempt that is discarded is gone', async (t) => {
      const { storage, found } = await open(t);
      const folder = await write(storage, first, FILES);
      storage.take(first, [join(folder, 'poster.jpg')]);
      await storage.discard(first);
      assert.deepEqual(await found('job'), []);
      assert.deepEqual(await jobsIn(storage), []);
    });

    test('discarding and forgetting what is not there is nothing', async (t) => {
      const { storage } = await open(t);
      await storage.discard({ id: 'never', fence: 1 });
      await storage.forget('never');
    });

    test('what lies there is told by job and fence', async (t) => {
      const { storage } = await open(t);
      for (const fence of [1, 12]) await publish(storage, { id: `job-${fence}`, fence });
      await publish(storage, { id: 'job-1', fence: 0 });
      await storage.begin({ id: 'begun', fence: 3 });
      const found = new Map<string, number[]>();
      for await (const { id, fences, changedAt } of storage.leavings()) {
        found.set(id, [...(found.get(id) ?? []), ...fences].sort());
        assert.ok(Math.abs(Date.now() - changedAt) < 60_000, `${changedAt}`);
      }
      assert.deepEqual(Object.fromEntries(found), { 'job-1': [0, 1], 'job-12': [12], begun: [3] });
      const has = (id: string, fence: number) => storage.has({ id, fence });
      assert.deepEqual(await Promise.all([has('job-1', 0), has('job-12', 12), has('begun', 3)]), [true, true, true]);
      assert.deepEqual(await Promise.all([has('job-12', 1), has('job', 1), has('begun', 2)]), [false, false, false]);
    });

    test('a job that is forgotten has no files left, of whatever attempt, and others have theirs', async (t) => {
      const { storage, found } = await open(t);
      await publish(storage, second);
      await publish(storage, first);
      await publish(storage, { id: 'other', fence: 1 });
      await storage.begin({ id: 'job', fence: 1 });
      await storage.forget('job');
      assert.deepEqual(await found('job'), []);
      assert.deepEqual(await jobsIn(storage), ['other']);
    });

    test('files of an earlier job are borrowed, and stay when that is forgotten', async (t) => {
      const { storage, found, read } = await open(t);
      const place = await publish(storage, { id: 'earlier', fence: 5 });
      const lent = Object.entries(FILES).map(([name, text]) => ({
        name,
        bytes: text.length,
        changedAt: lookAt(join(place, name))?.mtimeMs,
      }));
      await storage.begin(first);
      assert.equal(await storage.borrow(first, place, lent), true);
      await storage.publish(first);
      await storage.forget('earlier');
      assert.deepEqual(await found('job'), ['1/large.mp4', '1/poster.jpg']);
      assert.equal(await read('job', '1/poster.jpg'), 'a picture');
      await storage.begin({ id: 'third', fence: 1 });
      assert.equal(await storage.borrow({ id: 'third', fence: 1 }, place, lent), false, 'they are gone');
    });

    test('says that it takes files when it does', async (t) => {
      const { storage } = await open(t);
      await storage.check();
      assert.deepEqual(await jobsIn(storage).catch(() => []), []);
    });
  });
}
