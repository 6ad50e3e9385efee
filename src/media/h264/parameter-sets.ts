/**
 * Reads sequence and picture parameter sets (ITU-T H.264, 7.3.2.1.1, 7.3.2.2, E.1.1) and tells whether slices made under one pair may stand under another.
 *
 * A slice header cannot be read without its parameter sets: they say how long frame_num and the order count are and which fields are there at all (7.3.3). And slice
 * data encoded under one pair means the same pixels under another only if every field agrees that parsing (7.3.5), intra prediction (8.3), transform (8.5) and
 * deblocking (8.7) depend on. Those are compared here, field by field. Not among them: pic_init_qp, since slice_qp_delta makes up for it; the sizes, order counts and
 * VUI, since the slice header is written anew.
 *
 * What it does not do: multiview and scalable extensions (subset parameter sets), slice groups (no profile but Baseline and Extended has them, and x264 never).
 */

import { BitReader, toRbsp, unspliceable } from './bits.js';
import { UnitType, unitType } from './units.js';
import { readUsability, type Usability } from './usability.js';

/** Lists as they are sent: a number is an empty place, `default` asks for the default list, `undefined` falls back (table 7-2). */
export type ScalingLists = readonly (readonly number[] | 'default' | undefined)[];

export interface SequenceSet {
  /** 66 Baseline, 77 Main, 100 High. */
  readonly profile: number;
  /** constraint_set0_flag is the highest of these 8 bits. */
  readonly constraints: number;
  /** Level times ten; 11 with constraint_set3_flag is 1b in Baseline and Main (A.3.1). */
  readonly level: number;
  readonly id: number;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number;
  readonly separateColourPlanes: boolean;
  readonly lumaBits: number;
  readonly chromaBits: number;
  readonly transformBypass: boolean;
  readonly scalingLists: ScalingLists | undefined;
  readonly frameNumBits: number;
  readonly orderCountType: number;
  /** Of pic_order_cnt_lsb; 0 unless the type is 0. */
  readonly orderCountBits: number;
  readonly deltaOrderAlwaysZero: boolean;
  readonly referenceFrames: number;
  readonly gapsInFrameNum: boolean;
  readonly widthInMacroblocks: number;
  /** Of the frame; a field has half of them. */
  readonly heightInMacroblocks: number;
  readonly framesOnly: boolean;
  readonly macroblockAdaptive: boolean;
  readonly direct8x8Inference: boolean;
  /** Pixels shown, after cropping. */
  readonly width: number;
  readonly height: number;
  readonly usability: Usability | undefined;
}

export interface PictureSet {
  readonly id: number;
  readonly sequenceId: number;
  readonly cabac: boolean;
  readonly bottomFieldOrder: boolean;
  /** num_ref_idx_l0/l1_default_active_minus1, plus 1. */
  readonly references: readonly [number, number];
  readonly weightedPrediction: boolean;
  readonly weightedBiprediction: number;
  /** 26 + pic_init_qp_minus26. */
  readonly initialQp: number;
  readonly chromaQpOffset: number;
  readonly secondChromaQpOffset: number;
  readonly deblockingControl: boolean;
  readonly constrainedIntra: boolean;
  readonly redundantPictures: boolean;
  readonly transform8x8: boolean;
  readonly scalingLists: ScalingLists | undefined;
}

/** The pair that a slice stands under. */
export interface ParameterSets {
  readonly sequence: SequenceSet;
  readonly picture: PictureSet;
}

