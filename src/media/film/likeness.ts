/** How like two videos are, frame by frame. */

import type { Ffmpeg, RunOptions } from '../ffmpeg.js';

/** Mean luma SSIM of each frame (Wang et al. 2004, as ffmpeg's `ssim` filter reckons it). Both must have the same size and as many frames. Rejects like Ffmpeg.run. */
export async function likenessOf(
  ffmpeg: Pick<Ffmpeg, 'run'>,
  one: string,
  other: string,
  options: Omit<RunOptions, 'onBytes'> = {},
): Promise<number[]> {
  const told: Buffer[] = [];
  const counted = 'settb=1/1000,setpts=N*1000';
  await ffmpeg.run(
    {
      inputs: [one, other].map((source) => ({ options: [], source })),
      filter: `[0:v]${counted}[a];[1:v]${counted}[b];[a][b]ssim,metadata=mode=print:key=lavfi.ssim.Y:file=-[v]`,
      outputs: [{ options: ['-map', '[v]', '-vsync', 'passthrough', '-f', 'null'], file: 'pipe:1' }],
    },
    { ...options, onBytes: (bytes) => void told.push(bytes) },
  );
  const text = Buffer.concat(told).toString('latin1');
  return [...text.matchAll(/lavfi\.ssim\.Y=([\d.]+)/g)].map(([, value]) => Number(value));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
