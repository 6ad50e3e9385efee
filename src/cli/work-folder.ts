/** Folders in which commands render on their own, without a farm: `render/<process>.<chance>` in the data folder. One whose process is gone is nobody's. */

import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lives, nameOf } from '../processes.js';

const RENDER = 'render';
const DAY_MS = 86_400_000;

/** A name for a folder of this process; whoever makes it deletes it. */
export async function workFolder(dataFolder: string): Promise<string> {
  return join(dataFolder, RENDER, `${await nameOf(process.pid)}.${randomUUID().slice(0, 8)}`);
}

/** Deletes those of processes that are gone, and others that are a day old. Answers their names. */
export async function sweepWorkFolders(dataFolder: string, now: number): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const name of await readdir(join(dataFolder, RENDER)).catch(() => [])) {
    const path = join(dataFolder, RENDER, name);
    const [, owner] = /^([^.]+)\.[0-9a-f]{8}$/.exec(name) ?? [];
    const isWanted = owner ? await lives(owner) : now - (await changedAt(path)) < DAY_MS;
    if (isWanted) continue;
    await rm(path, { recursive: true, force: true });
    swept.push(name);
  }
  return swept;
}

const changedAt = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