/** Profiles whose sets tell the chroma format (7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** Reads a sequence parameter set unit. Throws when it is damaged. */
export function readSequenceSet(unit: Uint8Array): SequenceSet {
  if (unitType(unit) !== UnitType.sps) throw unspliceable(`unit type ${unitType(unit)} is no sequence parameter set`);
  const bits = new BitReader(toRbsp(unit), 8);
  const profile = bits.u(8);
  const constraints = bits.u(8);
  const level = bits.u(8);
  const id = within(bits.ue(), 31, 'seq_parameter_set_id');
  const high = HIGH_PROFILES.has(profile);
  const chromaFormat = high ? within(bits.ue(), 3, 'chroma_format_idc') : 1;
  const separateColourPlanes = chromaFormat === 3 && bits.flag();
  const lumaBits = 8 + (high ? within(bits.ue(), 6, 'bit_depth_luma_minus8') : 0);
  const chromaBits = 8 + (high ? within(bits.ue(), 6, 'bit_depth_chroma_minus8') : 0);
  const transformBypass = high && bits.flag();
  const scalingLists = high && bits.flag() ? readScalingLists(bits, chromaFormat === 3 ? 12 : 8) : undefined;
  const frameNumBits = 4 + within(bits.ue(), 12, 'log2_max_frame_num_minus4');
  const order = readOrderCount(bits);
  const referenceFrames = within(bits.ue(), 16, 'max_num_ref_frames');
  const gapsInFrameNum = bits.flag();
  const widthInMacroblocks = 1 + within(bits.ue(), 1055, 'pic_width_in_mbs_minus1');
  const mapUnits = 1 + within(bits.ue(), 1055, 'pic_height_in_map_units_minus1');
  const framesOnly = bits.flag();
  const macroblockAdaptive = !framesOnly && bits.flag();
  const direct8x8Inference = bits.flag();
  const crop = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const usability = bits.flag() ? readUsability(bits) : undefined;
  if (bits.hasMore()) throw unspliceable('a sequence parameter set is longer than its fields');

  const heightInMacroblocks = mapUnits * (framesOnly ? 1 : 2);
  // CropUnitX and CropUnitY (7-19 to 7-22).
  const planes = separateColourPlanes ? 0 : chromaFormat;
  const unitX = planes === 1 || planes === 2 ? 2 : 1;
  const unitY = (planes === 1 ? 2 : 1) * (framesOnly ? 1 : 2);
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const width = widthInMacroblocks * 16 - unitX * (left + right);
  const height = heightInMacroblocks * 16 - unitY * (top + bottom);
  if (width <= 0 || height <= 0) throw unspliceable('cropping leaves nothing of its pictures');
  return {
    profile,
    constraints,
    level,
    id,
    chromaFormat,
    separateColourPlanes,
    lumaBits,
    chromaBits,
    transformBypass,
    scalingLists,
    frameNumBits,
    ...order,
    referenceFrames,
    gapsInFrameNum,
    widthInMacroblocks,
    heightInMacroblocks,
    framesOnly,
    macroblockAdaptive,
    direct8x8Inference,
    width,
    height,
    usability,
  };
}

/** Reads a picture parameter set unit; `sequence` is the set that it names. Throws when it is damaged or has slice groups. */
export function readPictureSet(unit: Uint8Array, sequence: SequenceSet): PictureSet {
  if (unitType(unit) !== UnitType.pps) throw unspliceable(`unit type ${unitType(unit)} is no picture parameter set`);
  const bits = new BitReader(toRbsp(unit), 8);
  const id = within(bits.ue(), 255, 'pic_parameter_set_id');
  const sequenceId = within(bits.ue(), 31, 'seq_parameter_set_id');
  if (sequenceId !== sequence.id) throw unspliceable(`picture parameter set ${id} belongs to another sequence`);
  const cabac = bits.flag();
  const bottomFieldOrder = bits.flag();
  if (bits.ue() !== 0) throw unspliceable('it has slice groups');
  const references = [
    1 + within(bits.ue(), 31, 'num_ref_idx_l0'),
    1 + within(bits.ue(), 31, 'num_ref_idx_l1'),
  ] as const;
  const weightedPrediction = bits.flag();
  const weightedBiprediction = within(bits.u(2), 2, 'weighted_bipred_idc');
  const initialQp = 26 + bits.se();
  bits.se(); // pic_init_qs_minus26: for SP and SI slices only
  const chromaQpOffset = within(bits.se(), 12, 'chroma_qp_index_offset');
  const deblockingControl = bits.flag();
  const constrainedIntra = bits.flag();
  const redundantPictures = bits.flag();
  const extended = bits.hasMore();
  const transform8x8 = extended && bits.flag();
  const lists = 6 + (transform8x8 ? (sequence.chromaFormat === 3 ? 6 : 2) : 0);
  const scalingLists = extended && bits.flag() ? readScalingLists(bits, lists) : undefined;
  const secondChromaQpOffset = extended ? within(bits.se(), 12, 'second_chroma_qp_index_offset') : chromaQpOffset;
  if (bits.hasMore()) throw unspliceable('a picture parameter set is longer than its fields');
  return {
    id,
    sequenceId,
    cabac,
    bottomFieldOrder,
    references,
    weightedPrediction,
    weightedBiprediction,
    initialQp,
    chromaQpOffset,
    secondChromaQpOffset,
    deblockingControl,
    constrainedIntra,
    redundantPictures,
    transform8x8,
    scalingLists,
  };
}

