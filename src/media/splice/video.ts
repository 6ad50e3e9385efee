/** The H.264 track of an MP4 in memory, and key frames of it with other slices. */

import { Unspliceable, unspliceable } from '../h264/bits.js';
import { brokenLimit } from '../h264/limits.js';
import { type ParameterSets, readParameterSets } from '../h264/parameter-sets.js';
import { joinLengths, splitLengths, UnitType, unitType } from '../h264/units.js';
import { type Mp4Index, readMp4Index, sampleOf, type TrackIndex } from '../mp4/samples.js';

export interface Video {
  readonly file: Buffer;
  readonly index: Mp4Index;
  readonly track: TrackIndex;
  /** Bytes of the length before each unit of a sample. */
  readonly lengthSize: number;
  readonly sets: ParameterSets;
}

/** Reads the index and the parameter sets. Throws `not_spliceable` when the file is damaged or has no H.264 track. */
export function readVideo(file: Buffer): Video {
  const index = readMp4Index(file);
  const track = index.tracks.find(({ handler }) => handler === 'vide');
  const configuration = track?.configuration;
  if (!track || !configuration) throw unspliceable('it has no H.264 track');
  const { lengthSize, sequenceSets, pictureSets } = configuration;
  return { file, index, track, lengthSize, sets: readParameterSets([...sequenceSets, ...pictureSets]) };
}

/** The units of a sample, sharing the file's memory. */
export function unitsOf({ file, track, lengthSize }: Video, sample: number): Uint8Array[] {
  return splitLengths(sampleOf(file, track, sample), lengthSize);
}

/** A picture passes what the video's level allows one: `not_spliceable`, and which it is. */
export class LevelPassed extends Unspliceable {
  readonly frame: number;

  constructor(frame: number, broken: string) {
    super(broken);
    this.frame = frame;
  }
}

/** The sample of a key frame made of these units. Throws `LevelPassed`. */
export function keySample(
  { lengthSize, sets }: Video,
  units: readonly Uint8Array[],
  { frame, fps }: { readonly frame: number; readonly fps: number },
): Uint8Array {
  const sample = joinLengths(units, lengthSize);
  let slices = 0;
  for (const unit of units) if (unitType(unit) === UnitType.idr) slices++;
  const broken = brokenLimit(sets, { slices, bytes: sample.length, fps, isFirst: frame === 0 });
  if (broken) throw new LevelPassed(frame, broken);
  return sample;
}
