/**
 * What a prediction would leave over, judged by the sum of absolute Hadamard coefficients (SATD).
 *
 * The Hadamard transform is linear, and that of a vertical, horizontal or mean prediction has one row, one column or one number that is not 0. So, once the source's own
 * transform is there, these cost a few additions; only the directional modes must be predicted and transformed to be judged.
 */

import { LUMA, type Macroblock, OFFSETS, STRIDE } from './macroblock.js';

/** Of the source's blocks: Hadamard transforms (raster order) and the sums of absolute values in the first row, the first column (both without DC) and elsewhere. */
export const spectra = new Int32Array(256);
export const firstRows = new Int32Array(16);
export const firstColumns = new Int32Array(16);
export const others = new Int32Array(16);

const scratch = new Int32Array(16);

/** The Hadamard transform of a block of the source, and sums of its absolute values. */
export function loadSpectrum(source: Uint8Array, block: number): void {
  const from = block * 16;
  for (let row = 0, o = OFFSETS[block] as number, t = from; row < 4; row++, o += STRIDE, t += 4) {
    const a = source[o] as number;
    const b = source[o + 1] as number;
    const c = source[o + 2] as number;
    const d = source[o + 3] as number;
    spectra[t] = a + b + c + d;
    spectra[t + 1] = a + b - c - d;
    spectra[t + 2] = a - b - c + d;
    spectra[t + 3] = a - b + c - d;
  }
  let across = 0;
  let down = 0;
  let rest = 0;
  for (let column = 0; column < 4; column++) {
    const t = from + column;
    const a = spectra[t] as number;
    const b = spectra[t + 4] as number;
    const c = spectra[t + 8] as number;
    const d = spectra[t + 12] as number;
    const first = a + b + c + d;
    const second = a + b - c - d;
    const third = a - b - c + d;
    const fourth = a - b + c - d;
    spectra[t] = first;
    spectra[t + 4] = second;
    spectra[t + 8] = third;
    spectra[t + 12] = fourth;
    const lower = Math.abs(second) + Math.abs(third) + Math.abs(fourth);
    if (column === 0) down = lower;
    else {
      across += Math.abs(first);
      rest += lower;
    }
  }
  firstRows[block] = across;
  firstColumns[block] = down;
  others[block] = rest;
}

/** Cost of the whole macroblock predicted by the mean of its neighbours. */
export function meanCost({ reconstruction, hasLeft }: Macroblock): number {
  let sum = 8;
  for (let at = LUMA - 1; at < LUMA + 15 * STRIDE; at += STRIDE) sum += reconstruction[at] as number;
  const mean = hasLeft ? sum >> 4 : 128;
  let cost = 0;
  for (let block = 0; block < 16; block++)
    cost +=
      (firstRows[block] as number) +
      (firstColumns[block] as number) +
      (others[block] as number) +
      Math.abs((spectra[block * 16] as number) - 16 * mean);
  return cost;
}

/** The same with each row predicted by its neighbour. */
export function columnCost({ reconstruction }: Macroblock): number {
  let cost = 0;
  for (let block = 0; block < 16; block++) {
    const at = ((OFFSETS[block] as number) & ~(STRIDE - 1)) + LUMA - 1;
    const a = reconstruction[at] as number;
    const b = reconstruction[at + STRIDE] as number;
    const c = reconstruction[at + 2 * STRIDE] as number;
    const d = reconstruction[at + 3 * STRIDE] as number;
    cost += (firstRows[block] as number) + (others[block] as number) + columnLeft(block * 16, a, b, c, d);
  }
  return cost;
}

/** What a horizontal prediction from a, b, c, d (downwards) leaves in the first column. */
export function columnLeft(t: number, a: number, b: number, c: number, d: number): number {
  return (
    Math.abs((spectra[t] as number) - 4 * (a + b + c + d)) +
    Math.abs((spectra[t + 4] as number) - 4 * (a + b - c - d)) +
    Math.abs((spectra[t + 8] as number) - 4 * (a - b - c + d)) +
    Math.abs((spectra[t + 12] as number) - 4 * (a - b + c - d))
  );
}

/** What a vertical prediction from a, b, c, d (rightwards) leaves in the first row. */
export function rowLeft(t: number, a: number, b: number, c: number, d: number): number {
  return (
    Math.abs((spectra[t] as number) - 4 * (a + b + c + d)) +
    Math.abs((spectra[t + 1] as number) - 4 * (a + b - c - d)) +
    Math.abs((spectra[t + 2] as number) - 4 * (a - b - c + d)) +
    Math.abs((spectra[t + 3] as number) - 4 * (a - b + c - d))
  );
}

/** Sum of the absolute Hadamard coefficients of a 4x4 difference: by columns four sums, then each across. */
export function satd(source: Uint8Array, prediction: Uint8ClampedArray, at: number): number {
  let sum = 0;
  for (let row = 0, o = at, t = 0; row < 4; row++, o += STRIDE, t += 4) {
    const a = (source[o] as number) - (prediction[o] as number);
    const b = (source[o + 1] as number) - (prediction[o + 1] as number);
    const c = (source[o + 2] as number) - (prediction[o + 2] as number);
    const d = (source[o + 3] as number) - (prediction[o + 3] as number);
    const outer = a + d;
    const inner = b + c;
    const wide = a - d;
    const narrow = b - c;
    scratch[t] = outer + inner;
    scratch[t + 1] = outer - inner;
    scratch[t + 2] = wide + narrow;
    scratch[t + 3] = wide - narrow;
  }
  for (let t = 0; t < 4; t++) {
    const a = scratch[t] as number;
    const b = scratch[t + 4] as number;
    const c = scratch[t + 8] as number;
    const d = scratch[t + 12] as number;
    const outer = a + d;
    const inner = b + c;
    const wide = a - d;
    const narrow = b - c;
    // |x + y| + |x - y| is twice the larger of |x| and |y|.
    sum += Math.max(Math.abs(outer), Math.abs(inner)) + Math.max(Math.abs(wide), Math.abs(narrow));
  }
  return 2 * sum;
}
