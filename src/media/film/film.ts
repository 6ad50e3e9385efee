/**
 * Makes the film of one rendition of an edition: encodes it such that words can be put in by replacing slices, proves that they can, and says of every bubble why not, if not.
 *
 * In order: the places of the bubbles (splice/areas.ts); whether the footage stands still there (stillness.ts); one encode of the whole clip with a pattern in the bubbles' places (encode.ts, pattern.ts), at
 * the rate factor that gives a file like the re-encode path's (quality.ts); at each frame where a bubble appears new slices for what lies around the bubbles (surroundings.ts) and for the
 * bubbles as they are without words; the swap test (swap-test.ts). A bubble that fails is left out and the rest is tried again.
 *
 * It works in a folder that the caller gives, deletes and makes visible. Nothing here knows jobs.
 */

import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rendition, Template } from '../../template/format.js';
import type { Ffmpeg } from '../ffmpeg.js';
import { RAW_FRAMES, watchFrames } from '../frames.js';
import { unspliceable } from '../h264/bits.js';
import { brokenLimit } from '../h264/limits.js';
import { readParameterSets } from '../h264/parameter-sets.js';
import { assemble, homeOf, type Slice } from '../h264/rehome.js';
import { joinLengths, splitLengths, UnitType, unitType } from '../h264/units.js';
import { encodeRow } from '../intra/intra.js';
import { fpsOfRendition, framesOf, USUAL_QUALITY, videoOptions } from '../ladder.js';
import { readMp4Index, replaceSamples, sampleOf } from '../mp4/samples.js';
import { cut, type Planes, planesOf, rawOf } from '../planes.js';
import { type Area, areasOf, boundsOfArea, codedSize, collide, cutsOf, MACROBLOCK } from '../splice/areas.js';
import {
  DESCRIPTION_FILE,
  FILM_FILE,
  FILM_FORMAT,
  type Film,
  type FilmDescription,
  filmOf,
  STILLS_FILE,
  sha256,
} from '../splice/film.js';
import { encodeArea, spliceRows } from '../splice/splice.js';
import { filmCommand } from './encode.js';
import { likenessOf, mean } from './likeness.js';
import { patternOf } from './pattern.js';
import { bestOf, nextCrf, type Try } from './quality.js';
import { movement, StillnessWatch } from './stillness.js';
import { encodeParts, partsAround } from './surroundings.js';
import { BLACK, type Errors, type Extreme, filled, leak, SwapTest, WHITE } from './swap-test.js';

/** What a film is made of. Paths are absolute. */
export interface FilmSource {
  readonly template: Template;
  readonly rendition: Rendition;
  readonly footage: string;
  readonly audio: string | undefined;
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

/** Quantisers of the slices around bubbles and of words; lower is finer. */
const SURROUNDINGS_QP = 18;
const WORDS_QP = 20;

/** The first guess of the rate factor, against the re-encode path's: preset slower is that much better. */
const GUESS = USUAL_QUALITY.crf + 0.5;

/** Makes the film in `folder`, an empty one, and answers its description, which is also written there. Rejects like Ffmpeg.run. */
export async function makeFilm(source: FilmSource, folder: string, options: MakeOptions): Promise<FilmDescription> {
  const { template, rendition } = source;
  const work = new Work(source, folder, options);
  const refused: Refusal[] = [];
  let areas = withoutCollisions(areasOf(template, rendition), refused);
  const watched = await work.watch(areas);
  areas = areas.filter((area) => {
    const seen = watched.get(area);
    const reason = seen ? movement(seen) : 'The footage ends before the bubble appears.';
    if (reason) refused.push({ bubble: area.bubble, reason });
    return !reason;
  });
  const stills = new Map([...watched].map(([area, { still }]) => [area, still]));
  const reencoded = await work.reencode();
  for (;;) {
    if (areas.length === 0) return work.finish(undefined, refused, reencoded);
    const made = await work.bestFilm(areas, stills, reencoded.bytes);
    const errors = await work.swapTest(made.film);
    const failed = areas.filter((_, area) => leak(errors.get(area) as Errors));
    if (failed.length === 0) return work.finish({ ...made, errors: worst(errors) }, refused, reencoded);
    for (const area of failed) {
      const reason = leak(errors.get(areas.indexOf(area)) as Errors) ?? '';
      refused.push({ bubble: area.bubble, reason });
    }
    areas = areas.filter((area) => !failed.includes(area));
  }
}

interface Made extends Try {
  readonly film: Film;
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

