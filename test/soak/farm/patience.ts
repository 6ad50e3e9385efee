/** What a run waits for, and how long: a service that can work, jobs that end, seats that are filled. Whatever does not come is told as what it is. */

import { setTimeout as pause } from 'node:timers/promises';
import { MENDS } from '../../../src/cli/waiting.js';
import { asStoryfarmError } from '../../../src/errors.js';
import type { JobStore, QueueCounts } from '../../../src/store/store.js';
import type { Kept } from './keeper.js';
import type { Known } from './processes.js';
import { type Look, scrape, seatsFilled } from './scrape.js';

const LOOK_MS = 100;
const SCRAPE_MS = 500;
/** When no job ends for so long, something is stuck. The longest wait is that for boots that fail, 30 s; the rest is for a machine that has other things to do. */
const STUCK_MS = 240_000;
/** Longer than the longest wait before a restart, and a boot. */
const REFILL_MS = 90_000;
/** The sweeper works a tenth of the time at most; a folder takes it about a millisecond, and some 25 where the store is asked over a wire and everybody has two cores together. */
const SWEEP_MS = { embedded: 60_000, shared: 900_000 };
/** A service that has not become ready by then will not. */
const START_MS = 120_000;
export const STUCK = `stuck: no job ended for ${STUCK_MS / 1_000} s`;

/** Waits until the farm has swept what belongs to nothing; what is left after a while is for the books. `strays` looks. */
export async function swept(store: 'embedded' | 'shared', strays: () => Promise<readonly string[]>): Promise<void> {
  for (const deadline = performance.now() + SWEEP_MS[store]; performance.now() < deadline; await pause(SCRAPE_MS))
    // What goes while it is listed is listed again.
    if ((await strays().catch(() => undefined))?.length === 0) return;
}

/** Starts a service; when it cannot work, says why. */
export async function begin(service: Kept, address: string): Promise<void> {
  const patience = new AbortController();
  const late = pause(START_MS, true, { signal: patience.signal }).catch(() => false);
  const isLate = await Promise.race([service.start().then(() => false), late]);
  patience.abort();
  if (!isLate) return;
  const answer = await fetch(`${address}/readyz`).then(
    (response) => response.text(),
    (error: Error) => error.message,
  );
  throw new Error(`It was not ready after ${START_MS / 1_000} s: ${answer}`);
}

/** Waits until there is a renderer in each seat. Answers in how many there is one at last. */
export async function filled(address: string, seats: number): Promise<number> {
  for (const deadline = performance.now() + REFILL_MS; ; await pause(SCRAPE_MS)) {
    const look = await scrape(address);
    const now = look ? seatsFilled(look.scraped) : 0;
    if (now === seats || performance.now() > deadline) return now;
  }
}

/** Watches the queue until a condition holds, the signal fires, or nothing happens any more. */
export function progressOf(store: Pick<JobStore, 'counts'>, look: () => void) {
  let [finished, changedAt, isStuck] = [0, performance.now(), false];
  let [asked, askedAt]: [Promise<QueueCounts | undefined> | undefined, number] = [undefined, 0];
  /** One question for all who wait. Undefined: the store does not answer now. */
  const countsNow = (): Promise<QueueCounts | undefined> => {
    if (asked && performance.now() - askedAt < LOOK_MS) return asked;
    [asked, askedAt] = [store.counts().catch(unlessAway), performance.now()];
    return asked;
  };
  return {
    get isStuck() {
      return isStuck;
    },
    async until(condition: (counts: QueueCounts) => boolean, signal: AbortSignal): Promise<void> {
      for (; !signal.aborted && !isStuck; await pause(LOOK_MS)) {
        const counts = await countsNow();
        look();
        if (counts && condition(counts)) return;
        const now = counts ? finishedOf(counts) : finished;
        if (now !== finished) [finished, changedAt] = [now, performance.now()];
        isStuck = performance.now() - changedAt > STUCK_MS;
      }
    },
  };
}

function finishedOf({ byState: { queued: _queued, rendering: _rendering, ...ends } }: QueueCounts): number {
  return Object.values(ends).reduce((sum, jobs) => sum + jobs, 0);
}

function unlessAway(thrown: unknown): undefined {
  if (!MENDS.includes(asStoryfarmError(thrown).code)) throw thrown;
}

type Take = (look: Look, life: Known) => void;

/** What was answered while one farm ended and another began is left out. */
export async function scrapeUntil(
  signal: AbortSignal,
  address: string,
  farm: Pick<Kept, 'process'>,
  take: Take,
): Promise<void> {
  while (!signal.aborted) {
    const life = farm.process;
    const look = await scrape(address);
    if (look && life && life === farm.process) take(look, life);
    await pause(SCRAPE_MS, undefined, { signal }).catch(() => {});
  }
}
