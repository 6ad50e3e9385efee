/**
 * Puts pictures of words into a film: the rows of macroblocks that have ink are encoded and stand in the place of the blank ones; every other byte is the film's.
 *
 * What it does not do: draw (ink.ts blends drawn words into an area's still), choose films, write files.
 */

import { unspliceable } from '../h264/bits.js';
import { brokenLimit } from '../h264/limits.js';
import { joinLengths } from '../h264/units.js';
import { encodeRow } from '../intra/intra.js';
import { replaceSamples } from '../mp4/samples.js';
import { cut, type Planes } from '../planes.js';
import { boundsOfArea, MACROBLOCK } from './areas.js';
import type { Cut, Film, StillArea } from './film.js';

/** What an area shows in place of its still: planes of its bounding box, and which of its rows differ from the still. */
export interface Inked {
  readonly planes: Planes;
  readonly rows: readonly boolean[];
}

/** Encoded rows of one area at one cut: units by first macroblock. */
export type EncodedRows = ReadonlyMap<number, Uint8Array>;

/** Encodes the rows of an area that differ from its still, as they are to stand at a cut. */
export function encodeArea(area: StillArea, inked: Inked, at: Cut, qp: number): EncodedRows {
  const bounds = boundsOfArea(area);
  const pictureWidth = at.home.sets.sequence.widthInMacroblocks;
  const rows = new Map<number, Uint8Array>();
  for (const { x, y, width } of area.rows) {
    const row = y - bounds.y;
    if (!inked.rows[row]) continue;
    const left = (x - bounds.x) * MACROBLOCK;
    const strip = cut(inked.planes, left, row * MACROBLOCK, width * MACROBLOCK, MACROBLOCK);
    const first = y * pictureWidth + x;
    rows.set(first, encodeRow(strip, 0, at.home, first, qp).unit);
  }
  return rows;
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
    const units = at.units.map(({ unit, firstMacroblock }) => {
      const row = firstMacroblock === undefined ? undefined : changed.get(firstMacroblock);
      if (row) replaced++;
      return row ?? unit;
    });
    if (replaced !== changed.size) throw unspliceable('words have no place in its slices');
    samples.set(at.frame, sampleWithin(units, at, film.lengthSize, fps));
  }
  return samples.size === 0 ? [film.file] : replaceSamples(film.file, film.index, film.track, samples);
}

function sampleWithin(units: readonly Uint8Array[], at: Cut, lengthSize: number, fps: number): Uint8Array {
  const sample = joinLengths(units, lengthSize);
  const slices = at.units.filter(({ firstMacroblock }) => firstMacroblock !== undefined).length;
  const broken = brokenLimit(at.home.sets, { slices, bytes: sample.length, fps, isFirst: at.frame === 0 });
  if (broken) throw unspliceable(broken);
  return sample;
}
