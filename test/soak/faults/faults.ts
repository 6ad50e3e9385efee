/** The faults at work: one decision after the other, at a steady beat, on the farm as it stands. What a decision finds nothing to act upon is counted as missed. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Census } from '../farm/census.js';
import type { Kept } from '../farm/keeper.js';
import type { Seats } from '../farm/seats.js';
import type { Decision, TimedFault } from '../plan.js';
import { type Database, restartDatabase } from './database.js';
import { fillDisk } from './disk.js';
import { lockStore } from './lock.js';
import { killFarm, killFront, killOne, stopOne } from './processes.js';
import { tearEdition } from './tear.js';

/** What faults act upon. */
export interface Scene {
  readonly farm: Pick<Kept, 'process' | 'isReady' | 'kill'>;
  readonly front: Pick<Kept, 'kill'>;
  readonly census: Pick<Census, 'look' | 'mourn'>;
  readonly seats: Pick<Seats, 'killed' | 'forget'>;
  readonly dataFolder: string;
  /** The server of the store that all share; undefined: there is none that may be restarted. */
  readonly database: Pick<Database, 'restart'> | undefined;
  /** Resolves when the next request to the front is on its way. */
  readonly requestSent: () => Promise<void>;
  /** What the present front has answered so far. */
  readonly frontAnswers: () => number;
  /** Fires when faults are to end. */
  readonly over: AbortSignal;
}

/** Resolves when it is over, with whether it came to be at all. */
export type Fault = (scene: Scene, decision: Decision) => Promise<boolean>;

const FAULTS: Readonly<Record<TimedFault, Fault>> = {
  kill: killOne,
  stop: stopOne,
  farm: killFarm,
  front: killFront,
  lock: lockStore,
  database: restartDatabase,
  disk: fillDisk,
  tear: tearEdition,
};

/** Never two of these at the same time: one would only prolong the other. */
const ALONE: readonly TimedFault[] = ['front', 'lock', 'database', 'disk'];

export class Faults {
  /** How many came to be, by name. */
  readonly done: Partial<Record<TimedFault, number>> = {};
  missed = 0;
  readonly #scenes: readonly Scene[];
  readonly #over: AbortSignal;
  readonly #underWay = new Set<TimedFault>();

  /** Each decision picks one of the scenes, and in it a victim. */
  constructor(scenes: readonly Scene[], over: AbortSignal) {
    this.#scenes = scenes;
    this.#over = over;
  }

  /** Begins a fault every so many milliseconds until the scene is over; resolves when everything is let go again. */
  async run(decisions: Iterator<Decision, never>, everyMs: number): Promise<void> {
    const over = this.#over;
    const begun: Promise<void>[] = [];
    for (let next = performance.now() + everyMs; ; next += everyMs) {
      await pause(Math.max(0, next - performance.now()), undefined, { signal: over }).catch(() => {});
      if (over.aborted) break;
      begun.push(this.#act(decisions.next().value));
    }
    await Promise.all(begun);
  }

  async #act(decision: Decision): Promise<void> {
    const { fault } = decision;
    if (ALONE.includes(fault) && this.#underWay.has(fault)) {
      this.missed++;
      return;
    }
    this.#underWay.add(fault);
    const at = decision.pick * this.#scenes.length;
    const scene = this.#scenes[Math.floor(at)] as Scene;
    if (await FAULTS[fault](scene, { ...decision, pick: at % 1 })) this.done[fault] = (this.done[fault] ?? 0) + 1;
    else this.missed++;
    this.#underWay.delete(fault);
  }
}
