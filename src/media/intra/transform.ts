/**
 * Transform and quantisation of 4x4 blocks and of their DC coefficients, and the way back exactly as decoders go it (ITU-T H.264, 8.5.10 to 8.5.14, flat scaling).
 *
 * The way back is normative: every reconstructed sample must be the decoder's. The way there is the encoder's own: the integer transform whose inverse the
 * standard gives, and a rounding offset of a third of a step, which is the usual choice for intra blocks.
 * Coefficients of a block lie in raster order (16 numbers from an offset), levels in zig-zag order.
 *
 * The DC of a whole macroblock can be more than CAVLC is allowed to write (level_prefix beyond 15, A.2.1 to A.2.4); that is told, not cut. No other level can at the
 * quantisers that `encodeRow` admits.
 */

import { STRIDE } from './macroblock.js';

/** Zig-zag scan (table 8-2, frame): raster place of each coefficient. */
const SCAN = new Uint8Array([0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15]);

/** normAdjust4x4 (8-315): for places even in both directions, odd in both, and others; by qp % 6. */
const STEPS = [
  [10, 16, 13],
  [11, 18, 14],
  [13, 20, 16],
  [14, 23, 18],
  [16, 25, 20],
  [18, 29, 23],
] as const;

/** What multiplies a coefficient before it is shifted right by 15 + qp / 6: 2^21 over the step and the gain of both transforms (16 even, 25 odd, 20 others; rounded). */
const GAINS = [16, 25, 20] as const;

/** A quantiser (qP, 0 to 51): factors in raster order. */
export class Quantiser {
  readonly forward = new Int32Array(16);
  readonly inverse = new Int32Array(16);
  readonly shift: number;
  readonly rounding: number;
  /** LevelScale(qP % 6, 0, 0) and qP / 6. */
  readonly dcScale: number;
  readonly octave: number;

  constructor(qp: number) {
    const steps = STEPS[qp % 6] as (typeof STEPS)[number];
    this.octave = Math.floor(qp / 6);
    for (let place = 0; place < 16; place++) {
      const kind = place & 1 ? (place & 4 ? 1 : 2) : place & 4 ? 2 : 0;
      this.forward[place] = Math.round(2 ** 21 / (steps[kind] * GAINS[kind]));
      this.inverse[place] = steps[kind] << this.octave;
    }
    this.shift = 15 + this.octave;
    this.rounding = Math.floor(2 ** this.shift / 3);
    this.dcScale = 16 * steps[0];
  }
}

const quantisers: (Quantiser | undefined)[] = [];

export function quantiser(qp: number): Quantiser {
  quantisers[qp] ??= new Quantiser(qp);
  return quantisers[qp];
}

/** Transforms the difference of two blocks at offset `at` in the buffers. */
export function transform(
  source: Uint8Array,
  prediction: Uint8ClampedArray,
  at: number,
  coefficients: Int32Array,
  to: number,
): void {
  for (let row = 0, o = at, t = to; row < 4; row++, o += STRIDE, t += 4) {
    const a = (source[o] as number) - (prediction[o] as number);
    const b = (source[o + 1] as number) - (prediction[o + 1] as number);
    const c = (source[o + 2] as number) - (prediction[o + 2] as number);
    const d = (source[o + 3] as number) - (prediction[o + 3] as number);
    const outer = a + d;
    const inner = b + c;
    const wide = a - d;
    const narrow = b - c;
    coefficients[t] = outer + inner;
    coefficients[t + 1] = 2 * wide + narrow;
    coefficients[t + 2] = outer - inner;
    coefficients[t + 3] = wide - 2 * narrow;
  }
  for (let t = to; t < to + 4; t++) {
    const a = coefficients[t] as number;
    const b = coefficients[t + 4] as number;
    const c = coefficients[t + 8] as number;
    const d = coefficients[t + 12] as number;
    const outer = a + d;
    const inner = b + c;
    const wide = a - d;
    const narrow = b - c;
    coefficients[t] = outer + inner;
    coefficients[t + 4] = 2 * wide + narrow;
    coefficients[t + 8] = outer - inner;
    coefficients[t + 12] = wide - 2 * narrow;
  }
}

/**
 * Quantises the coefficients from zig-zag place `first` (1: without DC) up to, not including, `end` into levels, lets go of the rest, and scales them back in place (8.5.12.1).
 * Gives how many levels are not 0.
 */
export function quantise(
  coefficients: Int32Array,
  at: number,
  first: number,
  end: number,
  { forward, inverse, shift, rounding }: Quantiser,
  levels: Int16Array,
  to: number,
): number {
  let count = 0;
  for (let i = first, t = to; i < 16; i++, t++) {
    const place = SCAN[i] as number;
    const value = coefficients[at + place] as number;
    const size = (Math.abs(value) * (forward[place] as number) + rounding) >> shift;
    if (size === 0 || i >= end) {
      levels[t] = 0;
      coefficients[at + place] = 0;
    } else {
      const level = value < 0 ? -size : size;
      levels[t] = level;
      coefficients[at + place] = level * (inverse[place] as number);
      count++;
    }
  }
  return count;
}