/** The only sequence and picture parameter set among these units; encoders repeat them before each key frame. Throws when there are several. */
export function readParameterSets(units: readonly Uint8Array[]): ParameterSets {
  const only = (type: number) => {
    const [first, ...others] = units.filter((unit) => unitType(unit) === type);
    if (!first || others.some((other) => Buffer.compare(first, other) !== 0))
      throw unspliceable('it has not exactly one pair of parameter sets');
    return first;
  };
  const sequence = readSequenceSet(only(UnitType.sps));
  return { sequence, picture: readPictureSet(only(UnitType.pps), sequence) };
}

const SEQUENCE_FIELDS = [
  'chromaFormat',
  'separateColourPlanes',
  'lumaBits',
  'chromaBits',
  'transformBypass',
  'scalingLists',
  'framesOnly',
  'macroblockAdaptive',
] as const satisfies (keyof SequenceSet)[];

/** Constrained intra prediction changes nothing within an intra picture (8.3.1.1 asks for inter neighbours), but inter slices come to stand beside it. */
const PICTURE_FIELDS = [
  'cabac',
  'transform8x8',
  'scalingLists',
  'chromaQpOffset',
  'secondChromaQpOffset',
  'constrainedIntra',
] as const satisfies (keyof PictureSet)[];

/** Names of the fields that keep intra slice data of `one` from meaning the same under `other`; none when they agree. */
export function intraDifferences(one: ParameterSets, other: ParameterSets): string[] {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  return [
    ...SEQUENCE_FIELDS.filter((field) => !same(one.sequence[field], other.sequence[field])).map((f) => `sequence.${f}`),
    ...PICTURE_FIELDS.filter((field) => !same(one.picture[field], other.picture[field])).map((f) => `picture.${f}`),
  ];
}

function readOrderCount(
  bits: BitReader,
): Pick<SequenceSet, 'orderCountType' | 'orderCountBits' | 'deltaOrderAlwaysZero'> {
  const orderCountType = within(bits.ue(), 2, 'pic_order_cnt_type');
  const orderCountBits = orderCountType === 0 ? 4 + within(bits.ue(), 12, 'log2_max_pic_order_cnt_lsb_minus4') : 0;
  const deltaOrderAlwaysZero = orderCountType === 1 && bits.flag();
  if (orderCountType === 1) {
    bits.se();
    bits.se();
    for (let left = within(bits.ue(), 255, 'num_ref_frames_in_pic_order_cnt_cycle'); left > 0; left--) bits.se();
  }
  return { orderCountType, orderCountBits, deltaOrderAlwaysZero };
}

/** scaling_list() (7.3.2.1.1.1): six of 16 numbers, then those of 64. */
function readScalingLists(bits: BitReader, count: number): ScalingLists {
  return Array.from({ length: count }, (_, index) => {
    if (!bits.flag()) return undefined;
    const list: number[] = [];
    let last = 8;
    let next = 8;
    for (let place = 0; place < (index < 6 ? 16 : 64); place++) {
      if (next !== 0) next = (last + bits.se() + 256) & 255;
      if (place === 0 && next === 0) return 'default';
      if (next !== 0) last = next;
      list.push(last);
    }
    return list;
  });
}

function within(value: number, limit: number, field: string): number {
  if (Math.abs(value) > limit) throw unspliceable(`${field} is ${value}, more than ${limit}`);
  return value;
}
