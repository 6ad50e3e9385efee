/**
 * Writes intra macroblocks with Exp-Golomb codes and CAVLC (ITU-T H.264, 7.3.5, 9.1, 9.2).
 *
 * Each list of levels chooses its code table by how many levels its neighbours have (9.2.1), and tells itself from its last level to its first.
 * Bits gather in a number of 32 and leave it as bytes.
 */

import { CELLS, CHROMA_DC, LEFTMOST, LUMA_DC, type Macroblock, TOPMOST } from '../macroblock.js';
import {
  CHROMA_DC_TOKENS,
  CHROMA_DC_TOTAL_ZEROS,
  type Codes,
  PATTERN_CODES,
  RUN_BEFORE,
  TOKENS,
  TOTAL_ZEROS,
} from './cavlc-tables.js';

/** The largest level that level_prefix 15 reaches, whatever came before. */
export const LEVEL_LIMIT = 2063;

/** Levels that are not 0, in order, and how many zeros stand before each. */
const found = new Int16Array(16);
const runs = new Uint8Array(16);

export class CavlcWriter {
  #bytes = new Uint8Array(1 << 14);
  #at = 0;
  /** Bits not yet written, and how many; fewer than 8 between calls. */
  #held = 0;
  #count = 0;
  /** The same before the last macroblock. */
  #before = { at: 0, held: 0, count: 0 };

  /** Begins slice data after the first `bits` bits of this header. */
  begin(header: Uint8Array, bits: number): void {
    this.#bytes.set(header);
    this.#at = bits >> 3;
    this.#count = bits & 7;
    this.#held = this.#count > 0 ? (header[this.#at] as number) >> (8 - this.#count) : 0;
  }

  /** Writes macroblock_layer() (7.3.5). `flag8x8`: whether transform_size_8x8_flag stands in it. Gives its bits. */
  macroblock(mb: Macroblock, flag8x8: boolean): number {
    this.#before.at = this.#at;
    this.#before.held = this.#held;
    this.#before.count = this.#count;
    const start = this.#position;
    this.#layer(mb, flag8x8);
    return this.#position - start;
  }

  /** Takes the last macroblock back. */
  undo(): void {
    this.#at = this.#before.at;
    this.#held = this.#before.held;
    this.#count = this.#before.count;
  }

  /** Nothing stands between macroblocks. */
  next(): void {}

