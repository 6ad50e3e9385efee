/** From one embedded store to another. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, openTarget } from '../../src/store/open.js';
import { moving } from './moving.js';

moving('an embedded store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-store-'));
  const url = `sqlite:${join(folder, 'jobs.db')}`;
  const store = await openStore(url);
  const dispose = async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { store, open: () => openTarget(url), dispose };
});
