/**
 * Whether the folder of jobs takes more files, found out by trying: rights, mounts, quotas and broken disks have too many ways to say no for any of them to be asked about.
 *
 * A disk that was unmounted leaves an empty folder behind which can often be written, and what is written there is hidden when the disk is back. So a marker is laid
 * into the folder when the farm starts, and a folder without it is not the one that was meant. A disk that is missing when the farm starts cannot be told
 * from a new one.
 */

import { randomUUID } from 'node:crypto';
import { access, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoryfarmError } from '../errors.js';

const MARKER = '.storyfarm';

/** Makes the folder and lays the marker. Rejects as `freeIn` does. */
export async function markFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error) => refuse(error, folder));
  await writeFile(join(folder, MARKER), '', { flag: 'a' }).catch((error) => refuse(error, folder));
}

/** Bytes that can still be written to a marked folder. Rejects with `no_space` or `storage_failed` when nothing can be written. */
export async function freeIn(folder: string): Promise<number> {
  await access(join(folder, MARKER)).catch((error) => refuse(error, folder));
  await tryFolder(folder);
  const { bavail, bsize } = await statfs(folder).catch((error) => refuse(error, folder));
  return bavail * bsize;
}

/** Writes a small file and deletes it. Rejects with `no_space` or `storage_failed`. */
export async function tryFolder(folder: string): Promise<void> {
  const probe = join(folder, `.try-${randomUUID().slice(0, 8)}`);
  try {
    await writeFile(probe, 'storyfarm');
    await rm(probe);
  } catch (error) {
    await rm(probe, { force: true }).catch(() => {});
    refuse(error, folder);
  }
}

/** Codes with which a system says that a place cannot be written, now or for good, and not that it is full. */
const UNWRITABLE = new Set(['EROFS', 'EACCES', 'EPERM', 'EIO', 'ENOTDIR', 'ENODEV', 'ENXIO', 'ESTALE', 'ENOTCONN']);

/** Whether a call on a file was refused because its place cannot be written. */
export const isUnwritable = (thrown: unknown): thrown is NodeJS.ErrnoException =>
  UNWRITABLE.has((thrown as NodeJS.ErrnoException | null)?.code ?? '');

export function storageFailed(folder: string, cause: unknown): StoryfarmError {
  return new StoryfarmError('storage_failed', `Files of jobs cannot be written to ${folder}.`, { file: folder, cause });
}

function refuse(thrown: unknown, folder: string): never {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    throw new StoryfarmError('no_space', 'The disk is full.', { file: folder, cause: thrown });
  throw storageFailed(folder, thrown);
}
