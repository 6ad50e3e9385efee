/** Watches a video frame by frame, as raw planes, without keeping it. */

import type { Ffmpeg, FfmpegCommand, RunOptions } from './ffmpeg.js';
import { bytesOfPlanes, type Planes, planesOf } from './planes.js';

/** Options of an output that gives frames as they are, each once, to whoever reads. */
export const RAW_FRAMES = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-vsync', 'passthrough'];

/**
 * Runs a command whose one output is raw yuv420p of this size on `pipe:1`, and shows each frame, numbered from 0. The planes are good only during the call.
 * Answers how many there were. Rejects like Ffmpeg.run, or with what `onFrame` throws.
 */
export async function watchFrames(
  ffmpeg: Pick<Ffmpeg, 'run'>,
  command: FfmpegCommand,
  size: { readonly width: number; readonly height: number },
  onFrame: (frame: Planes, number: number) => void,
  options: Omit<RunOptions, 'onBytes'> = {},
): Promise<number> {
  const frame = Buffer.alloc(bytesOfPlanes(size.width, size.height));
  let filled = 0;
  let frames = 0;
  const onBytes = (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; ) {
      const taken = bytes.copy(frame, filled, at);
      at += taken;
      filled += taken;
      if (filled < frame.length) continue;
      onFrame(planesOf(frame, size.width, size.height), frames++);
      filled = 0;
    }
  };
  await ffmpeg.run(command, { ...options, onBytes });
  return frames;
}
