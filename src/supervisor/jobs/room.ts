/**
 * Room for files: whether jobs may be claimed, as far as the disk is concerned. What is claimed while it is full or cannot be written would only fail.
 *
 * The disk is tried before claims, but not at every one; a renderer that found it wanting is believed at once. When it is well again, claims go on by themselves:
 * a full one not before somewhat more than the floor is free, so that it does not go to and fro.
 */

import type { Clock } from '../../clock.js';
import { asStoryfarmError, type ErrorCode } from '../../errors.js';
import type { FarmObserver } from '../observer.js';

/** Why claims are paused, in the log and the metrics. */
export type Want = 'no_space' | 'storage';

export interface RoomLimits {
  /** Bytes that have to stay free on the disk of the data folder. Default 0. */
  readonly diskFloor?: number;
  /** Milliseconds between two looks at the disk; twice as many after it was found wanting by a renderer. Default 5,000. */
  readonly diskMs?: number;
}

export interface RoomTools {
  /** Bytes free in the folder of jobs. Rejects with `no_space`, or otherwise when it cannot be written. Left out, there is always room. */
  readonly free?: (() => Promise<number>) | undefined;
  readonly observer: Pick<FarmObserver, 'paused'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

const USUAL_MS = 5_000;
/** Claims go on when this share more than the floor is free. */
const MARGIN = 0.1;

export class Room {
  readonly #limits: RoomLimits;
  readonly #tools: RoomTools;
  #want: Want | undefined;
  #lookAt = Number.NEGATIVE_INFINITY;

  constructor(limits: RoomLimits, tools: RoomTools) {
    this.#limits = limits;
    this.#tools = tools;
  }

  /** What was wanting when it was last known. */
  get want(): Want | undefined {
    return this.#want;
  }

  /** Whether what is known is too old. */
  get isDue(): boolean {
    const isKnown = this.#tools.free === undefined && this.#want === undefined;
    return !isKnown && this.#tools.clock.monotonic() >= this.#lookAt;
  }

  /** Looks at the disk. */
  async look(): Promise<void> {
    this.#lookAt = this.#tools.clock.monotonic() + (this.#limits.diskMs ?? USUAL_MS);
    this.#note(await this.#wanting());
  }

  /** Somebody met the end of it. It is looked at again after a while: what is known now is what he met. */
  lacks(want: Want): void {
    this.#lookAt = this.#tools.clock.monotonic() + 2 * (this.#limits.diskMs ?? USUAL_MS);
    this.#note(want);
  }

  async #wanting(): Promise<Want | undefined> {
    const { free = async () => Number.POSITIVE_INFINITY } = this.#tools;
    try {
      return isTooFull(await free(), this.#limits.diskFloor ?? 0, this.#want === 'no_space') ? 'no_space' : undefined;
    } catch (error) {
      return wantBehind(asStoryfarmError(error).code) ?? 'storage';
    }
  }

  #note(want: Want | undefined): void {
    if (want === this.#want) return;
    if (this.#want) this.#tools.observer.paused(this.#want, false);
    if (want) this.#tools.observer.paused(want, true);
    this.#want = want;
  }
}

/** Whether too little is free. Pure. */
export const isTooFull = (free: number, floor: number, wasFull: boolean): boolean =>
  free < (wasFull ? floor * (1 + MARGIN) : floor);

/** What a failure of this code says about the disk. */
export function wantBehind(code: ErrorCode): Want | undefined {
  if (code === 'no_space') return 'no_space';
  return code === 'storage_failed' ? 'storage' : undefined;
}
