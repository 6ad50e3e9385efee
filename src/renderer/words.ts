/** A job's words as pixels: laid out once in design units, drawn for each rendition and for the poster at its own size. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderOrder } from '../ipc/messages.js';
import { drawPixels } from '../media/canvas.js';
import type { Fonts } from '../media/fonts.js';
import { fitOf, fpsOfRendition, pixelBox } from '../media/ladder.js';
import { drawJpeg } from '../media/picture.js';
import type { Edition } from '../media/prepare/editions.js';
import { posterSize } from '../media/prepare/footage.js';
import type { Phrases } from '../media/splice/phrases.js';
import { version } from '../package.js';
import { inkBox } from '../scene/draw.js';
import { layOut, type TextLayout } from '../scene/layout.js';
import { type Overlay, type Scene, visibleAt, windowOf } from '../scene/scene.js';
import { fill } from '../template/fill.js';
import type { Rendition, Template } from '../template/format.js';
import { checkRequest } from '../template/request.js';
import type { PlacedOverlay } from './reencode.js';

export interface LaidOutWords {
  readonly scene: Scene;
  /** The place of every letter, found when it is first asked for: words that were rendered before need none. Throws `words_do_not_fit`. */
  readonly layoutOf: (overlay: Overlay) => TextLayout;
}

/** Checks the words again: a renderer trusts nobody. Throws bad-input errors such as `words_too_long`. */
export function layOutWords(
  template: Template,
  order: Pick<RenderOrder, 'cast' | 'words'>,
  fonts: Fonts,
): LaidOutWords {
  const scene = fill(template, checkRequest(template, order, fonts.book));
  const layouts = new Map<Overlay, TextLayout>();
  const layoutOf = (overlay: Overlay) => {
    const layout = layouts.get(overlay) ?? layOut(overlay, fonts.book, fonts.measure);
    layouts.set(overlay, layout);
    return layout;
  };
  return { scene, layoutOf };
}

/** Draws every bubble for one rendition into files of raw pixels in the folder. */
export async function drawForRendition(
  { scene, layoutOf }: LaidOutWords,
  template: Template,
  rendition: Rendition,
  folder: string,
): Promise<PlacedOverlay[]> {
  const { view } = fitOf(template, rendition);
  const fps = fpsOfRendition(template, rendition).value;
  const placed: PlacedOverlay[] = [];
  for (const overlay of scene.overlays) {
    const box = pixelBox(inkBox(overlay), view, rendition);
    const window = windowOf(overlay, fps);
    if (box.width === 0 || box.height === 0 || window.to <= window.from) continue;
    const file = join(folder, `${rendition.id}-${scene.overlays.indexOf(overlay)}.rgba`);
    const { rgba } = await drawPixels(overlay, layoutOf(overlay), view, box);
    await writeFile(file, rgba);
    placed.push({ file, box, window });
  }
  return placed;
}

/** The poster: the edition's blank picture with the words of that moment, as a baseline JPEG within its cap. The same words give the same poster, kept in the phrase cache; else `blank` is asked for the picture. */
export async function drawPoster(
  { scene, layoutOf }: LaidOutWords,
  edition: Edition,
  phrases: Phrases,
  blank: () => Promise<string>,
): Promise<Uint8Array> {
  const { template } = edition;
  const overlays = visibleAt(scene, template.poster.time);
  const key = ['poster', version, edition.folder, ...overlays.flatMap(({ bubble, text }) => [bubble, text])];
  const known = phrases.get(key);
  if (known) return known;
  const { view } = fitOf(template, posterSize(template));
  const shown = overlays.map((overlay) => ({ overlay, layout: layoutOf(overlay) }));
  const jpeg = await drawJpeg(await blank(), shown, view, template.poster.maxBytes);
  phrases.put(key, jpeg);
  return jpeg;
}
