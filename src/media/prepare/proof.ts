/** Whether files are as they were prepared: each is read through once per process and state, when it is about to be used. Footage has up to a hundred megabytes, and most jobs use none of it. */

import { type Stats, statSync } from 'node:fs';
import { sha256OfFile } from '../digest.js';

/** How many files a process remembers. */
const MOST_KNOWN = 1024;

export class Proof {
  /** State and hash of files that were read through, by path. */
  readonly #known = new Map<string, string>();

  /** Whether a file's bytes have this SHA-256 (hex). Rejects like `sha256OfFile`. */
  async holds(path: string, sha256: string): Promise<boolean> {
    for (;;) {
      const state = stateOf(path);
      if (state === undefined) return false;
      const proven = `${state} ${sha256}`;
      if (this.#known.get(path) === proven) return true;
      this.#known.delete(path);
      if ((await sha256OfFile(path)) === sha256) {
        this.#known.set(path, proven);
        const [oldest] = this.#known.keys();
        if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
        return true;
      }
      // Another may have put a new file in its place meanwhile.
      if (stateOf(path) === state) return false;
    }
  }
}

function stateOf(path: string): string | undefined {
  const found = lookAt(path);
  return found && `${found.size} ${found.mtimeMs} ${found.ino}`;
}

/** Undefined where there is nothing, or it cannot be looked at. */
export function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
