/**
 * Whether bytes on the disk are those that were written: SHA-256, and JSON documents that carry their own.
 *
 * A disk gives back other bytes of the same number now and then, and people copy folders over each other. Neither shows in a size, and a decoder takes most of it without a word.
 */

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** In hex. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes of a file that are in memory at once. */
const PIECE = 1 << 20;

/** Of a file, piece by piece; undefined where it is no regular file or cannot be read. Rejects like `readWhole`. */
export async function sha256OfFile(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  return reading(path, async (file) => {
    const pieces = file.createReadStream({ highWaterMark: PIECE, autoClose: false });
    for await (const piece of pieces) hash.update(piece as Buffer);
    return hash.digest('hex');
  });
}

/** A file's bytes; undefined where it is no regular file or cannot be read. Rejects when this process or system has no room for another open file, which says nothing about this one. */
export async function readWhole(path: string): Promise<Buffer | undefined> {
  return reading(path, (file) => file.readFile());
}

/** Opens regular files only: whoever opens a pipe waits for somebody to write into it, perhaps for good. */
async function reading<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
  try {
    // Windows has no such flag.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      return (await file.stat()).isFile() ? await read(file) : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    return unreadable(error as NodeJS.ErrnoException);
  }
}

const SHORTAGES = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

function unreadable(error: NodeJS.ErrnoException): undefined {
  if (SHORTAGES.has(error.code ?? '')) throw error;
  return undefined;
}

/** A JSON document that `unseal` will find to be whole. */
export function seal(content: object): string {
  return JSON.stringify({ sha256: sha256(JSON.stringify(content)), content }, undefined, 1);
}

/** What was sealed; undefined for any other text. */
export function unseal(text: string): unknown {
  try {
    const { sha256: told, content } = JSON.parse(text) as { sha256?: unknown; content?: unknown };
    return told === sha256(JSON.stringify(content)) ? content : undefined;
  } catch {
    return undefined;
  }
}
