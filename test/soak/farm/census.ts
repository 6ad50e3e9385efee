/** Every process that a farm ever had, as far as it was looked at: where victims come from, and who must not be left. None is ever found by its name. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Kept } from './keeper.js';
import { descendants, isAlive, type Known } from './processes.js';

/** A dead farm's tree is looked at this often until it is gone. */
const LOOK_MS = 5;
/** Those that are still there by then have outlived it. */
const ORPHANED_MS = 10_000;

export class Census {
  /** Milliseconds from a supervisor's death to its last descendant gone. */
  readonly goneMs: number[] = [];
  readonly #seen = new Map<string, Known>();
  readonly #orphans = new Map<string, Known>();
  readonly #farm: Pick<Kept, 'process'>;

  constructor(farm: Pick<Kept, 'process'>) {
    this.#farm = farm;
  }

  /** The processes below the supervisor now: renderers, and what they started. */
  look(): readonly Known[] {
    const root = this.#farm.process;
    if (!root) return [];
    const below = descendants(root.pid);
    for (const each of [root, ...below]) this.#seen.set(keyOf(each), each);
    return below;
  }

  /** Follows the descendants of a supervisor that has just been killed to their ends. */
  async mourn(below: readonly Known[]): Promise<void> {
    const died = performance.now();
    let left = below;
    for (;;) {
      left = left.filter(isAlive);
      const after = performance.now() - died;
      if (left.length === 0) return void this.goneMs.push(after);
      if (after > ORPHANED_MS) break;
      await pause(LOOK_MS);
    }
    for (const each of left) this.#orphans.set(keyOf(each), each);
  }

  /** Those that outlived their supervisor, and those of all that were ever seen that still live: when every service has ended, there must be none. */
  left(): readonly Known[] {
    for (const each of this.#seen.values()) if (isAlive(each)) this.#orphans.set(keyOf(each), each);
    return [...this.#orphans.values()];
  }
}

const keyOf = ({ pid, start }: Known) => `${pid} ${start}`;
