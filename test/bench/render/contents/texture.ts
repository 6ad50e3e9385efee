/**
 * What is rendered in the benchmark: the flattest and the most textured of the installed templates, since x264's work and an encoder's mistakes depend on it.
 *
 * Texture is the spatial information of ITU-T P.910: the standard deviation of a frame's edges (Sobel, luma); here of one frame per second at the largest rendition's
 * size, averaged over the clip. Measured anew in every run, so that a template that is added takes its place.
 */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { castsOf } from '../../../../src/cli/installed.js';
import type { Ffmpeg } from '../../../../src/media/ffmpeg.js';
import { prepareCommand } from '../../../../src/media/prepare/footage.js';
import type { InstalledTemplate } from '../../../../src/template/catalog.js';
import { largestOf } from '../baselines.js';

/** The usual cast of a template. */
export const castOf = ({ template }: InstalledTemplate) => castsOf(template)[0] ?? {};

/** Of the template as its usual cast plays it, without words. Luma levels, 0 to about 360. */
export async function textureOf(
  installed: InstalledTemplate,
  ffmpeg: Pick<Ffmpeg, 'run'>,
  folder: string,
): Promise<number> {
  const rendition = { ...largestOf(installed.template), fps: '1' };
  const template = { ...installed.template, ladder: [rendition], music: undefined };
  const raw = join(folder, 'texture.gray');
  const files = { footage: () => raw, audio: () => raw, poster: raw };
  const command = prepareCommand(template, castOf(installed), (name) => join(installed.folder, name), files);
  const gray = ['-map', '[v0]', '-f', 'rawvideo', '-pix_fmt', 'gray'];
  await ffmpeg.run({ ...command, outputs: [{ options: gray, file: raw }] });
  const pixels = await readFile(raw);
  await rm(raw);
  const frames = pixels.length / (rendition.width * rendition.height);
  let sum = 0;
  for (let n = 0; n < frames; n++) {
    const start = n * rendition.width * rendition.height;
    sum += spatialInformation(pixels.subarray(start, start + rendition.width * rendition.height), rendition.width);
  }
  return sum / frames;
}

/** Of one frame: rows of luma from the top. */
export function spatialInformation(luma: Uint8Array, width: number): number {
  const height = luma.length / width;
  let [count, sum, squares] = [0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = (dx: number, dy: number) => luma[(y + dy) * width + x + dx] as number;
      const across = at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1);
      const down = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1);
      count++;
      sum += Math.hypot(across, down);
      squares += across ** 2 + down ** 2;
    }
  }
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}
