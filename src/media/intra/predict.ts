/**
 * Intra prediction where nothing above the macroblock is available (ITU-T H.264, 8.3.1.2, 8.3.3, 8.3.4): samples are predicted in the reconstruction
 * buffer, at the very place that the residual is then added to.
 *
 * A 4x4 block's neighbours are gathered in one line, `edge`: 0 to 3 the left column from its lowest sample up, 4 the corner, 5 to 8 above, 9 to 12 above to
 * the right. Along this line most directional modes are a filter at a place that the sample's position gives.
 */

import { OFFSETS, STRIDE } from './macroblock.js';

/** Intra4x4PredMode (table 8-2). */
export const Mode = {
  vertical: 0,
  horizontal: 1,
  dc: 2,
  downLeft: 3,
  downRight: 4,
  verticalRight: 5,
  horizontalDown: 6,
  verticalLeft: 7,
  horizontalUp: 8,
} as const;

/** Blocks whose samples above to the right come later or lie outside the slice; the last one above is repeated instead (8.3.1.2). */
const LACKS_RIGHT = Uint8Array.from({ length: 16 }, (_, block) => ([3, 7, 11, 13, 15, 5].includes(block) ? 1 : 0));

/** Gathers the neighbours of a luma block; what is not available stays as it is. */
export function gather(
  samples: Uint8ClampedArray,
  block: number,
  edge: Uint8Array,
  left: boolean,
  above: boolean,
): void {
  const at = OFFSETS[block] as number;
  if (left) {
    edge[0] = samples[at + 3 * STRIDE - 1] as number;
    edge[1] = samples[at + 2 * STRIDE - 1] as number;
    edge[2] = samples[at + STRIDE - 1] as number;
    edge[3] = samples[at - 1] as number;
  }
  if (!above) return;
  const over = at - STRIDE;
  edge[4] = samples[over - 1] as number;
  edge[5] = samples[over] as number;
  edge[6] = samples[over + 1] as number;
  edge[7] = samples[over + 2] as number;
  edge[8] = samples[over + 3] as number;
  if (LACKS_RIGHT[block]) {
    edge[9] = edge[10] = edge[11] = edge[12] = edge[8] as number;
  } else {
    edge[9] = samples[over + 4] as number;
    edge[10] = samples[over + 5] as number;
    edge[11] = samples[over + 6] as number;
    edge[12] = samples[over + 7] as number;
  }
}

/** The mean of what is available; 128 when nothing is (8.3.1.2.3). */
export function mean4(edge: Uint8Array, left: boolean, above: boolean): number {
  let sum = 0;
  if (left) sum += (edge[0] as number) + (edge[1] as number) + (edge[2] as number) + (edge[3] as number);
  if (above) sum += (edge[5] as number) + (edge[6] as number) + (edge[7] as number) + (edge[8] as number);
  return left && above ? (sum + 4) >> 3 : left || above ? (sum + 2) >> 2 : 128;
}

/** Mean of two neighbours on the line, and the 1-2-1 filter around a place. */
function half(edge: Uint8Array, at: number): number {
  return ((edge[at] as number) + (edge[at + 1] as number) + 1) >> 1;
}

function smooth(edge: Uint8Array, at: number): number {
  return ((edge[at - 1] as number) + 2 * (edge[at] as number) + (edge[at + 1] as number) + 2) >> 2;
}

