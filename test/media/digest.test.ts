import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { readWhole, seal, sha256, sha256OfFile, unseal } from '../../src/media/digest.js';
import { temporaryFolder } from '../fixtures/folder.js';

test('a file has the hash of its bytes; what cannot be read has none', async (t) => {
  const folder = temporaryFolder(t);
  const bytes = Buffer.alloc(2_500_000, 'footage ');
  writeFileSync(join(folder, 'a'), bytes);
  assert.equal(await sha256OfFile(join(folder, 'a')), sha256(bytes));
  assert.ok((await readWhole(join(folder, 'a')))?.equals(bytes));
  mkdirSync(join(folder, 'b'));
  for (const name of ['b', 'nothing']) {
    assert.equal(await sha256OfFile(join(folder, name)), undefined);
    assert.equal(await readWhole(join(folder, name)), undefined);
  }
});

const POSIX = process.platform === 'win32' && 'there are no named pipes in folders on Windows';

test('a named pipe is no file, and nobody waits for it', { skip: POSIX, timeout: 20_000 }, async (t) => {
  let pipe = '';
  t.after(() => release(pipe)); // Before its folder is deleted.
  pipe = join(temporaryFolder(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  assert.equal(await readWhole(pipe), undefined);
  assert.equal(await sha256OfFile(pipe), undefined);
});

/** Ends the wait of whoever has opened a pipe to read. */
function release(pipe: string): void {
  closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
}

test('what was sealed is told as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (drawn) => {
      const content = JSON.parse(JSON.stringify(drawn));
      assert.deepEqual(unseal(seal(content)), content);
    }),
  );
});

test('of what was changed after it was sealed nothing is told, unless it means the same', () => {
  const content = { areas: [{ bubble: 'one', rows: [1, 20, 300] }], refused: [], words: 22, text: 'ünïcode' };
  const text = Buffer.from(seal(content));
  for (let at = 0; at < text.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = Buffer.from(text);
      changed[at] = (changed[at] as number) ^ (1 << bit);
      const told = unseal(changed.toString('utf8'));
      if (told !== undefined) assert.deepEqual(told, content, `bit ${bit} of byte ${at}`);
    }
  }
  for (const other of ['', '{', 'null', '[]', '"text"', '{}', JSON.stringify(content)])
    assert.equal(unseal(other), undefined, other);
});
