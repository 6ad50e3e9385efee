/**
 * The bench: standbys, booting or ready, that have no seat yet.
 *
 * It fills up slower and slower while those on it die, or those whose seats they take: a renderer that dies as soon as it has booted must not be started over and over.
 */

import { restartDelay } from './decisions/backoff.js';
import type { Renderer } from './renderer/renderer.js';

/** The seat of those that have none: of a standby, and of the renderer that prepares editions. */
export const NO_SEAT = -1;

export class Bench {
  readonly #standbys: Renderer[] = [];
  /** Deaths on it in a row without a finished job in the farm between. */
  #deaths = 0;
  #emptyUntil = 0;

  /** Longest there first. */
  get standbys(): readonly Renderer[] {
    return this.#standbys;
  }

  /** The one that has waited longest of those that could work at once. */
  get ready(): Renderer | undefined {
    return this.#standbys.find(isReady);
  }

  /** How many could work at once. */
  get readyCount(): number {
    return this.#standbys.filter(isReady).length;
  }

  /** One that is ready, else one that will be. */
  get best(): Renderer | undefined {
    return this.ready ?? this.#standbys.find(({ killedFor }) => !killedFor);
  }

  add(standby: Renderer): void {
    this.#standbys.push(standby);
  }

  /** False when it was not there. */
  remove(standby: Renderer): boolean {
    const at = this.#standbys.indexOf(standby);
    if (at >= 0) this.#standbys.splice(at, 1);
    return at >= 0;
  }

  /** One has died that had booted, or was struck by somebody else. */
  mourn(now: number, random: number, isStruck: boolean): void {
    this.#deaths++;
    this.rest(now + restartDelay(this.#deaths, random, isStruck));
  }

  /** Nobody is to be added before this instant. */
  rest(until: number): void {
    this.#emptyUntil = Math.max(this.#emptyUntil, until);
  }

  /** A renderer has finished a job. */
  praise(): void {
    this.#deaths = 0;
  }

  mayGrow(now: number): boolean {
    return now >= this.#emptyUntil;
  }
}

const isReady = ({ phase, killedFor }: Renderer): boolean => phase === 'idle' && !killedFor;
