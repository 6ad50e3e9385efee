/**
 * Makes the film of one rendition of an edition: encodes it such that words can be put in by replacing slices, proves that they can, and says of every bubble why not, if not.
 *
 * In order: the places of the bubbles (splice/areas.ts); whether the footage stands still there (stillness.ts); at each frame where a bubble appears, slices for what lies around the bubbles
 * (surroundings.ts); one encode of the whole clip with a pattern in the bubbles' places (encode.ts, pattern.ts), at the rate factor that gives a file like the re-encode path's (quality.ts); the new
 * slices in it (blank.ts); the swap test (swap-test.ts). A film that fails is made again with other noise and with key frames after the bubbles that left a ghost; a bubble that
 * goes on failing is left out, and so is the largest of those in a picture that passes its level.
 *
 * It works in a folder that the caller gives, deletes and makes visible. Nothing here knows jobs.
 */

import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rendition, Template } from '../../template/format.js';
import { seal, sha256 } from '../digest.js';
import type { Ffmpeg } from '../ffmpeg.js';
import { RAW_FRAMES, watchFrames } from '../frames.js';
import { isUnspliceable, unspliceable } from '../h264/bits.js';
import { fpsOfRendition, framesOf, levelBuffer, levelRate, USUAL_QUALITY, videoOptions } from '../ladder.js';
import { cut, type Planes, rawOf } from '../planes.js';
import { type Area, areasOf, collide, cutsOf } from '../splice/areas.js';
import {
  DESCRIPTION_FILE,
  FILM_FILE,
  FILM_FORMAT,
  type Film,
  type FilmDescription,
  filmOf,
  STILLS_FILE,
} from '../splice/film.js';
import { encodeArea, spliceRows } from '../splice/splice.js';
import { LevelPassed } from '../splice/video.js';
import { blankFilm } from './blank.js';
import { filmCommand, keyFramesOf } from './encode.js';
import { likenessOf, mean } from './likeness.js';
import { patternOf } from './pattern.js';
import { bestOf, isSteady, nextCrf, type Try } from './quality.js';
import { movement, StillnessWatch } from './stillness.js';
import { encodeSurroundings, FINER, type Surroundings } from './surroundings.js';
import { BLACK, type Errors, type Extreme, filled, leak, MOST, SwapTest, WHITE } from './swap-test.js';

/** What a film is made of. Paths are absolute. */
export interface FilmSource {
  readonly template: Template;
  readonly rendition: Rendition;
  readonly footage: string;
  readonly audio: string | undefined;
  /** The name of the edition that these are of, if they are of one. */
  readonly edition?: string;
}

export interface MakeOptions {
  readonly ffmpeg: Pick<Ffmpeg, 'run'>;
  /** Fraction, 0 to 1, rising. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal | undefined;
  readonly stallMs?: number | undefined;
  /** The rate factor to try first: that of another cast's film, if there is one. */
  readonly crf?: number | undefined;
}

type Refusal = FilmDescription['refused'][number];

/** Quantiser of words; lower is finer. */
const WORDS_QP = 22;

/** The first guess of the rate factor. */
export const GUESS = USUAL_QUALITY.crf + 1.25;

/** Makes the film in `folder`, an empty one, and answers its description, which is also written there. Rejects like Ffmpeg.run. */
export async function makeFilm(source: FilmSource, folder: string, options: MakeOptions): Promise<FilmDescription> {
  const work = new Work(source, folder, options);
  const refused: Refusal[] = [];
  const placed = withoutCollisions(areasOf(source.template, source.rendition), refused);
  const { stills, pictures } = await work.watch(placed, refused);
  const reencoded = await work.reencode();
  let areas: readonly Area[] = placed.filter((area) => stills.has(area));
  let crf = options.crf ?? GUESS;
  for (let attempt: Attempt = { seed: 0, closed: [] }; areas.length > 0; ) {
    const proven = await prove(work, { areas, stills, pictures }, attempt, crf, reencoded.bytes);
    if ('reason' in proven) {
      const given = proven.frame === undefined ? areas : [largestAt(areas, proven.frame)];
      for (const { bubble } of given) refused.push({ bubble, reason: proven.reason });
      areas = areas.filter((area) => !given.includes(area));
      attempt = { seed: 0, closed: [] };
      continue;
    }
    const { made, errors } = proven;
    const failed = new Map(areas.flatMap((area, index) => failureOf(area, errors.get(index) as Errors)));
    if (failed.size === 0) return work.finish({ ...made, errors: worst(errors) }, refused, reencoded);
    ({ crf } = made);
    if (attempt.seed < SEEDS) {
      const ghosts = areas.filter((_, index) => (errors.get(index)?.after ?? 0) > MOST.after);
      attempt = { seed: attempt.seed + 1, closed: [...attempt.closed, ...ghosts.map(({ bubble }) => bubble)] };
    } else {
      for (const [area, reason] of failed) refused.push({ bubble: area.bubble, reason });
      areas = areas.filter((area) => !failed.has(area));
    }
  }
  return work.finish(undefined, refused, reencoded);
}

