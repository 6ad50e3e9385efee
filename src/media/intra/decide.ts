/**
 * Decides how a macroblock is predicted, and codes it: levels, counts and reconstruction are left in the `Macroblock`.
 *
 * Predictions are judged by the sum of absolute Hadamard coefficients of what they leave over (SATD) plus the bits that the choice itself costs, at the price that
 * is usual for the quantiser. The Hadamard transform is linear, and that of a vertical, horizontal or mean prediction has one row, one column or one number that
 * is not 0: so these cost a few additions once the source's own transform is there, and only the six directional modes are predicted and transformed to be judged.
 * Most macroblocks of a text box are flat and continue their neighbour: these are found first and cost next to nothing.
 */

import { CB, CELLS, CR, LEFTMOST, LUMA, LUMA_DC, type Macroblock, OFFSETS, STRIDE, TOPMOST } from './macroblock.js';
import { fillSquare, gather, Mode, mean4, predict4, predictHorizontal, predictMean } from './predict.js';
import {
  codeChromaDc,
  codeLumaDc,
  type Quantiser,
  quantise,
  reconstruct,
  reconstructFlat,
  transform,
} from './transform.js';

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

/** What a bit is worth: the square root of the price that a bit has in squared error, 0.85 * 2^((qp - 12) / 3); SATD counts everything twice. */
export function priceOfBit(qp: number): number {
  return Math.max(1, Math.round(2 * 2 ** ((qp - 12) / 6)));
}

/** Bits that 16 blocks' own prediction costs beyond their modes, when the macroblock could be predicted as a whole. */
const BLOCKS_BITS = 24;

/** A block predicted at the cost of so few bits is not looked at further. */
const SURE_BITS = 6;

/** Of the source's blocks: Hadamard transforms (raster order) and the sums of absolute values in the first row, the first column (both without DC) and elsewhere. */
const spectra = new Int32Array(256);
const firstRows = new Int32Array(16);
const firstColumns = new Int32Array(16);
const others = new Int32Array(16);

const coefficients = new Int32Array(256);
const dc = new Int32Array(16);
const edge = new Uint8Array(13);
const scratch = new Int32Array(16);

/** Place of each luma block in a raster of 4 x 4. */
const RASTER = Uint8Array.from({ length: 16 }, (_, block) => {
  const cell = (CELLS[block] as number) - 1;
  return Math.floor(cell / 5) * 4 + (cell % 5);
});

export function encodeMacroblock(mb: Macroblock, settings: Settings): void {
  encodeLuma(mb, settings);
  encodeChroma(mb, settings);
}

/** Makes the macroblock the mean of its neighbours and nothing more: right when it `repeats` them. */
export function repeatNeighbour(mb: Macroblock): void {
  const { reconstruction, counts, dcCounts } = mb;
  fillSquare(reconstruction, LUMA, 16, 16, reconstruction[LUMA - 1] as number);
  fillSquare(reconstruction, CB, 8, 8, reconstruction[CB - 1] as number);
  fillSquare(reconstruction, CR, 8, 8, reconstruction[CR - 1] as number);
  becomeWhole(mb, Mode.dc);
  mb.chromaMode = mb.chromaPattern = 0;
  for (let block = 0; block < 24; block++) counts[CELLS[block] as number] = 0;
  dcCounts[0] = dcCounts[1] = dcCounts[2] = 0;
}

function encodeLuma(mb: Macroblock, settings: Settings): void {
  const { source } = mb;
  const value = source[LUMA] as number;
  if (isFlat(source, value)) {
    if (!codeWhole(mb, Mode.dc, settings)) codeBlocks(mb, settings, Number.POSITIVE_INFINITY);
    return;
  }
  for (let block = 0; block < 16; block++) loadSpectrum(source, block);
  const dcCost = meanCost(mb) + 3 * settings.price;
  const horizontalCost = mb.hasLeft ? columnCost(mb) + 3 * settings.price : dcCost;
  const cost = Math.min(dcCost, horizontalCost);
  if (codeBlocks(mb, settings, cost)) return;
  if (!codeWhole(mb, horizontalCost < dcCost ? Mode.horizontal : Mode.dc, settings))
    codeBlocks(mb, settings, Number.POSITIVE_INFINITY);
}

