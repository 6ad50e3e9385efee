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
import { inkBox } from '../scene/draw.js';
import { layOut, type TextLayout } from '../scene/layout.js';
import { type Overlay, type Scene, visibleAt, windowOf } from '../scene/scene.js';
import { fill } from '../template/fill.js';
import type { Rendition, Template } from '../template/format.js';
import { checkRequest } from '../template/request.js';
import type { PlacedOverlay } from './reencode.js';

export interface LaidOutWords {
  readonly scene: Scene;
  readonly layouts: ReadonlyMap<Overlay, TextLayout>;
}

/** Checks the words again (a renderer trusts nobody) and finds the place of every letter. Throws bad-input errors such as `words_do_not_fit`. */
export function layOutWords(
  template: Template,
  order: Pick<RenderOrder, 'cast' | 'words'>,
  fonts: Fonts,
): LaidOutWords {
  const scene = fill(template, checkRequest(template, order, fonts.book));
  const layouts = new Map(scene.overlays.map((overlay) => [overlay, layOut(overlay, fonts.book, fonts.measure)]));
  return { scene, layouts };
}

/** Draws every bubble for one rendition into files of raw pixels in the folder. */
export async function drawForRendition(
  { scene, layouts }: LaidOutWords,
  template: Template,
  rendition: Rendition,
  folder: string,
): Promise<PlacedOverlay[]> {
  const { view } = fitOf(template, rendition);
  const fps = fpsOfRendition(template, rendition).value;
  const placed: PlacedOverlay[] = [];
  for (const [overlay, layout] of layouts) {
    const box = pixelBox(inkBox(overlay), view, rendition);
    const window = windowOf(overlay, fps);
    if (box.width === 0 || box.height === 0 || window.to <= window.from) continue;
    const file = join(folder, `${rendition.id}-${scene.overlays.indexOf(overlay)}.rgba`);
    const { rgba } = await drawPixels(overlay, layout, view, box);
    await writeFile(file, rgba);
    placed.push({ file, box, window });
  }
  return placed;
}

/** The poster: the edition's blank picture with the words of that moment, as a baseline JPEG within its cap. */
export async function drawPoster({ scene, layouts }: LaidOutWords, edition: Edition): Promise<Buffer> {
  const { template } = edition;
  const { view } = fitOf(template, posterSize(template));
  const shown = visibleAt(scene, template.poster.time).map((overlay) => ({
    overlay,
    layout: layouts.get(overlay) as TextLayout,
  }));
  return drawJpeg(edition.poster, shown, view, template.poster.maxBytes);
}