/** A film and what its swap test found; or why there can be none, as a sentence, and at which frame where one passes the level. */
async function prove(work: Work, seen: Seen, attempt: Attempt, crf: number, reencodedBytes: number) {
  try {
    const made = await work.bestFilm(seen, attempt, crf, reencodedBytes);
    return { made, errors: await work.swapTest(made.film) };
  } catch (error) {
    if (!isUnspliceable(error)) throw error;
    return { reason: (error as Error).message, frame: error instanceof LevelPassed ? error.frame : undefined };
  }
}

/** Of the areas that are visible in a key frame the one with the most macroblocks: without it there are fewest slices and bytes. */
function largestAt(areas: readonly Area[], frame: number): Area {
  const visible = cutsOf(areas).find((at) => at.frame === frame)?.areas ?? areas;
  const size = ({ rows }: Area) => rows.reduce((sum, { width }) => sum + width, 0);
  return visible.reduce((a, b) => (size(b) > size(a) ? b : a));
}

/** How often other noise is tried before a bubble is given up. */
const SEEDS = 2;

/** How a film is made after the last one failed. */
interface Attempt {
  /** Of the pattern's noise. */
  readonly seed: number;
  /** Bubbles after whose window a key frame stands. */
  readonly closed: readonly string[];
}

function failureOf(area: Area, errors: Errors): [Area, string][] {
  const reason = leak(errors);
  return reason ? [[area, reason]] : [];
}

interface Made extends Try {
  readonly film: Film;
}

/** What the footage shows of the areas. */
interface Seen {
  readonly areas: readonly Area[];
  /** What stands in each area. */
  readonly stills: ReadonlyMap<Area, Planes>;
  /** Whole pictures by frame, of the frames at which bubbles appear. */
  readonly pictures: ReadonlyMap<number, Planes>;
}

/** Bubbles that are visible at once must not share a macroblock: the second would be drawn over the first. */
function withoutCollisions(areas: readonly Area[], refused: Refusal[]): Area[] {
  return areas.filter((area) => {
    const other = areas.find((candidate) => candidate !== area && collide(area, candidate));
    if (other)
      refused.push({
        bubble: area.bubble,
        reason: `It shares blocks of 16 pixels with "${other.bubble}", which is visible at the same time.`,
      });
    return !other;
  });
}

function worst(errors: ReadonlyMap<number, Errors>): Errors {
  const all = [...errors.values()];
  const most = (kind: keyof Errors) => Math.max(0, ...all.map((each) => each[kind]));
  return { inside: most('inside'), outside: most('outside'), after: most('after') };
}

/** The making of one film: its files and its passes of ffmpeg, each of which moves the progress on. */
class Work {
  readonly #source: FilmSource;
  readonly #folder: string;
  readonly #options: MakeOptions;
  readonly #frames: number;
  readonly #fps: number;
  #done = 0;

