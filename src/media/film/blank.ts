/** The blank film: an encoded film whose key frames have been given their new slices, around the bubbles and in them as they are without words. */

import { unspliceable } from '../h264/bits.js';
import { assemble, type Home, homeOf, type Slice } from '../h264/rehome.js';
import { UnitType, unitType } from '../h264/units.js';
import { replaceSamples } from '../mp4/samples.js';
import type { Planes } from '../planes.js';
import { type Area, cutsOf } from '../splice/areas.js';
import { encodeRows } from '../splice/splice.js';
import { keySample, readVideo, unitsOf } from '../splice/video.js';
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
  const video = readVideo(file);
  const isFine = partsBelow8x8(unitsOf(video, 0));
  if (isFine === undefined) throw unspliceable('its encoder does not say how finely it parts macroblocks');
  if (isFine) throw unspliceable('its encoder parts macroblocks more finely than 8x8');
  assertKeyFrames(keyFrames.map((frame) => homeOf(unitsOf(video, frame), video.sets)));
  const samples = new Map<number, Uint8Array>();
  for (const [number, { frame, areas: visible }] of cutsOf(areas).entries()) {
    const units = unitsOf(video, frame);
    const home = homeOf(units, video.sets);
    const around = surroundings[number];
    if (!around) throw unspliceable(`frame ${frame} has no surroundings`);
    const slices: Slice[] = slicesIn(home, around);
    for (const area of visible) slices.push(...encodeRows(area, stills.get(area) as Planes, home, qp));
    const others = units.filter((unit) => unitType(unit) !== UnitType.idr);
    samples.set(frame, keySample(video, [...others, ...assemble(slices, video.sets)], { frame, fps }));
  }
  return Buffer.concat(replaceSamples(file, video.index, video.track, samples));
}

/** Neighbouring IDR pictures must differ in idr_pic_id (7.4.3): with equal ones a decoder may take them for one. */
function assertKeyFrames(homes: readonly Home[]): void {
  for (const [number, { model }] of homes.entries()) {
    if (number > 0 && model.idrPictureId === homes[number - 1]?.model.idrPictureId)
      throw unspliceable('neighbouring key frames have the same idr_pic_id');
  }
}
