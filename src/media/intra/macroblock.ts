/**
 * The macroblock at work: its samples, what was decided about it, its levels, and what its left neighbour left behind.
 *
 * A slice is one row of macroblocks, so nothing above is ever available (6.4.9) and the left neighbour is all that must be remembered. Source and
 * reconstruction lie in two buffers of one layout, so that one offset means the same samples in both: rows of 32; luma in rows 0 to 15, columns 16 to
 * 31; Cb in rows 16 to 23, columns 8 to 15; Cr beside it, columns 24 to 31. The columns before each hold the neighbour's last column, at the offset less 1.
 *
 * Blocks are numbered: 0 to 15 luma in decoding order (6.4.3), 16 to 19 Cb, 20 to 23 Cr, and for levels only 24 luma DC, 25 Cb DC, 26 Cr DC.
 */

import type { Planes } from '../planes.js';

export const STRIDE = 32;
export const LUMA = 16;
/** Where the rows of chroma begin. */
const CHROMA = 16 * STRIDE;
export const CB = CHROMA + 8;
export const CR = CHROMA + 24;

export const LUMA_DC = 24;
export const CHROMA_DC = 25;

/** Column and row of luma blocks, in blocks. */
const COLUMNS = [0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3];
const ROWS = [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3];

/** Offset of each block's first sample. */
export const OFFSETS = Int32Array.from({ length: 24 }, (_, block) =>
  block < 16
    ? LUMA + ((ROWS[block] as number) * STRIDE + (COLUMNS[block] as number)) * 4
    : (block < 20 ? CB : CR) + ((block >> 1) & 1) * 4 * STRIDE + (block & 1) * 4,
);

/** Place of each block in `counts` and, luma, in `modes`: rows of 5 for luma and of 3 for chroma, of which the first is the neighbour's. */
export const CELLS = Uint8Array.from({ length: 24 }, (_, block) =>
  block < 16
    ? (ROWS[block] as number) * 5 + (COLUMNS[block] as number) + 1
    : 20 + ((block - 16) >> 1) * 3 + (block & 1) + 1,
);

/** Whether a block is in the first row: nothing above it is available. */
export const TOPMOST = Uint8Array.from({ length: 24 }, (_, block) =>
  (block < 16 ? ROWS[block] === 0 : ((block >> 1) & 1) === 0) ? 1 : 0,
);

/** Whether a block is in the first column: what is left of it is the neighbour's. */
export const LEFTMOST = Uint8Array.from({ length: 24 }, (_, block) =>
  (block < 16 ? COLUMNS[block] === 0 : (block & 1) === 0) ? 1 : 0,
);

export class Macroblock {
  readonly source = new Uint8Array(24 * STRIDE);
  /** Stores clamp to 0 to 255, as Clip1 does (8.5.14). */
  readonly reconstruction = new Uint8ClampedArray(24 * STRIDE);

  /** Intra_16x16, else I_NxN with 4x4 blocks. */
  whole = false;
  /** Intra16x16PredMode: 1 horizontal, 2 DC. */
  wholeMode = 2;
  /** Intra4x4PredMode by `CELLS`; 2 where it is not Intra_4x4 (8.3.1.1). */
  readonly modes = new Uint8Array(20);
  /** By block: rem_intra4x4_pred_mode, or -1 when prev_intra4x4_pred_mode_flag is 1. */
  readonly remaining = new Int8Array(16);
  /** intra_chroma_pred_mode: 0 DC, 1 horizontal. */
  chromaMode = 0;
  /** CodedBlockPatternLuma and CodedBlockPatternChroma. */
  lumaPattern = 0;
  chromaPattern = 0;
  /** Levels in the order of the list that is coded (7.3.5.3), 16 places to a block; what is not coded may hold anything. */
  readonly levels = new Int16Array(27 * 16);
  /** How many levels are not 0, by `CELLS`: of the blocks, without DC where that is coded apart; 0 in those not coded. */
  readonly counts = new Uint8Array(32);
  /** The same of luma DC, Cb DC and Cr DC; 0 when not coded. */
  readonly dcCounts = new Uint8Array(3);

