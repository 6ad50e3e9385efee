/**
 * Moves intra slices from a small picture into a place of a large one, without decoding them.
 *
 * Why this can be: nothing inside the slice data of an I slice says where it is. Macroblocks are counted from first_mb_in_slice (7.3.4), and everything that looks at
 * neighbours — intra prediction (8.3), the number of coefficients of CAVLC (9.2.1), the context choices of CABAC (9.3.3.1.1) — takes macroblocks of other slices as not
 * available (6.4.8). A slice that stays within one macroblock row therefore sees the same neighbours at any place of any picture; so does a slice of several rows whose old
 * and new pictures are equally wide. Only the header depends on the place, and it is written anew (7.3.3): first_mb_in_slice; frame_num, idr_pic_id, order count
 * and reference marking of the picture it comes to stand in, which 7.4.3 asks to be equal in all its slices; slice_qp_delta such that SliceQPY stays (7-30), from which CABAC's contexts
 * begin (9.3.1.1); and the deblocking. After it, CABAC data are aligned with ones and their bytes copied (7.3.4); CAVLC data follow at the very next bit. Emulation prevention is
 * done anew (7.4.1).
 *
 * Deblocking (8.7) is the one thing that crosses slices: give 1 (off) or 2 (off at slice borders) to slices inside and outside of the border that must stay sharp.
 *
 * What it does not do: it does not read slice data. So it cannot see an I_PCM macroblock in CAVLC data, whose samples are aligned to bytes (7.3.5) and would not survive a
 * shift: the encoder must write none (x264 writes none with psy-rd or below subme 6).
 */

import { BitWriter, stopBit, toRbsp, toUnit, unspliceable } from './bits.js';
import { intraDifferences, type ParameterSets } from './parameter-sets.js';
import {
  type Deblocking,
  isIntra,
  readSliceHeader,
  type SliceHeader,
  sliceQp,
  writeSliceHeader,
} from './slice-header.js';
import { UnitType, unitType } from './units.js';

/** A slice of a picture: a NAL unit and the macroblocks it covers, in the order of rows. */
export interface Slice {
  readonly firstMacroblock: number;
  readonly macroblocks: number;
  readonly unit: Uint8Array;
}

/** The IDR picture that slices come to stand in: its parameter sets, and the header of any of its slices. */
export interface Home {
  readonly sets: ParameterSets;
  readonly model: SliceHeader;
}

/** Where the small picture's upper left corner comes to stand, in macroblocks. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** The home that an IDR picture of one's own stream offers; `units` are those of one access unit. */
export function homeOf(units: readonly Uint8Array[], sets: ParameterSets): Home {
  const idr = units.find((unit) => unitType(unit) === UnitType.idr);
  if (!idr) throw unspliceable('the picture to join is no IDR picture');
  const { header: model } = readSliceHeader(toRbsp(idr), sets);
  if (!isIntra(model) || model.field !== 'frame') throw unspliceable('the picture to join is no intra frame');
  return { sets, model };
}

/**
 * Moves all slices of one IDR picture encoded under `from` into `home` at `place`. `deblocking` is put into every header; left out, each slice keeps its own.
 * Throws when the two streams' slices do not mean the same (`intraDifferences`), the picture does not fit, or a slice spans rows of another length.
 */
export function rehome(
  units: readonly Uint8Array[],
  from: ParameterSets,
  home: Home,
  place: Place,
  deblocking?: Deblocking,
): Slice[] {
  const different = intraDifferences(from, home.sets);
  if (different.length > 0) throw unspliceable(`its encoder and the film differ in ${different.join(', ')}`);
  if (!from.sequence.framesOnly || from.sequence.separateColourPlanes)
    throw unspliceable('its slices are of fields or single colour planes');
  const { widthInMacroblocks: width, heightInMacroblocks: height } = from.sequence;
  const { widthInMacroblocks: homeWidth, heightInMacroblocks: homeHeight } = home.sets.sequence;
  const fits = place.x >= 0 && place.y >= 0 && place.x + width <= homeWidth && place.y + height <= homeHeight;
  if (!fits || !Number.isInteger(place.x) || !Number.isInteger(place.y))
    throw unspliceable(
      `${width}x${height} macroblocks at ${place.x},${place.y} leave a picture of ${homeWidth}x${homeHeight}`,
    );

  const slices = readSlices(units, from);
  return slices.map(({ header, end, rbsp, macroblocks }) => {
    const row = Math.floor(header.firstMacroblock / width);
    const column = header.firstMacroblock % width;
    if (column + macroblocks > width && width !== homeWidth)
      throw unspliceable(`a slice of ${macroblocks} macroblocks spans rows of ${width}`);
    const firstMacroblock = (place.y + row) * homeWidth + place.x + column;
    const moved: SliceHeader = {
      ...home.model,
      firstMacroblock,
      // Types 2 and 7 mean the same where all slices are intra; the film's own is taken.
      qpDelta: sliceQp(header, from) - home.sets.picture.initialQp,
      deblocking: deblocking ?? header.deblocking,
    };
    const bits = new BitWriter(rbsp.length + 32);
    writeSliceHeader(bits, moved, home.sets);
    if (from.picture.cabac) bits.align(1).copy(rbsp, (end + 7) & ~7, rbsp.length * 8);
    else bits.copy(rbsp, end, stopBit(rbsp)).trailing();
    return { firstMacroblock, macroblocks, unit: toUnit(bits.bytes()) };
  });
}

/**
 * The units of a whole picture from slices of several sources, in the order that decoders expect (first_mb_in_slice ascending, 7.4.3).
 * Throws unless they cover every macroblock exactly once.
 */
export function assemble(slices: readonly Slice[], { sequence }: ParameterSets): Uint8Array[] {
  const { widthInMacroblocks: width, heightInMacroblocks: height } = sequence;
  const ordered = slices.toSorted((a, b) => a.firstMacroblock - b.firstMacroblock);
  let covered = 0;
  for (const { firstMacroblock, macroblocks } of ordered) {
    if (firstMacroblock !== covered)
      throw unspliceable(`its slices leave or repeat macroblock ${Math.min(covered, firstMacroblock)}`);
    covered += macroblocks;
  }
  if (covered !== width * height) throw unspliceable(`its slices cover ${covered} of ${width * height} macroblocks`);
  return ordered.map(({ unit }) => unit);
}

/** The slices of one picture with how many macroblocks each covers: up to where the next begins. */
function readSlices(units: readonly Uint8Array[], sets: ParameterSets) {
  const read = units
    .filter((unit) => unitType(unit) === UnitType.idr)
    .map((unit) => {
      const rbsp = toRbsp(unit);
      return { rbsp, ...readSliceHeader(rbsp, sets) };
    });
  const [first] = read;
  if (first?.header.firstMacroblock !== 0) throw unspliceable('its encoder wrote no whole IDR picture');
  const total = sets.sequence.widthInMacroblocks * sets.sequence.heightInMacroblocks;
  return read.map((slice, index) => {
    const { header } = slice;
    if (!isIntra(header) || header.redundantPictureCount > 0 || header.idrPictureId !== first.header.idrPictureId)
      throw unspliceable('its encoder wrote something else than intra slices of one picture');
    const macroblocks = (read[index + 1]?.header.firstMacroblock ?? total) - header.firstMacroblock;
    if (macroblocks <= 0) throw unspliceable('its slices are not in the order of macroblocks');
    return { ...slice, macroblocks };
  });
}
