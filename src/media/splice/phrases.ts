/**
 * The phrase cache: what was encoded once for some words need not be encoded again. Many people send "Happy birthday!".
 *
 * An entry is a file named by the hash of everything it depends on, with the hash of its name and content in front: one that is torn, half written, or another's is a miss. Nothing is synced: what a crash takes is made again.
 *
 * Entries stand on 256 shelves by the first byte of their name, so that each shelf holds its share of them. A shelf is kept within its share of the bound by deleting what was not used for longest, when an
 * entry is written there: now and then, so that the cost of an entry does not grow with the cache. Files are small and mostly in memory; they are read and written in one go, which costs a tenth of
 * the turns through Node's pool of threads.
 *
 * What is put is written when the job is done (`flush`): a file that is made while a job's own are on their way to the disk waits for these.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, type Stats, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Phrases {
  /** What was kept under a key, or undefined. Never throws. */
  get(key: readonly string[]): Buffer | undefined;
  /** Keeps something under a key: from the next flush on, for every process. */
  put(key: readonly string[], content: Uint8Array): void;
  /** Writes what was put, as far as the disk allows. Never throws. */
  flush(): void;
}

const DIGEST = 32;
const SHELVES = 256;
/** Entries written between two looks at a shelf. */
const LOOK_EVERY = 8;
/** What a look leaves of the bound. */
const AFTER_LOOK = 0.8;

interface Place {
  /** The hash of the key. */
  readonly name: string;
  readonly shelf: string;
}

export function openPhrases(dataFolder: string, maxBytes: number): Phrases {
  const folder = join(dataFolder, 'phrases');
  const placeOf = (key: readonly string[]): Place & { readonly path: string } => {
    const name = createHash('sha256').update(JSON.stringify(key)).digest('hex');
    const shelf = join(folder, name.slice(0, 2));
    return { name, shelf, path: join(shelf, name.slice(2)) };
  };
  /** For each shelf, in bytes. */
  const room = maxBytes / SHELVES;
  /** What was put and is not yet written, by path. */
  const waiting = new Map<string, Place & { readonly content: Uint8Array }>();
  let writes = 0;

  function get(key: readonly string[]): Buffer | undefined {
    const { name, path } = placeOf(key);
    const fresh = waiting.get(path);
    if (fresh) return Buffer.from(fresh.content);
    try {
      if (!lookAt(path)) return undefined;
      const bytes = readFileSync(path);
      const content = bytes.subarray(DIGEST);
      if (bytes.length < DIGEST || !digest(name, content).equals(bytes.subarray(0, DIGEST))) return undefined;
      const now = new Date();
      utimesSync(path, now, now);
      return content;
    } catch {
      return undefined; // Deleted between two steps, or a folder that is none.
    }
  }

  function put(key: readonly string[], content: Uint8Array): void {
    const { name, shelf, path } = placeOf(key);
    if (DIGEST + content.length <= room) waiting.set(path, { name, shelf, content });
  }

  function flush(): void {
    for (const [path, { name, shelf, content }] of waiting) {
      try {
        if (!lookAt(shelf)) mkdirSync(shelf, { recursive: true });
        writeFileSync(path, Buffer.concat([digest(name, content), content]));
        if (writes++ % LOOK_EVERY === 0) shrink(shelf, room);
      } catch {
        // It is made again the next time: as when the disk is full. A folder that may not be written is refused before any work (cli/data-folder.ts).
      }
    }
    waiting.clear();
  }

  return { get, put, flush };
}

/** Deletes the entries of a shelf that were not used for longest, and what writers that died have left. */
function shrink(shelf: string, room: number): void {
  const entries = readdirSync(shelf).flatMap((name) => {
    const path = join(shelf, name);
    const found = lookAt(path);
    return found ? [{ path, bytes: found.size, used: found.mtimeMs }] : [];
  });
  let left = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  if (left <= room) return;
  for (const { path, bytes } of entries.sort((a, b) => a.used - b.used)) {
    if (left <= room * AFTER_LOOK) break;
    rmSync(path, { force: true });
    left -= bytes;
  }
}

const lookAt = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false });

const digest = (name: string, content: Uint8Array) => createHash('sha256').update(name).update(content).digest();
