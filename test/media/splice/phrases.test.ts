import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { openPhrases, type Phrases } from '../../../src/media/splice/phrases.js';
import { temporaryFolder } from '../../fixtures/folder.js';

/** Paths of everything in the cache. */
const entriesOf = (folder: string) =>
  readdirSync(join(folder, 'phrases'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Puts an entry and writes it. */
function keep(phrases: Phrases, key: readonly string[], content: Uint8Array): void {
  phrases.put(key, content);
  phrases.flush();
}

const sizeOf = (folder: string) => entriesOf(folder).reduce((sum, path) => sum + statSync(path).size, 0);

test('what was kept is found, by all of its key and by another process', async (t) => {
  const folder = temporaryFolder(t);
  const phrases = openPhrases(folder, 1e6);
  assert.equal(phrases.get(['rows', 'hello']), undefined);
  keep(phrases, ['rows', 'hello'], Buffer.from('slices'));
  keep(phrases, ['rows', ''], Buffer.alloc(0));
  assert.equal(String(openPhrases(folder, 1e6).get(['rows', 'hello'])), 'slices');
  assert.equal(phrases.get(['rows', ''])?.length, 0);
  for (const other of [['rows', 'hello', ''], ['rowshello'], ['rows,hello'], ['hello', 'rows']])
    assert.equal(phrases.get(other), undefined, String(other));
  keep(phrases, ['rows', 'hello'], Buffer.from('newer'));
  assert.equal(String(phrases.get(['rows', 'hello'])), 'newer');
});

test('the entry of another key is a miss, whole as it is', (t) => {
  const folder = temporaryFolder(t);
  const phrases = openPhrases(folder, 1e6);
  keep(phrases, ['rows', 'hello'], Buffer.from('slices'));
  const [hello] = entriesOf(folder) as [string];
  keep(phrases, ['rows', 'bye'], Buffer.from('others'));
  const bye = entriesOf(folder).find((path) => path !== hello) as string;
  cpSync(hello, bye);
  assert.equal(phrases.get(['rows', 'bye']), undefined);
  assert.equal(String(phrases.get(['rows', 'hello'])), 'slices');
});

test('what was put is found at once by who put it, and by others once it is written', (t) => {
  const folder = temporaryFolder(t);
  const phrases = openPhrases(folder, 1e6);
  phrases.put(['rows'], Buffer.from('slices'));
  assert.equal(String(phrases.get(['rows'])), 'slices');
  assert.equal(openPhrases(folder, 1e6).get(['rows']), undefined);
  phrases.flush();
  assert.equal(String(openPhrases(folder, 1e6).get(['rows'])), 'slices');
  phrases.flush();
  assert.equal(entriesOf(folder).length, 1);
});

test('a torn entry is a miss, wherever it is torn', async (t) => {
  const folder = temporaryFolder(t);
  const phrases = openPhrases(folder, 1e6);
  const put = () => keep(phrases, ['rows', 'hello'], Buffer.from('a few slices'));
  put();
  const [path] = entriesOf(folder) as [string];
  const whole = readFileSync(path);
  for (const length of [0, 10, 32, whole.length - 1]) {
    truncateSync(path, length);
    assert.equal(phrases.get(['rows', 'hello']), undefined, `${length} bytes`);
    put();
    assert.ok(phrases.get(['rows', 'hello']), 'it can be made again');
  }
  for (const at of [0, 31, 32, whole.length - 1]) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] as number) ^ 1;
    writeFileSync(path, changed);
    assert.equal(phrases.get(['rows', 'hello']), undefined, `byte ${at}`);
  }
});

