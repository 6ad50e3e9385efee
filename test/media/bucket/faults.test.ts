/** A bucket that is slow, away, misconfigured or cut off, for real: a server that misbehaves stands in front of a good one. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { StoryfarmError } from '../../../src/errors.js';
import { parseBucketAddress } from '../../../src/media/bucket/address.js';
import { openBucket } from '../../../src/media/bucket/bucket.js';
import { openS3 } from '../../../src/media/bucket/s3.js';
import { openStorage } from '../../../src/media/storage.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { type Fault, startFaulty } from '../../fixtures/objects/faulty.js';
import { noSwift, SECRET, swiftForAll } from '../../fixtures/objects/swift.js';

const swift = swiftForAll();
/** A busy machine may take seconds for what takes milliseconds. */
const USUAL = { tries: 3, pauseMs: 5, idleMs: 30_000 };
/** Where nothing is ever answered. */
const IMPATIENT = { ...USUAL, tries: 4, idleMs: 1_000 };
const ATTEMPT = { id: 'job', fence: 1 };
const FILM = Buffer.alloc(2_000_000, 'film');

async function faulty(t: TestContext, { secret = SECRET, bucket = '', patience = USUAL } = {}) {
  const name = bucket || (await swift().bucket());
  const server = await startFaulty(t, swift().endpoint);
  const address = parseBucketAddress(swift().address(name, { endpoint: server.endpoint, secret }));
  const storage = openBucket(openStorage(temporaryFolder(t)), openS3(address, patience));
  const begin = async () => {
    const folder = await storage.begin(ATTEMPT);
    writeFileSync(join(folder, 'large.mp4'), FILM);
    writeFileSync(join(folder, 'poster.jpg'), 'a picture');
    return folder;
  };
  /** As a renderer does when an attempt fails: what it failed of, and nothing is left. */
  const failure = async (publishing: Promise<unknown>): Promise<StoryfarmError> => {
    const explained = await storage.explain(
      await publishing.then(
        () => undefined,
        (error) => error,
      ),
    );
    assert.ok(explained instanceof StoryfarmError, `${explained}`);
    assert.ok(!inspect(explained, { depth: 9 }).includes(SECRET), 'nothing secret is told');
    await storage.discard(ATTEMPT).catch(() => {});
    return explained;
  };
  /** A fault of the first few requests that put a video. */
  const first = (times: number, fault: Fault) => {
    let left = times;
    server.fault = (method, path) => (method === 'PUT' && path.endsWith('.mp4') && left-- > 0 ? fault : undefined);
  };
  const keys = () => swift().keys(name);
  const sent = () => server.requests.filter((each) => each.startsWith('PUT') && each.includes('/job/'));
  const puts = () => sent().filter((each) => each.endsWith('.mp4')).length;
  return { storage, server, begin, failure, first, keys, sent, puts };
}

describe('a bucket that fails for a while', { skip: noSwift }, () => {
  for (const fault of ['slow-down', 'hang', 'cut', 'late'] as const) {
    test(`is asked again, and has the whole file then: ${fault}`, async (t) => {
      const patience = fault === 'hang' || fault === 'late' ? IMPATIENT : USUAL;
      const { storage, begin, first, keys, puts } = await faulty(t, { patience });
      first(2, fault);
      await begin();
      await storage.publish(ATTEMPT);
      assert.deepEqual(await keys(), ['videos/job/1/large.mp4', 'videos/job/1/poster.jpg']);
      assert.ok(puts() >= 3, `${puts()}`);
    });
  }
});

