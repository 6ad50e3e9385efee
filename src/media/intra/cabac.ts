/**
 * Writes intra macroblocks with CABAC (ITU-T H.264, 9.3): binarisation, choice of contexts, arithmetic coder.
 *
 * The coder is that of 9.3.4.2, but counts bits by bytes: `low` holds, above its ten bits, those that are ready but not yet written; a byte is taken off when eight
 * are there. A byte of ones may still change by a carry and is only counted until the next one is known (9.3.4.2 counts such bits as outstanding).
 *
 * Context choices look at the left and the upper neighbour (9.3.3.1.1); the upper one is not available in the first row of blocks.
 */

import { CONTEXTS, initialStates, LPS_RANGES, NEXT_STATES } from './cabac-tables.js';
import { CELLS, CHROMA_DC, LEFTMOST, LUMA_DC, type Macroblock, TOPMOST } from './macroblock.js';

/** ctxBlockCat (table 9-42). */
const Category = { lumaDc: 0, lumaAc: 1, luma: 2, chromaDc: 3, chromaAc: 4 } as const;

/** First ctxIdx by category (tables 9-34 and 9-40). */
const CODED = [85, 89, 93, 97, 101] as const;
const SIGNIFICANT = [105, 120, 134, 149, 152] as const;
const LAST = [166, 181, 195, 210, 213] as const;
const SIZE = [227, 237, 247, 257, 266] as const;

/** Places of levels that are not 0, in order. */
const places = new Uint8Array(16);

export class CabacWriter {
  #bytes = new Uint8Array(1 << 14);
  #at = 0;
  #low = 0;
  #range = 510;
  /** Bits ready in `low`, less 8. One less at the start: the first bit that the coder yields is not written. */
  #queue = -9;
  /** Bytes of ones that wait for a carry. */
  #waiting = 0;
  readonly #states = new Uint8Array(CONTEXTS);

  /** Begins slice data after these whole bytes. */
  begin(header: Uint8Array, qp: number): void {
    this.#bytes.set(header);
    this.#at = header.length;
    this.#low = 0;
    this.#range = 510;
    this.#queue = -9;
    this.#waiting = 0;
    this.#states.set(initialStates(qp));
  }

  /** Bits of the slice so far; a few may still be in the coder. */
  get position(): number {
    return (this.#at + this.#waiting) * 8 + this.#queue + 8;
  }

  /** Writes macroblock_layer() (7.3.5) and end_of_slice_flag. `flag8x8`: whether transform_size_8x8_flag stands in it. */
  macroblock(mb: Macroblock, flag8x8: boolean, last: boolean): void {
    this.#reserve();
    if (mb.whole) this.#wholeType(mb);
    else {
      this.#encode(3 + (mb.hasLeft && mb.leftWhole ? 1 : 0), 0);
      if (flag8x8) this.#encode(399, 0);
      this.#modes(mb);
    }
    this.#chromaMode(mb);
    if (!mb.whole) this.#patterns(mb);
    if (mb.whole || mb.lumaPattern > 0 || mb.chromaPattern > 0) {
      this.#encode(60, 0); // mb_qp_delta 0, and none before it was another
      this.#residual(mb);
    }
    this.#terminate(last);
  }

  /** The slice unit's payload, with the trailing bits that the coder's last flush holds (9.3.4.5). It is overwritten by the next slice. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** mb_type of Intra_16x16 (tables 9-36, 9-39). */
  #wholeType({ hasLeft, leftWhole, lumaPattern, chromaPattern, wholeMode }: Macroblock): void {
    this.#encode(3 + (hasLeft && leftWhole ? 1 : 0), 1);
    this.#terminate(false); // not I_PCM
    this.#encode(6, lumaPattern > 0 ? 1 : 0);
    this.#encode(7, chromaPattern > 0 ? 1 : 0);
    if (chromaPattern > 0) this.#encode(8, chromaPattern - 1);
    this.#encode(9, wholeMode >> 1);
    this.#encode(10, wholeMode & 1);
  }

