/** Plays a finished file in a browser, bubble by bubble, and holds what is seen against what ffmpeg decodes. */

import { fpsOfRendition, framesOf } from '../../src/media/ladder.js';
import { areasOf } from '../../src/media/splice/areas.js';
import type { Rendition, Template } from '../../src/template/format.js';
import { frameOf, likeness } from '../fixtures/video.js';
import type { Browser } from './chromium.js';

/** The first, the middle and the last frame of each bubble's window, rising. */
export function framesOfBubbles(template: Template, rendition: Rendition): number[] {
  const frames = areasOf(template, rendition).flatMap(({ window: { from, to } }) => [from, (from + to) >> 1, to - 1]);
  return [...new Set(frames)].sort((a, b) => a - b);
}

export interface Seen {
  readonly frame: number;
  /** SSIM of the whole picture. Browsers convert colours in their own way, so it is never 1. */
  readonly ssim: number;
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
  try {
    const player = await browser.open(url);
    for (const frame of framesOfBubbles(template, rendition)) {
      const picture = await player.seek((frame + 0.5) / fps);
      if (picture.width !== width || picture.height !== height)
        throw new Error(`it is shown as ${picture.width}x${picture.height}`);
      if (Math.abs(picture.time * fps - frame) > 0.05)
        flaws.push(`frame ${(picture.time * fps).toFixed(2)} is shown instead of ${frame}`);
      const area = { x: 0, y: 0, width, height };
      seen.push({ frame, ssim: likeness(picture.rgb, frameOf(file, frame), width, area) });
    }
    const played = await player.play(rate);
    const seconds = framesOf(template, rendition) / fps;
    if (Math.abs(played - seconds) > 0.1) flaws.push(`it ends at ${played} of ${seconds} seconds`);
  } catch (error) {
    flaws.push((error as Error).message.split('\n')[0] ?? '');
  }
  return { seen, flaws };
}
