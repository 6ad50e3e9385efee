/** SQLite keeps the store's contract. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../src/store/open.js';
import { conformance } from './conformance.js';

conformance('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-store-'));
  const reopen = () => openStore(`sqlite:${join(folder, 'jobs.db')}`);
  const store = await reopen();
  const dispose = async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { store, reopen, dispose };
});
