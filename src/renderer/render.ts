/**
 * One job, from order to published files. It reads as the stages of a render: prepare, fill, draw, encode, verify, publish; each is timed.
 *
 * Problem: a job must come out whole or not at all, whatever dies meanwhile. All work happens in the attempt's part folder (media/storage.ts); only a folder
 * in which every file has been verified is published; any failure deletes it.
 *
 * What it does not do: it knows no queue, no database and no other job. `main.ts` runs it in a process of its own under a supervisor, `storyfarm render` runs
 * it directly.
 */

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoryfarmError } from '../errors.js';
import type { RenderOrder } from '../ipc/messages.js';
import type { JobResult, Output } from '../job.js';
import type { Ffmpeg } from '../media/ffmpeg.js';
import type { Fonts } from '../media/fonts.js';
import { USUAL_QUALITY } from '../media/ladder.js';
import type { Edition, Editions } from '../media/prepare/editions.js';
import { posterSize } from '../media/prepare/footage.js';
import type { Storage } from '../media/storage.js';
import type { Catalog } from '../template/catalog.js';
import { encode } from './encode.js';
import type { RenditionJob } from './reencode.js';
import { verifyPoster, verifyRendition } from './verify.js';
import { drawForRendition, drawPoster, layOutWords } from './words.js';

export interface RenderTools {
  readonly ffmpeg: Pick<Ffmpeg, 'run'>;
  readonly fonts: Fonts;
  readonly editions: Pick<Editions, 'find' | 'prepare'>;
  readonly storage: Pick<Storage, 'begin' | 'publish' | 'discard'>;
  /** What is installed at the moment of asking. */
  readonly catalog: () => Promise<Catalog>;
  /** Milliseconds without progress after which ffmpeg is killed. */
  readonly stallMs?: number;
}

export interface RenderOptions {
  /** Fraction of the whole job, 0 to 1, rising. */
  readonly onProgress?: (fraction: number, stage: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The share of a job's progress that preparing takes when it is needed, and the share of what is left that drawing and finishing take. */
const PREPARE_SHARE = 0.5;
const DRAW_SHARE = 0.03;
const FINISH_SHARE = 0.02;

/**
 * Renders one job and publishes its files. Rejects with a StoryfarmError: bad input (`unknown_template`, `words_do_not_fit`, …), `too_large`,
 * `ffmpeg_failed`, `ffmpeg_stalled`, `output_incomplete`, `no_space`, `aborted`. Nothing of the attempt is left then.
 */
export async function render(
  order: RenderOrder,
  tools: RenderTools,
  { onProgress = () => {}, signal }: RenderOptions = {},
): Promise<JobResult> {
  const stages: Record<string, number> = {};
  let done = 0;
  /** Runs a stage, times it, and tells its progress within the whole. */
  const stage = async <T>(
    name: string,
    share: number,
    work: (report: (fraction: number) => void) => Promise<T> | T,
  ): Promise<T> => {
    if (signal?.aborted) throw new StoryfarmError('aborted', 'The render was stopped.', { cause: signal.reason });
    const start = performance.now();
    const result = await work((fraction) => onProgress(done + share * fraction, name));
    stages[name] = performance.now() - start;
    done += share;
    onProgress(Math.min(1, done), name);
    return result;
  };

  try {
    const found = await tools.editions.find(order.template, order.cast);
    const edition =
      found ??
      (await stage('prepare', PREPARE_SHARE, (report) => prepare(order, tools, { onProgress: report, signal })));
    const { template } = edition;
    const rest = 1 - done;
    const words = await stage('fill', 0, () => layOutWords(template, order, tools.fonts));
    const folder = await tools.storage.begin(order);
    const jobs = await stage('draw', rest * DRAW_SHARE, async () => {
      await writeFile(join(folder, POSTER), await drawPoster(words, edition));
      const drawn: RenditionJob[] = [];
      for (const rendition of template.ladder) {
        const overlays = await drawForRendition(words, template, rendition, folder);
        const out = join(folder, `${rendition.id}.mp4`);
        drawn.push({
          rendition,
          footage: edition.footage(rendition),
          audio: edition.audio(rendition),
          overlays,
          quality: USUAL_QUALITY,
          out,
        });
      }
      return drawn;
    });
    await stage('encode', rest * (1 - DRAW_SHARE - FINISH_SHARE), (report) =>
      encode(template, jobs, tools.ffmpeg, { onProgress: report, signal, stallMs: tools.stallMs }),
    );
    const outputs = await stage('verify', 0, () => verifyAll(order, edition, jobs, folder));
    await Promise.all(jobs.flatMap((job) => job.overlays.map(({ file }) => rm(file))));
    await stage('publish', rest * FINISH_SHARE, () => tools.storage.publish(order));
    return { outputs, stages };
  } catch (error) {
    await tools.storage.discard(order);
    throw error;
  }
}

const POSTER = 'poster.jpg';

/** A job is pinned to a template's content: an installed template of other content is not what was asked for. */
async function prepare(
  order: RenderOrder,
  tools: RenderTools,
  options: { onProgress: (fraction: number) => void; signal: AbortSignal | undefined },
): Promise<Edition> {
  const installed = (await tools.catalog()).get(order.template.id);
  if (!installed)
    throw new StoryfarmError(
      'unknown_template',
      `The template "${order.template.id}" is not installed on this server.`,
    );
  if (installed.ref.version !== order.template.version) {
    throw new StoryfarmError(
      'unknown_template',
      `The template "${order.template.id}" was replaced after the job was accepted.`,
      {
        hint: 'Send the job again: it is then made from the template that is installed now.',
      },
    );
  }
  return tools.editions.prepare(installed, order.cast, { ...options, stallMs: tools.stallMs });
}

async function verifyAll(
  order: RenderOrder,
  edition: Edition,
  jobs: readonly RenditionJob[],
  folder: string,
): Promise<Output[]> {
  const { template } = edition;
  const outputs: Output[] = [];
  for (const { rendition, out } of jobs)
    outputs.push(await verifyRendition(out, `${order.fence}/${rendition.id}.mp4`, template, rendition));
  outputs.push(
    await verifyPoster(
      join(folder, POSTER),
      `${order.fence}/${POSTER}`,
      posterSize(template),
      template.poster.maxBytes,
    ),
  );
  return outputs;
}
