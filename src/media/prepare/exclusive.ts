/**
 * One maker at a time: whoever wants to make something that takes minutes makes its part folder first; whoever comes second waits, and finds it made.
 *
 * A part folder says whose it is: process id and, where Linux tells it, the moment that process started, since ids are used again. That of a dead process is nobody's.
 */

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { StoryfarmError } from '../../errors.js';

const OWNER = '.owner';
const LOOK_MS = 200;

/** Where `final` is made. */
export const partOf = (final: string): string => `${final}.part`;

/**
 * Runs `make` with an empty folder beside `final`, unless `find` has something first; while another living process is at it, waits for that. The folder is deleted afterwards, unless `make`
 * has renamed it. Rejects with `aborted` when the signal fires while it waits.
 */
export async function exclusively<T>(
  final: string,
  find: () => Promise<T | undefined>,
  make: (part: string) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const part = partOf(final);
  await mkdir(dirname(part), { recursive: true });
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (await take(part)) break;
    if (await isAbandoned(part)) await rm(part, { recursive: true, force: true });
    else await pause(LOOK_MS);
    if (signal?.aborted) throw new StoryfarmError('aborted', 'The preparation was stopped.', { cause: signal.reason });
  }
  try {
    return await make(part);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** Deletes the part folders below a folder, to a depth, whose makers are gone. Answers how many. */
export async function sweepParts(folder: string, depth: number): Promise<number> {
  let swept = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) continue;
    if (entry.name.endsWith('.part')) {
      if (!(await isAbandoned(path))) continue;
      await rm(path, { recursive: true, force: true });
      swept++;
    } else if (depth > 1) swept += await sweepParts(path, depth - 1);
  }
  return swept;
}

async function take(part: string): Promise<boolean> {
  try {
    await mkdir(part);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await writeFile(join(part, OWNER), `${process.pid} ${await startOf(process.pid)}`);
  return true;
}

/** A folder whose owner has not yet written its name is given a moment. */
async function isAbandoned(part: string): Promise<boolean> {
  let owner = await readFile(join(part, OWNER), 'utf8').catch(() => '');
  if (owner === '') {
    await pause(LOOK_MS);
    owner = await readFile(join(part, OWNER), 'utf8').catch(() => '');
  }
  const [pid, start] = owner.split(' ');
  if (!pid) return true;
  return !isAlive(Number(pid)) || (await startOf(Number(pid))) !== start;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started, in ticks since boot (proc(5), field 22 of stat); `?` where there is no /proc. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '?';
}

/** The files of a part folder that are to be kept. */
export async function filesOf(part: string): Promise<string[]> {
  return (await readdir(part)).filter((name) => name !== OWNER);
}

/** Takes the owner's mark off, when all is made. */
export async function disown(part: string): Promise<void> {
  await rm(join(part, OWNER), { force: true });
}
