/**
 * Puts pictures of words into a film: the rows of macroblocks that have ink are encoded and stand in the place of the blank ones; every other byte is the film's.
 *
 * What it does not do: draw (ink.ts blends drawn words into an area's still), choose films, write files.
 */

import { isUnspliceable, unspliceable } from '../h264/bits.js';
import type { Home, Slice } from '../h264/rehome.js';
import { encodeRow } from '../intra/intra.js';
import { replaceSamples } from '../mp4/samples.js';
import { cut, type Planes } from '../planes.js';
import { type Area, boundsOfArea, MACROBLOCK } from './areas.js';
import { type Cut, type Film, firstMacroblockOf } from './film.js';
import { keySample } from './video.js';

/** What an area shows in place of its still: planes of its bounding box, and which of its rows differ from the still. */
export interface Inked {
  readonly planes: Planes;
  readonly rows: readonly boolean[];
}

/** Encoded rows of one area at one cut: units by first macroblock. */
export type EncodedRows = ReadonlyMap<number, Uint8Array>;

/** Encodes the wanted rows of an area, counted from its first, as they are to stand in a picture; `planes` are those of its bounding box. */
export function encodeRows(
  area: Area,
  planes: Planes,
  home: Home,
  qp: number,
  isWanted: (row: number) => boolean = () => true,
): Slice[] {
  const bounds = boundsOfArea(area);
  const across = home.sets.sequence.widthInMacroblocks;
  const slices: Slice[] = [];
  for (const { x, y, width } of area.rows) {
    if (!isWanted(y - bounds.y)) continue;
    const [left, top] = [(x - bounds.x) * MACROBLOCK, (y - bounds.y) * MACROBLOCK];
    const strip = cut(planes, left, top, width * MACROBLOCK, MACROBLOCK);
    slices.push(encodeRow(strip, 0, home, y * across + x, qp));
  }
  return slices;
}

/** Encodes the rows of an area that differ from its still, as they are to stand at a cut. */
export function encodeArea(area: Area, { planes, rows }: Inked, { home }: Cut, qp: number): EncodedRows {
  const slices = encodeRows(area, planes, home, qp, (row) => rows[row] === true);
  return new Map(slices.map(({ firstMacroblock, unit }) => [firstMacroblock, unit]));
}

/** Whether rows, by cut, can be those of one of the film's areas (its number): at each of its cuts slices that begin where rows of it do. Those of another film cannot. */
export function areOf(film: Film, number: number, cuts: ReadonlyMap<number, EncodedRows>): boolean {
  const area = film.areas[number];
  const shown = film.cuts.flatMap((at, cut) => (at.areas.includes(number) ? [cut] : []));
  if (!area || cuts.size !== shown.length || shown.some((cut) => !cuts.has(cut))) return false;
  const firsts = shown.map((cut) => {
    const across = film.cuts[cut]?.home.sets.sequence.widthInMacroblocks ?? 0;
    return new Set(area.rows.map(({ x, y }) => y * across + x));
  });
  const begins = (unit: Uint8Array) => {
    try {
      return firstMacroblockOf(unit);
    } catch (error) {
      if (!isUnspliceable(error)) throw error;
      return undefined;
    }
  };
  return shown.every((cut, index) =>
    [...(cuts.get(cut) ?? [])].every(([first, unit]) => firsts[index]?.has(first) && begins(unit) === first),
  );
}

/**
 * The pieces of a film in which these rows stand at each cut, to be written one after another. `rows` has one map per cut. Throws `not_spliceable` when a row has no place in the film, or
 * when a picture passes what the film's level allows.
 */
export function spliceRows(film: Film, rows: readonly EncodedRows[], fps: number): Uint8Array[] {
  const samples = new Map<number, Uint8Array>();
  for (const [number, at] of film.cuts.entries()) {
    const changed = rows[number];
    if (!changed || changed.size === 0) continue;
    let replaced = 0;
    const units: Uint8Array[] = [];
    for (const { unit, firstMacroblock } of at.units) {
      const row = firstMacroblock === undefined ? undefined : changed.get(firstMacroblock);
      if (row) replaced++;
      units.push(row ?? unit);
    }
    if (replaced !== changed.size) throw unspliceable('words have no place in its slices');
    samples.set(at.frame, keySample(film, units, { frame: at.frame, fps }));
  }
  return samples.size === 0 ? [film.file] : replaceSamples(film.file, film.index, film.track, samples);
}
