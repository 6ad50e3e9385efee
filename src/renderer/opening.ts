/** A rendition's film as a job finds it. One that is torn is taken away, to be made again, and the job is none the worse for it. */

import { isUnspliceable } from '../media/h264/bits.js';
import { removeTorn } from '../media/prepare/torn.js';
import type { Film, FilmOwner } from '../media/splice/film.js';
import type { Films } from '../media/splice/films.js';
import { TORN } from '../paths.js';
import { TORN_AND_KEPT } from './paths.js';

/** Of a film that is torn no more when it is looked at again: another has made it meanwhile. */
const MOST_LOOKS = 2;

/** The film in a folder, if there is one that takes words; `torn` is a sentence when what was there was none. */
export async function openOrRemove(
  films: Pick<Films, 'open'>,
  folder: string,
  owner: FilmOwner,
): Promise<{ readonly film?: Film | undefined; readonly torn?: string }> {
  for (let look = 1; look <= MOST_LOOKS; look++) {
    try {
      return { film: await films.open(folder, owner) };
    } catch (error) {
      if (!isUnspliceable(error)) throw error;
    }
    try {
      if (await removeTorn(folder, owner)) return { torn: TORN };
    } catch {
      break; // As when it is another user's.
    }
  }
  return { torn: TORN_AND_KEPT };
}
