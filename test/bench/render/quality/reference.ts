/**
 * Lossless films to judge by: the template's layers laid out anew with preparing's own graph, and the words put over them, both without loss.
 *
 * Each way of rendering is held against a reference of its own graph: ours has its words drawn at each rendition's size, B2 draws them once and scales them with the
 * picture. So likeness tells what encoding lost, and nothing about whose letters are the prettier.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cast } from '../../../../src/job.js';
import type { Ffmpeg, FfmpegCommand } from '../../../../src/media/ffmpeg.js';
import { USUAL_QUALITY } from '../../../../src/media/ladder.js';
import { prepareCommand } from '../../../../src/media/prepare/footage.js';
import { type PlacedOverlay, reencodeCommand } from '../../../../src/renderer/reencode.js';
import type { InstalledTemplate } from '../../../../src/template/catalog.js';
import type { Rendition } from '../../../../src/template/format.js';
import { largestOf, splitCommands } from '../baselines.js';

export interface References {
  readonly b2: (rendition: Rendition) => string;
  readonly ours: (rendition: Rendition) => string;
}

/** Makes them in the folder: some hundred megabytes. `overlays` answers what was drawn for a rendition. */
export async function makeReferences(
  { template, folder: source }: InstalledTemplate,
  cast: Cast,
  overlays: (rendition: Rendition) => readonly PlacedOverlay[],
  ffmpeg: Pick<Ffmpeg, 'run'>,
  folder: string,
): Promise<References> {
  const file = (kind: string) => (rendition: Rendition) => join(folder, `lossless-${kind}`, `${rendition.id}.mp4`);
  const [blank, b2, ours] = [file('blank'), file('b2'), file('ours')];
  for (const kind of ['blank', 'b2', 'ours']) await mkdir(join(folder, `lossless-${kind}`), { recursive: true });
  const silent = { ...template, music: undefined };
  const unused = { footage: blank, audio: blank, poster: '' };
  await ffmpeg.run(lossless(prepareCommand(silent, cast, (name) => join(source, name), unused)));
  const jobs = template.ladder.map((rendition) => ({
    rendition,
    footage: blank(rendition),
    audio: undefined,
    overlays: overlays(rendition),
    quality: USUAL_QUALITY,
    out: ours(rendition),
  }));
  await ffmpeg.run(lossless(reencodeCommand(template, jobs)));
  const largest = largestOf(template);
  const [split] = splitCommands({
    template,
    footage: blank(largest),
    audio: undefined,
    overlays: overlays(largest),
    quality: () => USUAL_QUALITY,
    out: (name) => join(folder, 'lossless-b2', name),
  });
  await ffmpeg.run(lossless(split as FfmpegCommand));
  return { b2, ours };
}

/** The same pictures, encoded without loss. */
export function lossless(command: FfmpegCommand): FfmpegCommand {
  const kept = (options: readonly string[]) =>
    ['-map', '-frames:v'].flatMap((name) => {
      const at = options.indexOf(name);
      return at < 0 ? [] : options.slice(at, at + 2);
    });
  const encoder = ['-an', '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', '-f', 'mp4'];
  return {
    ...command,
    outputs: command.outputs.map(({ options, file }) => ({ options: [...kept(options), ...encoder], file })),
  };
}
