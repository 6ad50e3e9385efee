/** The tables of T.81's annex K, which everybody uses: quantisation (K.1), scaled by quality, and Huffman codes (K.3). */

/** A Huffman table as it stands in a file: how many codes have each length from 1 to 16 bits, and the symbols from the shortest code up. */
export interface HuffmanTable {
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
}

/** Quantiser steps for luma, in rows (table K.1). */
// biome-ignore format: a matrix
const LUMA_STEPS = [
  16, 11, 10, 16, 24, 40, 51, 61,
  12, 12, 14, 19, 26, 58, 60, 55,
  14, 13, 16, 24, 40, 57, 69, 56,
  14, 17, 22, 29, 51, 87, 80, 62,
  18, 22, 37, 56, 68, 109, 103, 77,
  24, 35, 55, 64, 81, 104, 113, 92,
  49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];

/** For chroma (table K.2): these, and 99 wherever a row or column is beyond. */
const CHROMA_CORNER = [
  [17, 18, 24, 47],
  [18, 21, 26, 66],
  [24, 26, 56],
  [47, 66],
];
const CHROMA_STEPS = Array.from({ length: 64 }, (_, i) => CHROMA_CORNER[i >> 3]?.[i & 7] ?? 99);

/** Places in rows, in the order in which coefficients are coded (figure A.6). */
export const ZIGZAG = zigzag();

export interface Quantisers {
  readonly luma: Uint8Array;
  readonly chroma: Uint8Array;
}

/** By quality, of which few are used. */
const quantisers = new Map<number, Quantisers>();

/** Quantiser steps in rows, 1 to 255, for a quality of 1 to 100: at 50 the standard's, at 100 all 1. */
export function quantisersOf(quality: number): Quantisers {
  const known = quantisers.get(quality);
  if (known) return known;
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  const scaled = (steps: readonly number[]) =>
    Uint8Array.from(steps, (step) => Math.min(255, Math.max(1, Math.floor((step * percent + 50) / 100))));
  const made = { luma: scaled(LUMA_STEPS), chroma: scaled(CHROMA_STEPS) };
  quantisers.set(quality, made);
  return made;
}

/** By symbol: code << 5 | length in bits; 0 for a symbol without a code (annex C). */
export function codesOf({ counts, symbols }: HuffmanTable): Int32Array {
  const codes = new Int32Array(256);
  let code = 0;
  let next = 0;
  for (const [shorter, count] of counts.entries()) {
    for (let i = 0; i < count; i++) codes[symbols[next++] as number] = (code++ << 5) | (shorter + 1);
    code <<= 1;
  }
  return codes;
}

const SIZES = Array.from({ length: 12 }, (_, size) => size);
const symbolsOf = (hex: string) => [...Buffer.from(hex, 'hex')];

/** Table K.3. */
export const DC_LUMA: HuffmanTable = { counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], symbols: SIZES };

/** Table K.4. */
export const DC_CHROMA: HuffmanTable = { counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], symbols: SIZES };

/** Table K.5. */
export const AC_LUMA: HuffmanTable = {
  counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
  symbols: symbolsOf(
    '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a34353637' +
      '38393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3' +
      'a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa',
  ),
};

/** Table K.6. */
export const AC_CHROMA: HuffmanTable = {
  counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
  symbols: symbolsOf(
    '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a3536' +
      '3738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999a' +
      'a2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa',
  ),
};

function zigzag(): Uint8Array {
  const places = Array.from({ length: 64 }, (_, i) => ({ place: i, row: i >> 3, column: i & 7 }));
  const diagonal = (at: { row: number; column: number }) => at.row + at.column;
  // Even diagonals run upwards, odd ones downwards.
  places.sort((a, b) => diagonal(a) - diagonal(b) || (diagonal(a) % 2 === 0 ? b.row - a.row : a.row - b.row));
  return Uint8Array.from(places, ({ place }) => place);
}
