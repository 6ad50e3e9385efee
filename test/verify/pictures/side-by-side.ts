/** Several films of one size shown frame by frame, all at once. */

import type { Ffmpeg } from '../../../src/media/ffmpeg.js';
import { RAW_FRAMES, watchFrames } from '../../../src/media/frames.js';
import { bytesOfPlanes, type Planes, planesOf } from '../../../src/media/planes.js';

/** Shows the frames of all files with equal numbers; the planes are good only during the call. Rejects when one has fewer than `frames`. */
export async function watchTogether(
  ffmpeg: Pick<Ffmpeg, 'run'>,
  files: readonly string[],
  { width, height }: { readonly width: number; readonly height: number },
  frames: number,
  onFrames: (pictures: readonly Planes[], number: number) => void,
): Promise<void> {
  const stacked = { width, height: height * files.length };
  const names = files.map((_, index) => `[${index}:v]`);
  // Numbered anew: what is compared are frames of equal numbers, whatever their times are.
  const counted = names.map((name, index) => `${name}settb=1/1000,setpts=N*1000[f${index}]`);
  const stack = files.length > 1 ? `vstack=inputs=${files.length}:shortest=1` : 'null';
  const command = {
    inputs: files.map((source) => ({ options: [], source })),
    filter: `${counted.join(';')};${files.map((_, index) => `[f${index}]`).join('')}${stack}[v]`,
    outputs: [{ options: ['-map', '[v]', ...RAW_FRAMES], file: 'pipe:1' }],
  };
  const seen = await watchFrames(ffmpeg, command, stacked, (all, number) => {
    onFrames(
      files.map((_, index) => part(all, index, files.length)),
      number,
    );
  });
  if (seen !== frames) throw new Error(`${files.join(', ')}: ${seen} of ${frames} frames were seen together.`);
}

function part(all: Planes, index: number, count: number): Planes {
  const height = all.height / count;
  const of = (plane: Uint8Array) =>
    plane.subarray((plane.length / count) * index, (plane.length / count) * (index + 1));
  return { width: all.width, height, luma: of(all.luma), cb: of(all.cb), cr: of(all.cr) };
}

/** A copy that stays. */
export function kept({ width, height, luma, cb, cr }: Planes): Planes {
  const raw = Buffer.alloc(bytesOfPlanes(width, height));
  raw.set(luma);
  raw.set(cb, luma.length);
  raw.set(cr, luma.length + cb.length);
  return planesOf(raw, width, height);
}
