import assert from 'node:assert/strict';
import { renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '../../../src/media/digest.js';
import { Proof } from '../../../src/media/prepare/proof.js';
import { temporaryFolder } from '../../fixtures/folder.js';

test('a file is read through once for each of its states', async (t) => {
  const path = join(temporaryFolder(t), 'footage.mp4');
  const hash = sha256('right');
  writeFileSync(path, 'right');
  utimesSync(path, 1000, 1000);
  const proof = new Proof();
  assert.equal(await proof.holds(path, hash), true);
  assert.equal(await proof.holds(path, sha256('other')), false, 'it has one hash');
  assert.equal(await proof.holds(path, hash), true);

  const { ino } = statSync(path);
  writeFileSync(path, 'wrong');
  utimesSync(path, 1000, 1000);
  assert.equal(statSync(path).ino, ino);
  assert.equal(await proof.holds(path, hash), true, 'size, time and place are the same: it is not read again');
  assert.equal(await new Proof().holds(path, hash), false, 'another process reads it');
  utimesSync(path, 1001, 1001);
  assert.equal(await proof.holds(path, hash), false, 'it was written since');

  writeFileSync(`${path}.new`, 'right');
  renameSync(`${path}.new`, path);
  assert.equal(await proof.holds(path, hash), true, 'it is another file');
  rmSync(path);
  assert.equal(await proof.holds(path, hash), false);
  assert.equal(await proof.holds(join(path, 'below', 'nothing'), hash), false);
});
