/**
 * The forward cosine transform (T.81, A.3.3) after Arai, Agui and Nakajima (1988): five multiplications for eight samples. Its coefficients come out too large by
 * factors that depend on the place only; the quantiser's dividers take them in.
 */

import { ZIGZAG } from './tables.js';

const [C2, C6] = [Math.cos(Math.PI / 8), Math.cos((3 * Math.PI) / 8)];
const [HALF, LESS, MORE] = [Math.SQRT1_2, C2 - C6, C2 + C6];

/** By how much a row's or a column's coefficient is too large, by frequency. */
const FACTORS = Array.from({ length: 8 }, (_, k) => (k === 0 ? 1 : Math.SQRT2 * Math.cos((k * Math.PI) / 16)));

const factorOf = (place: number) => (FACTORS[place >> 3] as number) * (FACTORS[place & 7] as number);

/** What coefficients are multiplied by to be quantised, in zigzag, from quantiser steps in rows. */
export function dividersOf(steps: Uint8Array): Float64Array {
  return Float64Array.from(ZIGZAG, (place) => 1 / (8 * (steps[place] as number) * factorOf(place)));
}

/** Transforms the 64 samples that begin at `at`, in place, rows first. */
export function transform(samples: Float64Array, at: number): void {
  for (let row = at; row < at + 64; row += 8) transformEight(samples, row, 1);
  for (let column = at; column < at + 8; column++) transformEight(samples, column, 8);
}

function transformEight(samples: Float64Array, at: number, step: number): void {
  const s0 = samples[at] as number;
  const s1 = samples[at + step] as number;
  const s2 = samples[at + 2 * step] as number;
  const s3 = samples[at + 3 * step] as number;
  const s4 = samples[at + 4 * step] as number;
  const s5 = samples[at + 5 * step] as number;
  const s6 = samples[at + 6 * step] as number;
  const s7 = samples[at + 7 * step] as number;
  const outer = s0 + s7;
  const second = s1 + s6;
  const third = s2 + s5;
  const inner = s3 + s4;

  const even0 = outer + inner;
  const even1 = second + third;
  const even3 = outer - inner;
  const turned = (second - third + even3) * HALF;
  samples[at] = even0 + even1;
  samples[at + 4 * step] = even0 - even1;
  samples[at + 2 * step] = even3 + turned;
  samples[at + 6 * step] = even3 - turned;

  const odd0 = s3 - s4 + s2 - s5;
  const odd1 = s2 - s5 + s1 - s6;
  const odd2 = s1 - s6 + s0 - s7;
  const shared = (odd0 - odd2) * C6;
  const low = LESS * odd0 + shared;
  const high = MORE * odd2 + shared;
  const middle = odd1 * HALF;
  const plus = s0 - s7 + middle;
  const minus = s0 - s7 - middle;
  samples[at + 5 * step] = minus + low;
  samples[at + 3 * step] = minus - low;
  samples[at + step] = plus + high;
  samples[at + 7 * step] = plus - high;
}
