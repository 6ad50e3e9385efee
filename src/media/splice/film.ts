/**
 * A film: one rendition of an edition, encoded so that words can be put into it by replacing slices; open in memory, ready for jobs.
 *
 * Problem: x264 is four fifths of what a job costs, and all of its work but the words is the same for every job.
 *
 * Solution: words stand still while their bubble is visible. So only the picture at which a bubble appears holds them, in slices of their own, one per macroblock row; in all later
 * pictures the bubble's macroblocks are copies (media/film/ makes films of which that is true, and proves it). A job encodes the rows that have ink, in place of the blank ones, and copies every
 * other byte. What is on the disk is the blank film, an ordinary MP4; a film without words is that file.
 *
 * Files: `film.mp4`; `stills.yuv`, each area's bounding box as it stands while visible, raw planes one after another; `film.json`, which carries the hashes of both and its own, and says for which edition
 * it was made, so that a film that is torn, damaged anywhere, or another's is found when it is opened.
 */

import { join } from 'node:path';
import * as z from 'zod';
import { readWhole, sha256, unseal } from '../digest.js';
import { BitReader, toRbsp, unspliceable } from '../h264/bits.js';
import { type Home, homeOf } from '../h264/rehome.js';
import { UnitType, unitType } from '../h264/units.js';
import { bytesOfPlanes, type Planes, planesOf } from '../planes.js';
import { type Area, boundsOfArea, cutsOf, inPixels } from './areas.js';
import { readVideo, unitsOf, type Video } from './video.js';

/** Raise when films are made or read in another way. */
export const FILM_FORMAT = 4;

const span = z.strictObject({ x: z.int(), y: z.int(), width: z.int().positive() });

/** The content of `film.json`, which stands there sealed. */
export const filmSchema = z.strictObject({
  format: z.literal(FILM_FORMAT),
  /** The name of the edition whose footage it shows; empty for a film that belongs to none. */
  edition: z.string(),
  rendition: z.string(),
  /** SHA-256 in hex by file name; empty when no bubble can be swapped and there is no film. */
  files: z.record(z.string(), z.string()),
  areas: z.array(
    z.strictObject({
      bubble: z.string(),
      window: z.strictObject({ from: z.int(), to: z.int() }),
      rows: z.array(span).min(1),
    }),
  ),
  /** Bubbles whose words cannot be put in, with the reason: a sentence. */
  refused: z.array(z.strictObject({ bubble: z.string(), reason: z.string() })),
  /** How the film was encoded: x264's constant rate factor; the quantiser of words. */
  quality: z.strictObject({ crf: z.number(), words: z.int() }),
  /** Bytes and mean luma SSIM of the blank film and of what the re-encode path makes of no words, against the prepared footage. */
  blank: z.strictObject({
    bytes: z.int(),
    ssim: z.number(),
    reencoded: z.strictObject({ bytes: z.int(), ssim: z.number() }),
  }),
  /** Swap test, in levels of 256 of luma or chroma: largest errors inside the bubbles, outside beyond the reach of deblocking, and after the windows. */
  swapTest: z.strictObject({ inside: z.int(), outside: z.int(), after: z.int() }),
});
export type FilmDescription = z.infer<typeof filmSchema>;

/** A key frame at which bubbles appear or stay. */
export interface Cut {
  /** Number of the frame and, since nothing is reordered across a key frame, of its sample. */
  readonly frame: number;
  readonly home: Home;
  /** The sample's units in their order. */
  readonly units: readonly CutUnit[];
  /** Indices into the film's areas. */
  readonly areas: readonly number[];
}

export interface CutUnit {
  /** Undefined for units that are no slices. */
  readonly firstMacroblock: number | undefined;
  readonly unit: Uint8Array;
}

/** An area with what stands in it when there are no words; the planes cover its bounding box. */
export interface StillArea extends Area {
  readonly still: Planes;
}

export interface Film extends Video {
  readonly description: FilmDescription;
  readonly areas: readonly StillArea[];
  readonly cuts: readonly Cut[];
}