  hasLeft = false;
  leftWhole = false;
  leftChromaMode = 0;
  leftLumaPattern = 0;
  leftChromaPattern = 0;
  readonly leftDcCounts = new Uint8Array(3);

  /** Begins a slice: there is no neighbour. */
  begin(): void {
    this.hasLeft = false;
    this.counts.fill(0);
    this.dcCounts.fill(0);
    this.whole = false;
    this.chromaMode = this.lumaPattern = this.chromaPattern = 0;
  }

  /** Makes this macroblock the left neighbour of the next. */
  advance(): void {
    const { reconstruction, counts, modes } = this;
    for (let at = LUMA; at < CHROMA; at += STRIDE) reconstruction[at - 1] = reconstruction[at + 15] as number;
    for (let at = CB; at < reconstruction.length; at += STRIDE) {
      reconstruction[at - 1] = reconstruction[at + 7] as number;
      reconstruction[at + 15] = reconstruction[at + 23] as number;
    }
    for (let row = 0; row < 20; row += 5) {
      counts[row] = counts[row + 4] as number;
      modes[row] = modes[row + 4] as number;
    }
    for (let row = 20; row < 32; row += 3) counts[row] = counts[row + 2] as number;
    for (let i = 0; i < 3; i++) this.leftDcCounts[i] = this.dcCounts[i] as number;
    this.hasLeft = true;
    this.leftWhole = this.whole;
    this.leftChromaMode = this.chromaMode;
    this.leftLumaPattern = this.lumaPattern;
    this.leftChromaPattern = this.chromaPattern;
  }

  /** Whether the macroblock in this column and row is flat and continues a flat border of the left neighbour, in all planes. */
  repeats({ width, luma, cb, cr }: Planes, column: number, row: number): boolean {
    const { reconstruction, hasLeft } = this;
    const value = luma[(row * width + column) * 16] as number;
    if (!hasLeft || reconstruction[LUMA - 1] !== value) return false;
    let from = (row * width + column) * 16;
    for (let at = LUMA - 1; at < CHROMA; at += STRIDE, from += width) {
      if (reconstruction[at] !== value) return false;
      for (let place = from; place < from + 16; place++) if (luma[place] !== value) return false;
    }
    from = row * width * 4 + column * 8;
    const blue = cb[from] as number;
    const red = cr[from] as number;
    for (let at = CB - 1; at < reconstruction.length; at += STRIDE, from += width >> 1) {
      if (reconstruction[at] !== blue || reconstruction[at + 16] !== red) return false;
      for (let place = from; place < from + 8; place++) if (cb[place] !== blue || cr[place] !== red) return false;
    }
    return true;
  }

  /** Takes the source samples of the macroblock in this column and row. */
  load({ width, luma, cb, cr }: Planes, column: number, row: number): void {
    const { source } = this;
    let from = (row * width + column) * 16;
    for (let at = LUMA; at < CHROMA; at += STRIDE, from += width)
      for (let x = 0; x < 16; x++) source[at + x] = luma[from + x] as number;
    from = row * width * 4 + column * 8;
    for (let at = CB; at < source.length; at += STRIDE, from += width >> 1)
      for (let x = 0; x < 8; x++) {
        source[at + x] = cb[from + x] as number;
        source[at + 16 + x] = cr[from + x] as number;
      }
  }

  /** Puts the reconstructed samples there. */
  store({ width, luma, cb, cr }: Planes, column: number, row: number): void {
    const { reconstruction } = this;
    let to = (row * width + column) * 16;
    for (let at = LUMA; at < CHROMA; at += STRIDE, to += width)
      for (let x = 0; x < 16; x++) luma[to + x] = reconstruction[at + x] as number;
    to = row * width * 4 + column * 8;
    for (let at = CB; at < reconstruction.length; at += STRIDE, to += width >> 1)
      for (let x = 0; x < 8; x++) {
        cb[to + x] = reconstruction[at + x] as number;
        cr[to + x] = reconstruction[at + 16 + x] as number;
      }
  }
}
