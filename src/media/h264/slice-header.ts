/**
 * Reads and writes the headers of I, P and B slices (ITU-T H.264, 7.3.3 with 7.3.3.1 to 7.3.3.3, semantics in 7.4.3).
 *
 * The header is everything between the unit's first byte and the slice data, so reading it to its end gives the one number that moving a slice needs: the bit at
 * which its data begin. With CABAC they begin at the next byte border, after ones (7.3.4); with CAVLC at the very next bit. Reading and writing walk the syntax in the same
 * order, so that a header written under the sets it was read under is the same bits again.
 *
 * What it does not do: SP and SI slices, data partitions, auxiliary pictures and the scalable and multiview extensions are refused.
 */

import { BitReader, type BitWriter, unspliceable } from './bits.js';
import type { ParameterSets } from './parameter-sets.js';
import { type References, readReferences, writeReferences } from './slice-references.js';
import { UnitType } from './units.js';

/** disable_deblocking_filter_idc 0: on; 1: off; 2: on but not across slice borders. Offsets are half of FilterOffsetA and B. */
export interface Deblocking {
  readonly disable: number;
  readonly alpha: number;
  readonly beta: number;
}

/** dec_ref_pic_marking() (7.3.3.3): for an IDR picture two flags, for others the sliding window or operations of one to three numbers. */
export type Marking =
  | { readonly idr: true; readonly noOutputOfPriorPictures: boolean; readonly longTermReference: boolean }
  | { readonly idr: false; readonly operations: readonly (readonly number[])[] | undefined };

export interface SliceHeader {
  /** 0 only in pictures that are no reference. */
  readonly referenceIdc: number;
  /** 1 or 5 (IDR). */
  readonly unitType: number;
  readonly firstMacroblock: number;
  /** 0 P, 1 B, 2 I; plus 5 when all slices of the picture are of this type. */
  readonly sliceType: number;
  readonly pictureSetId: number;
  /** 0 to 2; only where planes are coded apart. */
  readonly colourPlane: number;
  readonly frameNum: number;
  readonly field: 'frame' | 'top' | 'bottom';
  /** undefined unless IDR. */
  readonly idrPictureId: number | undefined;
  readonly orderCountLsb: number;
  readonly deltaOrderCountBottom: number;
  readonly deltaOrderCount: readonly [number, number];
  readonly redundantPictureCount: number;
  /** undefined for I slices. */
  readonly references: References | undefined;
  /** undefined for pictures that are no reference. */
  readonly marking: Marking | undefined;
  /** 0 for I slices and CAVLC. */
  readonly cabacTable: number;
  readonly qpDelta: number;
  readonly deblocking: Deblocking;
}

export const SliceType = { P: 0, B: 1, I: 2 } as const;

export function isIntra(header: Pick<SliceHeader, 'sliceType'>): boolean {
  return header.sliceType % 5 === SliceType.I;
}

/** SliceQPY (7-30). */
export function sliceQp(header: Pick<SliceHeader, 'qpDelta'>, sets: ParameterSets): number {
  return sets.picture.initialQp + header.qpDelta;
}

/** Reads the header of a slice unit freed of emulation prevention. `end` is the first bit after it. Throws when it is damaged or not of these kinds. */
export function readSliceHeader(rbsp: Uint8Array, sets: ParameterSets): { header: SliceHeader; end: number } {
  const { sequence, picture } = sets;
  const bits = new BitReader(rbsp);
  if (bits.flag()) throw unspliceable('a unit begins with the forbidden bit');
  const referenceIdc = bits.u(2);
  const unitType = bits.u(5);
  const idr = unitType === UnitType.idr;
  if (!idr && unitType !== UnitType.slice) throw unspliceable(`unit type ${unitType} is no plain slice`);
  if (idr && referenceIdc === 0) throw unspliceable('an IDR slice says that it is no reference');
  const firstMacroblock = bits.ue();
  if (firstMacroblock >= sequence.widthInMacroblocks * sequence.heightInMacroblocks)
    throw unspliceable(`a slice begins at macroblock ${firstMacroblock}, outside its picture`);
  const sliceType = bits.ue();
  if (sliceType > 9 || sliceType % 5 > 2) throw unspliceable(`slice type ${sliceType} is neither P, B nor I`);
  const pictureSetId = bits.ue();
  if (pictureSetId !== picture.id) throw unspliceable(`a slice names picture parameter set ${pictureSetId}`);
  const colourPlane = sequence.separateColourPlanes ? bits.u(2) : 0;
  const frameNum = bits.u(sequence.frameNumBits);
  const field = sequence.framesOnly || !bits.flag() ? 'frame' : bits.flag() ? 'bottom' : 'top';
  const idrPictureId = idr ? bits.ue() : undefined;
  if (idrPictureId !== undefined && idrPictureId > 65535) throw unspliceable(`idr_pic_id is ${idrPictureId}`);
  const bottomOrder = picture.bottomFieldOrder && field === 'frame';
  const orderCountLsb = sequence.orderCountType === 0 ? bits.u(sequence.orderCountBits) : 0;
  const deltaOrderCountBottom = sequence.orderCountType === 0 && bottomOrder ? bits.se() : 0;
  const hasDeltas = sequence.orderCountType === 1 && !sequence.deltaOrderAlwaysZero;
  const deltaOrderCount = [hasDeltas ? bits.se() : 0, hasDeltas && bottomOrder ? bits.se() : 0] as const;
  const redundantPictureCount = picture.redundantPictures ? bits.ue() : 0;
  const references = isIntra({ sliceType }) ? undefined : readReferences(bits, sliceType % 5, field === 'frame', sets);
  const marking = referenceIdc === 0 ? undefined : readMarking(bits, idr);
  const cabacTable = picture.cabac && references ? bits.ue() : 0;
  if (cabacTable > 2) throw unspliceable(`cabac_init_idc is ${cabacTable}`);
  const qpDelta = bits.se();
  const deblocking = picture.deblockingControl ? readDeblocking(bits) : { disable: 0, alpha: 0, beta: 0 };
  const header = {
    referenceIdc,
    unitType,
    firstMacroblock,
    sliceType,
    pictureSetId,
    colourPlane,
    frameNum,
    field,
    idrPictureId,
    orderCountLsb,
    deltaOrderCountBottom,
    deltaOrderCount,
    redundantPictureCount,
    references,
    marking,
    cabacTable,
    qpDelta,
    deblocking,
  } satisfies SliceHeader;
  const qp = sliceQp(header, sets);
  if (qp > 51 || qp < -6 * (sequence.lumaBits - 8)) throw unspliceable(`a slice has the quantiser ${qp}`);
  return { header, end: bits.position };
}

