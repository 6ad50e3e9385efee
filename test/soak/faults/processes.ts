/** Faults of processes: they are killed, or stand still for a while. */

import { setTimeout as pause } from 'node:timers/promises';
import { type Known, signal } from '../farm/processes.js';
import type { Fault, Scene } from './faults.js';

/** Any process below the supervisor, whatever it is at; to spare those that boot would be to hit those that work all the more. */
export const killOne: Fault = async ({ census, seats }, { pick }) => {
  const victim = chosen(census.look(), pick);
  return victim !== undefined && killed(victim, seats);
};

/** Whether it was there to be killed: from outside, or as by a fault of its own. */
export function killed(victim: Known, seats: Scene['seats'], how: 'SIGKILL' | 'SIGSEGV' = 'SIGKILL'): boolean {
  const at = Date.now();
  const isKilled = signal(victim, how);
  if (isKilled) seats.killed(victim.pid, at);
  return isKilled;
}

/** The supervisor or any process below it. */
export const stopOne: Fault = async ({ farm, census, over }, { pick, lastsMs }) => {
  const below = census.look();
  const victim = chosen(farm.process ? [farm.process, ...below] : below, pick);
  if (!victim || !signal(victim, 'SIGSTOP')) return false;
  await pause(lastsMs, undefined, { signal: over }).catch(() => {});
  signal(victim, 'SIGCONT'); // It may have been killed meanwhile.
  return true;
};

/** The supervisor; then everything below it has to go by itself. */
export const killFarm: Fault = async ({ farm, census, seats }, { sparesStarting }) => {
  if (sparesStarting && !farm.isReady) return false;
  const below = census.look();
  if (!farm.kill()) return false;
  seats.forget();
  await census.mourn(below);
  return true;
};

/** Answers of a front that is not taken to be still starting. On a busy machine the first of them alone takes longer than the time to its kill, and no job would ever be accepted. */
const STARTED = 10;

/** The front, soon after a request was sent to it: before, in or after its commit, and mostly before its answer. */
export const killFront: Fault = async ({ front, requestSent, frontAnswers, over }, { lastsMs, sparesStarting }) => {
  do {
    await Promise.race([requestSent(), aborted(over)]);
    if (over.aborted) return false;
  } while (sparesStarting && frontAnswers() < STARTED);
  await pause(lastsMs);
  return front.kill();
};

const chosen = (among: readonly Known[], pick: number): Known | undefined => among[Math.floor(pick * among.length)];

const aborted = (signal_: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal_.aborted) resolve();
    else signal_.addEventListener('abort', () => resolve(), { once: true });
  });
