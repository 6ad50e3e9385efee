/** The disk of the data folder is full to the last byte, until a ballast file is deleted again. */

import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './faults.js';

export const BALLAST = 'ballast';

/** Only where the data folder has a disk of its own: filling another would harm others. */
export const fillDisk: Fault = async ({ dataFolder, over }, { lastsMs }) => {
  const path = join(dataFolder, BALLAST);
  try {
    await fill(path, 1 << 20);
    await fill(path, 1 << 12);
    await pause(lastsMs, undefined, { signal: over }).catch(() => {});
    return true;
  } finally {
    await rm(path, { force: true });
  }
};

/** Appends until nothing more can be. */
async function fill(path: string, step: number): Promise<void> {
  const file = await open(path, 'a');
  const zeros = Buffer.alloc(step);
  try {
    for (;;) await file.writev([zeros]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}
