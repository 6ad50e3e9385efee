/**
 * Decides how the luma of a macroblock is predicted, and codes it: levels, counts and reconstruction are left in the `Macroblock`.
 *
 * The whole macroblock from the column before it, or 16 blocks each on its own: what costs less by SATD and the bits of the choice itself, at the price that is
 * usual for the quantiser. Blocks try the cheap modes first and then the directional ones that lean the same way.
 */

import { CELLS, LEFTMOST, LUMA, LUMA_DC, type Macroblock, OFFSETS, STRIDE, TOPMOST } from './macroblock.js';
import { gather, Mode, mean4, predict4, predictHorizontal, predictMean } from './predict.js';
import { codeBesideDc } from './residual.js';
import type { Settings } from './settings.js';
import {
  columnCost,
  columnLeft,
  firstColumns,
  firstRows,
  loadSpectrum,
  meanCost,
  others,
  rowLeft,
  satd,
  spectra,
} from './spectrum.js';
import { codeLumaDc, quantise, reconstruct, transform } from './transform.js';

/** Bits that 16 blocks' own prediction costs beyond their modes, when the macroblock could be predicted as a whole. */
const BLOCKS_BITS = 24;

/** A block predicted at the cost of so few bits is not looked at further. */
const SURE_BITS = 10;

/** Directional modes by which way they lean and what is available, as sets of bits. */
const FROM_ABOVE = (1 << Mode.downLeft) | (1 << Mode.verticalLeft);
const FROM_LEFT = 1 << Mode.horizontalUp;
const ALL_UPRIGHT = FROM_ABOVE | (1 << Mode.downRight) | (1 << Mode.verticalRight);
const ALL_LEVEL = FROM_LEFT | (1 << Mode.downRight) | (1 << Mode.horizontalDown);

const coefficients = new Int32Array(256);
const dc = new Int32Array(16);
const edge = new Uint8Array(13);

/** Place of each luma block in a raster of 4 x 4. */
const RASTER = Uint8Array.from({ length: 16 }, (_, block) => {
  const cell = (CELLS[block] as number) - 1;
  return Math.floor(cell / 5) * 4 + (cell % 5);
});

export function encodeLuma(mb: Macroblock, settings: Settings): void {
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

/** Codes as Intra_16x16. Gives false, and is to be done otherwise, when a level is too large to be written. */
function codeWhole(mb: Macroblock, mode: number, { luma, places, levelLimit }: Settings): boolean {
  const { source, reconstruction, levels } = mb;
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
    const scaled = dcCount > 0 ? (dc[RASTER[block] as number] as number) : 0;
    if (codeBesideDc(mb, block, coefficients, block * 16, scaled, luma, places)) mb.lumaPattern = 15;
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
  let level = Number.POSITIVE_INFINITY;
  if (left) {
    const column = columnLeft(t, edge[3] as number, edge[2] as number, edge[1] as number, edge[0] as number);
    level = rest + across + column + (expected === Mode.horizontal ? price : 4 * price);
    if (level < best) {
      best = level;
      mode = Mode.horizontal;
    }
  }
  let upright = Number.POSITIVE_INFINITY;
  if (above) {
    const row = rowLeft(t, edge[5] as number, edge[6] as number, edge[7] as number, edge[8] as number);
    upright = rest + down + row + (expected === Mode.vertical ? price : 4 * price);
    if (upright < best) {
      best = upright;
      mode = Mode.vertical;
    }
  }
  let shown = -1;
  if (best > SURE_BITS * price) {
    // Of the directional ones only those that lean to the better side.
    const set = upright < level ? (left ? ALL_UPRIGHT : FROM_ABOVE) : !left ? 0 : above ? ALL_LEVEL : FROM_LEFT;
    for (let other: number = Mode.downLeft; other <= Mode.horizontalUp; other++) {
      if (((set >> other) & 1) === 0) continue;
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

export function becomeWhole(mb: Macroblock, mode: number): void {
  mb.whole = true;
  mb.wholeMode = mode;
  mb.lumaPattern = 0;
  for (let block = 0; block < 16; block++) mb.modes[CELLS[block] as number] = Mode.dc;
}
