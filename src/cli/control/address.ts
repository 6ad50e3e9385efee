/**
 * Where the control socket of a farm is: `farm.sock` in its data folder, so that whoever has a right to the folder finds it.
 *
 * The path of a local socket holds about a hundred bytes, and some file systems hold no sockets. Then it is in the temporary folder, named after the data
 * folder; there anybody could put a socket of this name, so the command asks whose it is. On Windows it is a named pipe.
 */

import { createHash } from 'node:crypto';
import { lstat, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of `sun_path` without its end, 108 on Linux and 104 elsewhere. Longer ones would be cut short, not refused. */
const LONGEST = 103;

export interface Place {
  readonly path: string;
  /** Whether others than those with a right to the data folder may put something there. */
  readonly isPublic: boolean;
}

/** The places where it may be, best first. Rejects with ENOENT when there is no such folder. */
export async function placesOf(folder: string): Promise<readonly Place[]> {
  const real = await realpath(folder);
  const name = `storyfarm-control-${createHash('sha256').update(real).digest('hex').slice(0, 32)}`;
  if (process.platform === 'win32') return [{ path: `\\\\.\\pipe\\${name}`, isPublic: false }];
  const temporary = [...new Set([tmpdir(), '/tmp'])].map((place) => join(place, `${name}.sock`));
  return [
    { path: join(real, 'farm.sock'), isPublic: false },
    ...temporary.map((path) => ({ path, isPublic: true })),
  ].filter(({ path }) => Buffer.byteLength(path) <= LONGEST);
}

/** Whether a socket there is that of a farm: in a public place it must belong to this user, to root, or to the owner of the folder. */
export async function isTrusted({ path, isPublic }: Place, folder: string): Promise<boolean> {
  if (!isPublic) return true;
  const { uid } = await lstat(path);
  return uid === process.getuid?.() || uid === 0 || uid === (await stat(folder)).uid;
}

/** Whether an earlier farm of this folder left its socket there, since it was killed; not to be seen on Windows. To be asked before a farm opens its own. */
export async function isLeft(folder: string): Promise<boolean> {
  for (const place of await placesOf(folder)) {
    const found = await lstat(place.path).catch(() => undefined);
    if (found?.isSocket() && (await isTrusted(place, folder))) return true;
  }
  return false;
}
