/**
 * One job, from order to published files. It reads as the stages of a render: prepare, fill, draw, swap, encode, verify, publish; each is timed.
 *
 * Problem: a job must come out whole or not at all, whatever dies meanwhile. All work happens in the attempt's part folder (media/storage.ts); only a folder
 * in which every file has been verified is published; any failure deletes it. Files that are whole may be on their way to a bucket before they are verified: there, too, nobody sees them until they
 * are published.
 *
 * Each rendition takes one of two paths. Where its film is prepared and takes all of the words, they are put into it (swap.ts); else it is encoded from the edition's footage (reencode.ts). A film that
 * turns out torn, or in which the words have no room, means the second path, never a failed job; an edition that is damaged is prepared again (source.ts).
 *
 * What it does not do: it knows no queue, no database and no other job. `main.ts` runs it in a process of its own under a supervisor, `storyfarm render` runs
 * it directly.
 */

import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StoryfarmError } from '../errors.js';
import type { RenderOrder } from '../ipc/messages.js';
import type { JobResult, Output } from '../job.js';
import type { Ffmpeg } from '../media/ffmpeg.js';
import type { Fonts } from '../media/fonts.js';
import { USUAL_QUALITY } from '../media/ladder.js';
import type { Edition } from '../media/prepare/editions.js';
import { posterSize } from '../media/prepare/footage.js';
import { isDrawn } from '../media/splice/areas.js';
import { describeFilm } from '../media/splice/film.js';
import type { Films } from '../media/splice/films.js';
import type { Phrases } from '../media/splice/phrases.js';
import type { Storage } from '../media/storage.js';
import type { Rendition } from '../template/format.js';
import { encode } from './encode.js';
import { openOrRemove } from './opening.js';
import { NO_ROOM, pathsOf, refusalOf, reusedPaths } from './paths.js';
import type { RenditionJob } from './reencode.js';
import { noteFiles, placed, takeEarlier } from './reuse.js';
import { prepareFootage, type SourceTools, soundEdition } from './source.js';
import { type SwapJob, swap, takes } from './swap.js';
import { verifyPoster, verifyRendition } from './verify.js';
import { drawForRendition, drawPoster, type LaidOutWords, layOutWords } from './words.js';

export interface RenderTools extends SourceTools {
  readonly ffmpeg: Pick<Ffmpeg, 'run'>;
  readonly fonts: Fonts;
  readonly films: Pick<Films, 'open'>;
  readonly phrases: Phrases;
  readonly storage: Omit<Storage, 'folder' | 'check' | 'leavings' | 'has' | 'forget'>;
}

