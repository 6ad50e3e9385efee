/**
 * One farm per data folder and per embedded store: two would take each other's jobs back and sweep each other's files.
 *
 * The claim is a file in the folder and one beside the store, held as long as the process lives (hold.ts); no number of a process is ever trusted.
 */

import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { StoryfarmError } from '../errors.js';
import { type Held, holdFile } from '../store/sqlite/file/hold.js';

export interface Instance {
  /** Lets another farm use them. Safe to repeat. */
  release(): void;
}

/** Claims an existing folder for this process, and the file of a store that it shares with no other farm. Throws `already_running`. */
export function claimFarm(folder: string, store?: string): Instance {
  const claims: Held[] = [];
  const release = () => {
    for (const claim of claims) claim.release();
  };
  const claim = (file: string, refusal: () => StoryfarmError) => {
    const held = holdFile(file);
    if (!held) throw refusal();
    claims.push(held);
  };
  try {
    claim(join(folder, 'farm.lock'), () => taken(`the data folder ${folder}`, folder));
    if (store !== undefined) claims.push(claimStore(store));
    return { release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Keeps every farm from an embedded store, whose file is there. Throws `already_running` while one uses it. */
export function claimStore(store: string, hint = HINT): Instance {
  const held = holdFile(`${realpathSync(store)}-farm`);
  if (!held) throw taken(`the store ${store}`, store, hint);
  return held;
}

const HINT = 'An embedded store is for one farm: give this one a store of its own, or stop the other.';

const taken = (what: string, file: string, hint?: string): StoryfarmError =>
  new StoryfarmError('already_running', `Another farm uses ${what}.`, { file, ...(hint && { hint }) });
