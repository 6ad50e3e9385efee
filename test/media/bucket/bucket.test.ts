/** The bucket held to the contract of storages, on a real server; and what is a bucket's alone. */

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import { parseBucketAddress } from '../../../src/media/bucket/address.js';
import { openBucket } from '../../../src/media/bucket/bucket.js';
import { openS3 } from '../../../src/media/bucket/s3.js';
import { openStorage } from '../../../src/media/storage.js';
import { Sweeper } from '../../../src/supervisor/jobs/sweeper.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { noSwift, swiftForAll } from '../../fixtures/objects/swift.js';
import { job, recorder } from '../../supervisor/fakes.js';
import { jobsIn, storageContract } from '../storage/conformance.js';

const swift = swiftForAll();

async function open(t: { after(clean: () => void): void }) {
  const bucket = await swift().bucket();
  const local = openStorage(temporaryFolder(t));
  mkdirSync(local.folder);
  const objects = openS3(parseBucketAddress(swift().address(bucket)));
  return { bucket, local, objects, storage: openBucket(local, objects) };
}

storageContract('in a bucket', noSwift, async (t) => {
  const { bucket, objects, storage } = await open(t);
  return {
    storage,
    async found(id) {
      const beginning = `videos/${id}/`;
      const keys = (await swift().keys(bucket)).filter((key) => key.startsWith(beginning));
      return keys.map((key) => key.slice(beginning.length)).sort();
    },
    read: async (id, file) => (await fetch(await objects.sign(`videos/${id}/${file}`, 60))).text(),
  };
});

/** Servers differ in how they say no. */
const REFUSED = new Set([400, 401, 403]);

describe('a bucket', { skip: noSwift }, () => {
  test('tells whoever fetches a file what it is, and gives parts of it', async (t) => {
    const { storage, objects } = await open(t);
    const attempt = { id: '0123456789', fence: 2 };
    const bytes = Buffer.alloc(300_000, 'film');
    writeFileSync(join(await storage.begin(attempt), 'large.mp4'), bytes);
    const place = await storage.publish(attempt);
    assert.equal(place, 'videos/0123456789/2/');
    assert.equal(storage.keyOf?.(attempt, 'large.mp4'), 'videos/0123456789/2/large.mp4');
    const url = await objects.sign(`${place}large.mp4`, 60);
    const whole = await fetch(url);
    assert.deepEqual(Buffer.from(await whole.arrayBuffer()), bytes);
    assert.equal(whole.headers.get('content-type'), 'video/mp4');
    assert.equal(whole.headers.get('content-length'), '300000');
    assert.equal(whole.headers.get('cache-control'), 'private, max-age=604800, immutable');
    assert.equal(whole.headers.get('content-disposition'), 'inline; filename="01234567-large.mp4"');
    const part = await fetch(url, { headers: { range: 'bytes=4-7' } });
    assert.deepEqual([part.status, await part.text()], [206, 'film']);
  });

  test('signs addresses that hold for a while, and gives nothing without', async (t) => {
    const { storage, objects } = await open(t);
    const attempt = { id: 'job', fence: 1 };
    writeFileSync(join(await storage.begin(attempt), 'poster.jpg'), 'a picture');
    await storage.publish(attempt);
    const url = new URL(await objects.sign('videos/job/1/poster.jpg', 3600));
    assert.equal(url.searchParams.get('X-Amz-Expires'), '3600');
    assert.equal((await fetch(url)).status, 200);
    assert.ok(REFUSED.has((await fetch(`${url.origin}${url.pathname}`)).status));
    url.searchParams.set('X-Amz-Expires', '7200');
    assert.ok(REFUSED.has((await fetch(url)).status), 'it cannot be made to hold longer');
  });

  test('keeps what is in it without being ours, also with a like prefix', async (t) => {
    const { storage, bucket } = await open(t);
    const others = [
      'videos/readme',
      'videos/job/notes.txt',
      'videos/job/1/deep/er',
      'videos-of-others/job/1/large.mp4',
    ];
    for (const key of others) await swift().put(bucket, key);
    writeFileSync(join(await storage.begin({ id: 'job', fence: 1 }), 'large.mp4'), 'film');
    await storage.publish({ id: 'job', fence: 1 });
    assert.deepEqual(await jobsIn(storage), ['job']);
    await storage.check();
    assert.deepEqual((await swift().keys(bucket)).sort(), [...others, 'videos/job/1/large.mp4'].sort());
  });

  test('lists more jobs than fit in a page, each once', async (t) => {
    const { storage, bucket, local, objects } = await open(t);
    const keys = Array.from({ length: 30 }, (_, number) => `videos/job-${Math.floor(number / 3)}/1/${number}.mp4`);
    for (const key of keys) await swift().put(bucket, key);
    const short = openBucket(local, { ...objects, list: inPages(objects.list, 4) });
    assert.equal((await jobsIn(short)).length, 10);
    assert.deepEqual(await jobsIn(short), await jobsIn(storage));
  });

  test('files that were published in the folder before are lent to attempts of now, and found', async (t) => {
    const { storage, local, bucket } = await open(t);
    writeFileSync(join(await local.begin({ id: 'old', fence: 1 }), 'large.mp4'), 'film');
    const place = await local.publish({ id: 'old', fence: 1 });
    const { mtimeMs: changedAt } = statSync(join(place, 'large.mp4'));
    const attempt = { id: 'new', fence: 1 };
    await storage.begin(attempt);
    assert.equal(await storage.borrow(attempt, place, [{ name: 'large.mp4', bytes: 4, changedAt }]), true);
    await storage.publish(attempt);
    assert.deepEqual(await swift().keys(bucket), ['videos/new/1/large.mp4']);
    assert.deepEqual(await jobsIn(storage), ['new', 'old']);
    assert.equal(readFileSync(join(place, 'large.mp4'), 'utf8'), 'film');
  });

  test('what earlier attempts left goes when the job is tried again, and what later ones have stays', async (t) => {
    const { storage, bucket } = await open(t);
    for (const fence of [1, 2, 4]) await swift().put(bucket, `videos/job/${fence}/large.mp4`);
    writeFileSync(join(await storage.begin({ id: 'job', fence: 3 }), 'large.mp4'), 'film');
    await storage.publish({ id: 'job', fence: 3 });
    // Nobody waits for it.
    for (let keys: string[] = []; keys.length !== 2; ) {
      keys = await swift().keys(bucket);
      assert.ok(keys.includes('videos/job/4/large.mp4') && keys.includes('videos/job/3/large.mp4'), `${keys}`);
    }
  });
});

