/** Encodes all renditions of a job in one go, then again, smaller, those whose files pass their caps. */

import { stat } from 'node:fs/promises';
import { StoryfarmError } from '../errors.js';
import type { Ffmpeg } from '../media/ffmpeg.js';
import { framesOf } from '../media/ladder.js';
import type { Template } from '../template/format.js';
import { type RenditionJob, reencodeCommand, smallerQuality } from './reencode.js';

export interface EncodeOptions {
  /** Fraction, rising with every pass: a job that stands still is taken for stalled. */
  readonly onProgress: (fraction: number) => void;
  readonly signal?: AbortSignal | undefined;
  readonly stallMs?: number | undefined;
}

/** Rejects like Ffmpeg.run, or with `too_large` when no watchable quality fits a cap. */
export async function encode(
  template: Template,
  jobs: readonly RenditionJob[],
  ffmpeg: Pick<Ffmpeg, 'run'>,
  options: EncodeOptions,
): Promise<void> {
  const { onProgress, signal, stallMs } = options;
  const first = jobs[0];
  if (!first) return;
  const isCapped = jobs.some(({ rendition }) => rendition.maxBytes !== undefined);
  let done = 0;
  const pass = async (some: readonly RenditionJob[]) => {
    const total = framesOf(template, (some[0] ?? first).rendition);
    // Where a further pass may follow, each takes most of what is left.
    const share = isCapped ? (1 - done) * 0.8 : 1;
    await ffmpeg.run(reencodeCommand(template, some), {
      signal,
      ...(stallMs === undefined ? {} : { stallMs }),
      onFrames: (frames) => onProgress(done + share * Math.min(1, frames / total)),
    });
    done += share;
  };
  await pass(jobs);
  let large = await overCap(jobs);
  while (large.length > 0) {
    const smaller = large.map(({ job, bytes }) => {
      const quality = smallerQuality(job.rendition, job.quality, bytes, template.duration);
      if (quality) return { ...job, quality };
      throw new StoryfarmError(
        'too_large',
        `${job.rendition.id} does not fit into ${job.rendition.maxBytes} bytes at a watchable quality.`,
      );
    });
    await pass(smaller);
    large = await overCap(smaller);
  }
}

async function overCap(
  jobs: readonly RenditionJob[],
): Promise<{ readonly job: RenditionJob; readonly bytes: number }[]> {
  const sizes = await Promise.all(jobs.map(async (job) => ({ job, bytes: (await stat(job.out)).size })));
  return sizes.filter(({ job, bytes }) => bytes > (job.rendition.maxBytes ?? Number.POSITIVE_INFINITY));
}