describe('a bucket that goes on failing', { skip: noSwift }, () => {
  test('for one file while it takes others fails the attempt, and leaves nothing', async (t) => {
    const { storage, begin, failure, first, keys, puts } = await faulty(t);
    first(Number.POSITIVE_INFINITY, 'slow-down');
    await begin();
    const { code, retryable, message, hint } = await failure(storage.publish(ATTEMPT));
    assert.deepEqual([code, retryable, puts()], ['upload_failed', true, USUAL.tries]);
    assert.match(message, /^The bucket s3:\/\/bucket-.*\/videos at http:.* cannot take files: SlowDown \(503\)\.$/);
    assert.match(hint, /too much to do/);
    assert.deepEqual(await keys(), []);
  });

  for (const [fault, why] of [
    ['slow-down', /SlowDown \(503\)/],
    ['hang', /does not answer \(time is up\)/],
    ['cut', /does not answer \(E(CONNRESET|PIPE)\)/],
  ] as const) {
    test(`for all files blames no job: ${fault}`, async (t) => {
      const { storage, server, begin, failure } = await faulty(t, { patience: fault === 'hang' ? IMPATIENT : USUAL });
      server.fault = () => fault;
      await begin();
      const { code, message } = await failure(storage.publish(ATTEMPT));
      assert.equal(code, 'bucket_failed');
      assert.match(message, why);
      await assert.rejects(storage.check(), { code: 'bucket_failed' });
      server.fault = () => undefined;
      await storage.check();
    });
  }

  test('is not there at all', async (t) => {
    const address = swift().address('films', { endpoint: 'http://127.0.0.1:9' });
    const storage = openBucket(openStorage(temporaryFolder(t)), openS3(parseBucketAddress(address), IMPATIENT));
    await assert.rejects(storage.check(), { code: 'bucket_failed', message: /does not answer \(ECONNREFUSED\)/ });
  });
});

describe('a bucket that refuses', { skip: noSwift }, () => {
  test('credentials is not asked again, and what is wrong is told', async (t) => {
    const { storage, begin, failure, sent } = await faulty(t, { secret: 'wrong' });
    await begin();
    const { code, message, hint } = await failure(storage.publish(ATTEMPT));
    assert.equal(code, 'bucket_failed');
    assert.match(message, /the credentials are refused \(SignatureDoesNotMatch\)/);
    assert.match(hint, /right to put, get, list and delete/);
    assert.equal(new Set(sent()).size, sent().length, 'no file was sent twice');
  });

  test('since it does not exist is told', async (t) => {
    const { storage, begin, failure, sent } = await faulty(t, { bucket: 'nowhere' });
    await begin();
    const { code, message, hint } = await failure(storage.publish(ATTEMPT));
    assert.equal(code, 'bucket_failed');
    assert.match(message, /s3:\/\/nowhere\/videos at .*: there is no such bucket/);
    assert.match(hint, /Make the bucket/);
    assert.equal(new Set(sent()).size, sent().length, 'no file was sent twice');
  });
});

describe('an attempt', { skip: noSwift }, () => {
  test('has its poster in the bucket while its films are still made', async (t) => {
    const { storage, begin, keys } = await faulty(t);
    const folder = await begin();
    storage.take(ATTEMPT, [join(folder, 'poster.jpg')]);
    for (let found: string[] = []; found.length === 0; ) found = await keys();
    assert.deepEqual(await keys(), ['videos/job/1/poster.jpg']);
    await storage.publish(ATTEMPT);
  });

  test('that is stopped in the middle of an upload stops at once, and leaves nothing', async (t) => {
    const { storage, server, begin, failure, first, keys } = await faulty(t);
    first(1, 'hang');
    const folder = await begin();
    storage.take(ATTEMPT, [join(folder, 'poster.jpg')]);
    const stop = new AbortController();
    const met = server.met();
    const published = storage.publish(ATTEMPT, { signal: stop.signal });
    await met;
    for (let found: string[] = []; found.length === 0; ) found = await keys();
    stop.abort(new Error('The supervisor said so.'));
    assert.equal((await failure(published)).code, 'aborted');
    assert.deepEqual(await keys(), []);
  });

  test('tells how far its uploads are', async (t) => {
    const { storage, begin } = await faulty(t);
    await begin();
    const told: number[] = [];
    await storage.publish(ATTEMPT, { onProgress: (fraction) => told.push(fraction) });
    assert.ok(told.length > 2 && told.some((fraction) => fraction > 0.1 && fraction < 0.9), `${told}`);
    assert.equal(told.at(-1), 1);
  });

  test('whose upload failed early is told so at its end, and the others are not sent', async (t) => {
    const { storage, server, begin, failure } = await faulty(t);
    server.fault = (method, path) => (method === 'PUT' && path.endsWith('.jpg') ? 'slow-down' : undefined);
    const folder = await begin();
    storage.take(ATTEMPT, [join(folder, 'poster.jpg')]);
    for (let looks = 0; looks < 3; looks++) await server.met();
    assert.equal((await failure(storage.publish(ATTEMPT))).code, 'upload_failed');
  });
});
