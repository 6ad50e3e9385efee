import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'node:test';
import { sweepWorkFolders, workFolder } from '../../src/cli/work-folder.js';
import { nameOf } from '../../src/processes.js';
import { temporaryFolder } from '../fixtures/folder.js';

it('a folder in which a command renders is swept when its process is gone, and not before', async (t) => {
  const data = temporaryFolder(t);
  assert.deepEqual(await sweepWorkFolders(data, Date.now()), []);
  const mine = await workFolder(data);
  const dead = `${(await nameOf(process.pid)).replace(/^\d+/, '99999999')}.0123abcd`;
  const others = [dead, 'young', 'old'].map((name) => join(data, 'render', name));
  for (const folder of [mine, ...others]) mkdirSync(join(folder, 'jobs'), { recursive: true });
  utimesSync(join(data, 'render', 'old'), 0, 0);
  const swept = await sweepWorkFolders(data, Date.now());
  assert.deepEqual([...swept].sort(), [dead, 'old']);
  assert.deepEqual(readdirSync(join(data, 'render')).sort(), [basename(mine), 'young'].sort());
});