/** Keys whose entries stand on one shelf. */
function shelfMates(t: TestContext, count: number): string[][] {
  const folder = temporaryFolder(t);
  const phrases = openPhrases(folder, 1e9);
  const shelves = new Map<string, string[][]>();
  const shelfNames = () => (existsSync(join(folder, 'phrases')) ? readdirSync(join(folder, 'phrases')) : []);
  for (let number = 0; ; number++) {
    const key = ['rows', `${number}`];
    keep(phrases, key, Buffer.alloc(0));
    const [shelf = ''] = shelfNames();
    const mates = [...(shelves.get(shelf) ?? []), key];
    if (mates.length === count) return mates;
    shelves.set(shelf, mates);
    rmSync(join(folder, 'phrases'), { recursive: true });
  }
}

test('a shelf keeps within its share of the bound, by what was not used for longest', (t) => {
  const folder = temporaryFolder(t);
  const mates = shelfMates(t, 11);
  const [first, ...others] = mates.slice(0, 10) as [string[], ...string[][]];
  const last = mates[10] as string[];
  const before = openPhrases(folder, 1e9);
  for (const [age, key] of [first, ...others].entries()) {
    const known = new Set(existsSync(join(folder, 'phrases')) ? entriesOf(folder) : []);
    keep(before, key, randomBytes(968));
    const path = entriesOf(folder).find((entry) => !known.has(entry)) as string;
    utimesSync(path, 1000 + age, 1000 + age);
  }
  const [path] = entriesOf(folder) as [string];
  writeFileSync(`${path}.0123abcd.part`, randomBytes(1000)); // Left by a writer that died.
  utimesSync(`${path}.0123abcd.part`, 900, 900);
  before.get(first); // Used again: it is the newest now.
  const bounded = openPhrases(folder, 256 * 5000);
  keep(bounded, last, randomBytes(968));
  const left = [first, ...others, last].map((key) => bounded.get(key) !== undefined);
  assert.deepEqual(left, [true, ...others.map((_, index) => index >= 7), true]);
  assert.equal(sizeOf(folder), 4000, 'four fifths of its share');
});

test('a full cache stays near its bound however much is put into it', (t) => {
  const folder = temporaryFolder(t);
  const bound = 256 * 3000;
  for (let process = 0; process < 10; process++) {
    const phrases = openPhrases(folder, bound);
    for (let number = 0; number < 2000; number++) keep(phrases, [`${process}`, `${number}`], randomBytes(68));
  }
  assert.ok(sizeOf(folder) < 1.4 * bound, `${sizeOf(folder)} of ${bound}`);
});

test('while several processes write the same, a reader finds a whole entry or none', async (t) => {
  const folder = temporaryFolder(t);
  const module = new URL('../../../src/media/splice/phrases.js', import.meta.url).href;
  const writers = [1, 2, 3].map((value) => {
    const script = `import { openPhrases } from ${JSON.stringify(module)};
      const phrases = openPhrases(${JSON.stringify(folder)}, 1e9);
      for (let n = 0; n < 60; n++) { phrases.put(['same'], Buffer.alloc(200_000 + ${value}, ${value})); phrases.flush(); }`;
    return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  });
  const ends = Promise.all(writers.map((writer) => once(writer, 'exit')));
  let running = true;
  void ends.then(() => {
    running = false;
  });
  const reader = openPhrases(folder, 1e9);
  const assertWhole = (read: Buffer) =>
    assert.ok(read.every((value) => value === read[0]) && read.length === 200_000 + (read[0] as number), 'a mixture');
  while (running) {
    const read = reader.get(['same']);
    if (read) assertWhole(read);
    await turn();
  }
  assert.deepEqual((await ends).flat().filter(Boolean), [], 'all writers were well');
  assert.equal(entriesOf(folder).length, 1);
});

test('a cache that cannot be written is none, and no error', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'phrases'), 'not a folder');
  const phrases = openPhrases(folder, 1e6);
  keep(phrases, ['rows'], Buffer.from('slices'));
  assert.equal(phrases.get(['rows']), undefined);
  const other = temporaryFolder(t);
  mkdirSync(join(other, 'phrases'));
  keep(openPhrases(other, 0), ['rows'], Buffer.from('slices'));
  assert.deepEqual(entriesOf(other), [], 'a bound of nothing keeps nothing');
});
