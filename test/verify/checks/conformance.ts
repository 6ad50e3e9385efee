/** What ITU-T H.264 asks of the key frames into which words were put, read from the bits; ffmpeg's decoder would forgive most of it. */

import { partsBelow8x8 } from '../../../src/media/film/partitions.js';
import { toRbsp } from '../../../src/media/h264/bits.js';
import { brokenLimit } from '../../../src/media/h264/limits.js';
import { type ParameterSets, readParameterSets } from '../../../src/media/h264/parameter-sets.js';
import { readSliceHeader, type SliceHeader } from '../../../src/media/h264/slice-header.js';
import { splitLengths, UnitType, unitType } from '../../../src/media/h264/units.js';
import { readMp4Index, sampleOf } from '../../../src/media/mp4/samples.js';

/** What is wrong with a file's key frames, as sentences. Throws `not_spliceable` when it cannot be read. */
export function conformanceFlaws(file: Buffer, fps: number): string[] {
  const track = readMp4Index(file).tracks.find(({ handler }) => handler === 'vide');
  if (!track?.configuration) return ['it has no H.264 track'];
  const { sequenceSets, pictureSets, lengthSize } = track.configuration;
  const sets = readParameterSets([...sequenceSets, ...pictureSets]);
  const flaws: string[] = [];
  let last: SliceHeader | undefined;
  let keyFrames = 0;
  for (let frame = 0; frame < track.sizes.length; frame++) {
    const sample = sampleOf(file, track, frame);
    const units = splitLengths(sample, lengthSize);
    if (frame === 0) flaws.push(...partitionFlaws(units, sets));
    const slices = units.filter((unit) => unitType(unit) === UnitType.idr);
    if (slices.length === 0) continue;
    keyFrames++;
    const headers = slices.map((unit) => readSliceHeader(toRbsp(unit), sets).header);
    const facts = { slices: slices.length, bytes: sample.length, fps, isFirst: frame === 0 };
    const own = [brokenLimit(sets, facts), ...headerFlaws(headers, sets), neighbourFlaw(headers[0], last)];
    if (units.some((unit) => unitType(unit) === UnitType.slice)) own.push('it has slices that are not IDR');
    flaws.push(...own.filter((flaw) => flaw !== undefined).map((flaw) => `key frame ${frame}: ${flaw}`));
    last = headers[0];
  }
  return keyFrames === 0 ? ['it has no key frame'] : flaws;
}

/** At most 16 motion vectors in two macroblocks (table A-1): certain where no partition is below 8x8, inferred ones included (direct_8x8_inference_flag). */
function partitionFlaws(first: readonly Uint8Array[], { sequence }: ParameterSets): string[] {
  if (!sequence.direct8x8Inference) return ['motion may be inferred for partitions below 8x8'];
  const parts = partsBelow8x8(first);
  if (parts === undefined) return ['its encoder does not say how it parted macroblocks'];
  return parts ? ['its encoder parts macroblocks more finely than 8x8'] : [];
}

/** first_mb_in_slice rises from 0 (7.4.3); frame_num is 0 and, like idr_pic_id and the order count, the same in all slices of a picture (7.4.1.2.4). */
function headerFlaws(headers: readonly SliceHeader[], { sequence }: ParameterSets): string[] {
  const [first] = headers;
  const flaws: string[] = [];
  if (first?.firstMacroblock !== 0) flaws.push('its first slice does not begin at macroblock 0');
  if (first?.frameNum !== 0) flaws.push(`its frame_num is ${first?.frameNum}`);
  for (const [number, header] of headers.entries()) {
    if (number > 0 && header.firstMacroblock <= (headers[number - 1]?.firstMacroblock ?? 0))
      flaws.push(`slice ${number} does not come after the one before it`);
    if (header.firstMacroblock >= sequence.widthInMacroblocks * sequence.heightInMacroblocks)
      flaws.push(`slice ${number} begins outside the picture`);
    for (const name of [
      'frameNum',
      'idrPictureId',
      'orderCountLsb',
      'deltaOrderCountBottom',
      'pictureSetId',
      'referenceIdc',
    ] as const)
      if (header[name] !== first?.[name]) flaws.push(`slice ${number} has another ${name} than the first`);
  }
  return flaws;
}

/** Neighbouring IDR pictures differ in idr_pic_id (7.4.3). */
function neighbourFlaw(own: SliceHeader | undefined, last: SliceHeader | undefined): string | undefined {
  return last && own?.idrPictureId === last.idrPictureId ? 'it has the idr_pic_id of the key frame before' : undefined;
}
