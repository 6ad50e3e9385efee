/**
 * The parts of a key frame that lie around the bubbles, as intra slices.
 *
 * At a frame where a bubble appears the picture is cut into parts around all visible bubbles; each part is encoded as a small picture of its own, and its slices are re-homed into the film's
 * frame. Beside a bubble a slice is one macroblock row, because only such a slice can stand in a picture of another width (h264/rehome.ts); parts as wide as the picture need one slice.
 *
 * It is done before the film is encoded, and the film is then encoded from what these slices decode to: so all that follows in the film is built on what will really be
 * there. The other way round (parts made from the film's own frame) loses 0.002 to 0.004 SSIM in the gaps at equal size, since static scenery then keeps the loss of two encodes.
 */

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Box } from '../../scene/scene.js';
import type { Rendition } from '../../template/format.js';
import type { Ffmpeg, FfmpegCommand, RunOptions } from '../ffmpeg.js';
import { RAW_FRAMES } from '../frames.js';
import { type ParameterSets, readParameterSets } from '../h264/parameter-sets.js';
import { type Home, rehome, type Slice } from '../h264/rehome.js';
import { splitStartCodes } from '../h264/units.js';
import { blankPlanes, cut, type Planes, paste, planesOf, rawOf } from '../planes.js';
import { type Area, codedSize, inPixels, MACROBLOCK } from '../splice/areas.js';
import { stitchable } from './encode.js';

/**
 * By how much lower a rate factor than the film's. Scenery that stands still keeps what the key frame has, so it pays to spend there: in a whole encode x264 sees to it by itself (macroblock tree); of a picture
 * that is encoded alone it does not know what will be built on it. Measured at equal size on the sample templates: SSIM of the clip 0.0003 to 0.0022 higher than with 0.
 */
export const FINER = 6;

/** Rectangles of macroblocks that cover all of a picture but the areas. Those that are not as wide as the picture may have several rows. */
export function partsAround(areas: readonly Area[], coded: { width: number; height: number }): Box[] {
  const parts: Box[] = [];
  for (let y = 0; y < coded.height; y++) {
    const taken = areas.flatMap(({ rows }) => rows.filter((row) => row.y === y)).sort((a, b) => a.x - b.x);
    let x = 0;
    for (const { x: next, width } of [...taken, { x: coded.width, width: 0 }]) {
      if (next > x) addRow(parts, { x, y, width: next - x, height: 1 });
      x = next + width;
    }
  }
  return parts;
}

/** Adds a row of macroblocks to the part that ends just above it, if one is exactly as wide. */
function addRow(parts: Box[], row: Box): void {
  const above = parts.findIndex(
    (part) => part.x === row.x && part.width === row.width && part.y + part.height === row.y,
  );
  const part = parts[above];
  if (part) parts[above] = { ...part, height: part.height + 1 };
  else parts.push(row);
}

export interface Surroundings {
  /** What the slices decode to, black where the bubbles are. */
  readonly picture: Planes;
  readonly parts: readonly { readonly box: Box; readonly units: readonly Uint8Array[]; readonly sets: ParameterSets }[];
}

/** Encodes what lies around the areas of a picture. `folder` is for passing files. Rejects like Ffmpeg.run. */
export async function encodeSurroundings(
  picture: Planes,
  areas: readonly Area[],
  rendition: Rendition,
  crf: number,
  tools: { readonly ffmpeg: Pick<Ffmpeg, 'run'>; readonly folder: string; readonly watch: RunOptions },
): Promise<Surroundings> {
  const coded = codedSize(rendition);
  const boxes = partsAround(areas, coded);
  const path = (part: number, kind: PartFile) => join(tools.folder, `part-${part}.${kind}`);
  const pieces = boxes.map((box) => {
    const { x, y, width, height } = inPixels(box);
    return cut(picture, x, y, width, height);
  });
  await Promise.all(pieces.map((piece, part) => writeFile(path(part, 'yuv'), rawOf(piece))));
  const isWhole = boxes.map(({ width }) => width === coded.width);
  await tools.ffmpeg.run(partsCommand(pieces, isWhole, rendition, crf, path), tools.watch);
  await tools.ffmpeg.run(decodePartsCommand(pieces.length, path), tools.watch);
  const decoded = blankPlanes(picture.width, picture.height);
  const parts = await Promise.all(
    boxes.map(async (box, part) => {
      const units = splitStartCodes(await readFile(path(part, 'h264')));
      const raw = await readFile(path(part, 'yuv'));
      const { x, y, width, height } = inPixels(box);
      paste(decoded, planesOf(raw, width, height), x, y);
      await Promise.all([rm(path(part, 'yuv')), rm(path(part, 'h264'))]);
      return { box, units, sets: readParameterSets(units) };
    }),
  );
  return { picture: decoded, parts };
}

/** The slices as they stand in a key frame of the film. Throws like `rehome`. */
export function slicesIn(home: Home, { parts }: Surroundings): Slice[] {
  return parts.flatMap(({ box, units, sets }) => rehome(units, sets, home, box, { disable: 1, alpha: 0, beta: 0 }));
}

type PartFile = 'yuv' | 'h264';

/** Each piece as a stream of one intra picture, without deblocking; slices of a row each unless the piece is as wide as the picture. */
export function partsCommand(
  pieces: readonly Pick<Planes, 'width' | 'height'>[],
  isWhole: readonly boolean[],
  rendition: Rendition,
  crf: number,
  path: (part: number, kind: PartFile) => string,
): FfmpegCommand {
  // Without psychovisual weights x264 may write raw macroblocks from subme 6 on, and those cannot be moved in CAVLC slices (h264/rehome.ts).
  const entropy = rendition.profile === 'baseline' ? ['subme=5'] : [];
  return {
    inputs: pieces.map(({ width, height }, part) => ({
      options: ['-f', 'rawvideo', '-pixel_format', 'yuv420p', '-video_size', `${width}x${height}`],
      source: path(part, 'yuv'),
    })),
    filter: pieces.map((_, part) => `[${part}:v]null[p${part}]`).join(';'),
    outputs: pieces.map(({ width }, part) => {
      const rows = isWhole[part] ? [] : [`slice-max-mbs=${width / MACROBLOCK}`];
      const params = [...stitchable(rendition), 'no-deblock=1', `crf=${crf}`, ...entropy, ...rows];
      return {
        options: [
          ...['-map', `[p${part}]`, '-frames:v', '1', '-threads', '1', '-c:v', 'libx264', '-preset', 'slower'],
          ...['-tune', 'zerolatency', '-profile:v', rendition.profile, '-x264-params', params.join(':')],
          ...['-pix_fmt', 'yuv420p', '-f', 'h264'],
        ],
        file: path(part, 'h264'),
      };
    }),
  };
}

function decodePartsCommand(count: number, path: (part: number, kind: PartFile) => string): FfmpegCommand {
  const parts = Array.from({ length: count }, (_, part) => part);
  return {
    inputs: parts.map((part) => ({ options: ['-f', 'h264'], source: path(part, 'h264') })),
    filter: parts.map((part) => `[${part}:v]null[p${part}]`).join(';'),
    outputs: parts.map((part) => ({
      options: ['-y', '-map', `[p${part}]`, ...RAW_FRAMES],
      file: path(part, 'yuv'),
    })),
  };
}
