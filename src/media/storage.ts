/**
 * Where a job's files lie, and the only way in: the contract of a storage, and the storage that is a folder of this server. The other is bucket/bucket.ts; test/media/storage/conformance.ts
 * holds both to it.
 *
 * In the folder an attempt works in `jobs/<id>/.<fence>.part`. When every file in it is whole, the folder is made durable and renamed to `jobs/<id>/<fence>`: published, all at
 * once, or not at all. The fence in the path means that a late attempt can never write over a newer one, and that its leavings can be found and deleted
 * by number. Addresses stay unguessable because job ids are random.
 *
 * Beginning and publishing are done for every job and wait for nothing but the flushing itself; the rest, which the file system does in memory, is done in one go: each turn
 * through Node's pool of threads costs ten times as much.
 *
 * What it does not do: decide which attempts' files are still wanted. It tells what lies there, and deletes what it is told to.
 */

import { closeSync, fsync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import { asStoryfarmError } from '../errors.js';
import { isUnwritable, storageFailed, tryFolder } from './disk.js';

export interface Attempt {
  readonly id: string;
  readonly fence: number;
}

/** A file of an earlier job. */
export interface Lent {
  readonly name: string;
  readonly bytes: number;
  /** When it was last changed, in milliseconds since the epoch; not known where it lies in a bucket. */
  readonly changedAt?: number | undefined;
}

export interface PublishOptions {
  readonly signal?: AbortSignal | undefined;
  /** Fraction of what is to be done, 0 to 1, rising. */
  readonly onProgress?: (fraction: number) => void;
}

/** Every call is about the attempt that it names, and never touches what another attempt has published. */
export interface Storage {
  /** Folder of this machine that holds one folder per job: of its part folders at least. */
  readonly folder: string;
  /** Where files lie in a bucket, the key of one; left out where they lie in the folder. */
  keyOf?(attempt: Attempt, name: string): string;
  /** An empty folder for an attempt to work in. What earlier attempts of the job left is deleted: a job that is tried again has no result. */
  begin(attempt: Attempt): Promise<string>;
  /**
   * These files of the part folder are whole and will not change: a storage that is far away begins to fetch them. Answers at once; `publish` tells what came of it.
   */
  take(attempt: Attempt, files: readonly string[]): void;
  /**
   * Makes all files of the part folder durable, and ready to be seen. Answers where they are: a folder, or what their keys begin with. Rejects with `storage_failed` when the disk refuses, with
   * `upload_failed` when files cannot be brought away.
   */
  publish(attempt: Attempt, options?: PublishOptions): Promise<string>;
  /** Puts files that were published at `place` into the attempt as its own. Whether all of them are there and, where they lie in a folder, have their size and were not changed since; if not, some of them may be. */
  borrow(attempt: Attempt, place: string, files: readonly Lent[]): Promise<boolean>;
  /** Deletes whatever an attempt left, published or not. */
  discard(attempt: Attempt): Promise<void>;
  /**
   * Why an attempt failed: `storage_failed` or, beyond this machine, `bucket_failed` when its files could not be written, or cannot be now, else what was thrown. A full disk, bad input and an attempt that was
   * stopped explain themselves.
   */
  explain(thrown: unknown): Promise<unknown>;
  /** Tries whether files are taken beyond this machine, where they go there. Rejects with `bucket_failed`. */
  check(): Promise<void>;
  /** What lies here, begun or published, job by job. A job of which there are files in two places comes twice. */
  leavings(): AsyncIterable<Leavings>;
  /** Whether anything lies here of an attempt, begun or published. */
  has(attempt: Attempt): Promise<boolean>;
  /** Deletes all files of a job, of whatever attempt. */
  forget(id: string): Promise<void>;
}

export interface Leavings {
  /** The job's. */
  readonly id: string;
  readonly fences: readonly number[];
  /** When an attempt was last begun, published or deleted; milliseconds since the epoch. */
  readonly changedAt: number;
}

const PART = /^\.(\d+)\.part$/;
const PUBLISHED = /^(\d+)$/;
/** Other folders here are not ours, such as a disk's lost+found. */
export const JOB = /^[A-Za-z0-9_-]{1,64}$/;
/** What the state of the disk has no part in. */
const EXPLAINED = new Set(['no_space', 'storage_failed', 'aborted']);

export function openStorage(dataFolder: string): Storage {
  const folder = join(dataFolder, 'jobs');
  const part = ({ id, fence }: Attempt) => join(folder, id, `.${fence}.part`);
  const final = ({ id, fence }: Attempt) => join(folder, id, `${fence}`);

  return {
    folder,

    async begin(attempt) {
      // There is one only where an earlier attempt made it.
      if (mkdirSync(join(folder, attempt.id), { recursive: true }) === undefined) {
        for (const name of readdirSync(join(folder, attempt.id))) {
          const fence = Number(PUBLISHED.exec(name)?.[1] ?? PART.exec(name)?.[1]);
          if (fence <= attempt.fence) rmSync(join(folder, attempt.id, name), { recursive: true, force: true });
        }
      }
      mkdirSync(part(attempt), { recursive: true });
      return part(attempt);
    },

    take() {}, // They are where they have to be.

    async publish(attempt) {
      try {
        const names = ['.', ...readdirSync(part(attempt))];
        await Promise.all(names.map((name) => sync(join(part(attempt), name))));
        renameSync(part(attempt), final(attempt));
        await Promise.all([sync(join(folder, attempt.id)), sync(folder)]);
        return final(attempt);
      } catch (error) {
        // Flushing tells of broken disks what writing did not, and names no file.
        throw isUnwritable(error) ? storageFailed(folder, error) : error;
      }
    },

    async discard(attempt) {
      await rm(part(attempt), { recursive: true, force: true });
      await rm(final(attempt), { recursive: true, force: true });
      await rmdir(join(folder, attempt.id)).catch(() => {}); // Other attempts' files keep it.
    },

    async explain(thrown) {
      if (isUnwritable(thrown) && thrown.path?.startsWith(folder + sep)) return storageFailed(folder, thrown);
      const { code, retryable } = asStoryfarmError(thrown);
      if (!retryable || EXPLAINED.has(code)) return thrown;
      try {
        await mkdir(folder, { recursive: true });
        await tryFolder(folder);
        return thrown;
      } catch (refusal) {
        return isUnwritable(refusal) ? storageFailed(folder, refusal) : asStoryfarmError(refusal);
      }
    },

    async borrow(attempt, place, files) {
      for (const { name, bytes, changedAt } of files) {
        const [from, to] = [join(place, name), join(part(attempt), name)];
        // What was written over in place has its old size.
        const lent = await stat(from).catch(() => undefined);
        if (lent?.size !== bytes || lent.mtimeMs !== changedAt) return false;
        // Some file systems know no links.
        const isThere = await link(from, to)
          .catch(() => copyFile(from, to))
          .then(
            () => true,
            () => false,
          );
        if (!isThere) return false;
      }
      return true;
    },

    async check() {}, // What can be known of a folder is told by disk.ts.

    async *leavings() {
      for (const id of (await readdir(folder)).filter((name) => JOB.test(name))) {
        const left = await leftIn(join(folder, id));
        if (left) yield { id, ...left };
      }
    },

    async has({ id, fence }) {
      return (await leftIn(join(folder, id)))?.fences.includes(fence) ?? false;
    },

    async forget(id) {
      await rm(join(folder, id), { recursive: true, force: true });
    },
  };
}

/** What lies in a job's folder; undefined when there is none. */
async function leftIn(path: string): Promise<Omit<Leavings, 'id'> | undefined> {
  try {
    const fences = (await readdir(path)).map((name) => Number(PUBLISHED.exec(name)?.[1] ?? PART.exec(name)?.[1]));
    const { mtimeMs } = await stat(path);
    return { fences: [...new Set(fences)].filter(Number.isInteger), changedAt: mtimeMs };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

const flush = promisify(fsync);

/** Flushes a file or folder to the disk itself. Windows knows no fsync of folders. */
export async function sync(path: string): Promise<void> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (process.platform === 'win32') return;
    throw error;
  }
  try {
    await flush(file);
  } catch (error) {
    if (process.platform !== 'win32') throw error;
  } finally {
    closeSync(file);
  }
}
