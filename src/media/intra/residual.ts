/** Blocks whose DC is coded apart from their other coefficients: those of Intra_16x16 and of chroma (ITU-T H.264, 8.5.2, 8.5.4). */

import { CELLS, type Macroblock, OFFSETS } from './macroblock.js';
import { type Quantiser, quantise, reconstruct, reconstructFlat } from './transform.js';

/**
 * Quantises the coefficients of a block but the first, notes its levels, and reconstructs it with `dc`, already scaled, in the first's place. `at` is where its coefficients
 * lie. Tells whether any level is not 0.
 */
export function codeBesideDc(
  { reconstruction, counts, levels }: Macroblock,
  block: number,
  coefficients: Int32Array,
  at: number,
  dc: number,
  q: Quantiser,
  places: number,
): boolean {
  const count = quantise(coefficients, at, 1, places, q, levels, block * 16);
  counts[CELLS[block] as number] = count;
  const samples = OFFSETS[block] as number;
  if (count === 0) {
    reconstructFlat(dc, reconstruction, samples);
    return false;
  }
  coefficients[at] = dc;
  reconstruct(coefficients, at, reconstruction, samples);
  return true;
}