describe('a round of the sweeper over a bucket', { skip: noSwift }, () => {
  test('deletes what nobody wants, attempt by attempt, and leaves results and what is under way anywhere', async (t) => {
    const { storage, bucket } = await open(t);
    const jobs = [
      job('done', { state: 'rendered', fence: 2 }),
      job('elsewhere', { state: 'rendering', fence: 3, server: 'other' }),
      job('queued', { state: 'queued', fence: 5 }),
      job('stopping', { state: 'cancelled', fence: 1 }),
      job('lost', { state: 'rendered', fence: 1 }),
    ];
    const kept = [
      'videos/done/2/large.mp4',
      'videos/done/2/poster.jpg',
      'videos/elsewhere/3/poster.jpg',
      'videos/stopping/1/poster.jpg',
      'videos/unknown/1/large.mp4',
    ];
    const unwanted = ['videos/done/1/large.mp4', 'videos/elsewhere/2/large.mp4', 'videos/queued/5/poster.jpg'];
    for (const key of [...kept, ...unwanted]) await swift().put(bucket, key);
    const told = recorder();
    const done = [
      { id: 'done', fence: 2, server: 'one' },
      { id: 'lost', fence: 1, server: 'one' },
    ];
    const store = {
      isShared: true,
      get: async (id: string) => jobs.find((each) => each.id === id),
      published: async () => ({ jobs: done, after: '2' }),
    };
    const underWay = () => [{ id: 'stopping', fence: 1 }];
    const sweeper = new Sweeper({
      server: 'one',
      store,
      storage,
      underWay,
      observer: told.observer,
      clock: systemClock,
    });
    assert.equal(await sweeper.round(), unwanted.length);
    assert.deepEqual((await swift().keys(bucket)).sort(), kept);
    assert.deepEqual(told.of('missed')[0]?.args, [['lost']]);
    assert.equal(await sweeper.round(), 0);
  });
});

/** The same list in pages of so many. */
function inPages<T>(list: (beginning: string) => AsyncIterable<readonly T[]>, size: number) {
  return async function* (beginning: string): AsyncGenerator<readonly T[]> {
    for await (const page of list(beginning))
      for (let at = 0; at < page.length; at += size) yield page.slice(at, at + size);
  };
}