  /** One look at the footage. */
  async watch(areas: readonly Area[]) {
    const watch = new StillnessWatch(areas);
    const { footage, rendition } = this.#source;
    const command = rawCommand([footage], '[0:v]null[v]');
    await watchFrames(this.#options.ffmpeg, command, rendition, (frame, n) => watch.take(frame, n), this.#pass(0.05));
    return watch.result();
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
    return { bytes: (await stat(out)).size, ssim: await this.#likeness(out) };
  }

  async #likeness(file: string): Promise<number> {
    const values = await likenessOf(this.#options.ffmpeg, this.#source.footage, file, this.#pass(0.05));
    await rm(file);
    return mean(values);
  }

  /** Films at several rate factors, and the best of them. */
  async bestFilm(areas: readonly Area[], stills: ReadonlyMap<Area, Planes>, reencodedBytes: number): Promise<Made> {
    const { maxBytes } = this.#source.rendition;
    const goal = maxBytes === undefined ? reencodedBytes : Math.min(reencodedBytes, maxBytes * ROOM_FOR_WORDS);
    const tries: Made[] = [];
    for (let crf: number | undefined = this.#options.crf ?? GUESS; crf !== undefined; crf = nextCrf(tries, goal)) {
      const film = await this.#blankFilm(areas, stills, crf);
      tries.push({ crf, bytes: film.file.length, film });
    }
    return bestOf(tries, goal) as Made;
  }

  /** One encode, with the bubbles as they are without words. */
  async #blankFilm(areas: readonly Area[], stills: ReadonlyMap<Area, Planes>, crf: number): Promise<Film> {
    const { template, rendition, footage, audio } = this.#source;
    const patterns = areas.map((_, index) => this.#path(`pattern-${index}.yuva`));
    await Promise.all(areas.map((area, index) => writeFile(patterns[index] as string, patternOf(area).yuva)));
    const out = this.#path('patterned.mp4');
    const command = filmCommand(template, rendition, areas, crf, { footage, audio, patterns, out });
    await this.#options.ffmpeg.run(command, this.#pass(0.4));
    const file = await readFile(out);
    const pictures = await this.#pictures(out, areas);
    const blank = await this.#withBlankCuts(file, areas, stills, pictures);
    await Promise.all([...patterns, out].map((path) => rm(path)));
    const raw = Buffer.concat(areas.map((area) => rawOf(stills.get(area) as Planes)));
    return filmOf(this.#describe(areas, crf), blank, raw);
  }

  /** The pictures at the cuts, as the film decodes. */
  async #pictures(film: string, areas: readonly Area[]): Promise<Planes[]> {
    const { rendition } = this.#source;
    const wanted = cutsOf(areas).map(({ frame }) => `eq(n\\,${frame})`);
    const pictures: Planes[] = [];
    const keep = (frame: Planes) => {
      const copy = Buffer.from(rawOf(frame));
      pictures.push(planesOf(copy, rendition.width, rendition.height));
    };
    const command = rawCommand([film], `[0:v]select=${wanted.join('+')}[v]`);
    await watchFrames(this.#options.ffmpeg, command, rendition, keep, this.#pass(0.02));
    return pictures;
  }

  /** The film's key frames with new slices: around the bubbles, and in them what stands there without words. */
  async #withBlankCuts(
    file: Buffer,
    areas: readonly Area[],
    stills: ReadonlyMap<Area, Planes>,
    pictures: readonly Planes[],
  ): Promise<Buffer> {
    const { rendition } = this.#source;
    const index = readMp4Index(file);
    const track = index.tracks.find(({ handler }) => handler === 'vide');
    const configuration = track?.configuration;
    if (!track || !configuration) throw unspliceable('it has no H.264 track');
    const sets = readParameterSets([...configuration.sequenceSets, ...configuration.pictureSets]);
    const samples = new Map<number, Uint8Array>();
    let lastId: number | undefined;
    for (const [number, { frame, areas: visible }] of cutsOf(areas).entries()) {
      const units = splitLengths(sampleOf(file, track, frame), configuration.lengthSize);
      const home = homeOf(units, sets);
      if (home.model.idrPictureId === lastId) throw unspliceable('neighbouring key frames have the same idr_pic_id');
      lastId = home.model.idrPictureId;
      const picture = pictures[number];
      if (!picture) throw unspliceable(`its frame ${frame} was not decoded`);
      const parts = partsAround(visible, codedSize(rendition));
      const tools = { ffmpeg: this.#options.ffmpeg, folder: this.#folder, watch: this.#pass(0.01) };
      const slices: Slice[] = await encodeParts(picture, parts, home, rendition, SURROUNDINGS_QP, tools);
      for (const area of visible) slices.push(...blankRows(area, stills.get(area) as Planes, home));
      const others = units.filter((unit) => unitType(unit) !== UnitType.idr);
      const sample = joinLengths([...others, ...assemble(slices, sets)], configuration.lengthSize);
      const facts = { slices: slices.length, bytes: sample.length, fps: this.#fps, isFirst: frame === 0 };
      const broken = brokenLimit(sets, facts);
      if (broken) throw unspliceable(broken);
      samples.set(frame, sample);
    }
    return Buffer.concat(replaceSamples(file, index, track, samples));
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
      await writeFile(this.#path('judged.mp4'), made.film.file);
      ssim = await this.#likeness(this.#path('judged.mp4'));
    }
    const description: FilmDescription = {
      ...this.#describe(made?.film.areas ?? [], made?.crf ?? 0),
      files,
      refused: [...refused],
      blank: { bytes: made?.bytes ?? 0, ssim, reencoded },
      swapTest: made?.errors ?? { inside: 0, outside: 0, after: 0 },
    };
    await writeFile(this.#path(DESCRIPTION_FILE), JSON.stringify(description, undefined, 1));
    this.#options.onProgress?.(1);
    return description;
  }

  #describe(areas: readonly Area[], crf: number): FilmDescription {
    return {
      format: FILM_FORMAT,
      rendition: this.#source.rendition.id,
      files: {},
      areas: areas.map(({ bubble, window, rows }) => ({ bubble, window, rows: [...rows] })),
      refused: [],
      quality: { crf, surroundings: SURROUNDINGS_QP, words: WORDS_QP },
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

/** The rows of an area without words. */
function blankRows(area: Area, still: Planes, home: Parameters<typeof encodeRow>[2]): Slice[] {
  const bounds = boundsOfArea(area);
  return area.rows.map(({ x, y, width }, row) => {
    const strip = cut(still, (x - bounds.x) * MACROBLOCK, row * MACROBLOCK, width * MACROBLOCK, MACROBLOCK);
    return encodeRow(strip, 0, home, y * home.sets.sequence.widthInMacroblocks + x, WORDS_QP);
  });
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
