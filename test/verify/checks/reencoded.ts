/** The swap path's pictures against those of the re-encode path: in every frame alike, and around the bubbles as near to the footage. */

import type { Ffmpeg } from '../../../src/media/ffmpeg.js';
import { likenessOf, mean } from '../../../src/media/film/likeness.js';
import { framesOf } from '../../../src/media/ladder.js';
import type { Rendition, Template } from '../../../src/template/format.js';
import type { Masks } from '../pictures/masks.js';
import { watchTogether } from '../pictures/side-by-side.js';
import { ssimOf } from '../pictures/ssim.js';

export interface Comparison {
  /** SSIM of the two, whole pictures, frame by frame. */
  readonly frames: readonly number[];
  /** Mean SSIM around the visible bubbles against the footage. */
  readonly swapped: number;
  readonly reencoded: number;
  /** The least SSIM of a whole frame against the footage with the words in it is not known; that around the bubbles is. */
  readonly worstSwapped: number;
  readonly worstReencoded: number;
}

export async function compareWithReencoded(
  ffmpeg: Pick<Ffmpeg, 'run'>,
  { template, rendition, masks }: { template: Template; rendition: Rendition; masks: Masks },
  files: { readonly swapped: string; readonly reencoded: string; readonly footage: string },
): Promise<Comparison> {
  const frames = await likenessOf(ffmpeg, files.swapped, files.reencoded);
  const [swapped, reencoded]: [number[], number[]] = [[], []];
  const paths = [files.footage, files.swapped, files.reencoded];
  const count = framesOf(template, rendition);
  await watchTogether(ffmpeg, paths, rendition, count, ([footage, one, other], frame) => {
    if (!footage || !one || !other) return;
    const { windows } = masks.around(frame);
    swapped.push(ssimOf(footage.luma, one.luma, rendition.width, windows));
    reencoded.push(ssimOf(footage.luma, other.luma, rendition.width, windows));
  });
  if (frames.length !== count) throw new Error(`${files.swapped}: ${frames.length} of ${count} frames were compared.`);
  return {
    frames,
    swapped: mean(swapped),
    reencoded: mean(reencoded),
    worstSwapped: Math.min(...swapped),
    worstReencoded: Math.min(...reencoded),
  };
}