/** Predicts a 4x4 block whose first sample is at `at`; `mean` is for DC. */
export function predict4(samples: Uint8ClampedArray, at: number, mode: number, edge: Uint8Array, mean: number): void {
  const second = at + STRIDE;
  const third = second + STRIDE;
  const fourth = third + STRIDE;
  switch (mode) {
    case Mode.vertical:
      for (let x = 0; x < 4; x++)
        samples[at + x] = samples[second + x] = samples[third + x] = samples[fourth + x] = edge[5 + x] as number;
      return;
    case Mode.horizontal:
      fillRow(samples, at, edge[3] as number);
      fillRow(samples, second, edge[2] as number);
      fillRow(samples, third, edge[1] as number);
      fillRow(samples, fourth, edge[0] as number);
      return;
    case Mode.dc:
      for (let row = at; row <= fourth; row += STRIDE) fillRow(samples, row, mean);
      return;
    case Mode.downLeft: {
      // 8.3.1.2.4: the sum x + y gives the place; the last one has no neighbour beyond.
      samples[at] = smooth(edge, 6);
      samples[at + 1] = samples[second] = smooth(edge, 7);
      samples[at + 2] = samples[second + 1] = samples[third] = smooth(edge, 8);
      samples[at + 3] = samples[second + 2] = samples[third + 1] = samples[fourth] = smooth(edge, 9);
      samples[second + 3] = samples[third + 2] = samples[fourth + 1] = smooth(edge, 10);
      samples[third + 3] = samples[fourth + 2] = smooth(edge, 11);
      samples[fourth + 3] = ((edge[11] as number) + 3 * (edge[12] as number) + 2) >> 2;
      return;
    }
    case Mode.downRight:
      // 8.3.1.2.5: x - y gives the place.
      samples[fourth] = smooth(edge, 1);
      samples[third] = samples[fourth + 1] = smooth(edge, 2);
      samples[second] = samples[third + 1] = samples[fourth + 2] = smooth(edge, 3);
      samples[at] = samples[second + 1] = samples[third + 2] = samples[fourth + 3] = smooth(edge, 4);
      samples[at + 1] = samples[second + 2] = samples[third + 3] = smooth(edge, 5);
      samples[at + 2] = samples[second + 3] = smooth(edge, 6);
      samples[at + 3] = smooth(edge, 7);
      return;
    case Mode.verticalRight:
      // 8.3.1.2.6
      samples[at] = samples[third + 1] = half(edge, 4);
      samples[at + 1] = samples[third + 2] = half(edge, 5);
      samples[at + 2] = samples[third + 3] = half(edge, 6);
      samples[at + 3] = half(edge, 7);
      samples[second] = samples[fourth + 1] = smooth(edge, 4);
      samples[second + 1] = samples[fourth + 2] = smooth(edge, 5);
      samples[second + 2] = samples[fourth + 3] = smooth(edge, 6);
      samples[second + 3] = smooth(edge, 7);
      samples[third] = smooth(edge, 3);
      samples[fourth] = smooth(edge, 2);
      return;
    case Mode.horizontalDown:
      // 8.3.1.2.7: the same turned over.
      samples[at] = samples[second + 2] = half(edge, 3);
      samples[second] = samples[third + 2] = half(edge, 2);
      samples[third] = samples[fourth + 2] = half(edge, 1);
      samples[fourth] = half(edge, 0);
      samples[at + 1] = samples[second + 3] = smooth(edge, 4);
      samples[second + 1] = samples[third + 3] = smooth(edge, 3);
      samples[third + 1] = samples[fourth + 3] = smooth(edge, 2);
      samples[fourth + 1] = smooth(edge, 1);
      samples[at + 2] = smooth(edge, 5);
      samples[at + 3] = smooth(edge, 6);
      return;
    case Mode.verticalLeft:
      // 8.3.1.2.8
      samples[at] = half(edge, 5);
      samples[at + 1] = samples[third] = half(edge, 6);
      samples[at + 2] = samples[third + 1] = half(edge, 7);
      samples[at + 3] = samples[third + 2] = half(edge, 8);
      samples[third + 3] = half(edge, 9);
      samples[second] = smooth(edge, 6);
      samples[second + 1] = samples[fourth] = smooth(edge, 7);
      samples[second + 2] = samples[fourth + 1] = smooth(edge, 8);
      samples[second + 3] = samples[fourth + 2] = smooth(edge, 9);
      samples[fourth + 3] = smooth(edge, 10);
      return;
    case Mode.horizontalUp: {
      // 8.3.1.2.9: downwards along the left column, then its lowest sample.
      const lowest = edge[0] as number;
      samples[at] = half(edge, 2);
      samples[at + 1] = smooth(edge, 2);
      samples[at + 2] = samples[second] = half(edge, 1);
      samples[at + 3] = samples[second + 1] = smooth(edge, 1);
      samples[second + 2] = samples[third] = half(edge, 0);
      samples[second + 3] = samples[third + 1] = (3 * lowest + (edge[1] as number) + 2) >> 2;
      samples[third + 2] = samples[third + 3] = lowest;
      fillRow(samples, fourth, lowest);
    }
  }
}

function fillRow(samples: Uint8ClampedArray, at: number, value: number): void {
  samples[at] = samples[at + 1] = samples[at + 2] = samples[at + 3] = value;
}

/** Predicts `size` x `size` samples from the column before them: each row its neighbour (8.3.3.2, 8.3.4.2). */
export function predictHorizontal(samples: Uint8ClampedArray, at: number, size: number): void {
  for (let row = at; row < at + size * STRIDE; row += STRIDE) {
    const value = samples[row - 1] as number;
    for (let o = row; o < row + size; o++) samples[o] = value;
  }
}

/** The same from the mean of the neighbours, or 128 (8.3.3.3; 8.3.4.1 for the rows of one chroma block). */
export function predictMean(
  samples: Uint8ClampedArray,
  at: number,
  width: number,
  height: number,
  left: boolean,
): void {
  let mean = 128;
  if (left) {
    let sum = height >> 1;
    for (let row = at; row < at + height * STRIDE; row += STRIDE) sum += samples[row - 1] as number;
    mean = (sum / height) | 0;
  }
  fillSquare(samples, at, width, height, mean);
}

export function fillSquare(samples: Uint8ClampedArray, at: number, width: number, height: number, value: number): void {
  for (let row = at; row < at + height * STRIDE; row += STRIDE)
    for (let o = row; o < row + width; o++) samples[o] = value;
}