function isFlat(source: Uint8Array, value: number): boolean {
  for (let row = LUMA; row < LUMA + 16 * STRIDE; row += STRIDE)
    for (let at = row; at < row + 16; at++) if (source[at] !== value) return false;
  return true;
}

function becomeWhole(mb: Macroblock, mode: number): void {
  mb.whole = true;
  mb.wholeMode = mode;
  mb.lumaPattern = 0;
  for (let block = 0; block < 16; block++) mb.modes[CELLS[block] as number] = Mode.dc;
}

/** The Hadamard transform of a block of the source, and sums of its absolute values. */
function loadSpectrum(source: Uint8Array, block: number): void {
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
function meanCost({ reconstruction, hasLeft }: Macroblock): number {
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
function columnCost({ reconstruction }: Macroblock): number {
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
function columnLeft(t: number, a: number, b: number, c: number, d: number): number {
  return (
    Math.abs((spectra[t] as number) - 4 * (a + b + c + d)) +
    Math.abs((spectra[t + 4] as number) - 4 * (a + b - c - d)) +
    Math.abs((spectra[t + 8] as number) - 4 * (a - b - c + d)) +
    Math.abs((spectra[t + 12] as number) - 4 * (a - b + c - d))
  );
}

/** What a vertical prediction from a, b, c, d (rightwards) leaves in the first row. */
function rowLeft(t: number, a: number, b: number, c: number, d: number): number {
  return (
    Math.abs((spectra[t] as number) - 4 * (a + b + c + d)) +
    Math.abs((spectra[t + 1] as number) - 4 * (a + b - c - d)) +
    Math.abs((spectra[t + 2] as number) - 4 * (a - b - c + d)) +
    Math.abs((spectra[t + 3] as number) - 4 * (a - b + c - d))
  );
}

/** Codes as Intra_16x16. Gives false, and is to be done otherwise, when a level is too large to be written. */
function codeWhole(mb: Macroblock, mode: number, { luma, places, levelLimit }: Settings): boolean {
  const { source, reconstruction, counts, levels } = mb;
  if (mode === Mode.horizontal) predictHorizontal(reconstruction, LUMA, 16);
  else predictMean(reconstruction, LUMA, 16, 16, mb.hasLeft);
  for (let block = 0; block < 16; block++) {
    transform(source, reconstruction, OFFSETS[block] as number, coefficients, block * 16);
    dc[RASTER[block] as number] = coefficients[block * 16] as number;
  }
  const dcCount = codeLumaDc(dc, luma, levels, LUMA_DC * 16, levelLimit);
  if (dcCount < 0) return false;
  becomeWhole(mb, mode);
  mb.dcCounts[0] = dcCount;
  for (let block = 0; block < 16; block++) {
    const count = quantise(coefficients, block * 16, 1, places, luma, levels, block * 16);
    counts[CELLS[block] as number] = count;
    const scaled = dcCount > 0 ? (dc[RASTER[block] as number] as number) : 0;
    const at = OFFSETS[block] as number;
    if (count > 0) {
      mb.lumaPattern = 15;
      coefficients[block * 16] = scaled;
      reconstruct(coefficients, block * 16, reconstruction, at);
    } else reconstructFlat(scaled, reconstruction, at);
  }
  return true;
}

/** Codes as 16 blocks each predicted on its own. Stops, and gives false, when that costs more than `limit`. */
function codeBlocks(mb: Macroblock, settings: Settings, limit: number): boolean {
  const { source, reconstruction, counts, levels } = mb;
  const { luma, places, price } = settings;
  let cost = BLOCKS_BITS * price;
  let pattern = 0;
  if (limit === Number.POSITIVE_INFINITY) for (let block = 0; block < 16; block++) loadSpectrum(source, block);
  for (let block = 0; block < 16; block++) {
    const own = chooseMode(mb, block, price);
    cost += own;
    if (cost > limit) return false;
    if (own <= price) {
      // Nothing but the mode's bit: the prediction is exact.
      counts[CELLS[block] as number] = 0;
      continue;
    }
    const at = OFFSETS[block] as number;
    transform(source, reconstruction, at, coefficients, 0);
    const count = quantise(coefficients, 0, 0, places, luma, levels, block * 16);
    counts[CELLS[block] as number] = count;
    if (count === 0) continue;
    pattern |= 1 << (block >> 2);
    reconstruct(coefficients, 0, reconstruction, at);
  }
  mb.whole = false;
  mb.lumaPattern = pattern;
  mb.dcCounts[0] = 0;
  return true;
}

/** Chooses the mode of a 4x4 block and predicts it. Gives its cost. */
function chooseMode(mb: Macroblock, block: number, price: number): number {
  const { source, reconstruction, modes } = mb;
  const at = OFFSETS[block] as number;
  const cell = CELLS[block] as number;
  const left = mb.hasLeft || LEFTMOST[block] === 0;
  const above = TOPMOST[block] === 0;
  gather(reconstruction, block, edge, left, above);
  // 8.3.1.1: DC unless both neighbours are available.
  const expected = left && above ? Math.min(modes[cell - 1] as number, modes[cell - 5] as number) : Mode.dc;
  const t = block * 16;
  const mean = mean4(edge, left, above);

  let mode: number = Mode.dc;
  const across = firstRows[block] as number;
  const down = firstColumns[block] as number;
  const rest = others[block] as number;
  let best =
    Math.abs((spectra[t] as number) - 16 * mean) + across + down + rest + (expected === Mode.dc ? price : 4 * price);
  if (left) {
    const cost =
      rest +
      across +
      columnLeft(t, edge[3] as number, edge[2] as number, edge[1] as number, edge[0] as number) +
      (expected === Mode.horizontal ? price : 4 * price);
    if (cost < best) {
      best = cost;
      mode = Mode.horizontal;
    }
  }
  if (above) {
    const cost =
      rest +
      down +
      rowLeft(t, edge[5] as number, edge[6] as number, edge[7] as number, edge[8] as number) +
      (expected === Mode.vertical ? price : 4 * price);
    if (cost < best) {
      best = cost;
      mode = Mode.vertical;
    }
  }
  // The directional ones.
  const last = left ? Mode.horizontalUp : above ? Mode.verticalLeft : -1;
  let shown = -1;
  if (best > SURE_BITS * price) {
    for (let other: number = above ? Mode.downLeft : Mode.horizontalUp; other <= last; other++) {
      // Three of them need all neighbours.
      if (!left && other > Mode.downLeft && other < Mode.verticalLeft) continue;
      predict4(reconstruction, at, other, edge, mean);
      shown = other;
      const cost = satd(source, reconstruction, at) + (expected === other ? price : 4 * price);
      if (cost < best) {
        best = cost;
        mode = other;
      }
    }
  }
  if (shown !== mode) predict4(reconstruction, at, mode, edge, mean);
  modes[cell] = mode;
  mb.remaining[block] = mode === expected ? -1 : mode < expected ? mode : mode - 1;
  return best;
}

/** Sum of the absolute Hadamard coefficients of a 4x4 difference: by columns four sums, then each across. */
function satd(source: Uint8Array, prediction: Uint8ClampedArray, at: number): number {
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

function encodeChroma(mb: Macroblock, settings: Settings): void {
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
  const { source, reconstruction, counts, levels } = mb;
  const firstBlock = 16 + component * 4;
  for (let i = 0; i < 4; i++) {
    transform(source, reconstruction, OFFSETS[firstBlock + i] as number, coefficients, i * 16);
    dc[i] = coefficients[i * 16] as number;
  }
  const dcCount = codeChromaDc(dc, q, levels, (LUMA_DC + 1 + component) * 16);
  mb.dcCounts[1 + component] = dcCount;
  if (dcCount > 0 && mb.chromaPattern === 0) mb.chromaPattern = 1;
  for (let i = 0; i < 4; i++) {
    const block = firstBlock + i;
    const count = quantise(coefficients, i * 16, 1, places, q, levels, block * 16);
    counts[CELLS[block] as number] = count;
    const scaled = dcCount > 0 ? (dc[i] as number) : 0;
    const at = OFFSETS[block] as number;
    if (count > 0) {
      mb.chromaPattern = 2;
      coefficients[i * 16] = scaled;
      reconstruct(coefficients, i * 16, reconstruction, at);
    } else reconstructFlat(scaled, reconstruction, at);
  }
}
