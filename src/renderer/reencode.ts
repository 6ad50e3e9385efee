/**
 * The re-encode path as one ffmpeg command: each rendition's prepared footage, the words laid over it as raw pixels in their windows, encoded anew; the prepared
 * sound copied. It is right for every template; cheaper paths are measured against it.
 *
 * Pure: what it returns is compared by equality in tests and run by render.ts. Words arrive as pixel files, never as arguments.
 */

import type { FfmpegCommand } from '../media/ffmpeg.js';
import { fpsOfRendition, matrixOf, type Quality, videoOptions } from '../media/ladder.js';
import type { Box } from '../scene/scene.js';
import type { Rendition, Template } from '../template/format.js';

/** One bubble's words, drawn for one rendition: a file of straight RGBA pixels and the frames [from, to) that show it. */
export interface PlacedOverlay {
  readonly file: string;
  readonly box: Box;
  readonly window: { readonly from: number; readonly to: number };
}

export interface RenditionJob {
  readonly rendition: Rendition;
  readonly footage: string;
  readonly audio: string | undefined;
  readonly overlays: readonly PlacedOverlay[];
  readonly quality: Quality;
  readonly out: string;
}

export function reencodeCommand(template: Template, jobs: readonly RenditionJob[]): FfmpegCommand {
  const inputs: { options: string[]; source: string }[] = [];
  const graph: string[] = [];
  const outputs: { options: string[]; file: string }[] = [];
  const input = (options: string[], source: string) => inputs.push({ options, source }) - 1;

  jobs.forEach((job, index) => {
    const { rendition, overlays, audio } = job;
    const fps = fpsOfRendition(template, rendition);
    let picture = `[${input([], job.footage)}:v]`;
    overlays.forEach(({ file, box, window }, k) => {
      const raw = [
        '-f',
        'rawvideo',
        '-pixel_format',
        'rgba',
        '-video_size',
        `${box.width}x${box.height}`,
        '-framerate',
        `${fps.num}/${fps.den}`,
      ];
      const words = input(raw, file);
      graph.push(
        `[${words}:v]scale=out_color_matrix=${matrixOf(rendition)}:out_range=tv,format=yuva420p[w${index}x${k}]`,
      );
      const shown = `enable='between(n,${window.from},${window.to - 1})'`;
      graph.push(`${picture}[w${index}x${k}]overlay=x=${box.x}:y=${box.y}:eof_action=repeat:${shown}[p${index}x${k}]`);
      picture = `[p${index}x${k}]`;
    });
    graph.push(`${picture}format=yuv420p[v${index}]`);
    const sound = audio === undefined ? ['-an'] : ['-map', `${input([], audio)}:a`, '-c:a', 'copy'];
    outputs.push({
      options: [
        ...['-map', `[v${index}]`, ...sound, ...videoOptions(rendition, job.quality)],
        // No -frames: it would end the copied sound too, long before its time. The prepared footage has exactly the frames that are wanted.
        ...['-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4'],
      ],
      file: job.out,
    });
  });
  return { inputs, filter: graph.join(';'), outputs };
}
