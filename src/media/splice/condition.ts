/**
 * The condition of a film on the disk, every byte looked at: for people who ask, and before films are made. That of a job is looked at when it is opened (film.ts); to read only its
 * description would be to take a torn film for a good one until then.
 */

import { rm, stat } from 'node:fs/promises';
import { asStoryfarmError } from '../../errors.js';
import { isUnspliceable } from '../h264/bits.js';
import { describeFilm, type FilmDescription, type FilmOwner, openFilm } from './film.js';

/** `none`: not made. `torn`: what is there is not what was prepared, or is of another version, or another's; `reason` is a sentence. */
export type Condition =
  | { readonly state: 'none' }
  | { readonly state: 'whole'; readonly description: FilmDescription }
  | { readonly state: 'torn'; readonly reason: string };

/** Of the film in a folder, which is to be this owner's. Rejects as reading files does. */
export async function conditionOf(folder: string, owner?: FilmOwner): Promise<Condition> {
  if (!(await stat(folder).catch(() => undefined))) return { state: 'none' };
  try {
    await openFilm(folder, owner);
  } catch (error) {
    if (!isUnspliceable(error)) throw error;
    return { state: 'torn', reason: asStoryfarmError(error).message };
  }
  const description = await describeFilm(folder, owner);
  return description ? { state: 'whole', description } : { state: 'none' };
}

/** Deletes the film in a folder if it is torn, so that it can be made again. Answers whether it was. */
export async function clearTorn(folder: string, owner?: FilmOwner): Promise<boolean> {
  const { state } = await conditionOf(folder, owner);
  if (state === 'torn') await rm(folder, { recursive: true, force: true });
  return state === 'torn';
}
