/**
 * Writes intra macroblocks with CABAC (ITU-T H.264, 9.3): binarisation (9.3.2) and the choice of contexts (9.3.3.1). The bins of a macroblock are listed, and given to
 * the arithmetic coder at its end.
 *
 * Context choices look at the left and the upper neighbour (9.3.3.1.1); the upper one is not available in the first row of blocks.
 */

import { CELLS, CHROMA_DC, LEFTMOST, LUMA_DC, type Macroblock, TOPMOST } from '../macroblock.js';
import { BYPASS, CabacCoder } from './cabac-coder.js';

/** ctxBlockCat (table 9-42). */
const Category = { lumaDc: 0, lumaAc: 1, luma: 2, chromaDc: 3, chromaAc: 4 } as const;

/** First ctxIdx by category (tables 9-34 and 9-40). */
const CODED = [85, 89, 93, 97, 101] as const;
const SIGNIFICANT = [105, 120, 134, 149, 152] as const;
const LAST = [166, 181, 195, 210, 213] as const;
const SIZE = [227, 237, 247, 257, 266] as const;

/** Places of levels that are not 0, in order. */
const places = new Uint8Array(16);

/** The bins at hand: 400 levels of at most 45 bins, and what goes before. */
const bins = new Uint16Array(1 << 15);

export class CabacWriter {
  readonly #coder = new CabacCoder();
  /** How many bins wait for the coder. */
  #count = 0;

  /** Begins slice data after these whole bytes. */
  begin(header: Uint8Array, qp: number): void {
    this.#coder.begin(header, qp);
  }

  /** Writes macroblock_layer() (7.3.5). `flag8x8`: whether transform_size_8x8_flag stands in it. Gives its bits. */
  macroblock(mb: Macroblock, flag8x8: boolean): number {
    this.#coder.mark();
    const start = this.#coder.position;
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
    this.#flush();
    return this.#coder.position - start;
  }

  /** Takes the last macroblock back. */
  undo(): void {
    this.#coder.back();
  }

  /** Writes end_of_slice_flag after a macroblock. */
  next(last: boolean): void {
    if (last) this.#coder.end();
    else this.#coder.goOn();
  }

  /** The slice unit's payload, its trailing bits included. It is overwritten by the next slice. */
  finish(): Uint8Array {
    return this.#coder.bytes();
  }

  /** mb_type of Intra_16x16 (tables 9-36, 9-39). */
  #wholeType({ hasLeft, leftWhole, lumaPattern, chromaPattern, wholeMode }: Macroblock): void {
    this.#encode(3 + (hasLeft && leftWhole ? 1 : 0), 1);
    this.#flush();
    this.#coder.goOn(); // no I_PCM
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
    let to = this.#count;
    let found = 0;
    for (let place = 0; place < end; place++) {
      if (levels[from + place] === 0) {
        bins[to++] = (significant + place) * 2;
        continue;
      }
      places[found++] = place;
      bins[to++] = (significant + place) * 2 + 1;
      bins[to++] = (last + place) * 2 + (found === count ? 1 : 0);
      if (found === count) break;
    }
    this.#count = to;
    if (found < count) places[found++] = end; // needs no telling
    this.#levels(levels, from, SIZE[category], count, category === Category.chromaDc ? 3 : 4);
  }

  /** coeff_abs_level_minus1 (9.3.2.3, 9.3.3.1.3) and signs, from the last to the first. */
  #levels(levels: Int16Array, from: number, context: number, count: number, most: number): void {
    let to = this.#count;
    let ones = 0;
    let larger = 0;
    for (let i = count - 1; i >= 0; i--) {
      const level = levels[from + (places[i] as number)] as number;
      const size = level < 0 ? -level : level;
      const first = (context + (larger > 0 ? 0 : Math.min(4, 1 + ones))) * 2;
      if (size === 1) {
        bins[to++] = first;
        ones++;
      } else {
        bins[to++] = first + 1;
        const others = (context + 5 + Math.min(most, larger)) * 2;
        for (let more = Math.min(size, 15) - 2; more > 0; more--) bins[to++] = others + 1;
        if (size < 15) bins[to++] = others;
        else to = suffix(size - 14, to);
        larger++;
      }
      bins[to++] = level < 0 ? BYPASS + 1 : BYPASS;
    }
    this.#count = to;
  }

  #encode(context: number, bin: number): void {
    bins[this.#count++] = context * 2 + bin;
  }

  #flush(): void {
    this.#coder.code(bins, this.#count);
    this.#count = 0;
  }
}

/** Exp-Golomb code of order 0 (9.3.2.3) of `value` - 1, put into the list of bins. */
function suffix(value: number, at: number): number {
  let to = at;
  const length = 31 - Math.clz32(value);
  for (let i = 0; i < length; i++) bins[to++] = BYPASS + 1;
  bins[to++] = BYPASS;
  for (let i = length - 1; i >= 0; i--) bins[to++] = BYPASS + ((value >> i) & 1);
  return to;
}
