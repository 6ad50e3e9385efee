/**
 * Editions: a template prepared for one cast, kept on this server.
 *
 * An edition has two storeys. Its footage, laid out at every size of the ladder (footage.ts), is made in less than a minute and is all that the re-encode path needs. Its films
 * (media/film/), one per rendition, take minutes and make jobs cheap; each is made and kept for itself, so that a preparation which is stopped goes on where it was.
 *
 * An edition is named by everything it depends on (template version, cast, ffmpeg, the way of preparing), so that it never has to be invalidated: a change makes
 * another name. Everything is built in a part folder by one process at a time (exclusive.ts) and renamed when whole. It carries the
 * template's description, so that a job pinned to a template that was replaced meanwhile can still be rendered.
 *
 * Nothing of it is taken on trust: its description is under a hash (description.ts) and has the hash of every file, which is held against the file before that is used (proof.ts). An edition in which
 * anything is amiss is deleted, and made again by whoever needs it.
 */

import { readdir, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StoryfarmError } from '../../errors.js';
import type { Cast, TemplateRef } from '../../job.js';
import type { InstalledTemplate } from '../../template/catalog.js';
import type { Rendition, Template } from '../../template/format.js';
import { seal, sha256OfFile } from '../digest.js';
import type { Ffmpeg } from '../ffmpeg.js';
import { makeFilm } from '../film/film.js';
import { audioKey, framesOf } from '../ladder.js';
import { readMovie } from '../mp4/movie.js';
import { describeFilm, type FilmDescription } from '../splice/film.js';
import { sync } from '../storage.js';
import { DESCRIPTION, type Described, Descriptions, FORMAT, nameOf } from './description.js';
import { disown, exclusively, filesOf, removeAtOnce, sweepParts } from './exclusive.js';
import { type PreparedFiles, posterCommand, prepareCommand } from './footage.js';
import { lookAt, Proof } from './proof.js';

export interface Edition {
  readonly ref: TemplateRef;
  readonly cast: Cast;
  readonly template: Template;
  readonly folder: string;
  /** The folder's own name: no other edition has it. */
  readonly name: string;
  /** What each file of the footage is, by name. */
  readonly files: Described['files'];
  /** Absolute paths. */
  readonly footage: (rendition: Rendition) => string;
  readonly audio: (rendition: Rendition) => string | undefined;
  readonly poster: string;
  /** The folder of a rendition's film, whether there is one or not. */
  readonly film: (rendition: Rendition) => string;
}

export interface PrepareOptions {
  /** Fraction of the preparation, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without progress after which ffmpeg is killed; default that of Ffmpeg.run. */
  readonly stallMs?: number | undefined;
  /** Called when footage was made and nobody sees it yet; rejects when the template's files are not those any more that were meant. Then nothing is kept. */
  readonly recheck?: (() => Promise<void>) | undefined;
}

export interface Editions {
  /** The edition if it is prepared and nothing is missing. What is in its files is not looked at: see `check`. */
  find(ref: TemplateRef, cast: Cast): Promise<Edition | undefined>;
  /** Whether something lies where the edition belongs that `find` does not take for it. It gives way when the edition is prepared. */
  isDamaged(ref: TemplateRef, cast: Cast): Promise<boolean>;
  /** Whether these files (paths; all when none are named) are, to the byte, as they were prepared. Where one is not, the edition is deleted with its films: prepare it again. To be asked before they are read. */
  check(edition: Edition, files?: readonly string[]): Promise<boolean>;
  /** Prepares it unless it is there; while it has not all of its films, which are made from it, its files are checked. Rejects like Ffmpeg.run and `recheck`, with `output_incomplete` when footage is shorter than the template, or `template_invalid` when it cannot be decoded. */
  prepare(installed: InstalledTemplate, cast: Cast, options?: PrepareOptions): Promise<Edition>;
  /** What is known of a rendition's film; undefined while it is not made. */
  describe(edition: Edition, rendition: Rendition): Promise<FilmDescription | undefined>;
  /** Makes the films that are not there. Rejects like Ffmpeg.run, or with `output_incomplete` when the footage is not what was prepared; what was made before stays. */
  film(edition: Edition, options?: PrepareOptions): Promise<void>;
  /** Whether footage and all films are there. */
  isWhole(ref: TemplateRef, cast: Cast): Promise<boolean>;
  /** Notes that an edition was used now. */
  touch(edition: Edition): Promise<void>;
  /** Deletes the part folders of processes that are gone. Answers how many. */
  sweep(): Promise<number>;
  /** Deletes the editions that nobody used for `unusedMs`, and those that this version cannot read. Answers how many. */
  prune(unusedMs: number, now: number): Promise<number>;
}

