/**
 * The condition of a film on the disk, every byte looked at: for people who ask, and before films are made. That of a job is looked at when it is opened (film.ts); to read only its
 * description would be to take a torn film for a good one until then.
 */

import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isUnspliceable } from '../h264/bits.js';
import {
  DESCRIPTION_FILE,
  describeFilm,
  FILM_FILE,
  type FilmDescription,
  type FilmOwner,
  openFilm,
  STILLS_FILE,
} from './film.js';

/**
 * `none`: not made. `torn`: what is there is not what was prepared, or is of another version, or another's. `unreadable`: this user may not look at it, so that nobody knows.
 * `reason` begins small and has no full stop.
 */
export type Condition =
  | { readonly state: 'none' }
  | { readonly state: 'whole'; readonly description: FilmDescription }
  | { readonly state: 'torn' | 'unreadable'; readonly reason: string };

/** Of the film in a folder, which is to be this owner's. Rejects as reading files does. */
export async function conditionOf(folder: string, owner?: FilmOwner): Promise<Condition> {
  if (!(await stat(folder).catch(() => undefined))) return { state: 'none' };
  try {
    await openFilm(folder, owner);
  } catch (error) {
    if (!isUnspliceable(error)) throw error;
    const refused = await refusedIn(folder);
    return refused ? { state: 'unreadable', reason: refused } : { state: 'torn', reason: error.why };
  }
  const description = await describeFilm(folder, owner);
  return description ? { state: 'whole', description } : { state: 'none' };
}

/** What of a film the system does not let this user read; undefined when it is nothing. */
async function refusedIn(folder: string): Promise<string | undefined> {
  for (const name of [DESCRIPTION_FILE, FILM_FILE, STILLS_FILE]) {
    const code = await access(join(folder, name), constants.R_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (code !== undefined && code !== 'ENOENT') return `${name} cannot be read (${code})`;
  }
  return undefined;
}
