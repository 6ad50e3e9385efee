/**
 * The part of a slice header that only P and B slices have: how many references, in which order, with which weights (ITU-T H.264, 7.3.3, 7.3.3.1, 7.3.3.2).
 *
 * It is kept whole, so that the header of any slice can be read past it and written again.
 */

import type { BitReader, BitWriter } from './bits.js';
import { unspliceable } from './bits.js';
import type { ParameterSets } from './parameter-sets.js';

/** luma_weight, luma_offset; then the same of Cb and Cr. A pair is undefined where its flag is not set. */
export interface Weight {
  readonly luma: readonly [number, number] | undefined;
  readonly chroma: readonly [number, number, number, number] | undefined;
}

export interface References {
  /** direct_spatial_mv_pred_flag, of B slices. */
  readonly directSpatial: boolean;
  /** num_ref_idx_active per list; undefined: as the picture parameter set says. P slices have one list. */
  readonly counts: readonly number[] | undefined;
  /** Per list modification_of_pic_nums_idc with its number; undefined: the initial order. */
  readonly modifications: readonly (readonly (readonly [number, number])[] | undefined)[];
  /** pred_weight_table(); undefined where weights are not explicit. */
  readonly weights:
    | { readonly lumaDenominator: number; readonly chromaDenominator: number; readonly lists: readonly Weight[][] }
    | undefined;
}

const B = 1;

/** Explicit weights: P slices by a flag, B slices by weighted_bipred_idc 1. */
function isWeighted(type: number, { picture }: ParameterSets): boolean {
  return type === B ? picture.weightedBiprediction === 1 : picture.weightedPrediction;
}

function hasChroma({ sequence }: ParameterSets): boolean {
  return sequence.chromaFormat !== 0 && !sequence.separateColourPlanes;
}

/** Reads from direct_spatial_mv_pred_flag to pred_weight_table(). `type` is slice_type modulo 5. */
export function readReferences(bits: BitReader, type: number, frame: boolean, sets: ParameterSets): References {
  const lists = type === B ? [0, 1] : [0];
  const directSpatial = type === B && bits.flag();
  const counts = bits.flag() ? lists.map(() => bits.ue() + 1) : undefined;
  const modifications = lists.map(() => (bits.flag() ? readModification(bits) : undefined));
  if (!isWeighted(type, sets)) return { directSpatial, counts, modifications, weights: undefined };
  const lumaDenominator = bits.ue();
  const chromaDenominator = hasChroma(sets) ? bits.ue() : 0;
  const weights = lists.map((list) => {
    const count = counts?.[list] ?? sets.picture.references[list] ?? 1;
    if (count > (frame ? 16 : 32)) throw unspliceable(`a slice has ${count} references`);
    return Array.from({ length: count }, () => readWeight(bits, hasChroma(sets)));
  });
  return { directSpatial, counts, modifications, weights: { lumaDenominator, chromaDenominator, lists: weights } };
}

/** Writes what `readReferences` reads. */
export function writeReferences(bits: BitWriter, references: References, type: number, sets: ParameterSets): void {
  const { directSpatial, counts, modifications, weights } = references;
  if (type === B) bits.flag(directSpatial);
  bits.flag(counts !== undefined);
  for (const count of counts ?? []) bits.ue(count - 1);
  for (const modification of modifications) {
    bits.flag(modification !== undefined);
    if (!modification) continue;
    for (const [operation, number] of modification) bits.ue(operation).ue(number);
    bits.ue(3);
  }
  if (isWeighted(type, sets) !== (weights !== undefined)) throw unspliceable('its weights do not match its sets');
  if (!weights) return;
  bits.ue(weights.lumaDenominator);
  if (hasChroma(sets)) bits.ue(weights.chromaDenominator);
  for (const { luma, chroma } of weights.lists.flat()) {
    bits.flag(luma !== undefined);
    for (const number of luma ?? []) bits.se(number);
    if (!hasChroma(sets)) continue;
    bits.flag(chroma !== undefined);
    for (const number of chroma ?? []) bits.se(number);
  }
}

/** ref_pic_list_modification() of one list: operation 3 ends it. */
function readModification(bits: BitReader): [number, number][] {
  const operations: [number, number][] = [];
  for (let operation = bits.ue(); operation !== 3; operation = bits.ue()) {
    if (operation > 3) throw unspliceable(`modification_of_pic_nums_idc is ${operation}`);
    operations.push([operation, bits.ue()]);
  }
  return operations;
}

function readWeight(bits: BitReader, hasChroma: boolean): Weight {
  const luma = bits.flag() ? ([bits.se(), bits.se()] as const) : undefined;
  const chroma = hasChroma && bits.flag() ? ([bits.se(), bits.se(), bits.se(), bits.se()] as const) : undefined;
  return { luma, chroma };
}