/** An edition that is in use is noted as used this often, in milliseconds. */
const TOUCH_MS = 60_000;

const names: PreparedFiles = {
  footage: (rendition) => `footage-${rendition.id}.mp4`,
  audio: (rendition) => `audio-${audioKey(rendition.audio)}.m4a`,
  poster: 'poster.png',
};

export function openEditions(dataFolder: string, ffmpeg: Pick<Ffmpeg, 'run' | 'version'>): Editions {
  const root = join(dataFolder, 'editions');
  const folderOf = (ref: TemplateRef, cast: Cast) => join(root, ref.id, nameOf(ref, cast, ffmpeg.version));
  const descriptions = new Descriptions();
  const proof = new Proof();

  /** Asked for every job, so in one go: what is looked at lies in memory, and turns through Node's pool of threads would cost ten times as much. */
  async function find(ref: TemplateRef, cast: Cast): Promise<Edition | undefined> {
    const folder = folderOf(ref, cast);
    const description = descriptions.in(folder);
    if (!description) return undefined;
    for (const [name, { bytes }] of Object.entries(description.files))
      if (lookAt(join(folder, name))?.size !== bytes) return undefined;
    const { template, files } = description;
    return {
      ref,
      cast,
      template,
      folder,
      name: basename(folder),
      files,
      footage: (rendition) => join(folder, names.footage(rendition)),
      audio: (rendition) => (template.music ? join(folder, names.audio(rendition)) : undefined),
      poster: join(folder, names.poster),
      film: (rendition) => join(folder, `${rendition.id}.film`),
    };
  }

  const isDamaged = async (ref: TemplateRef, cast: Cast) =>
    lookAt(folderOf(ref, cast)) !== undefined && (await find(ref, cast)) === undefined;

  async function check(edition: Edition, files?: readonly string[]): Promise<boolean> {
    for (const path of files ?? Object.keys(edition.files).map((name) => join(edition.folder, name))) {
      const file = edition.files[basename(path)];
      if (file && (await proof.holds(path, file.sha256))) continue;
      await removeAtOnce(edition.folder);
      return false;
    }
    return true;
  }

  /** Films are made from what is found here; once they are, jobs hardly read it. */
  async function findToFilm(ref: TemplateRef, cast: Cast): Promise<Edition | undefined> {
    const found = await find(ref, cast);
    return found && ((await isFilmed(found)) || (await check(found))) ? found : undefined;
  }

  async function prepare(
    installed: InstalledTemplate,
    cast: Cast,
    { onProgress, signal, stallMs, recheck }: PrepareOptions = {},
  ): Promise<Edition> {
    const { ref, template } = installed;
    const final = folderOf(ref, cast);
    const make = async (part: string) => {
      const inPart: PreparedFiles = {
        footage: (rendition) => join(part, names.footage(rendition)),
        audio: (rendition) => join(part, names.audio(rendition)),
        poster: join(part, names.poster),
      };
      const command = prepareCommand(template, cast, (file) => join(installed.folder, file), inPart);
      const total = framesOf(template, template.ladder[0] as Rendition);
      const watch = { signal, ...(stallMs === undefined ? {} : { stallMs }) };
      const onFrames = (frames: number) => onProgress?.(Math.min(1, frames / total));
      await ffmpeg.run(command, { ...watch, onFrames }).catch((error) => blame(installed, error));
      await verify(template, inPart);
      await ffmpeg.run(posterCommand(template, inPart), watch);
      const files = Object.fromEntries(
        await Promise.all((await filesOf(part)).map(async (name) => [name, await factsOf(join(part, name))] as const)),
      );
      const description: Described = {
        format: FORMAT,
        ref,
        cast,
        ffmpeg: ffmpeg.version,
        template,
        files,
      };
      await writeFile(join(part, DESCRIPTION), seal(description));
      await recheck?.();
      await settle(part, final);
      const made = await find(ref, cast);
      if (!made) throw new StoryfarmError('output_incomplete', `The edition at ${final} vanished while it was made.`);
      return made;
    };
    return exclusively(final, () => findToFilm(ref, cast), make, signal);
  }

  /** Makes what is whole visible, for good. What stood there was torn, else it would have been found. */
  async function settle(part: string, final: string): Promise<void> {
    for (const name of await readdir(part)) await sync(join(part, name));
    await removeAtOnce(final);
    await rename(part, final);
    await disown(final);
    await sync(join(final, '..'));
  }

  async function film(edition: Edition, { onProgress, signal, stallMs }: PrepareOptions = {}): Promise<void> {
    const { template } = edition;
    // Time goes with the number of pixels.
    const weights = template.ladder.map(
      (rendition) => rendition.width * rendition.height * framesOf(template, rendition),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let done = 0;
    for (const [index, rendition] of template.ladder.entries()) {
      const share = (weights[index] as number) / total;
      const start = done;
      const final = edition.film(rendition);
      const make = async (part: string) => {
        const [footage, audio] = [edition.footage(rendition), edition.audio(rendition)];
        if (!(await check(edition, audio === undefined ? [footage] : [footage, audio]))) {
          const message = `What was prepared of ${edition.ref.id} for ${rendition.id} is damaged; it was deleted.`;
          throw new StoryfarmError('output_incomplete', message, { hint: 'Prepare it again.', file: footage });
        }
        const source = { template, rendition, footage, audio, edition: edition.name };
        const description = await makeFilm(source, part, {
          ffmpeg,
          signal,
          stallMs,
          crf: await siblingCrf(edition, rendition),
          onProgress: (fraction) => onProgress?.(start + share * fraction),
        });
        await settle(part, final);
        return description;
      };
      await exclusively(final, () => describe(edition, rendition), make, signal);
      done += share;
      onProgress?.(Math.min(1, done));
    }
  }

  /** The rate factor of another cast's film: a good first guess. */
  async function siblingCrf(edition: Edition, rendition: Rendition): Promise<number | undefined> {
    const siblings = join(root, edition.ref.id);
    for (const name of await readdir(siblings).catch(() => [])) {
      const known = await describeFilm(join(siblings, name, `${rendition.id}.film`));
      if (known && known.areas.length > 0) return known.quality.crf;
    }
    return undefined;
  }

  const describe = (edition: Edition, rendition: Rendition) =>
    describeFilm(edition.film(rendition), { edition: edition.name, rendition: rendition.id });

  async function isFilmed(edition: Edition): Promise<boolean> {
    for (const rendition of edition.template.ladder) if (!(await describe(edition, rendition))) return false;
    return true;
  }

  async function isWhole(ref: TemplateRef, cast: Cast): Promise<boolean> {
    const edition = await find(ref, cast);
    return edition !== undefined && isFilmed(edition);
  }

  async function touch({ folder }: Edition): Promise<void> {
    const path = join(folder, DESCRIPTION);
    const now = new Date();
    if (now.getTime() - (lookAt(path)?.mtimeMs ?? 0) < TOUCH_MS) return;
    await utimes(path, now, now).catch(() => {}); // It was pruned meanwhile; the job has what it needs.
  }

  async function prune(unusedMs: number, now: number): Promise<number> {
    let pruned = 0;
    for (const id of await readdir(root).catch(() => [])) {
      for (const name of await readdir(join(root, id)).catch(() => [])) {
        if (name.endsWith('.part')) continue;
        const folder = join(root, id, name);
        const used = lookAt(join(folder, DESCRIPTION));
        if (descriptions.in(folder) && used && now - used.mtimeMs <= unusedMs) continue;
        await removeAtOnce(folder);
        pruned++;
      }
    }
    return pruned;
  }

  return { find, isDamaged, check, prepare, describe, film, isWhole, touch, sweep: () => sweepParts(root, 3), prune };
}

/** Footage may end before the template does, though its index promised more. */
async function verify(template: Template, files: PreparedFiles): Promise<void> {
  for (const rendition of template.ladder) {
    const video = (await readMovie(files.footage(rendition))).tracks.find((track) => track.kind === 'video');
    const wanted = framesOf(template, rendition);
    if (video?.samples !== wanted) {
      throw new StoryfarmError(
        'output_incomplete',
        `Preparing ${rendition.id} gave ${video?.samples ?? 0} of ${wanted} frames.`,
        {
          hint: 'The footage ends early or cannot be decoded; play it through with ffmpeg -i FILE -f null -.',
        },
      );
    }
  }
}

async function factsOf(path: string): Promise<Described['files'][string]> {
  return { bytes: (await stat(path)).size, sha256: (await sha256OfFile(path)) ?? '' };
}

/** What decoders say of a stream that is damaged, and of nothing else. */
const DAMAGED =
  /error while decoding|Invalid data found|Invalid NAL unit|Error splitting the input|moov atom not found|^\[aac @ \w+\] .*(exceeds limit|not allocated|exhausted|not allowed|nvalid|Reserved bit|decoding)/m;

/** A file that cannot be decoded cannot be decoded the next time either. */
function blame({ folder }: InstalledTemplate, error: unknown): never {
  const { code, cause } = error as StoryfarmError;
  if (code !== 'ffmpeg_failed' || !(cause instanceof Error) || !DAMAGED.test(cause.message)) throw error;
  throw new StoryfarmError('template_invalid', `The footage or the music of ${folder} cannot be decoded to its end.`, {
    file: folder,
    cause,
    hint: 'Put a whole copy of the file in its place; `storyfarm templates prepare` decodes every frame.',
  });
}
