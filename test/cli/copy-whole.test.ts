import assert from 'node:assert/strict';
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyWhole } from '../../src/cli/copy-whole.js';
import { temporaryFolder } from '../fixtures/folder.js';

test('a copy takes the place of what stood there, which is not written over', async (t) => {
  const folder = temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  const [from, to, before] = [at('new'), at('large.mp4'), at('before')] as const;
  writeFileSync(from, 'a new film');
  writeFileSync(to, 'a film');
  linkSync(to, before);
  await copyWhole(from, to);
  assert.equal(readFileSync(to, 'utf8'), 'a new film');
  assert.equal(readFileSync(before, 'utf8'), 'a film', 'as far as others have it open');
  assert.deepEqual(readdirSync(folder).sort(), ['before', 'large.mp4', 'new']);
});

test('a copy that fails leaves what stood there, and nothing beside it', async (t) => {
  const folder = temporaryFolder(t);
  const to = join(folder, 'large.mp4');
  mkdirSync(join(to, 'full'), { recursive: true });
  writeFileSync(join(folder, 'new'), 'a new film');
  await assert.rejects(copyWhole(join(folder, 'new'), to));
  await assert.rejects(copyWhole(join(folder, 'none'), to));
  assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), ['large.mp4', 'large.mp4/full', 'new']);
});
