/** A file of an edition is damaged: of a film one byte is another, other files end early. */

import { open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Fault } from './faults.js';

export const tearEdition: Fault = async ({ dataFolder }, { pick }) => {
  const editions = join(dataFolder, 'editions');
  const entries = await readdir(editions, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.part') && !entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const path = files[Math.floor(pick * files.length)];
  if (!path) return false;
  try {
    await tear(path, pick);
    return true;
  } catch {
    return false; // It was being made anew.
  }
};

async function tear(path: string, pick: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    if (!dirname(path).endsWith('.film')) return await file.truncate(Math.floor(size * pick));
    const at = Math.floor(size * pick);
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 0x10]), 0, 1, at);
  } finally {
    await file.close();
  }
}
