/** What is the same for all macroblocks of a slice: the quantisers and what follows from them. */

import { unspliceable } from '../h264/bits.js';
import type { ParameterSets } from '../h264/parameter-sets.js';
import { LEVEL_LIMIT } from './entropy/cavlc.js';
import { type Quantiser, quantiser } from './transform.js';

export interface Settings {
  readonly luma: Quantiser;
  readonly cb: Quantiser;
  readonly cr: Quantiser;
  /** What a bit is worth, in units of SATD. */
  readonly price: number;
  /** How many coefficients of a block are kept at most, in zig-zag order: 1 to 16. */
  readonly places: number;
  /** The largest luma DC level that the entropy coder can write. */
  readonly levelLimit: number;
}

/** The finest chroma quantiser whose levels CAVLC can write, whatever the samples. */
const FINEST_FOR_CAVLC = 4;

/** Throws when CAVLC could not write what this quantiser may yield. */
export function settingsFor(qp: number, { picture }: ParameterSets): Settings {
  const cb = chromaQp(qp + picture.chromaQpOffset);
  const cr = chromaQp(qp + picture.secondChromaQpOffset);
  if (!picture.cabac && Math.min(cb, cr) < FINEST_FOR_CAVLC)
    throw unspliceable(`the quantiser ${qp} is too fine for CAVLC`);
  return {
    luma: quantiser(qp),
    cb: quantiser(cb),
    cr: quantiser(cr),
    price: priceOfBit(qp),
    places: 16,
    levelLimit: picture.cabac ? Number.POSITIVE_INFINITY : LEVEL_LIMIT,
  };
}

/** QPC by qPI from 30 on (table 8-15). */
const CHROMA_QPS = [29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39];

/** QPC of this index, which is clipped first (8-311). */
function chromaQp(index: number): number {
  const clipped = Math.min(Math.max(index, 0), 51);
  return CHROMA_QPS[clipped - 30] ?? clipped;
}

/** What a bit is worth: the square root of the price that a bit has in squared error, 0.85 * 2^((qp - 12) / 3); SATD counts everything twice. */
function priceOfBit(qp: number): number {
  return Math.max(1, Math.round(2 * 2 ** ((qp - 12) / 6)));
}
