/** The contact sheet of a template: a frame per bubble with its sample words, drawn by the code that renders. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cast } from '../job.js';
import type { Ffmpeg } from '../media/ffmpeg.js';
import type { Fonts } from '../media/fonts.js';
import { fitOf, fpsOfRendition, framesOf } from '../media/ladder.js';
import { drawSheet, type SheetFrame } from '../media/picture.js';
import type { Edition } from '../media/prepare/editions.js';
import { familiesOf } from '../scene/fonts.js';
import { layOut } from '../scene/layout.js';
import { type Scene, visibleAt } from '../scene/scene.js';
import { fill } from '../template/fill.js';
import { inLocale, type Rendition, type Template } from '../template/format.js';

/** The scene with the template's own sample words in a language. */
export function sampleScene(template: Template, cast: Cast, locale: string): Scene {
  return fill(template, {
    cast,
    words: Object.fromEntries(template.bubbles.map((bubble) => [bubble.id, inLocale(bubble.sample, locale)])),
  });
}

/** Draws the sheet as a PNG: for each bubble the frame in the middle of its window, from the edition's largest rendition. */
export async function contactSheet(
  edition: Edition,
  locale: string,
  ffmpeg: Pick<Ffmpeg, 'run'>,
  fonts: Fonts,
): Promise<Buffer> {
  const { template } = edition;
  const scene = sampleScene(template, edition.cast, locale);
  const rendition = template.ladder.reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a)) as Rendition;
  const fps = fpsOfRendition(template, rendition).value;
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-sheet-'));
  try {
    const frames: SheetFrame[] = [];
    for (const { id, start, end } of template.bubbles) {
      const moment = (start + end) / 2;
      const frame = Math.min(framesOf(template, rendition) - 1, Math.round(moment * fps));
      const blank = join(folder, `${id}.png`);
      await ffmpeg.run({
        inputs: [{ options: [], source: edition.footage(rendition) }],
        filter: `[0:v]trim=start_frame=${frame}:end_frame=${frame + 1},setpts=0[v]`,
        outputs: [{ options: ['-map', '[v]', '-frames:v', '1'], file: blank }],
      });
      const words = visibleAt(scene, moment).map((overlay) => ({
        overlay,
        layout: layOut(overlay, fonts.book, fonts.measure),
      }));
      const size = words.find(({ overlay }) => overlay.bubble === id)?.layout.size;
      const caption = `${id}   ${start} to ${end} s${size ? `   size ${size}` : ''}`;
      frames.push({ blank, words, view: fitOf(template, rendition).view, caption });
    }
    return await drawSheet(frames, template.width > template.height ? 2 : 4, familiesOf(fonts.book.stack('sans')).text);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
