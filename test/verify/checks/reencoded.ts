/**
 * The swap path's pictures against those of the re-encode path.
 *
 * Both lose something, and not the same: two good encodes of one picture can be less alike than either is to the picture, and where a cap makes the re-encode path coarse its loss
 * would be laid to the swap path. So both are also held against the truth: the prepared footage with the words over it, by the re-encode path's own graph, without loss.
 */

import { join } from 'node:path';
import type { Words } from '../../../src/job.js';
import type { Ffmpeg } from '../../../src/media/ffmpeg.js';
import { likenessOf, mean } from '../../../src/media/film/likeness.js';
import type { Fonts } from '../../../src/media/fonts.js';
import { framesOf, USUAL_QUALITY } from '../../../src/media/ladder.js';
import type { Edition } from '../../../src/media/prepare/editions.js';
import { reencodeCommand } from '../../../src/renderer/reencode.js';
import { drawForRendition, layOutWords } from '../../../src/renderer/words.js';
import type { Rendition } from '../../../src/template/format.js';
import { lossless } from '../../bench/render/quality/reference.js';
import type { Masks } from '../pictures/masks.js';
import { watchTogether } from '../pictures/side-by-side.js';
import { ssimOf } from '../pictures/ssim.js';

/** Makes the truth of these words in the folder, and answers the file. */
export async function makeTruth(
  { ffmpeg, fonts }: { readonly ffmpeg: Pick<Ffmpeg, 'run'>; readonly fonts: Fonts },
  { template, cast, footage }: Edition,
  rendition: Rendition,
  words: Words,
  folder: string,
): Promise<string> {
  const out = join(folder, `truth-${rendition.id}.mp4`);
  const overlays = await drawForRendition(layOutWords(template, { cast, words }, fonts), template, rendition, folder);
  const job = { rendition, footage: footage(rendition), audio: undefined, overlays, quality: USUAL_QUALITY, out };
  await ffmpeg.run(lossless(reencodeCommand(template, [job])));
  return out;
}

export interface Comparison {
  /** SSIM of the two, whole pictures, frame by frame. */
  readonly alike: readonly number[];
  /** SSIM against the truth, whole pictures, frame by frame. */
  readonly swapped: readonly number[];
  readonly reencoded: readonly number[];
  /** Mean SSIM against the truth around the visible bubbles. */
  readonly around: { readonly swapped: number; readonly reencoded: number };
}

export async function compareWithReencoded(
  ffmpeg: Pick<Ffmpeg, 'run'>,
  { template }: Pick<Edition, 'template'>,
  { rendition, masks }: { readonly rendition: Rendition; readonly masks: Masks },
  files: { readonly swapped: string; readonly reencoded: string; readonly truth: string },
): Promise<Comparison> {
  const around: { swapped: number[]; reencoded: number[] } = { swapped: [], reencoded: [] };
  const paths = [files.truth, files.swapped, files.reencoded];
  await watchTogether(ffmpeg, paths, rendition, framesOf(template, rendition), ([truth, one, other], frame) => {
    if (!truth || !one || !other) return;
    const { windows } = masks.around(frame);
    around.swapped.push(ssimOf(truth.luma, one.luma, rendition.width, windows));
    around.reencoded.push(ssimOf(truth.luma, other.luma, rendition.width, windows));
  });
  return {
    alike: await likenessOf(ffmpeg, files.swapped, files.reencoded),
    swapped: await likenessOf(ffmpeg, files.swapped, files.truth),
    reencoded: await likenessOf(ffmpeg, files.reencoded, files.truth),
    around: { swapped: mean(around.swapped), reencoded: mean(around.reencoded) },
  };
}
