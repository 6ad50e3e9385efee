import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPhrases } from '../../../src/media/splice/phrases.js';
import { temporaryFolder } from '../../fixtures/folder.js';

/** Paths of everything in the cache. */
const entriesOf = (folder: string) =>
  readdirSync(join(folder, 'phrases'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const sizeOf = (folder: string) => entriesOf(folder).reduce((sum, path) => sum + statSync(path).size, 0);

test('what was kept is found, by all of its key and by another process', async (t) => {
  const folder = temporaryFolder(t);
  const phrases = openPhrases(folder, 1e6);
  assert.equal(await phrases.get(['rows', 'hello']), undefined);
  await phrases.put(['rows', 'hello'], Buffer.from('slices'));
  await phrases.put(['rows', ''], Buffer.alloc(0));
  assert.equal(String(await openPhrases(folder, 1e6).get(['rows', 'hello'])), 'slices');
  assert.equal((await phrases.get(['rows', '']))?.length, 0);
  for (const other of [['rows', 'hello', ''], ['rowshello'], ['rows,hello'], ['hello', 'rows']])
    assert.equal(await phrases.get(other), undefined, String(other));
  await phrases.put(['rows', 'hello'], Buffer.from('newer'));
  assert.equal(String(await phrases.get(['rows', 'hello'])), 'newer');
});

test('a torn entry is a miss, wherever it is torn', async (t) => {
  const folder = temporaryFolder(t);
  const phrases = openPhrases(folder, 1e6);
  const put = () => phrases.put(['rows', 'hello'], Buffer.from('a few slices'));
  await put();
  const [path] = entriesOf(folder) as [string];
  const whole = readFileSync(path);
  for (const length of [0, 10, 32, whole.length - 1]) {
    truncateSync(path, length);
    assert.equal(await phrases.get(['rows', 'hello']), undefined, `${length} bytes`);
    await put();
    assert.ok(await phrases.get(['rows', 'hello']), 'it can be made again');
  }
  for (const at of [0, 31, 32, whole.length - 1]) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] as number) ^ 1;
    writeFileSync(path, changed);
    assert.equal(await phrases.get(['rows', 'hello']), undefined, `byte ${at}`);
  }
});

test('the folder keeps within its bound, by what was not used for longest', async (t) => {
  const folder = temporaryFolder(t);
  const before = openPhrases(folder, 1e9);
  for (let number = 0; number < 50; number++) await before.put(['rows', `${number}`], randomBytes(968));
  const entries = entriesOf(folder);
  assert.equal(sizeOf(folder), 50_000);
  for (const [age, path] of entries.entries()) utimesSync(path, 1000 + age, 1000 + age);
  writeFileSync(`${entries[0]}.0123abcd.part`, randomBytes(1000)); // Left by a writer that died.
  utimesSync(`${entries[0]}.0123abcd.part`, 900, 900);
  // The oldest entry is used again, and stays.
  const oldest = await Promise.all(
    Array.from({ length: 50 }, async (_, number) => {
      const used = statSync(entries[0] as string).mtimeMs;
      await before.get(['rows', `${number}`]);
      const isOldest = statSync(entries[0] as string).mtimeMs !== used;
      return isOldest;
    }),
  );
  assert.ok(oldest.includes(true), 'a hit is noted');
  for (const [age, path] of entries.entries()) if (age > 0) utimesSync(path, 1000 + age, 1000 + age);
  const bounded = openPhrases(folder, 20_000);
  await bounded.put(['rows', 'one more'], randomBytes(968));
  const left = new Set(entriesOf(folder));
  assert.equal(sizeOf(folder), 16_000);
  assert.ok(left.has(entries[0] as string), 'what was used again');
  assert.ok(await bounded.get(['rows', 'one more']), 'what is new');
  assert.deepEqual(
    entries.slice(1).map((path) => left.has(path)),
    entries.slice(1).map((_, index) => index >= 49 - 14),
  );
});

test('the bound is looked at again after two hundred entries', async (t) => {
  const folder = temporaryFolder(t);
  const phrases = openPhrases(folder, 50_000);
  for (let number = 0; number <= 200; number++) await phrases.put([`${number}`], randomBytes(968));
  assert.equal(sizeOf(folder), 40_000);
  assert.ok(await phrases.get(['200']));
});

test('many who write the same at once leave one whole entry', async (t) => {
  const folder = temporaryFolder(t);
  const writers = Array.from({ length: 12 }, () => openPhrases(folder, 1e8));
  const contents = writers.map((_, index) => Buffer.alloc(200_000, index));
  const reader = openPhrases(folder, 1e8);
  const reads: (Buffer | undefined)[] = [];
  await Promise.all([
    ...writers.map((phrases, index) => phrases.put(['same'], contents[index] as Buffer)),
    ...writers.map(async () => reads.push(await reader.get(['same']))),
  ]);
  assert.equal(entriesOf(folder).length, 1);
  reads.push(await reader.get(['same']));
  assert.ok(reads.at(-1));
  for (const read of reads)
    if (read) assert.ok(read.length === 200_000 && read.every((value) => value === read[0]), 'a mixture');
});

test('a cache that cannot be written is none, and no error', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'phrases'), 'not a folder');
  const phrases = openPhrases(folder, 1e6);
  await phrases.put(['rows'], Buffer.from('slices'));
  assert.equal(await phrases.get(['rows']), undefined);
  const other = temporaryFolder(t);
  mkdirSync(join(other, 'phrases'));
  await openPhrases(other, 0).put(['rows'], Buffer.from('slices'));
  assert.deepEqual(entriesOf(other), [], 'a bound of nothing keeps nothing');
});
