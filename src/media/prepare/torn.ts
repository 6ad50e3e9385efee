/**
 * Takes torn films away, so that they are made again.
 *
 * Between the look that found one torn and its removal another process may have made it anew. So it is moved aside first, and looked at there: what is whole is put back. That also helps where a
 * folder can be moved but not emptied, as another user's: a description that reads well would keep it from ever being made again.
 */

import { rm } from 'node:fs/promises';
import { conditionOf } from '../splice/condition.js';
import type { FilmOwner } from '../splice/film.js';
import { removeAtOnce } from './exclusive.js';

/** Takes the film in a folder away if it is torn. Answers whether it did. Rejects where the folder can be neither moved nor deleted. */
export async function removeTorn(folder: string, owner?: FilmOwner): Promise<boolean> {
  const isTorn = async (aside: string) => (await conditionOf(aside, owner)).state !== 'whole';
  try {
    // One that cannot be looked at now is not known to be torn.
    return await removeAtOnce(folder, (aside) => isTorn(aside).catch(() => false));
  } catch {
    // A folder that cannot be moved, such as a mount point, nobody has replaced either.
    await rm(folder, { recursive: true, force: true });
    return true;
  }
}

/** The same of what is only suspected, and of what this user may not read: it is looked at where it is before it is moved. */
export async function clearTorn(folder: string, owner?: FilmOwner): Promise<boolean> {
  const { state } = await conditionOf(folder, owner);
  const isOfNoUse = state === 'torn' || state === 'unreadable';
  return isOfNoUse && (await removeTorn(folder, owner));
}
