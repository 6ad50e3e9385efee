/** Decides how the chroma of a macroblock is predicted, from means or from the column before it, and codes it. Grey needs neither. */

import { CB, CELLS, CHROMA_DC, CR, type Macroblock, OFFSETS, STRIDE } from './macroblock.js';
import { predictHorizontal, predictMean } from './predict.js';
import { codeBesideDc } from './residual.js';
import type { Settings } from './settings.js';
import { codeChromaDc, type Quantiser, transform } from './transform.js';

const coefficients = new Int32Array(64);
const dc = new Int32Array(4);

export function encodeChroma(mb: Macroblock, settings: Settings): void {
  const { reconstruction, counts, dcCounts, hasLeft } = mb;
  mb.chromaMode = 0;
  mb.chromaPattern = 0;
  for (let at = CB; at <= CR; at += CR - CB) {
    predictMean(reconstruction, at, 8, 4, hasLeft);
    predictMean(reconstruction, at + 4 * STRIDE, 8, 4, hasLeft);
  }
  const difference = chromaDifference(mb);
  if (difference === 0) {
    for (let block = 16; block < 24; block++) counts[CELLS[block] as number] = 0;
    dcCounts[1] = dcCounts[2] = 0;
    return;
  }
  if (hasLeft) {
    predictHorizontal(reconstruction, CB, 8);
    predictHorizontal(reconstruction, CR, 8);
    if (chromaDifference(mb) + settings.price < difference) mb.chromaMode = 1;
    else
      for (let at = CB; at <= CR; at += CR - CB) {
        predictMean(reconstruction, at, 8, 4, hasLeft);
        predictMean(reconstruction, at + 4 * STRIDE, 8, 4, hasLeft);
      }
  }
  codeComponent(mb, 0, settings.cb, settings.places);
  codeComponent(mb, 1, settings.cr, settings.places);
}

/** Sum of absolute differences of both components. */
function chromaDifference({ source, reconstruction }: Macroblock): number {
  let sum = 0;
  for (let row = CB; row < source.length; row += STRIDE)
    for (let at = row; at < row + 8; at++)
      sum +=
        Math.abs((source[at] as number) - (reconstruction[at] as number)) +
        Math.abs((source[at + 16] as number) - (reconstruction[at + 16] as number));
  return sum;
}

/** Codes one chroma component: 0 Cb, 1 Cr. */
function codeComponent(mb: Macroblock, component: number, q: Quantiser, places: number): void {
  const { source, reconstruction, levels } = mb;
  const firstBlock = 16 + component * 4;
  for (let i = 0; i < 4; i++) {
    transform(source, reconstruction, OFFSETS[firstBlock + i] as number, coefficients, i * 16);
    dc[i] = coefficients[i * 16] as number;
  }
  const dcCount = codeChromaDc(dc, q, levels, (CHROMA_DC + component) * 16);
  mb.dcCounts[1 + component] = dcCount;
  if (dcCount > 0 && mb.chromaPattern === 0) mb.chromaPattern = 1;
  for (let i = 0; i < 4; i++) {
    const scaled = dcCount > 0 ? (dc[i] as number) : 0;
    if (codeBesideDc(mb, firstBlock + i, coefficients, i * 16, scaled, q, places)) mb.chromaPattern = 2;
  }
}
