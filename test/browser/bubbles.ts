/** Plays a finished file in a browser, bubble by bubble, and holds what is seen against what ffmpeg decodes. */

import { fpsOfRendition, framesOf } from '../../src/media/ladder.js';
import { type Area, areasOf, inPixels, MACROBLOCK } from '../../src/media/splice/areas.js';
import type { Box } from '../../src/scene/scene.js';
import type { Rendition, Template } from '../../src/template/format.js';
import { frameOf, likeness } from '../fixtures/video.js';
import type { Browser } from './chromium.js';

/** The first, the middle and the last frame of each bubble's window, rising. */
export function framesOfBubbles(template: Template, rendition: Rendition): number[] {
  const frames = areasOf(template, rendition).flatMap(({ window: { from, to } }) => [from, (from + to) >> 1, to - 1]);
  return [...new Set(frames)].sort((a, b) => a - b);
}

/** SSIM, never 1: browsers convert colours in their own way. */
export interface Seen {
  readonly frame: number;
  /** Of the whole picture. */
  readonly ssim: number;
  /** Of the macroblock that is least like, of all that are in a visible bubble. */
  readonly words: number;
}

/**
 * What must be reached at least. Seen right, `night-balloon` (720p) has 0.9987 and 0.9976. Without a short line of words its picture still has 0.9976 as a whole, and 0.989 in the bubble;
 * of the macroblocks in which the line should stand, hardly any likeness is left (0.01).
 */
export const LEAST = { ssim: 0.97, words: 0.9 } as const;

/** The macroblocks of an area, as far as they are in the picture and high enough to be judged. */
function macroblocksOf({ rows }: Area, { width, height }: Rendition): Box[] {
  const all = rows.flatMap((row) =>
    Array.from({ length: row.width }, (_, column) => inPixels({ x: row.x + column, y: row.y, width: 1, height: 1 })),
  );
  return all
    .map(({ x, y }) => ({ x, y, width: Math.min(MACROBLOCK, width - x), height: Math.min(MACROBLOCK, height - y) }))
    .filter((box) => box.width >= 8 && box.height >= 8);
}

/** Seeks to each of the frames, then plays all. `file` is what `url` leads to. Answers what was seen, and what was wrong, as sentences. */
export async function watchBubbles(
  browser: Browser,
  { url, file, rate }: { readonly url: string; readonly file: string; readonly rate: number },
  template: Template,
  rendition: Rendition,
): Promise<{ readonly seen: readonly Seen[]; readonly flaws: readonly string[] }> {
  const flaws: string[] = [];
  const seen: Seen[] = [];
  const { value: fps } = fpsOfRendition(template, rendition);
  const { width, height } = rendition;
  const areas = areasOf(template, rendition);
  try {
    const player = await browser.open(url);
    for (const frame of framesOfBubbles(template, rendition)) {
      const picture = await player.seek((frame + 0.5) / fps);
      if (picture.width !== width || picture.height !== height)
        throw new Error(`it is shown as ${picture.width}x${picture.height}`);
      if (Math.abs(picture.time * fps - frame) > 0.05)
        flaws.push(`frame ${(picture.time * fps).toFixed(2)} is shown instead of ${frame}`);
      const meant = frameOf(file, frame);
      const like = (box: Box) => likeness(picture.rgb, meant, width, box);
      const visible = areas.filter(({ window }) => window.from <= frame && frame < window.to);
      const words = Math.min(...visible.flatMap((area) => macroblocksOf(area, rendition)).map(like));
      seen.push({ frame, ssim: like({ x: 0, y: 0, width, height }), words });
    }
    const played = await player.play(rate);
    const seconds = framesOf(template, rendition) / fps;
    if (Math.abs(played - seconds) > 0.1) flaws.push(`it ends at ${played} of ${seconds} seconds`);
  } catch (error) {
    flaws.push((error as Error).message.split('\n')[0] ?? '');
  }
  return { seen, flaws };
}
