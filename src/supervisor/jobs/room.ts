/**
 * Room for files: whether jobs may be claimed, as far as the disk is concerned. What is claimed while it is full or cannot be written would only fail.
 *
 * The disk is tried before claims, but not at every one; a renderer that found it wanting is believed at once. When it is well again, claims go on by themselves:
 * a full one not before somewhat more than the floor is free, so that it does not go to and fro. Where files go beyond this machine, that place is tried at the start, and again while it is not known to
 * take any; else the uploads themselves tell.
 */

import type { Clock } from '../../clock.js';
import { asStoryfarmError, type ErrorCode } from '../../errors.js';
import type { FarmObserver } from '../observer.js';

/** Why claims are paused, in the log and the metrics. */
export type Want = 'no_space' | 'storage' | 'bucket';

export interface Why {
  readonly message: string;
  readonly hint: string;
}

export interface RoomLimits {
  /** Bytes that have to stay free on the disk of the data folder. Default 0. */
  readonly diskFloor?: number;
  /** Milliseconds between two looks at the disk; twice as many after it was found wanting by a renderer. Default 5,000. */
  readonly diskMs?: number;
}

export interface RoomTools {
  /**
   * Bytes free in the folder of jobs. Rejects with `no_space`, or otherwise when files cannot be stored. `isSuspect`: it is not known that they can, so more is to be tried than a look costs at every turn.
   * Left out, there is always room.
   */
  readonly free?: ((isSuspect: boolean) => Promise<number>) | undefined;
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
  #why: Why | undefined;
  #isSuspect = true;
  #lookAt = Number.NEGATIVE_INFINITY;

  constructor(limits: RoomLimits, tools: RoomTools) {
    this.#limits = limits;
    this.#tools = tools;
  }

  /** What was wanting when it was last known. */
  get want(): Want | undefined {
    return this.#want;
  }

  /** What the bucket says, when it is what is wanting. */
  get why(): string | undefined {
    return this.#why?.message;
  }

  /** Whether what is known is too old. */
  get isDue(): boolean {
    const isKnown = this.#tools.free === undefined && this.#want === undefined;
    return !isKnown && this.#tools.clock.monotonic() >= this.#lookAt;
  }

  /** Looks at the disk. */
  async look(): Promise<void> {
    this.#lookAt = this.#tools.clock.monotonic() + (this.#limits.diskMs ?? USUAL_MS);
    const [want, why] = await this.#wanting();
    this.#isSuspect = want !== undefined;
    this.#note(want, why);
  }

  /** Somebody met the end of it. It is looked at again after a while: what is known now is what he met. */
  lacks(want: Want, why?: Why): void {
    this.#lookAt = this.#tools.clock.monotonic() + 2 * (this.#limits.diskMs ?? USUAL_MS);
    this.#isSuspect = true;
    this.#note(want, why);
  }

  async #wanting(): Promise<readonly [Want | undefined, Why | undefined]> {
    const { free = async () => Number.POSITIVE_INFINITY } = this.#tools;
    try {
      const isFull = isTooFull(await free(this.#isSuspect), this.#limits.diskFloor ?? 0, this.#want === 'no_space');
      return [isFull ? 'no_space' : undefined, undefined];
    } catch (thrown) {
      const error = asStoryfarmError(thrown);
      return [wantBehind(error.code) ?? 'storage', whyOf(error)];
    }
  }

  #note(want: Want | undefined, why: Why | undefined): void {
    const isNews = want !== this.#want || (why !== undefined && why.message !== this.#why?.message);
    if (isNews && this.#want && want !== this.#want) this.#tools.observer.paused(this.#want, false);
    if (isNews && want) this.#tools.observer.paused(want, true, ...(why ? [why] : []));
    this.#want = want;
    this.#why = why;
  }
}

/** Whether too little is free. Pure. */
export const isTooFull = (free: number, floor: number, wasFull: boolean): boolean =>
  free < (wasFull ? floor * (1 + MARGIN) : floor);

/** What a failure of this code says about the disk. */
export function wantBehind(code: ErrorCode): Want | undefined {
  if (code === 'no_space') return 'no_space';
  if (code === 'bucket_failed') return 'bucket';
  return code === 'storage_failed' ? 'storage' : undefined;
}

/** Of a folder everybody knows which one is meant, and what to do. */
export const whyOf = ({ code, message, hint }: Why & { readonly code: ErrorCode }): Why | undefined =>
  code === 'bucket_failed' ? { message, hint } : undefined;
