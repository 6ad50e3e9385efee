import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageFolder } from '../../../src/package.js';
import { temporaryFolder } from '../../fixtures/folder.js';

const POSIX = process.platform === 'win32' && 'there are no named pipes in folders on Windows';

test('a named pipe in place of a description is none, and nobody waits for it', { skip: POSIX }, (t) => {
  const folder = temporaryFolder(t);
  execFileSync('mkfifo', [join(folder, 'edition.json')]);
  const module = join(packageFolder, 'dist', 'src', 'media', 'prepare', 'description.js');
  const look = `
    const { Descriptions } = await import(${JSON.stringify(module)});
    console.log(new Descriptions().in(${JSON.stringify(folder)}));`;
  // In a process of its own: whoever waits for a pipe in one go does nothing else any more.
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', look], {
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  assert.equal(stdout, 'undefined\n');
});