/** Writes a unit's first byte and slice header; slice data are to follow. Throws when a value does not fit the parameter sets. */
export function writeSliceHeader(bits: BitWriter, header: SliceHeader, { sequence, picture }: ParameterSets): void {
  const frame = header.field === 'frame';
  bits.u(1, 0).u(2, header.referenceIdc).u(5, header.unitType);
  bits.ue(header.firstMacroblock).ue(header.sliceType).ue(header.pictureSetId);
  if (sequence.separateColourPlanes) bits.u(2, header.colourPlane);
  bits.u(sequence.frameNumBits, header.frameNum);
  if (!sequence.framesOnly) bits.flag(!frame);
  if (!frame) bits.flag(header.field === 'bottom');
  if (header.idrPictureId !== undefined) bits.ue(header.idrPictureId);
  const bottomOrder = picture.bottomFieldOrder && frame;
  if (sequence.orderCountType === 0) {
    bits.u(sequence.orderCountBits, header.orderCountLsb);
    if (bottomOrder) bits.se(header.deltaOrderCountBottom);
  }
  if (sequence.orderCountType === 1 && !sequence.deltaOrderAlwaysZero) {
    bits.se(header.deltaOrderCount[0]);
    if (bottomOrder) bits.se(header.deltaOrderCount[1]);
  }
  if (picture.redundantPictures) bits.ue(header.redundantPictureCount);
  if (header.references) writeReferences(bits, header.references, header.sliceType % 5, { sequence, picture });
  if (header.marking) writeMarking(bits, header.marking);
  if (picture.cabac && header.references) bits.ue(header.cabacTable);
  bits.se(header.qpDelta);
  const { disable, alpha, beta } = header.deblocking;
  if (picture.deblockingControl) {
    bits.ue(disable);
    if (disable !== 1) bits.se(alpha).se(beta);
  } else if (disable !== 0 || alpha !== 0 || beta !== 0) {
    throw unspliceable('its picture parameter set lets no slice choose its deblocking');
  }
}

function readDeblocking(bits: BitReader): Deblocking {
  const disable = bits.ue();
  const [alpha, beta] = disable === 1 ? [0, 0] : [bits.se(), bits.se()];
  if (disable > 2 || Math.abs(alpha) > 6 || Math.abs(beta) > 6) throw unspliceable('its deblocking is out of range');
  return { disable, alpha, beta };
}

/** Numbers that follow each memory_management_control_operation (7.3.3.3). */
const OPERANDS = [0, 1, 1, 2, 1, 0, 1];

function readMarking(bits: BitReader, idr: boolean): Marking {
  if (idr) return { idr, noOutputOfPriorPictures: bits.flag(), longTermReference: bits.flag() };
  if (!bits.flag()) return { idr, operations: undefined };
  const operations: number[][] = [];
  for (let operation = bits.ue(); operation !== 0; operation = bits.ue()) {
    const count = OPERANDS[operation];
    if (count === undefined) throw unspliceable(`memory management control operation ${operation}`);
    operations.push([operation, ...Array.from({ length: count }, () => bits.ue())]);
  }
  return { idr, operations };
}

function writeMarking(bits: BitWriter, marking: Marking): void {
  if (marking.idr) {
    bits.flag(marking.noOutputOfPriorPictures).flag(marking.longTermReference);
    return;
  }
  bits.flag(marking.operations !== undefined);
  if (!marking.operations) return;
  for (const number of marking.operations.flat()) bits.ue(number);
  bits.ue(0);
}
