/**
 * The phrase cache: what was encoded once for some words need not be encoded again. Many people send "Happy birthday!".
 *
 * An entry is a file named by the hash of everything it depends on, with the hash of its content in front: one that is torn, or half written, is a miss. Nothing is synced: what a crash takes is made again. The
 * folder is kept within its bound by deleting what was not used for longest.
 */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Phrases {
  /** What was kept under a key, or undefined. Never rejects. */
  get(key: readonly string[]): Promise<Buffer | undefined>;
  /** Keeps something under a key, as far as the disk allows. Never rejects. */
  put(key: readonly string[], content: Uint8Array): Promise<void>;
}

const DIGEST = 32;
/** Entries between two looks at the folder's size. */
const LOOK_EVERY = 200;
/** What a look leaves of the bound. */
const AFTER_LOOK = 0.8;

export function openPhrases(dataFolder: string, maxBytes: number): Phrases {
  const folder = join(dataFolder, 'phrases');
  const pathOf = (key: readonly string[]) => {
    const name = createHash('sha256').update(JSON.stringify(key)).digest('hex');
    return join(folder, name.slice(0, 2), name.slice(2));
  };
  let puts = 0;

  async function get(key: readonly string[]): Promise<Buffer | undefined> {
    const path = pathOf(key);
    const bytes = await readFile(path).catch(() => undefined);
    if (!bytes || bytes.length < DIGEST) return undefined;
    const content = bytes.subarray(DIGEST);
    if (!digest(content).equals(bytes.subarray(0, DIGEST))) return undefined;
    const now = new Date();
    await utimes(path, now, now).catch(() => {});
    return content;
  }

  async function put(key: readonly string[], content: Uint8Array): Promise<void> {
    const path = pathOf(key);
    const entry = Buffer.concat([digest(content), content]);
    try {
      await writeFile(path, entry).catch(async () => {
        await mkdir(join(path, '..'), { recursive: true });
        await writeFile(path, entry);
      });
      if (puts++ % LOOK_EVERY === 0) await shrink();
    } catch {
      // A cache that cannot be written is none.
    }
  }

  /** Deletes the entries that were not used for longest, and what writers that died have left. */
  async function shrink(): Promise<void> {
    const entries: { path: string; bytes: number; used: number }[] = [];
    for (const shelf of await readdir(folder)) {
      for (const name of await readdir(join(folder, shelf))) {
        const path = join(folder, shelf, name);
        const found = await stat(path).catch(() => undefined);
        if (found) entries.push({ path, bytes: found.size, used: found.mtimeMs });
      }
    }
    const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= maxBytes) return;
    let left = total;
    for (const { path, bytes } of entries.sort((a, b) => a.used - b.used)) {
      if (left <= maxBytes * AFTER_LOOK) break;
      await rm(path, { force: true });
      left -= bytes;
    }
  }

  return { get, put };
}

const digest = (content: Uint8Array) => createHash('sha256').update(content).digest();
