/**
 * The parts of a key frame that lie around the bubbles, as intra slices that stay.
 *
 * At a frame where a bubble appears the film's own slices run through the bubble's macroblocks. So the picture that they decode to is cut into parts around all visible
 * bubbles, each part is encoded as a small picture of its own, finely, and its slices are re-homed into the frame. Beside a bubble a slice is one macroblock row, because only such a
 * slice can stand in a picture of another width (h264/rehome.ts); parts as wide as the picture need no more than one slice.
 */

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Box } from '../../scene/scene.js';
import type { Rendition } from '../../template/format.js';
import type { Ffmpeg, FfmpegCommand, RunOptions } from '../ffmpeg.js';
import { readParameterSets } from '../h264/parameter-sets.js';
import { type Home, rehome, type Slice } from '../h264/rehome.js';
import { splitStartCodes } from '../h264/units.js';
import { cut, type Planes, rawOf } from '../planes.js';
import { type Area, MACROBLOCK } from '../splice/areas.js';
import { stitchable } from './encode.js';

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

/** The parts of `picture`, which is as large as what is shown, as slices that stand in `home`. `folder` is for passing files. Rejects like Ffmpeg.run. */
export async function encodeParts(
  picture: Planes,
  parts: readonly Box[],
  home: Home,
  rendition: Rendition,
  qp: number,
  tools: { readonly ffmpeg: Pick<Ffmpeg, 'run'>; readonly folder: string; readonly watch: RunOptions },
): Promise<Slice[]> {
  const path = (part: number, kind: 'yuv' | 'h264') => join(tools.folder, `part-${part}.${kind}`);
  const pieces = parts.map(({ x, y, width, height }) =>
    cut(picture, x * MACROBLOCK, y * MACROBLOCK, width * MACROBLOCK, height * MACROBLOCK),
  );
  await Promise.all(pieces.map((piece, part) => writeFile(path(part, 'yuv'), rawOf(piece))));
  const whole = home.sets.sequence.widthInMacroblocks;
  const command = partsCommand(
    pieces,
    parts.map(({ width }) => width === whole),
    rendition,
    qp,
    path,
  );
  await tools.ffmpeg.run(command, tools.watch);
  const slices: Slice[] = [];
  for (const [part, box] of parts.entries()) {
    const units = splitStartCodes(await readFile(path(part, 'h264')));
    slices.push(...rehome(units, readParameterSets(units), home, box, { disable: 1, alpha: 0, beta: 0 }));
    await Promise.all([rm(path(part, 'yuv')), rm(path(part, 'h264'))]);
  }
  return slices;
}

/** Each piece as a stream of one intra picture; slices of a row each unless the piece is as wide as the picture. */
export function partsCommand(
  pieces: readonly Pick<Planes, 'width' | 'height'>[],
  isWhole: readonly boolean[],
  rendition: Rendition,
  qp: number,
  path: (part: number, kind: 'yuv' | 'h264') => string,
): FfmpegCommand {
  return {
    inputs: pieces.map(({ width, height }, part) => ({
      options: ['-f', 'rawvideo', '-pixel_format', 'yuv420p', '-video_size', `${width}x${height}`],
      source: path(part, 'yuv'),
    })),
    filter: pieces.map((_, part) => `[${part}:v]null[p${part}]`).join(';'),
    outputs: pieces.map(({ width }, part) => {
      const rows = isWhole[part] ? [] : [`slice-max-mbs=${width / MACROBLOCK}`];
      const params = [...stitchable(rendition), 'no-deblock=1', 'aq-mode=0', `qp=${qp}`, ...rows];
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
