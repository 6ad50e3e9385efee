/** One farm for a data folder, and one for an embedded store. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { claimFarm } from '../../src/cli/instance.js';
import { temporaryFolder } from '../fixtures/folder.js';

/** A farm's claim in a process of its own, which says when it has it. */
const HOLDER = `
  import { claimFarm } from ${JSON.stringify(new URL('../../src/cli/instance.js', import.meta.url).href)};
  claimFarm(...process.argv.slice(1));
  process.stdout.write('held');
  setInterval(() => {}, 1000);
`;

describe('the claim of a farm', () => {
  it('is refused while another has the folder, and taken when that is over', (t) => {
    const folder = temporaryFolder(t);
    const first = claimFarm(folder);
    assert.throws(() => claimFarm(folder), {
      code: 'already_running',
      message: `Another farm uses the data folder ${folder}.`,
    });
    assert.deepEqual(readdirSync(folder), ['farm.lock']);
    first.release();
    first.release();
    claimFarm(folder).release();
    const { size, mode } = statSync(join(folder, 'farm.lock'));
    assert.deepEqual([size, mode & 0o777], [0, 0o600]);
  });

  it('is refused while a farm on another folder has the store, by whatever name; then the folder is free for others', (t) => {
    const folders = [temporaryFolder(t), temporaryFolder(t)] as const;
    const store = join(folders[0], 'jobs.db');
    const alias = join(folders[1], 'alias.db');
    writeFileSync(store, '');
    symlinkSync(store, alias);
    const first = claimFarm(folders[0], store);
    assert.throws(() => claimFarm(folders[1], alias), { code: 'already_running', hint: /a store of its own/ });
    claimFarm(folders[1]).release();
    first.release();
    claimFarm(folders[1], alias).release();
  });

  it('ends with its process, however that ends', async (t) => {
    const folder = temporaryFolder(t);
    const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, folder]);
    t.after(() => void holder.kill('SIGKILL'));
    await once(holder.stdout, 'data');
    assert.throws(() => claimFarm(folder), { code: 'already_running' });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    claimFarm(folder).release();
  });
});
