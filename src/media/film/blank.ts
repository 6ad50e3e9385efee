/** The blank film: an encoded film whose key frames have been given their new slices, around the bubbles and in them as they are without words. */

import { unspliceable } from '../h264/bits.js';
import { brokenLimit } from '../h264/limits.js';
import { readParameterSets } from '../h264/parameter-sets.js';
import { assemble, type Home, homeOf, type Slice } from '../h264/rehome.js';
import { joinLengths, splitLengths, UnitType, unitType } from '../h264/units.js';
import { encodeRow } from '../intra/intra.js';
import { readMp4Index, replaceSamples, sampleOf } from '../mp4/samples.js';
import { cut, type Planes } from '../planes.js';
import { type Area, boundsOfArea, cutsOf, MACROBLOCK } from '../splice/areas.js';
import { partsBelow8x8 } from './partitions.js';
import { type Surroundings, slicesIn } from './surroundings.js';

export interface BlankOptions {
  readonly areas: readonly Area[];
  /** What stands in each area without words. */
  readonly stills: ReadonlyMap<Area, Planes>;
  /** Per cut. */
  readonly surroundings: readonly Surroundings[];
  /** Numbers of all key frames, rising. */
  readonly keyFrames: readonly number[];
  readonly fps: number;
  /** Quantiser of the bubbles. */
  readonly qp: number;
}

/** The file of the blank film. Throws `not_spliceable` when the encoder did not do what was asked, or a picture passes the film's level. */
export function blankFilm(file: Buffer, { areas, stills, surroundings, keyFrames, fps, qp }: BlankOptions): Buffer {
  const index = readMp4Index(file);
  const track = index.tracks.find(({ handler }) => handler === 'vide');
  const configuration = track?.configuration;
  if (!track || !configuration) throw unspliceable('it has no H.264 track');
  const sets = readParameterSets([...configuration.sequenceSets, ...configuration.pictureSets]);
  const unitsOf = (frame: number) => splitLengths(sampleOf(file, track, frame), configuration.lengthSize);
  if (partsBelow8x8(unitsOf(0))) throw unspliceable('its encoder parts macroblocks more finely than 8x8');
  assertKeyFrames(keyFrames.map((frame) => homeOf(unitsOf(frame), sets)));
  const samples = new Map<number, Uint8Array>();
  for (const [number, { frame, areas: visible }] of cutsOf(areas).entries()) {
    const units = unitsOf(frame);
    const home = homeOf(units, sets);
    const around = surroundings[number];
    if (!around) throw unspliceable(`frame ${frame} has no surroundings`);
    const slices: Slice[] = slicesIn(home, around);
    for (const area of visible) slices.push(...blankRows(area, stills.get(area) as Planes, home, qp));
    const others = units.filter((unit) => unitType(unit) !== UnitType.idr);
    const sample = joinLengths([...others, ...assemble(slices, sets)], configuration.lengthSize);
    const facts = { slices: slices.length, bytes: sample.length, fps, isFirst: frame === 0 };
    const broken = brokenLimit(sets, facts);
    if (broken) throw unspliceable(broken);
    samples.set(frame, sample);
  }
  return Buffer.concat(replaceSamples(file, index, track, samples));
}

/** Neighbouring IDR pictures must differ in idr_pic_id (7.4.3): with equal ones a decoder may take them for one. */
function assertKeyFrames(homes: readonly Home[]): void {
  for (const [number, { model }] of homes.entries()) {
    if (number > 0 && model.idrPictureId === homes[number - 1]?.model.idrPictureId)
      throw unspliceable('neighbouring key frames have the same idr_pic_id');
  }
}

/** The rows of an area as they stand in the film without words. */
function blankRows(area: Area, still: Planes, home: Home, qp: number): Slice[] {
  const bounds = boundsOfArea(area);
  return area.rows.map(({ x, y, width }) => {
    const [left, top] = [(x - bounds.x) * MACROBLOCK, (y - bounds.y) * MACROBLOCK];
    const strip = cut(still, left, top, width * MACROBLOCK, MACROBLOCK);
    return encodeRow(strip, 0, home, y * home.sets.sequence.widthInMacroblocks + x, qp);
  });
}