  #modes({ remaining }: Macroblock): void {
    for (let block = 0; block < 16; block++) {
      const mode = remaining[block] as number;
      if (mode < 0) this.#encode(68, 1);
      else {
        this.#encode(68, 0);
        this.#encode(69, mode & 1);
        this.#encode(69, (mode >> 1) & 1);
        this.#encode(69, mode >> 2);
      }
    }
  }

  /** intra_chroma_pred_mode 0 or 1 (9.3.3.1.1.8). */
  #chromaMode({ hasLeft, leftChromaMode, chromaMode }: Macroblock): void {
    this.#encode(64 + (hasLeft && leftChromaMode !== 0 ? 1 : 0), chromaMode);
    if (chromaMode > 0) this.#encode(67, 0);
  }

  /** coded_block_pattern (9.3.3.1.1.4). */
  #patterns(mb: Macroblock): void {
    const { hasLeft, lumaPattern: luma, chromaPattern: chroma, leftLumaPattern, leftChromaPattern } = mb;
    const left = hasLeft ? leftLumaPattern : 15;
    this.#encode(73 + (1 - ((left >> 1) & 1)), luma & 1);
    this.#encode(73 + (1 - (luma & 1)), (luma >> 1) & 1);
    this.#encode(73 + (1 - ((left >> 3) & 1)) + 2 * (1 - (luma & 1)), (luma >> 2) & 1);
    this.#encode(73 + (1 - ((luma >> 2) & 1)) + 2 * (1 - ((luma >> 1) & 1)), luma >> 3);
    this.#encode(77 + (hasLeft && leftChromaPattern > 0 ? 1 : 0), chroma > 0 ? 1 : 0);
    if (chroma > 0) this.#encode(81 + (hasLeft && leftChromaPattern > 1 ? 1 : 0), chroma - 1);
  }

  #residual(mb: Macroblock): void {
    const { counts, dcCounts, whole, lumaPattern, chromaPattern } = mb;
    if (whole) this.#block(mb, LUMA_DC, 15, Category.lumaDc, dcCounts[0] as number, this.#dcContext(mb, 0));
    for (let block = 0; block < 16; block++) {
      if (((lumaPattern >> (block >> 2)) & 1) === 0) continue;
      const count = counts[CELLS[block] as number] as number;
      const context = this.#codedContext(mb, block, 5);
      if (whole) this.#block(mb, block, 14, Category.lumaAc, count, context);
      else this.#block(mb, block, 15, Category.luma, count, context);
    }
    if (chromaPattern === 0) return;
    for (let i = 0; i < 2; i++) {
      const context = this.#dcContext(mb, 1 + i);
      this.#block(mb, CHROMA_DC + i, 3, Category.chromaDc, dcCounts[1 + i] as number, context);
    }
    if (chromaPattern === 1) return;
    for (let block = 16; block < 24; block++) {
      const count = counts[CELLS[block] as number] as number;
      this.#block(mb, block, 14, Category.chromaAc, count, this.#codedContext(mb, block, 3));
    }
  }

  /** ctxIdxInc of coded_block_flag (9.3.3.1.1.9) of DC: what is not available counts as coded. */
  #dcContext({ hasLeft, leftDcCounts }: Macroblock, which: number): number {
    return (!hasLeft || (leftDcCounts[which] as number) > 0 ? 1 : 0) + 2;
  }

  /** The same of other blocks; `rowLength` is that of `counts`. */
  #codedContext({ hasLeft, counts }: Macroblock, block: number, rowLength: number): number {
    const cell = CELLS[block] as number;
    const left = LEFTMOST[block] === 1 && !hasLeft ? 1 : counts[cell - 1];
    const above = TOPMOST[block] === 1 ? 1 : counts[cell - rowLength];
    return (left ? 1 : 0) + (above ? 2 : 0);
  }

  /** residual_block_cabac() (7.3.5.3.3); `end`: the last place of the list. */
  #block(
    mb: Macroblock,
    block: number,
    end: number,
    category: 0 | 1 | 2 | 3 | 4,
    count: number,
    context: number,
  ): void {
    this.#encode(CODED[category] + context, count > 0 ? 1 : 0);
    if (count === 0) return;
    const { levels } = mb;
    const from = block * 16;
    const significant = SIGNIFICANT[category];
    const last = LAST[category];
    let found = 0;
    for (let place = 0; place < end; place++) {
      if (levels[from + place] === 0) {
        this.#encode(significant + place, 0);
        continue;
      }
      places[found++] = place;
      this.#encode(significant + place, 1);
      this.#encode(last + place, found === count ? 1 : 0);
      if (found === count) break;
    }
    if (found < count) places[found++] = end; // needs no telling
    this.#levels(levels, from, SIZE[category], count, category === Category.chromaDc ? 3 : 4);
  }

  /** coeff_abs_level_minus1 (9.3.2.3, 9.3.3.1.3) and signs, from the last to the first. */
  #levels(levels: Int16Array, from: number, context: number, count: number, most: number): void {
    let ones = 0;
    let larger = 0;
    for (let i = count - 1; i >= 0; i--) {
      const level = levels[from + (places[i] as number)] as number;
      const size = level < 0 ? -level : level;
      const first = context + (larger > 0 ? 0 : Math.min(4, 1 + ones));
      if (size === 1) {
        this.#encode(first, 0);
        ones++;
      } else {
        this.#encode(first, 1);
        const others = context + 5 + Math.min(most, larger);
        this.#ones(others, Math.min(size, 15) - 2);
        if (size < 15) this.#encode(others, 0);
        else this.#suffix(size - 15);
        larger++;
      }
      this.#bypass(1, level < 0 ? 1 : 0);
    }
  }

  /** Exp-Golomb of order 0 (9.3.2.3). */
  #suffix(value: number): void {
    const length = 31 - Math.clz32(value + 1);
    this.#bypass(length + 1, 2 ** (length + 1) - 2);
    const rest = value + 1 - (1 << length);
    this.#bypass(length, rest);
  }

  #encode(context: number, bin: number): void {
    const state = this.#states[context] as number;
    const range = this.#range;
    const lps = LPS_RANGES[((state >> 1) << 2) | ((range >> 6) & 3)] as number;
    this.#states[context] = NEXT_STATES[(state << 1) | bin] as number;
    let next = range - lps;
    if ((state & 1) !== bin) {
      this.#low += next;
      next = lps;
    }
    const shift = Math.clz32(next) - 23;
    this.#range = next << shift;
    if (shift > 0) this.#shift(shift);
  }

  /** As many bins of 1 in one context. */
  #ones(context: number, count: number): void {
    let state = this.#states[context] as number;
    let range = this.#range;
    for (let left = count; left > 0; left--) {
      const lps = LPS_RANGES[((state >> 1) << 2) | ((range >> 6) & 3)] as number;
      let next = range - lps;
      if ((state & 1) === 0) {
        this.#low += next;
        next = lps;
      }
      state = NEXT_STATES[(state << 1) | 1] as number;
      const shift = Math.clz32(next) - 23;
      range = next << shift;
      if (shift > 0) this.#shift(shift);
    }
    this.#states[context] = state;
    this.#range = range;
  }

  /** Up to 16 bins of equal chances (9.3.4.4), by eights. */
  #bypass(length: number, bins: number): void {
    let left = length;
    while (left > 0) {
      const take = left > 8 ? left - 8 : left;
      left -= take;
      this.#low = (this.#low << take) + this.#range * ((bins >> left) & ((1 << take) - 1));
      this.#queue += take;
      if (this.#queue >= 0) this.#put();
    }
  }

  /** end_of_slice_flag, or that it is no I_PCM (9.3.4.5). */
  #terminate(end: boolean): void {
    const range = this.#range - 2;
    if (!end) {
      const shift = range < 256 ? 1 : 0;
      this.#range = range << shift;
      if (shift > 0) this.#shift(shift);
      return;
    }
    this.#low += range;
    this.#shift(7);
    // The upper three of its ten bits are written, the last of them as the stop bit; then zeros up to the byte border.
    this.#low = (this.#low & ~0x7f) | 0x80;
    this.#shift(3);
    if (this.#queue > -8) this.#shift(-this.#queue);
    while (this.#waiting > 0) this.#emit(255);
  }

  #shift(bits: number): void {
    this.#low <<= bits;
    this.#queue += bits;
    if (this.#queue >= 0) this.#put();
  }

  /** Takes the upper eight of the bits that are ready, and a carry above them. */
  #put(): void {
    const place = this.#queue + 10;
    const byte = this.#low >> place;
    this.#low &= (1 << place) - 1;
    this.#queue -= 8;
    if (byte === 255) {
      this.#waiting++;
      return;
    }
    const carry = byte >> 8;
    if (carry) this.#bytes[this.#at - 1] = (this.#bytes[this.#at - 1] as number) + 1;
    while (this.#waiting > 0) this.#emit(carry ? 0 : 255);
    this.#bytes[this.#at++] = byte;
  }

  #emit(waiting: number): void {
    this.#bytes[this.#at++] = waiting;
    this.#waiting--;
  }

  /** Room for one macroblock more, whatever it holds. */
  #reserve(): void {
    if (this.#at + this.#waiting + 8192 <= this.#bytes.length) return;
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