export interface RenderOptions {
  /** Fraction of the whole job, 0 to 1, rising. */
  readonly onProgress?: (fraction: number, stage: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The shares of what is left of a job's progress that preparing, when it is needed, drawing and encoding take. */
const PREPARE_SHARE = 0.5;
const DRAW_SHARE = 0.03;
const ENCODE_SHARE = 0.98;

/**
 * Renders one job and publishes its files. Rejects with a StoryfarmError: bad input (`unknown_template`, `words_do_not_fit`, …), `too_large`,
 * `ffmpeg_failed`, `ffmpeg_stalled`, `output_incomplete`, `no_space`, `storage_failed`, `bucket_failed`, `upload_failed`, `aborted`. Nothing of the attempt is left then, unless the disk refuses to delete it.
 */
export async function render(
  order: RenderOrder,
  tools: RenderTools,
  { onProgress = () => {}, signal }: RenderOptions = {},
): Promise<JobResult> {
  const stages: Record<string, number> = {};
  let done = 0;
  /** Runs a stage, times it, and tells its progress within the whole, of which it takes this share of what is left. */
  const stage = async <T>(
    name: string,
    ofLeft: number,
    work: (report: (fraction: number) => void) => Promise<T> | T,
  ): Promise<T> => {
    if (signal?.aborted) throw new StoryfarmError('aborted', 'The render was stopped.', { cause: signal.reason });
    const start = performance.now();
    const share = (1 - done) * ofLeft;
    const result = await work((fraction) => onProgress(done + share * fraction, name));
    stages[name] = performance.now() - start;
    done += share;
    onProgress(Math.min(1, done), name);
    return result;
  };

  const publish = (onProgress: (fraction: number) => void) => tools.storage.publish(order, { signal, onProgress });

  try {
    if (order.reuse) {
      const outputs = await stage('reuse', 0, async () => {
        await tools.storage.begin(order);
        return takeEarlier(order, tools.storage, tools.phrases);
      });
      if (outputs) {
        await stage('publish', 1, publish);
        return { outputs, stages, paths: reusedPaths(outputs) };
      }
    }
    let wasDamaged = false;
    const prepared = (isDamaged: boolean) => {
      wasDamaged ||= isDamaged;
      return stage('prepare', PREPARE_SHARE, (report) => prepareFootage(order, tools, { onProgress: report, signal }));
    };
    const sound = (files: readonly string[]) => soundEdition(order, tools, prepared, () => files);
    const edition = await sound([]);
    await tools.editions.touch(edition);
    const { template } = edition;
    const words = await stage('fill', 0, () => layOutWords(template, order, tools.fonts));
    const folder = await tools.storage.begin(order);
    await stage('draw', DRAW_SHARE, async () => {
      const blank = async () => (await sound([edition.poster])).poster;
      writeFileSync(join(folder, POSTER), await drawPoster(words, edition, tools.phrases, blank));
    });
    const take = (files: readonly string[]) =>
      tools.storage.take(
        order,
        files.map((file) => join(folder, file)),
      );
    take([POSTER]);
    const slow = await stage('swap', 0, () => swapAll(edition, words, folder, tools));
    take(template.ladder.filter((rendition) => !slow.has(rendition)).map(fileOf));
    if (slow.size > 0) {
      const used = [...slow.keys()].flatMap((rendition) => [edition.footage(rendition), edition.audio(rendition)]);
      await sound(used.filter((file) => file !== undefined));
      await stage('encode', ENCODE_SHARE, (report) =>
        encodeAll(slow, edition, words, folder, tools, { onProgress: report, signal, stallMs: tools.stallMs }),
      );
      take([...slow.keys()].map(fileOf));
    }
    const verified = await stage('verify', 0, () => verifyAll(order, edition, folder));
    const outputs = verified.map((output) => placed(output, basename(output.file), order, tools.storage));
    const published = await stage('publish', 1, publish);
    if (order.partner !== undefined) noteFiles(order, published, outputs, tools.phrases);
    tools.phrases.flush();
    return { outputs, stages, paths: pathsOf(template, slow, wasDamaged) };
  } catch (error) {
    const explained = await tools.storage.explain(error);
    // What cannot be deleted now is swept later; why the attempt failed must not be lost over it.
    await tools.storage.discard(order).catch(() => {});
    throw explained;
  }
}

const POSTER = 'poster.jpg';
const fileOf = (rendition: Rendition) => `${rendition.id}.mp4`;

/** Puts the words into the films. Answers the renditions that have to be encoded, with the reason. */
async function swapAll(
  edition: Edition,
  words: LaidOutWords,
  folder: string,
  { films, phrases }: RenderTools,
): Promise<ReadonlyMap<Rendition, string>> {
  const { template } = edition;
  const jobs: SwapJob[] = [];
  const slow = new Map<Rendition, string>();
  for (const rendition of template.ladder) {
    const owner = { edition: edition.name, rendition: rendition.id };
    const { film, torn } = await openOrRemove(films, edition.film(rendition), owner);
    if (film && takes(film, words, template, rendition))
      jobs.push({ rendition, film, out: join(folder, fileOf(rendition)) });
    else {
      const description = film?.description ?? (await describeFilm(edition.film(rendition), owner));
      const drawn = words.scene.overlays.filter((overlay) => isDrawn(template, rendition, overlay));
      const bubbles = drawn.map(({ bubble }) => bubble);
      slow.set(rendition, torn ?? refusalOf(description, bubbles));
    }
  }
  const made = await swap(words, template, jobs, phrases);
  for (const job of jobs) if (!made.includes(job)) slow.set(job.rendition, NO_ROOM);
  return slow;
}

/** The re-encode path. */
async function encodeAll(
  slow: ReadonlyMap<Rendition, string>,
  edition: Edition,
  words: LaidOutWords,
  folder: string,
  { ffmpeg }: RenderTools,
  options: Parameters<typeof encode>[3],
): Promise<void> {
  const { template } = edition;
  const jobs: RenditionJob[] = [];
  for (const rendition of template.ladder.filter((each) => slow.has(each))) {
    const overlays = await drawForRendition(words, template, rendition, folder);
    const [footage, audio] = [edition.footage(rendition), edition.audio(rendition)];
    jobs.push({ rendition, footage, audio, overlays, quality: USUAL_QUALITY, out: join(folder, fileOf(rendition)) });
  }
  await encode(template, jobs, ffmpeg, options);
  await Promise.all(jobs.flatMap(({ overlays }) => overlays.map(({ file }) => rm(file))));
}

async function verifyAll(order: RenderOrder, edition: Edition, folder: string): Promise<Output[]> {
  const { template } = edition;
  const outputs: Output[] = [];
  for (const rendition of template.ladder) {
    const file = fileOf(rendition);
    outputs.push(await verifyRendition(join(folder, file), `${order.fence}/${file}`, template, rendition));
  }
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