  constructor(source: FilmSource, folder: string, options: MakeOptions) {
    this.#source = source;
    this.#folder = folder;
    this.#options = options;
    this.#frames = framesOf(source.template, source.rendition);
    this.#fps = fpsOfRendition(source.template, source.rendition).value;
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  /** Options of a pass that is `share` of what is left to do: nobody knows how many there will be. */
  #pass(share: number) {
    const { onProgress, signal, stallMs } = this.#options;
    const start = this.#done;
    this.#done += (1 - start) * share;
    const end = this.#done;
    return {
      signal,
      ...(stallMs === undefined ? {} : { stallMs }),
      onFrames: (frames: number) => onProgress?.(start + (end - start) * Math.min(1, frames / this.#frames)),
    };
  }

  /** One look at the footage: what stands in the areas that stand still, the others refused, and the whole pictures at the cuts. */
  async watch(areas: readonly Area[], refused: Refusal[]) {
    const watch = new StillnessWatch(areas);
    const { footage, rendition } = this.#source;
    const starts = new Set(areas.map(({ window }) => window.from));
    const pictures = new Map<number, Planes>();
    const look = (frame: Planes, number: number) => {
      watch.take(frame, number);
      if (starts.has(number)) pictures.set(number, cut(frame, 0, 0, frame.width, frame.height));
    };
    await watchFrames(this.#options.ffmpeg, rawCommand([footage], '[0:v]null[v]'), rendition, look, this.#pass(0.05));
    const stills = new Map<Area, Planes>();
    const watched = watch.result();
    for (const area of areas) {
      const seen = watched.get(area);
      const reason = seen ? movement(seen) : 'The footage ends before the bubble appears.';
      if (seen && !reason) stills.set(area, seen.still);
      else refused.push({ bubble: area.bubble, reason: reason ?? '' });
    }
    return { stills, pictures };
  }

  /** What the re-encode path makes of no words: the measure of size and likeness. */
  async reencode(): Promise<{ bytes: number; ssim: number }> {
    const { footage, audio, rendition } = this.#source;
    const out = this.#path('reencoded.mp4');
    const inputs = [footage, ...(audio ? [audio] : [])].map((file) => ({ options: [], source: file }));
    const sound = audio ? ['-map', '1:a', '-c:a', 'copy'] : [];
    const options = ['-map', '[v]', ...sound, ...videoOptions(rendition, USUAL_QUALITY), '-movflags', '+faststart'];
    const command = { inputs, filter: '[0:v]null[v]', outputs: [{ options, file: out }] };
    await this.#options.ffmpeg.run(command, this.#pass(0.15));
    const made = { bytes: (await stat(out)).size, ssim: await this.#likeness(out) };
    await rm(out);
    return made;
  }

  async #likeness(file: string): Promise<number> {
    return mean(await likenessOf(this.#options.ffmpeg, this.#source.footage, file, this.#pass(0.05)));
  }

  /** Films at several rate factors, and the best of them. */
  async bestFilm(seen: Seen, attempt: Attempt, first: number, reencodedBytes: number): Promise<Made> {
    const { rendition } = this.#source;
    const { maxBytes } = rendition;
    const goal = maxBytes === undefined ? reencodedBytes : Math.min(reencodedBytes, maxBytes * ROOM_FOR_WORDS);
    const tries: Made[] = [];
    for (let crf: number | undefined = first; crf !== undefined; crf = nextCrf(tries, goal)) {
      const film = await this.#film(seen, attempt, crf);
      const steady = isSteady(film.track.sizes, this.#fps, levelRate(rendition), levelBuffer(rendition));
      tries.push({ crf, bytes: film.file.length, isSteady: steady, film });
    }
    return bestOf(tries, goal) as Made;
  }

  /** One encode, with the bubbles as they are without words. */
  async #film({ areas, stills, pictures }: Seen, { seed, closed }: Attempt, crf: number): Promise<Film> {
    const { template, rendition, footage, audio } = this.#source;
    const { ffmpeg } = this.#options;
    const passing: string[] = [];
    const write = async (name: string, bytes: Uint8Array) => {
      passing.push(this.#path(name));
      await writeFile(this.#path(name), bytes);
      return this.#path(name);
    };
    const surroundings: Surroundings[] = [];
    const shown: string[] = [];
    for (const [number, { frame, areas: visible }] of cutsOf(areas).entries()) {
      const picture = pictures.get(frame);
      if (!picture) throw unspliceable(`the footage has no frame ${frame}`);
      const tools = { ffmpeg, folder: this.#folder, watch: this.#pass(0.01) };
      const around = await encodeSurroundings(picture, visible, rendition, Math.max(1, crf - FINER), tools);
      surroundings.push(around);
      shown.push(await write(`picture-${number}.yuv`, rawOf(around.picture)));
    }
    const patterns: string[] = [];
    for (const [index, area] of areas.entries())
      patterns.push(await write(`pattern-${index}.yuva`, patternOf(area, seed).yuva));
    const out = this.#path('patterned.mp4');
    const files = { footage, audio, patterns, pictures: shown, out };
    await ffmpeg.run(filmCommand(template, rendition, areas, { crf, closed }, files), this.#pass(0.4));
    const keyFrames = keyFramesOf(areas, this.#frames, this.#fps, closed);
    const options = { areas, stills, surroundings, keyFrames, fps: this.#fps, qp: WORDS_QP };
    const blank = blankFilm(await readFile(out), options);
    await Promise.all([...passing, out].map((path) => rm(path)));
    const raw = Buffer.concat(areas.map((area) => rawOf(stills.get(area) as Planes)));
    return filmOf(this.#describe(areas, crf), blank, raw);
  }

  /** Decodes the film with all bubbles white beside itself with all bubbles black. */
  async swapTest(film: Film): Promise<ReadonlyMap<number, Errors>> {
    const { rendition } = this.#source;
    const paths = [this.#path('white.mp4'), this.#path('black.mp4')] as const;
    for (const [index, colour] of [WHITE, BLACK].entries())
      await writeFile(paths[index] as string, Buffer.concat(extreme(film, colour, this.#fps)));
    const test = new SwapTest(film);
    const double = { width: rendition.width, height: rendition.height * 2 };
    const command = rawCommand(paths, '[0:v][1:v]vstack[v]');
    const frames = await watchFrames(
      this.#options.ffmpeg,
      command,
      double,
      (both, frame) => test.take(half(both, 0), half(both, 1), frame),
      this.#pass(0.5),
    );
    if (frames !== this.#frames) throw unspliceable(`it decodes to ${frames} of ${this.#frames} frames`);
    await Promise.all(paths.map((path) => rm(path)));
    return test.errors;
  }

  async finish(
    made: (Made & { readonly errors: Errors }) | undefined,
    refused: readonly Refusal[],
    reencoded: { bytes: number; ssim: number },
  ): Promise<FilmDescription> {
    const files: Record<string, string> = {};
    let ssim = 0;
    if (made) {
      const stills = Buffer.concat(made.film.areas.map(({ still }) => rawOf(still)));
      for (const [name, bytes] of [
        [FILM_FILE, made.film.file],
        [STILLS_FILE, stills],
      ] as const) {
        await writeFile(this.#path(name), bytes);
        files[name] = sha256(bytes);
      }
      ssim = await this.#likeness(this.#path(FILM_FILE));
    }
    const description: FilmDescription = {
      ...this.#describe(made?.film.areas ?? [], made?.crf ?? 0),
      files,
      refused: [...refused],
      blank: { bytes: made?.bytes ?? 0, ssim, reencoded },
      swapTest: made?.errors ?? { inside: 0, outside: 0, after: 0 },
    };
    await writeFile(this.#path(DESCRIPTION_FILE), seal(description));
    this.#options.onProgress?.(1);
    return description;
  }

  #describe(areas: readonly Area[], crf: number): FilmDescription {
    return {
      format: FILM_FORMAT,
      edition: this.#source.edition ?? '',
      rendition: this.#source.rendition.id,
      files: {},
      areas: areas.map(({ bubble, window, rows }) => ({ bubble, window, rows: [...rows] })),
      refused: [],
      quality: { crf, words: WORDS_QP },
      blank: { bytes: 0, ssim: 0, reencoded: { bytes: 0, ssim: 0 } },
      swapTest: { inside: 0, outside: 0, after: 0 },
    };
  }
}

/** Share of a cap that a blank film may fill; the rest is for words. */
const ROOM_FOR_WORDS = 0.9;

function rawCommand(files: readonly string[], filter: string) {
  const inputs = files.map((source) => ({ options: ['-xerror', '-err_detect', 'explode'], source }));
  return { inputs, filter, outputs: [{ options: ['-map', '[v]', ...RAW_FRAMES], file: 'pipe:1' }] };
}

/** A film with all bubbles of one colour. */
function extreme(film: Film, colour: Extreme, fps: number): Uint8Array[] {
  const rows = film.cuts.map((at) => {
    const maps = at.areas.map((number) => {
      const area = film.areas[number] as Film['areas'][number];
      return [...encodeArea(area, filled(area, colour), at, WORDS_QP)];
    });
    return new Map(maps.flat());
  });
  return spliceRows(film, rows, fps);
}

/** The upper or lower half of two pictures on top of each other. */
function half(both: Planes, which: 0 | 1): Planes {
  const height = both.height / 2;
  const part = (plane: Uint8Array) => plane.subarray((which * plane.length) / 2, ((which + 1) * plane.length) / 2);
  return { width: both.width, height, luma: part(both.luma), cb: part(both.cb), cr: part(both.cr) };
}
