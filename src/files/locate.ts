/** From an address to an open file of a finished job, or nothing: no other file of the machine can be reached. */

import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';

export interface Address {
  readonly job: string;
  readonly fence: string;
  readonly file: string;
}

export interface OpenFile {
  /** The caller closes it. */
  readonly handle: FileHandle;
  readonly stats: Stats;
  readonly mediaType: string;
}

const JOB = /^[A-Za-z0-9_-]{1,64}$/;
/** A published attempt; those under way lie in folders that begin with a dot. */
const FENCE = /^\d{1,15}$/;
const FILE = /^[a-z0-9][a-z0-9-]{0,15}\.(mp4|jpg)$/;

const MEDIA_TYPES: Readonly<Record<string, string>> = { mp4: 'video/mp4', jpg: 'image/jpeg' };

/** A link at the end is not followed, and a pipe does not hold us up. Windows has neither. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENXIO', 'EISDIR']);

/** Undefined when there is no such file, whatever stands in its place. `folder` holds one folder per job. */
export async function locate(folder: string, { job, fence, file }: Address): Promise<OpenFile | undefined> {
  const extension = FILE.exec(file)?.[1];
  if (extension === undefined || !JOB.test(job) || !FENCE.test(fence)) return undefined;
  let handle: FileHandle | undefined;
  try {
    const expected = join(await realpath(folder), job, fence);
    // Neither folder may be a link to elsewhere.
    if ((await realpath(expected)) !== expected) return undefined;
    handle = await open(join(expected, file), FLAGS);
    const stats = await handle.stat();
    if (stats.isFile()) {
      const found = { handle, stats, mediaType: MEDIA_TYPES[extension] ?? 'application/octet-stream' };
      handle = undefined;
      return found;
    }
    return undefined;
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  } finally {
    await handle?.close();
  }
}
