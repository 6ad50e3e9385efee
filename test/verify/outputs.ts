/** Renders words as jobs are rendered, by the path that is wanted. */

import { join } from 'node:path';
import type { Words } from '../../src/job.js';
import type { Ffmpeg } from '../../src/media/ffmpeg.js';
import type { Fonts } from '../../src/media/fonts.js';
import type { Edition, Editions } from '../../src/media/prepare/editions.js';
import { Films } from '../../src/media/splice/films.js';
import { openPhrases } from '../../src/media/splice/phrases.js';
import { openStorage } from '../../src/media/storage.js';
import { render } from '../../src/renderer/render.js';
import type { Rendition } from '../../src/template/format.js';

export interface Rendered {
  /** Milliseconds by stage; `encode` is there only when a rendition was encoded. */
  readonly stages: Readonly<Record<string, number>>;
  readonly file: (rendition: Rendition) => string;
  readonly discard: () => Promise<void>;
}

export interface Renderers {
  /** As the product renders: by the swap path where it can. */
  readonly render: (edition: Edition, words: Words) => Promise<Rendered>;
  /** As if no film were there. */
  readonly reencode: (edition: Edition, words: Words) => Promise<Rendered>;
}

/** Jobs lie in the folder, editions wherever `editions` has them. */
export function openRenderers(ffmpeg: Ffmpeg, fonts: Fonts, editions: Editions, folder: string): Renderers {
  const storage = openStorage(folder);
  const tools = {
    ffmpeg,
    fonts,
    editions,
    films: new Films(),
    phrases: openPhrases(folder, 1e8),
    storage,
    catalog: async () => ({ list: () => [], get: () => undefined }),
  };
  let jobs = 0;
  const by = (own: typeof tools) => async (edition: Edition, words: Words) => {
    const attempt = { id: `job-${++jobs}`, fence: 1 };
    const { stages } = await render({ ...attempt, template: edition.ref, cast: edition.cast, words }, own);
    return {
      stages,
      file: (rendition: Rendition) => join(storage.folder, attempt.id, '1', `${rendition.id}.mp4`),
      discard: () => storage.discard(attempt),
    };
  };
  const none = new Films();
  none.open = async () => undefined;
  return { render: by(tools), reencode: by({ ...tools, films: none }) };
}
