/**
 * One maker at a time: whoever wants to make something that takes minutes makes its part folder first; whoever comes second waits, and finds it made.
 *
 * A part folder says whose it is, by a name that no other process has, of this boot or another (processes.ts). That of a dead process is nobody's. It comes into being with
 * this mark in it, by a rename, and is deleted only by whom it belongs to, or after it was moved aside and its mark looked at once more: others may act between any two steps here.
 */

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { StoryfarmError } from '../../errors.js';
import { lives, nameOf } from '../../processes.js';

const OWNER = '.owner';
const LOOK_MS = 200;

/** Where `final` is made. */
export const partOf = (final: string): string => `${final}.part`;

/** A name beside it for what is not yet, or no longer, its part folder; sweeps know it by its end. */
const besideOf = (final: string): string => `${final}.${randomUUID().slice(0, 8)}.part`;

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
  const mark = `${await nameOf(process.pid)} ${randomUUID()}`;
  await mkdir(dirname(part), { recursive: true });
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (await take(final, mark)) break;
    if (await isAbandoned(part)) await clear(final);
    else await pause(LOOK_MS);
    if (signal?.aborted) throw new StoryfarmError('aborted', 'The preparation was stopped.', { cause: signal.reason });
  }
  try {
    // Another may have finished it between the look and the taking.
    return (await find()) ?? (await make(part));
  } finally {
    if ((await markIn(part)) === mark) await rm(part, { recursive: true, force: true });
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
      // What cannot be deleted, as another user's, is in nobody's way, and must not keep the rest.
      await rm(path, { recursive: true, force: true }).then(
        () => swept++,
        () => {},
      );
    } else if (depth > 1) swept += await sweepParts(path, depth - 1);
  }
  return swept;
}

/** Makes the part folder with its mark; false when there is one. */
async function take(final: string, mark: string): Promise<boolean> {
  const beside = besideOf(final);
  await mkdir(beside);
  try {
    await writeFile(join(beside, OWNER), mark);
    await rename(beside, partOf(final)); // Onto a folder that holds anything it fails.
    return true;
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    if (['EEXIST', 'ENOTEMPTY', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Takes away what a dead maker left. If another did so first and has begun anew, that is put back. */
async function clear(final: string): Promise<void> {
  const beside = besideOf(final);
  const moved = await rename(partOf(final), beside).then(
    () => true,
    () => false, // Another has cleared it.
  );
  if (!moved) return;
  if (await isDead(await markIn(beside))) await rm(beside, { recursive: true, force: true });
  else await rename(beside, partOf(final));
}

/** A folder that has no mark yet is given a moment. */
async function isAbandoned(part: string): Promise<boolean> {
  if ((await markIn(part)) === '') await pause(LOOK_MS);
  return isDead(await markIn(part));
}

const markIn = (part: string): Promise<string> => readFile(join(part, OWNER), 'utf8').catch(() => '');

async function isDead(mark: string): Promise<boolean> {
  const [owner = ''] = mark.split(' ');
  return !(await lives(owner));
}

/**
 * Deletes a folder such that nobody finds half of it: it is moved aside first. What is left of it when this process dies meanwhile, or cannot delete it, is left to sweeps. `isMeant` is asked where
 * it lies then; what is not meant, since another has put it there a moment ago, is put back. Answers whether it is gone by this. Rejects where it cannot be moved.
 */
export async function removeAtOnce(
  folder: string,
  isMeant: (aside: string) => Promise<boolean> = async () => true,
): Promise<boolean> {
  const beside = besideOf(folder);
  const moved = await rename(folder, beside).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false; // Another was first.
      throw error;
    },
  );
  if (!moved) return false;
  const isKept = !(await isMeant(beside));
  const isBack =
    isKept &&
    (await rename(beside, folder).then(
      () => true,
      () => false, // A newer one stands there.
    ));
  if (!isBack) await rm(beside, { recursive: true, force: true }).catch(() => {});
  return !isKept;
}

/** The files of a part folder that are to be kept. */
export async function filesOf(part: string): Promise<string[]> {
  return (await readdir(part)).filter((name) => name !== OWNER);
}

/** Takes the owner's mark off what was a part folder, after it was renamed: while it stands there without one, others take it for abandoned. */
export async function disown(final: string): Promise<void> {
  await rm(join(final, OWNER), { force: true });
}