export const FILM_FILE = 'film.mp4';
export const STILLS_FILE = 'stills.yuv';
export const DESCRIPTION_FILE = 'film.json';

/** Whose film is looked for. */
export type FilmOwner = Pick<FilmDescription, 'edition' | 'rendition'>;

/** The description of the film in a folder; undefined when there is none or it is damaged, of another format, or of another than the owner. */
export async function describeFilm(folder: string, owner?: FilmOwner): Promise<FilmDescription | undefined> {
  const text = await readWhole(join(folder, DESCRIPTION_FILE));
  const { data } = filmSchema.safeParse(text && unseal(text.toString('utf8')));
  if (owner && (data?.edition !== owner.edition || data.rendition !== owner.rendition)) return undefined;
  return data;
}

/** Opens the film in a folder; undefined when no bubble can be swapped. Rejects with `not_spliceable` when it is torn or foreign. */
export async function openFilm(folder: string, owner?: FilmOwner): Promise<Film | undefined> {
  const description = await describeFilm(folder, owner);
  if (!description) throw unspliceable('its description is torn, of another version or of another film');
  if (description.areas.length === 0) return undefined;
  const [file, stills] = await Promise.all(
    [FILM_FILE, STILLS_FILE].map(async (name) => {
      const bytes = await readWhole(join(folder, name));
      if (!bytes || sha256(bytes) !== description.files[name]) throw unspliceable(`${name} is not what was prepared`);
      return bytes;
    }),
  );
  return filmOf(description, file as Buffer, stills as Buffer);
}

/** A film from its parts. Throws `not_spliceable` when they do not belong together. */
export function filmOf(description: FilmDescription, file: Buffer, stills: Buffer): Film {
  const video = readVideo(file);
  const areas = withStills(description.areas, stills);
  const cuts = cutsOf(areas).map(({ frame, areas: visible }): Cut => {
    const units = unitsOf(video, frame);
    return {
      frame,
      home: homeOf(units, video.sets),
      units: units.map((unit) => ({ unit, firstMacroblock: firstMacroblockOf(unit) })),
      areas: visible.map((area) => areas.indexOf(area)),
    };
  });
  for (const cut of cuts) assertPlaces(cut, areas);
  return { ...video, description, areas, cuts };
}

/** Every row of a visible area is one slice and a whole one: in another's place a row would leave macroblocks out, and nothing would say so before a decoder does. */
function assertPlaces({ frame, home, units, areas: visible }: Cut, areas: readonly Area[]): void {
  const { widthInMacroblocks: across, heightInMacroblocks: down } = home.sets.sequence;
  const firsts = units.flatMap(({ firstMacroblock }) => firstMacroblock ?? []);
  const ends = new Map(firsts.map((first, slice) => [first, firsts[slice + 1] ?? across * down]));
  for (const { x, y, width } of visible.flatMap((area) => areas[area]?.rows ?? [])) {
    const first = y * across + x;
    if (x < 0 || x + width > across || ends.get(first) !== first + width)
      throw unspliceable(`its slices of frame ${frame} are not where words are to stand`);
  }
}

/** Of a slice of an IDR picture (7.3.3: its header begins with it). */
export function firstMacroblockOf(unit: Uint8Array): number | undefined {
  if (unitType(unit) !== UnitType.idr) return undefined;
  return new BitReader(toRbsp(unit.subarray(0, 16)), 8).ue();
}

function withStills(areas: readonly Area[], stills: Buffer): StillArea[] {
  let at = 0;
  const placed = areas.map((area) => {
    const { width, height } = inPixels(boundsOfArea(area));
    const end = at + bytesOfPlanes(width, height);
    if (end > stills.length) throw unspliceable('its stills are cut off');
    const still = planesOf(stills.subarray(at, end), width, height);
    at = end;
    return { ...area, still };
  });
  if (at !== stills.length) throw unspliceable('its stills are too many');
  return placed;
}