/** Transforms scaled coefficients back and adds them to the prediction at `at` (8.5.12.2, 8.5.14); the buffer's stores clip. */
export function reconstruct(coefficients: Int32Array, from: number, samples: Uint8ClampedArray, at: number): void {
  for (let t = from; t < from + 16; t += 4) {
    const a = coefficients[t] as number;
    const b = coefficients[t + 1] as number;
    const c = coefficients[t + 2] as number;
    const d = coefficients[t + 3] as number;
    const even = a + c;
    const odd = a - c;
    const less = (b >> 1) - d;
    const more = b + (d >> 1);
    coefficients[t] = even + more;
    coefficients[t + 1] = odd + less;
    coefficients[t + 2] = odd - less;
    coefficients[t + 3] = even - more;
  }
  for (let column = 0; column < 4; column++) {
    const t = from + column;
    const o = at + column;
    const a = coefficients[t] as number;
    const b = coefficients[t + 4] as number;
    const c = coefficients[t + 8] as number;
    const d = coefficients[t + 12] as number;
    const even = a + c + 32;
    const odd = a - c + 32;
    const less = (b >> 1) - d;
    const more = b + (d >> 1);
    samples[o] = (samples[o] as number) + ((even + more) >> 6);
    samples[o + STRIDE] = (samples[o + STRIDE] as number) + ((odd + less) >> 6);
    samples[o + 2 * STRIDE] = (samples[o + 2 * STRIDE] as number) + ((odd - less) >> 6);
    samples[o + 3 * STRIDE] = (samples[o + 3 * STRIDE] as number) + ((even - more) >> 6);
  }
}

/** The same of a block that has DC alone. */
export function reconstructFlat(dc: number, samples: Uint8ClampedArray, at: number): void {
  const difference = (dc + 32) >> 6;
  if (difference === 0) return;
  for (let o = at; o < at + 4 * STRIDE; o += STRIDE) {
    samples[o] = (samples[o] as number) + difference;
    samples[o + 1] = (samples[o + 1] as number) + difference;
    samples[o + 2] = (samples[o + 2] as number) + difference;
    samples[o + 3] = (samples[o + 3] as number) + difference;
  }
}

/** Hadamard transform of 16 numbers in raster order, in place (8-320; its own inverse but for a factor of 16). */
function hadamard(numbers: Int32Array, at: number): void {
  for (let i = at; i < at + 4; i++) butterfly(numbers, i, 4);
  for (let i = at; i < at + 16; i += 4) butterfly(numbers, i, 1);
}

/** By rows of the matrix ++++ ++-- +--+ +-+-. */
function butterfly(numbers: Int32Array, at: number, step: number): void {
  const a = numbers[at] as number;
  const b = numbers[at + step] as number;
  const c = numbers[at + 2 * step] as number;
  const d = numbers[at + 3 * step] as number;
  numbers[at] = a + b + c + d;
  numbers[at + step] = a + b - c - d;
  numbers[at + 2 * step] = a - b - c + d;
  numbers[at + 3 * step] = a - b + c - d;
}

/**
 * Quantises the 16 DC coefficients of Intra_16x16 (raster order of blocks) and puts what decoders make of them in their place (8.5.10).
 * Gives how many levels are not 0, or -1 when one is above `limit`.
 */
export function codeLumaDc(dc: Int32Array, q: Quantiser, levels: Int16Array, to: number, limit: number): number {
  hadamard(dc, 0);
  let count = 0;
  for (let i = 0; i < 16; i++) {
    const place = SCAN[i] as number;
    const value = dc[place] as number;
    const size = quantiseDc((Math.abs(value) + 1) >> 1, q);
    if (size > limit) return -1;
    const level = value < 0 ? -size : size;
    levels[to + i] = level;
    dc[place] = level;
    if (level !== 0) count++;
  }
  if (count === 0) return 0;
  hadamard(dc, 0);
  for (let i = 0; i < 16; i++) {
    const scaled = (dc[i] as number) * q.dcScale;
    dc[i] = q.octave >= 6 ? scaled << (q.octave - 6) : (scaled + (1 << (5 - q.octave))) >> (6 - q.octave);
  }
  return count;
}

/** The same of the four of a chroma component (8.5.11). */
export function codeChromaDc(dc: Int32Array, q: Quantiser, levels: Int16Array, to: number): number {
  chromaHadamard(dc);
  let count = 0;
  for (let i = 0; i < 4; i++) {
    const value = dc[i] as number;
    const size = quantiseDc(Math.abs(value), q);
    const level = value < 0 ? -size : size;
    levels[to + i] = level;
    dc[i] = level;
    if (level !== 0) count++;
  }
  if (count === 0) return 0;
  chromaHadamard(dc);
  for (let i = 0; i < 4; i++) dc[i] = (((dc[i] as number) * q.dcScale) << q.octave) >> 5;
  return count;
}

function chromaHadamard(dc: Int32Array): void {
  const a = dc[0] as number;
  const b = dc[1] as number;
  const c = dc[2] as number;
  const d = dc[3] as number;
  dc[0] = a + b + c + d;
  dc[1] = a - b + c - d;
  dc[2] = a + b - c - d;
  dc[3] = a - b - c + d;
}

function quantiseDc(size: number, { forward, shift, rounding }: Quantiser): number {
  return (size * (forward[0] as number) + 2 * rounding) >> (shift + 1);
}
