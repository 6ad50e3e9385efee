/** Some renderers leak for real: a part of the farm's environment has each of them load what keeps memory of every job (leaking.cts), and a limit has them recycled for it. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { leaks } from '../plan.js';

/** What a leaking renderer keeps of each job. */
const LEAK_BYTES = 30 * 2 ** 20;
/** More than any needs that does not leak; one that does passes it with its third job or so, and few live longer under fire. */
const MAX_MEMORY = '160MB';
/** Renderers for which is drawn; then it begins again. */
const DRAWN = 1_000;

const LEAKING = fileURLToPath(new URL('./leaking.cjs', import.meta.url));
const bookIn = (folder: string) => join(folder, 'leaks.txt');

/** For the farm alone: what else runs on Node has no use for it. `folder` is the soak's own, whose disk is not filled. */
export function leaking(seed: number, folder: string): NodeJS.ProcessEnv {
  return {
    STORYFARM_MAX_MEMORY: MAX_MEMORY,
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --require ${JSON.stringify(LEAKING)}`.trim(),
    SOAK_LEAKS: leaks(seed, DRAWN).map(Number).join(''),
    SOAK_LEAKS_BOOK: bookIn(folder),
    SOAK_LEAKS_BYTES: `${LEAK_BYTES}`,
  };
}

/** How many renderers got a job and leaked. */
export function leakers(seed: number, folder: string): number {
  const book = bookIn(folder);
  const renderers = existsSync(book) ? readFileSync(book, 'utf8').split('\n').length - 1 : 0;
  const drawn = leaks(seed, DRAWN);
  return Array.from({ length: renderers }).filter((_, number) => drawn[number % DRAWN]).length;
}
