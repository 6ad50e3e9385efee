/** Films held open: a renderer opens each once and keeps the last used, up to a number of bytes. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { unspliceable } from '../h264/bits.js';
import { DESCRIPTION_FILE, type Film, type FilmOwner, openFilm } from './film.js';

/** What is kept open: nine films of 720p. */
const ROOM = 48 << 20;

interface Open {
  readonly film: Film | undefined;
  /** Of the description: a film that was made anew is opened anew. */
  readonly madeAt: number;
}

export class Films {
  readonly #open = new Map<string, Open>();

  /** The film in a folder; undefined when there is none or words can be put into none of its bubbles. Rejects with `not_spliceable` when it is torn or foreign. */
  async open(folder: string, owner?: FilmOwner): Promise<Film | undefined> {
    const madeAt = madeAtOf(join(folder, DESCRIPTION_FILE));
    if (madeAt === undefined) return undefined;
    const known = this.#open.get(folder);
    this.#open.delete(folder);
    const open = known?.madeAt === madeAt ? known : { film: await openFilm(folder, owner), madeAt };
    this.#open.set(folder, open);
    this.#shrink(folder);
    return open.film;
  }

  /** Lets go of those that were not used for longest, never of the one that is used now. */
  #shrink(used: string): void {
    let bytes = 0;
    for (const [folder, { film }] of [...this.#open].reverse()) {
      bytes += film ? film.file.length + film.areas.reduce((sum, { still }) => sum + still.luma.length * 1.5, 0) : 0;
      if (bytes > ROOM && folder !== used) this.#open.delete(folder);
    }
  }
}

/** Undefined where there is nothing. One that nobody may look at is as good as torn. */
function madeAtOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  } catch (error) {
    throw unspliceable(`its description cannot be looked at (${(error as NodeJS.ErrnoException).code})`);
  }
}
