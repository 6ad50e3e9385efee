import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageFolder } from '../../src/package.js';
import { temporaryFolder } from '../fixtures/folder.js';

test('a store that was used, closed and forgotten does not end the process when memory is collected', (t) => {
  const program = `
    import { openStore } from ${JSON.stringify(join(packageFolder, 'dist/src/store/open.js'))};
    import { setImmediate as turn } from 'node:timers/promises';
    for (let n = 0; n < 5; n++) {
      const store = await openStore('sqlite:' + process.argv[1] + '/jobs.db');
      await store.counts();
      await store.close();
    }
    for (let n = 0; n < 20; n++) { gc(); await turn(); }
    console.log('alive');`;
  const args = ['--expose-gc', '--input-type=module', '-e', program, '--', temporaryFolder(t)];
  assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim(), 'alive');
});
