/** Encodes all renditions of a job in one go, then those whose files pass their caps again, until they fit and hardly anything is left free (fit.ts): two or three encodes mostly, five at most. */

import { rename, rm, stat } from 'node:fs/promises';
import { StoryfarmError } from '../errors.js';
import type { Ffmpeg } from '../media/ffmpeg.js';
import { framesOf } from '../media/ladder.js';
import type { Template } from '../template/format.js';
import { bestOf, nextCrf, type Try } from './fit.js';
import { type RenditionJob, reencodeCommand } from './reencode.js';

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
  const isCappedJob = ({ rendition }: RenditionJob) => rendition.maxBytes !== undefined;
  let capped = await Promise.all(jobs.filter(isCappedJob).map(firstTry));
  for (;;) {
    const again = capped.flatMap((each) => {
      const crf = nextCrf(each.tries, each.room);
      if (crf === undefined && !bestOf(each.tries, each.room)) throw tooLarge(each.job);
      return crf === undefined ? [] : [{ ...each, crf }];
    });
    if (again.length === 0) return;
    await pass(again.map(({ job, crf }) => ({ ...job, quality: { crf }, out: besideOf(job) })));
    capped = await Promise.all(again.map(keepBetter));
  }
}

/** A rendition with a cap, and how large its video became at each quality that was tried; the best is what lies in its place. */
interface Capped {
  readonly job: RenditionJob;
  /** Bytes of sound, and what the cap leaves for video. */
  readonly sound: number;
  readonly room: number;
  readonly tries: readonly Try[];
}

async function firstTry(job: RenditionJob): Promise<Capped> {
  const sound = job.audio === undefined ? 0 : (await stat(job.audio)).size;
  const bytes = (await stat(job.out)).size - sound;
  const room = (job.rendition.maxBytes ?? Number.POSITIVE_INFINITY) - sound;
  return { job, sound, room, tries: [{ crf: job.quality.crf, bytes }] };
}

async function keepBetter({ job, sound, room, tries, crf }: Capped & { readonly crf: number }): Promise<Capped> {
  const made = { crf, bytes: (await stat(besideOf(job))).size - sound };
  const best = bestOf([...tries, made], room);
  if (best === made || !best) await rename(besideOf(job), job.out);
  else await rm(besideOf(job));
  return { job, sound, room, tries: [...tries, made] };
}

/** Where a further try is made, while one that may be the better lies in its place. */
const besideOf = ({ out }: RenditionJob): string => `${out}.try`;

function tooLarge({ rendition }: RenditionJob): StoryfarmError {
  const message = `${rendition.id} does not fit into ${rendition.maxBytes} bytes at a watchable quality.`;
  return new StoryfarmError('too_large', message);
}