  get #position(): number {
    return this.#at * 8 + this.#count;
  }

  #layer(mb: Macroblock, flag8x8: boolean): void {
    this.#reserve();
    const { whole, wholeMode, lumaPattern, chromaPattern, remaining } = mb;
    // Table 7-11.
    this.#ue(whole ? 1 + wholeMode + 4 * chromaPattern + (lumaPattern > 0 ? 12 : 0) : 0);
    if (!whole) {
      if (flag8x8) this.#put(1, 0);
      for (let block = 0; block < 16; block++) {
        const mode = remaining[block] as number;
        if (mode < 0) this.#put(1, 1);
        else this.#put(4, mode);
      }
    }
    this.#ue(mb.chromaMode);
    if (!whole) this.#ue(PATTERN_CODES[lumaPattern + 16 * chromaPattern] as number);
    if (!whole && lumaPattern === 0 && chromaPattern === 0) return;
    this.#put(1, 1); // mb_qp_delta 0
    this.#residual(mb);
  }

  /** The slice unit's payload, its trailing bits included (7.3.2.11). It is overwritten by the next slice. */
  finish(): Uint8Array {
    this.#put(1, 1);
    if (this.#count > 0) this.#put(8 - this.#count, 0);
    return this.#bytes.subarray(0, this.#at);
  }

  #residual(mb: Macroblock): void {
    const { counts, dcCounts, levels, whole, lumaPattern, chromaPattern } = mb;
    if (whole) this.#block(levels, LUMA_DC * 16, 16, dcCounts[0] as number, this.#tokens(mb, 0, 5));
    const most = whole ? 15 : 16;
    for (let block = 0; block < 16; block++) {
      if (((lumaPattern >> (block >> 2)) & 1) === 0) continue;
      const count = counts[CELLS[block] as number] as number;
      this.#block(levels, block * 16, most, count, this.#tokens(mb, block, 5));
    }
    if (chromaPattern === 0) return;
    for (let i = 0; i < 2; i++)
      this.#block(levels, (CHROMA_DC + i) * 16, 4, dcCounts[1 + i] as number, CHROMA_DC_TOKENS);
    if (chromaPattern === 1) return;
    for (let block = 16; block < 24; block++)
      this.#block(levels, block * 16, 15, counts[CELLS[block] as number] as number, this.#tokens(mb, block, 3));
  }

  /** The table for coeff_token by nC (9.2.1); `rowLength` is that of `counts`. */
  #tokens({ counts, hasLeft }: Macroblock, block: number, rowLength: number): Codes {
    const cell = CELLS[block] as number;
    const left = LEFTMOST[block] === 0 || hasLeft;
    const above = TOPMOST[block] === 0;
    const a = left ? (counts[cell - 1] as number) : 0;
    const b = above ? (counts[cell - rowLength] as number) : 0;
    return TOKENS[left && above ? (a + b + 1) >> 1 : a + b] as Codes;
  }

  /** residual_block_cavlc() (7.3.5.3.2) of a list of `most` levels, of which `count` are not 0. */
  #block(levels: Int16Array, from: number, most: number, count: number, tokens: Codes): void {
    if (count === 0) {
      this.#code(tokens, 0);
      return;
    }
    let seen = 0;
    let zeros = 0;
    let run = 0;
    for (let place = from; seen < count; place++) {
      const level = levels[place] as number;
      if (level === 0) {
        run++;
        continue;
      }
      found[seen] = level;
      runs[seen++] = run;
      zeros += run;
      run = 0;
    }
    let ones = 0;
    while (ones < 3 && ones < count && Math.abs(found[count - 1 - ones] as number) === 1) ones++;
    this.#code(tokens, count * 4 + ones);
    for (let i = count - 1; i >= count - ones; i--) this.#put(1, (found[i] as number) < 0 ? 1 : 0);
    this.#levels(count, ones);
    if (count === most) return;
    if (most === 4) this.#code(CHROMA_DC_TOTAL_ZEROS, (count - 1) * 4 + zeros);
    else this.#code(TOTAL_ZEROS, (count - 1) * 16 + zeros);
    for (let i = count - 1; i > 0 && zeros > 0; i--) {
      const before = runs[i] as number;
      this.#code(RUN_BEFORE, (Math.min(zeros, 7) - 1) * 16 + before);
      zeros -= before;
    }
  }

  /** The levels before the trailing ones, backwards (9.2.2). */
  #levels(count: number, ones: number): void {
    let suffixLength = count > 10 && ones < 3 ? 1 : 0;
    for (let i = count - 1 - ones; i >= 0; i--) {
      const level = found[i] as number;
      const size = level < 0 ? -level : level;
      let code = 2 * size - (level < 0 ? 1 : 2);
      // With fewer than three trailing ones the next level is larger than 1.
      if (i === count - 1 - ones && ones < 3) code -= 2;
      if (suffixLength === 0 && code >= 14 && code < 30) {
        this.#put(15, 1);
        this.#put(4, code - 14);
      } else {
        const limit = suffixLength === 0 ? 30 : 15 << suffixLength;
        if (code < limit) {
          this.#put((code >> suffixLength) + 1, 1);
          if (suffixLength > 0) this.#put(suffixLength, code & ((1 << suffixLength) - 1));
        } else {
          this.#put(16, 1);
          this.#put(12, code - limit);
        }
      }
      if (suffixLength === 0) suffixLength = 1;
      if (size > 3 << (suffixLength - 1) && suffixLength < 6) suffixLength++;
    }
  }

  #code(codes: Codes, index: number): void {
    this.#put(codes.lengths[index] as number, codes.bits[index] as number);
  }

  #ue(value: number): void {
    this.#put(2 * (31 - Math.clz32(value + 1)) + 1, value + 1);
  }

  /** Writes up to 24 bits. */
  #put(length: number, bits: number): void {
    let held = (this.#held << length) | bits;
    let count = this.#count + length;
    while (count >= 8) {
      count -= 8;
      this.#bytes[this.#at++] = held >>> count;
    }
    held &= (1 << count) - 1;
    this.#held = held;
    this.#count = count;
  }

  /** Room for one macroblock more, whatever it holds. */
  #reserve(): void {
    if (this.#at + 8192 <= this.#bytes.length) return;
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
