/**
 * Editions: a template prepared for one cast, kept on this server.
 *
 * An edition is named by everything it depends on (template version, cast, ffmpeg, the way of preparing), so that it never has to be invalidated: a change makes
 * another name. It is built in a part folder and renamed when whole; two renderers that prepare the same one at once do double work and no harm. It carries the
 * template's description, so that a job pinned to a template that was replaced meanwhile can still be rendered.
 */

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StoryfarmError } from '../../errors.js';
import type { Cast, TemplateRef } from '../../job.js';
import type { InstalledTemplate } from '../../template/catalog.js';
import { type Rendition, type Template, templateSchema } from '../../template/format.js';
import type { Ffmpeg } from '../ffmpeg.js';
import { audioKey, framesOf } from '../ladder.js';
import { readMovie } from '../mp4/movie.js';
import { sync } from '../storage.js';
import { type PreparedFiles, posterCommand, prepareCommand } from './footage.js';

/** Raise when prepare.ts makes something else of the same template. */
const FORMAT = 1;

export interface Edition {
  readonly ref: TemplateRef;
  readonly cast: Cast;
  readonly template: Template;
  readonly folder: string;
  /** Absolute paths. */
  readonly footage: (rendition: Rendition) => string;
  readonly audio: (rendition: Rendition) => string | undefined;
  readonly poster: string;
}

export interface PrepareOptions {
  /** Fraction of the preparation, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without progress after which ffmpeg is killed; default that of Ffmpeg.run. */
  readonly stallMs?: number | undefined;
}

export interface Editions {
  /** The edition if it is prepared and whole. */
  find(ref: TemplateRef, cast: Cast): Promise<Edition | undefined>;
  /** Prepares it unless it is there. Rejects like Ffmpeg.run, or with `output_incomplete` when footage is shorter than the template. */
  prepare(installed: InstalledTemplate, cast: Cast, options?: PrepareOptions): Promise<Edition>;
  /** Deletes the part folders of processes that are gone. Answers how many. */
  sweep(): Promise<number>;
}

const described = z.strictObject({
  format: z.literal(FORMAT),
  ref: z.strictObject({ id: z.string(), version: z.string() }),
  cast: z.record(z.string(), z.string()),
  ffmpeg: z.string(),
  template: templateSchema,
  /** Bytes by file name: a torn file is found when the edition is opened. */
  files: z.record(z.string(), z.int()),
});

const names: PreparedFiles = {
  footage: (rendition) => `footage-${rendition.id}.mp4`,
  audio: (rendition) => `audio-${audioKey(rendition.audio)}.m4a`,
  poster: 'poster.png',
};

export function openEditions(dataFolder: string, ffmpeg: Pick<Ffmpeg, 'run' | 'version'>): Editions {
  const root = join(dataFolder, 'editions');
  const folderOf = (ref: TemplateRef, cast: Cast) => {
    const parts = Object.entries(cast).sort(([a], [b]) => a.localeCompare(b));
    const name = createHash('sha256')
      .update(JSON.stringify([FORMAT, ref.version, parts, ffmpeg.version]))
      .digest('hex')
      .slice(0, 24);
    return join(root, ref.id, name);
  };

  async function find(ref: TemplateRef, cast: Cast): Promise<Edition | undefined> {
    const folder = folderOf(ref, cast);
    const text = await readFile(join(folder, 'edition.json'), 'utf8').catch(() => undefined);
    const parsed = text === undefined ? undefined : described.safeParse(parseJson(text));
    if (!parsed?.success) return undefined;
    for (const [name, bytes] of Object.entries(parsed.data.files)) {
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (found?.size !== bytes) return undefined;
    }
    const { template } = parsed.data;
    return {
      ref,
      cast,
      template,
      folder,
      footage: (rendition) => join(folder, names.footage(rendition)),
      audio: (rendition) => (template.music ? join(folder, names.audio(rendition)) : undefined),
      poster: join(folder, names.poster),
    };
  }

  async function prepare(
    installed: InstalledTemplate,
    cast: Cast,
    { onProgress, signal, stallMs }: PrepareOptions = {},
  ): Promise<Edition> {
    const { ref, template } = installed;
    const there = await find(ref, cast);
    if (there) return there;
    const final = folderOf(ref, cast);
    const part = `${final}.${process.pid}-${randomUUID().slice(0, 8)}.part`;
    await mkdir(part, { recursive: true });
    try {
      const inPart: PreparedFiles = {
        footage: (rendition) => join(part, names.footage(rendition)),
        audio: (rendition) => join(part, names.audio(rendition)),
        poster: join(part, names.poster),
      };
      const command = prepareCommand(template, cast, (file) => join(installed.folder, file), inPart);
      const total = framesOf(template, template.ladder[0] as Rendition);
      const watch = { signal, ...(stallMs === undefined ? {} : { stallMs }) };
      await ffmpeg.run(command, { ...watch, onFrames: (frames) => onProgress?.(Math.min(1, frames / total)) });
      await verify(template, inPart);
      await ffmpeg.run(posterCommand(template, inPart), watch);
      const files = Object.fromEntries(
        await Promise.all(
          (await readdir(part)).map(async (name) => [name, (await stat(join(part, name))).size] as const),
        ),
      );
      const description: z.input<typeof described> = {
        format: FORMAT,
        ref,
        cast,
        ffmpeg: ffmpeg.version,
        template,
        files,
      };
      await writeFile(join(part, 'edition.json'), JSON.stringify(description, undefined, 1));
      for (const name of await readdir(part)) await sync(join(part, name));
      await settle(part, final);
    } finally {
      await rm(part, { recursive: true, force: true });
    }
    const made = await find(ref, cast);
    if (!made) throw new StoryfarmError('output_incomplete', `The edition at ${final} vanished while it was made.`);
    return made;
  }

  /** Another renderer may have finished the same edition first: then theirs stays. A torn one makes room. */
  async function settle(part: string, final: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await rename(part, final);
        return await sync(join(final, '..'));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (tries > 2 || (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM')) throw error;
        if (await whole(final)) return;
        await rm(final, { recursive: true, force: true });
      }
    }
  }

  async function whole(folder: string): Promise<boolean> {
    const text = await readFile(join(folder, 'edition.json'), 'utf8').catch(() => '');
    const parsed = described.safeParse(parseJson(text));
    return parsed.success && (await find(parsed.data.ref, parsed.data.cast)) !== undefined;
  }

  async function sweep(): Promise<number> {
    let swept = 0;
    for (const id of await readdir(root).catch(() => [])) {
      for (const name of await readdir(join(root, id)).catch(() => [])) {
        const pid = PART.exec(name)?.[1];
        if (pid === undefined || isAlive(Number(pid))) continue;
        await rm(join(root, id, name), { recursive: true, force: true });
        swept++;
      }
    }
    return swept;
  }

  return { find, prepare, sweep };
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

const PART = /\.(\d+)-[0-9a-f]+\.part$/;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
