import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RenderOrder } from '../../src/ipc/messages.js';
import type { Output } from '../../src/job.js';
import { openPhrases } from '../../src/media/splice/phrases.js';
import { openStorage } from '../../src/media/storage.js';
import { noteFiles, takeEarlier } from '../../src/renderer/reuse.js';
import { temporaryFolder } from '../fixtures/folder.js';

const order: RenderOrder = {
  ...{ id: 'first', fence: 3, template: { id: 'tiny', version: 'v' } },
  ...{ cast: { ball: 'red', hat: 'blue' }, words: { hello: 'Hi', bye: 'Bye' }, partner: 'partner' },
};
const output = (rendition: string, bytes: number): Output => ({
  ...{ rendition, file: `3/${rendition}.mp4`, bytes, width: 320, height: 240, frames: 50, duration: 2 },
  mediaType: 'video/mp4',
});

/** A published job, noted; and an empty folder for the next. */
async function published(t: TestContext) {
  const data = temporaryFolder(t);
  const [folder, next] = [join(data, 'jobs', 'first', '3'), join(data, 'jobs', 'second', '.1.part')];
  for (const each of [folder, next]) mkdirSync(each, { recursive: true });
  writeFileSync(join(folder, 'large.mp4'), 'a large film');
  writeFileSync(join(folder, 'small.mp4'), 'a small film');
  // Long ago: what is written within one tick of the kernel's clock has one time.
  for (const name of ['large.mp4', 'small.mp4']) utimesSync(join(folder, name), 1e9, 1e9);
  const phrases = openPhrases(data, 1e6);
  noteFiles(order, folder, [output('large', 12), output('small', 12)], phrases);
  const take = (change: Partial<RenderOrder> = {}, notes = phrases) =>
    takeEarlier({ ...order, id: 'second', fence: 1, ...change }, openStorage(data), notes);
  return { folder, next, take, phrases };
}

test('an equal job gets the files, under its own fence, and keeps them when the first is deleted', async (t) => {
  const { folder, next, take } = await published(t);
  const outputs = await take({ cast: { hat: 'blue', ball: 'red' }, words: { bye: 'Bye', hello: 'Hi' } });
  assert.deepEqual(
    outputs?.map(({ file }) => file),
    ['1/large.mp4', '1/small.mp4'],
  );
  assert.equal(statSync(join(next, 'large.mp4')).ino, statSync(join(folder, 'large.mp4')).ino, 'a link, no copy');
  rmSync(folder, { recursive: true });
  assert.equal(readFileSync(join(next, 'large.mp4'), 'utf8'), 'a large film');
});

test('another partner, template, cast or words is another job', async (t) => {
  const { take } = await published(t);
  assert.equal(await take({ partner: 'other' }), undefined);
  assert.equal(await take({ template: { id: 'tiny', version: 'w' } }), undefined);
  assert.equal(await take({ cast: { ball: 'red', hat: 'red' } }), undefined);
  assert.equal(await take({ words: { hello: 'Hi' } }), undefined);
  assert.equal(await take({ words: { hello: 'Hi', bye: 'Bye!' } }), undefined);
});

test('files that are gone or torn mean that the job is rendered', async (t) => {
  const { folder, next, take } = await published(t);
  truncateSync(join(folder, 'small.mp4'), 5);
  assert.equal(await take(), undefined);
  rmSync(next, { recursive: true });
  mkdirSync(next);
  rmSync(join(folder, 'small.mp4'));
  assert.equal(await take(), undefined);
});

test('a file that was written over in place, with as many bytes, means that the job is rendered', async (t) => {
  const { folder, take } = await published(t);
  writeFileSync(join(folder, 'small.mp4'), 'a torn  film');
  assert.equal(statSync(join(folder, 'small.mp4')).size, 12);
  assert.equal(await take(), undefined);
});

test('a note that does not say when the files were changed is none', async (t) => {
  const { take, phrases } = await published(t);
  const get: typeof phrases.get = (key) => {
    const { changedAt: _, ...old } = JSON.parse(`${phrases.get(key)}`);
    return Buffer.from(JSON.stringify(old));
  };
  assert.equal(await take({}, { ...phrases, get }), undefined);
  assert.equal((await take())?.length, 2);
});
