/**
 * How alike two films are, frame by frame, as ffmpeg's filters ssim and psnr see it (all three planes, weighted by their samples), and its averages over the
 * whole clip, over the frames that show words (windows) and over the others (gaps).
 *
 * PSNR is averaged as error and told in decibels afterwards: the mean of decibels would be endless as soon as one frame is equal.
 */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fpsOfRendition, framesOf } from '../../../../src/media/ladder.js';
import { windowOf } from '../../../../src/scene/scene.js';
import type { Rendition, Template } from '../../../../src/template/format.js';
import { runMeasured } from '../cost.js';

/** One frame against its like. */
export interface FrameLikeness {
  /** 0 to 1; 1 is equal. */
  readonly ssim: number;
  /** Mean squared error of 8-bit samples. */
  readonly error: number;
}

export interface Averages {
  readonly ssim: number;
  /** Decibels; Infinity when all is equal. */
  readonly psnr: number;
}

export interface Likeness {
  readonly clip: Averages;
  /** Undefined when there is no such frame. */
  readonly windows: Averages | undefined;
  readonly gaps: Averages | undefined;
  /** The least of a frame, each by itself. */
  readonly worst: Averages;
}

interface Window {
  readonly from: number;
  readonly to: number;
}

/** Windows are frames [from, to) and may overlap. There must be a frame at least. */
export function averagesOf(frames: readonly FrameLikeness[], windows: readonly Window[]): Likeness {
  const inWindow = (_: FrameLikeness, n: number) => windows.some(({ from, to }) => from <= n && n < to);
  const averages = (some: readonly FrameLikeness[]): Averages | undefined => {
    if (some.length === 0) return undefined;
    const mean = (value: (frame: FrameLikeness) => number) =>
      some.reduce((sum, frame) => sum + value(frame), 0) / some.length;
    return { ssim: mean(({ ssim }) => ssim), psnr: decibels(mean(({ error }) => error)) };
  };
  const clip = averages(frames);
  if (!clip) throw new Error('No frame was compared.');
  return {
    clip,
    windows: averages(frames.filter(inWindow)),
    gaps: averages(frames.filter((frame, n) => !inWindow(frame, n))),
    worst: {
      ssim: Math.min(...frames.map(({ ssim }) => ssim)),
      psnr: decibels(Math.max(...frames.map(({ error }) => error))),
    },
  };
}

const decibels = (error: number): number => 10 * Math.log10(255 ** 2 / error);

/** Reads what the filters wrote: a line per frame each. */
export function readFrames(ssim: string, psnr: string): FrameLikeness[] {
  const errors = [...psnr.matchAll(/\bmse_avg:(\S+)/g)].map(([, error]) => Number(error));
  const likes = [...ssim.matchAll(/\bAll:(\S+)/g)].map(([, like]) => Number(like));
  if (errors.length !== likes.length) throw new Error(`${likes.length} frames were compared, then ${errors.length}.`);
  return likes.map((like, n) => ({ ssim: like, error: errors[n] as number }));
}

/** Compares a rendition with its lossless reference; frames are paired by number. Rejects when one of them has not all frames. */
export async function compare(
  ffmpeg: string,
  template: Template,
  rendition: Rendition,
  { film, reference, folder }: { readonly film: string; readonly reference: string; readonly folder: string },
): Promise<Likeness> {
  const fps = fpsOfRendition(template, rendition);
  const numbered = `settb=${fps.den}/${fps.num},setpts=N,format=yuv420p,split`;
  const graph = [
    `[0:v]${numbered}[a0][a1]`,
    `[1:v]${numbered}[b0][b1]`,
    '[a0][b0]ssim=stats_file=ssim.log:shortest=1[s]',
    '[a1][b1]psnr=stats_file=psnr.log:shortest=1[p]',
  ];
  const sinks = ['-map', '[s]', '-f', 'null', '-', '-map', '[p]', '-f', 'null', '-'];
  const quiet = ['-hide_banner', '-nostats', '-loglevel', 'error', '-nostdin'];
  const films = ['-i', film, '-i', reference];
  // The filters' files are named without a folder: its path would have to be escaped in the graph.
  await runMeasured(ffmpeg, [...quiet, ...films, '-filter_complex', graph.join(';'), ...sinks], { cwd: folder });
  const [ssim = '', psnr = ''] = await Promise.all(
    ['ssim.log', 'psnr.log'].map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      await rm(join(folder, name));
      return text;
    }),
  );
  const frames = readFrames(ssim, psnr);
  const wanted = framesOf(template, rendition);
  if (frames.length !== wanted) throw new Error(`${film}: ${frames.length} of ${wanted} frames were compared.`);
  return averagesOf(
    frames,
    template.bubbles.map((bubble) => windowOf(bubble, fps.value)),
  );
}
