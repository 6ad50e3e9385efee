/**
 * Where a job's files lie on this server, and the only way in.
 *
 * An attempt works in `jobs/<id>/.<fence>.part`. When every file in it is whole, the folder is made durable and renamed to `jobs/<id>/<fence>`: published, all at
 * once, or not at all. The fence in the path means that a late attempt can never write over a newer one, and that its leavings can be found and deleted
 * by number. Addresses stay unguessable because job ids are random.
 */

import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface Attempt {
  readonly id: string;
  readonly fence: number;
}

export interface Storage {
  /** Folder that holds one folder per job. */
  readonly folder: string;
  /** An empty folder for an attempt to work in. What earlier attempts of the job left is deleted: a job that is tried again has no result. */
  begin(attempt: Attempt): Promise<string>;
  /** Makes the part folder durable and visible. Answers its final path. */
  publish(attempt: Attempt): Promise<string>;
  /** Deletes whatever an attempt left, published or not. */
  discard(attempt: Attempt): Promise<void>;
  /** Deletes the part folders of all attempts but the living ones. Answers how many. */
  sweep(living: (attempt: Attempt) => boolean): Promise<number>;
}

const PART = /^\.(\d+)\.part$/;
const PUBLISHED = /^(\d+)$/;

export function openStorage(dataFolder: string): Storage {
  const folder = join(dataFolder, 'jobs');
  const part = ({ id, fence }: Attempt) => join(folder, id, `.${fence}.part`);
  const final = ({ id, fence }: Attempt) => join(folder, id, `${fence}`);

  return {
    folder,

    async begin(attempt) {
      for (const name of await readdir(join(folder, attempt.id)).catch(() => [])) {
        const fence = Number(PUBLISHED.exec(name)?.[1] ?? PART.exec(name)?.[1]);
        if (fence <= attempt.fence) await rm(join(folder, attempt.id, name), { recursive: true, force: true });
      }
      await mkdir(part(attempt), { recursive: true });
      return part(attempt);
    },

    async publish(attempt) {
      await Promise.all((await readdir(part(attempt))).map((name) => sync(join(part(attempt), name))));
      await sync(part(attempt));
      await rename(part(attempt), final(attempt));
      await Promise.all([sync(join(folder, attempt.id)), sync(folder)]);
      return final(attempt);
    },

    async discard(attempt) {
      await rm(part(attempt), { recursive: true, force: true });
      await rm(final(attempt), { recursive: true, force: true });
      await rmdir(join(folder, attempt.id)).catch(() => {}); // Other attempts' files keep it.
    },

    async sweep(living) {
      let swept = 0;
      for (const id of await readdir(folder).catch(() => [])) {
        for (const name of await readdir(join(folder, id)).catch(() => [])) {
          const fence = PART.exec(name)?.[1];
          if (fence === undefined || living({ id, fence: Number(fence) })) continue;
          await rm(join(folder, id, name), { recursive: true, force: true });
          swept++;
        }
        await rmdir(join(folder, id)).catch(() => {});
      }
      return swept;
    },
  };
}

/** Flushes a file or folder to the disk itself. Windows knows no fsync of folders. */
export async function sync(path: string): Promise<void> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (process.platform === 'win32') return;
    throw error;
  }
  try {
    await handle.sync();
  } catch (error) {
    if (process.platform !== 'win32') throw error;
  } finally {
    await handle.close();
  }
}
