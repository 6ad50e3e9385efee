/** Asking a bucket again. Pauses grow and are random, so that many renderers do not come back together. */

import { setTimeout as pause } from 'node:timers/promises';
import { StoryfarmError } from '../../errors.js';
import type { Trouble } from './faults.js';
import type { Effort } from './objects.js';

export interface Patience {
  /** How often something is asked in all. */
  readonly tries: number;
  /** Milliseconds of the first pause at most; each is at most twice as long as the one before. */
  readonly pauseMs: number;
  /** Milliseconds in which no byte moves, after which a request is given up. */
  readonly idleMs: number;
}

/** Some 45 s at worst, in which no byte moves: less than a supervisor waits for progress. */
export const USUAL_PATIENCE: Patience = { tries: 5, pauseMs: 400, idleMs: 8_000 };

export const patienceFor = (effort: Effort, usual: Patience): Patience =>
  effort === 'usual' ? usual : { ...usual, tries: 1, idleMs: Math.min(usual.idleMs, 4_000) };

/** A request that may be ended. `alive` is to be called whenever it moves. */
export type Request<T> = (signal: AbortSignal, alive: () => void) => Promise<T>;

/** Asks until it is answered. Rejects with the last trouble, or `aborted`. */
export async function patiently<T>(
  request: Request<T>,
  troubleOf: (thrown: unknown) => Trouble,
  { tries, pauseMs, idleMs }: Patience,
  signal?: AbortSignal,
): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await moving(request, idleMs, signal);
    } catch (thrown) {
      if (signal?.aborted) throw aborted(signal);
      if (thrown instanceof StoryfarmError) throw thrown;
      const { isPassing, error } = troubleOf(thrown);
      if (!isPassing || number >= tries) throw error;
      await pause(Math.random() * pauseMs * 2 ** (number - 1), undefined, { signal }).catch(() => {}); // The next turn tells why.
    }
  }
}

/** The answer, unless nothing moves for too long or the signal says so. It does not wait for a request that does not end when it is told to. */
async function moving<T>(request: Request<T>, idleMs: number, signal: AbortSignal | undefined): Promise<T> {
  const ender = new AbortController();
  const end = () => ender.abort(signal?.reason);
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end, { once: true });
  const tooLong = () => ender.abort(Object.assign(new Error('Time is up.'), { name: 'TimeoutError' }));
  let timer = setTimeout(tooLong, idleMs);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(tooLong, idleMs);
  };
  try {
    return await new Promise<T>((resolve, reject) => {
      ender.signal.addEventListener('abort', () => reject(ender.signal.reason), { once: true });
      if (ender.signal.aborted) return reject(ender.signal.reason);
      request(ender.signal, alive).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

const aborted = (signal: AbortSignal) =>
  new StoryfarmError('aborted', 'The upload was stopped.', { cause: signal.reason });
