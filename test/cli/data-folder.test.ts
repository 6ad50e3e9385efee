/** A data folder that cannot be used is named before anything is done, with what to do. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkDataFolder, checkKinds, openDataFolder } from '../../src/cli/data-folder.js';
import { temporaryFolder } from '../fixtures/folder.js';

const refusal = (message: string) => ({ code: 'config_invalid', message, hint: /choose another with dataFolder/ });

test('a file where a folder has to be, whatever is asked', async (t) => {
  const home = temporaryFolder(t);
  const [file, below, data] = [join(home, 'file'), join(home, 'file', 'a', 'b'), join(home, 'data')];
  writeFileSync(file, '');
  mkdirSync(data);
  writeFileSync(join(data, 'editions'), '');
  for (const look of [openDataFolder, checkDataFolder, checkKinds]) {
    await assert.rejects(look(file), refusal(`The data folder ${file} is a file.`));
    await assert.rejects(look(below), refusal(`The data folder ${below} cannot be: ${file} is a file.`));
    await assert.rejects(look(data), refusal(`${join(data, 'editions')} is a file; a folder has to be there.`));
  }
});

test('one that is not there is made by those who need it, and by nobody else', async (t) => {
  const home = temporaryFolder(t);
  const data = join(home, 'a', 'data');
  assert.equal(await checkDataFolder(data), home);
  await checkKinds(data);
  assert.deepEqual(readdirSync(home), []);
  assert.equal(await openDataFolder(data), data);
  assert.ok(existsSync(data));
  assert.equal(await checkDataFolder(data), data);
});
