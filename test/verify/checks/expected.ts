/** The swap path's pictures against what was meant: around the bubbles the blank film, in them the drawn words. */

import type { Cast, Words } from '../../../src/job.js';
import { drawPixels } from '../../../src/media/canvas.js';
import type { Ffmpeg } from '../../../src/media/ffmpeg.js';
import type { Fonts } from '../../../src/media/fonts.js';
import { fitOf, framesOf, matrixOf } from '../../../src/media/ladder.js';
import { cut, farthestApart, type Planes } from '../../../src/media/planes.js';
import { boundsOfArea, MACROBLOCK } from '../../../src/media/splice/areas.js';
import type { Film, StillArea } from '../../../src/media/splice/film.js';
import { inkOver } from '../../../src/media/splice/ink.js';
import { layOutWords } from '../../../src/renderer/words.js';
import type { Rendition, Template } from '../../../src/template/format.js';
import type { Masks } from '../pictures/masks.js';
import { watchTogether } from '../pictures/side-by-side.js';
import { ssimOf, windowsWithin } from '../pictures/ssim.js';

/** What a job should show in each area: its still with the words over it. */
export async function expectedIn(
  film: Film,
  template: Template,
  rendition: Rendition,
  order: { readonly cast: Cast; readonly words: Words },
  fonts: Fonts,
): Promise<ReadonlyMap<StillArea, Planes>> {
  const { scene, layoutOf } = layOutWords(template, order, fonts);
  const expected = new Map<StillArea, Planes>();
  for (const area of film.areas) {
    const overlay = scene.overlays.find(({ bubble }) => bubble === area.bubble);
    const { x, y, width, height } = boundsOfArea(area);
    const box = { x: x * MACROBLOCK, y: y * MACROBLOCK, width: width * MACROBLOCK, height: height * MACROBLOCK };
    const pixels = overlay && (await drawPixels(overlay, layoutOf(overlay), fitOf(template, rendition).view, box));
    expected.set(area, pixels ? copyOf(inkOver(area.still, pixels, matrixOf(rendition)).planes) : area.still);
  }
  return expected;
}

export interface Likeness {
  /** Largest change in levels of 256 around the visible bubbles, of all frames in which some are visible, and of those in which none is. */
  readonly around: number;
  readonly after: number;
  /** Of the first, middle and last frame of each window, the least: SSIM and PSNR (decibels) of the luma in the bubble's area. */
  readonly ssim: number;
  readonly psnr: number;
  /** Of the same frames, the luma sample that is farthest off: a single wrong letter shows here and not in averages. */
  readonly levels: number;
  /** Where the least SSIM was: bubble and frame. */
  readonly worst: string;
}

/** Looks at the whole file beside the blank film. */
export async function likenessToExpected(
  ffmpeg: Pick<Ffmpeg, 'run'>,
  { template, rendition, film, masks }: { template: Template; rendition: Rendition; film: Film; masks: Masks },
  files: { readonly swapped: string; readonly blank: string },
  expected: ReadonlyMap<StillArea, Planes>,
): Promise<Likeness> {
  const likeness = { around: 0, after: 0, ssim: 1, psnr: Number.POSITIVE_INFINITY, levels: 0, worst: '' };
  const look = (area: StillArea, shown: Planes, frame: number) => {
    const bounds = boundsOfArea(area);
    const [left, top] = [bounds.x * MACROBLOCK, bounds.y * MACROBLOCK];
    const seen = cut(shown, left, top, bounds.width * MACROBLOCK, bounds.height * MACROBLOCK);
    const mask = maskOf(area, rendition);
    const wanted = (expected.get(area) as Planes).luma;
    const ssim = ssimOf(seen.luma, wanted, seen.width, windowsWithin(mask, seen.width, seen.height));
    if (ssim < likeness.ssim) Object.assign(likeness, { ssim, worst: `${area.bubble}, frame ${frame}` });
    likeness.psnr = Math.min(likeness.psnr, psnrOf(seen.luma, wanted, mask));
    likeness.levels = Math.max(likeness.levels, farthestApart(seen.luma, wanted, mask));
  };
  const paths = [files.swapped, files.blank];
  await watchTogether(ffmpeg, paths, rendition, framesOf(template, rendition), ([swapped, blank], frame) => {
    if (!swapped || !blank) return;
    const visible = film.areas.filter(({ window }) => window.from <= frame && frame < window.to);
    const kind = visible.length > 0 ? 'around' : 'after';
    likeness[kind] = Math.max(likeness[kind], changeOf(swapped, blank, masks.around(frame)));
    for (const area of visible) {
      const { from, to } = area.window;
      if (frame === from || frame === (from + to) >> 1 || frame === to - 1) look(area, swapped, frame);
    }
  });
  return likeness;
}

/** The macroblocks of an area within its bounding box, as far as they are in the picture. */
function maskOf(area: StillArea, rendition: Rendition): Uint8Array {
  const bounds = boundsOfArea(area);
  const width = bounds.width * MACROBLOCK;
  const mask = new Uint8Array(width * bounds.height * MACROBLOCK);
  for (const { x, y, width: wide } of area.rows) {
    const left = (x - bounds.x) * MACROBLOCK;
    const right = Math.min((x + wide) * MACROBLOCK, rendition.width) - bounds.x * MACROBLOCK;
    const bottom = Math.min((y + 1) * MACROBLOCK, rendition.height) - bounds.y * MACROBLOCK;
    for (let row = (y - bounds.y) * MACROBLOCK; row < bottom; row++)
      mask.fill(1, row * width + left, row * width + right);
  }
  return mask;
}

function changeOf(a: Planes, b: Planes, { luma, chroma }: { luma: Uint8Array; chroma: Uint8Array }): number {
  let most = 0;
  for (const [plane, mask] of [
    ['luma', luma],
    ['cb', chroma],
    ['cr', chroma],
  ] as const) {
    const [one, other] = [a[plane], b[plane]];
    most = Math.max(most, farthestApart(one, other, mask));
  }
  return most;
}

function psnrOf(a: Uint8Array, b: Uint8Array, mask: Uint8Array): number {
  let [squares, samples] = [0, 0];
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue;
    squares += ((a[at] as number) - (b[at] as number)) ** 2;
    samples++;
  }
  return 10 * Math.log10(255 ** 2 / (squares / samples));
}

/** Inked planes are good until the next are made. */
const copyOf = (planes: Planes) => cut(planes, 0, 0, planes.width, planes.height);
