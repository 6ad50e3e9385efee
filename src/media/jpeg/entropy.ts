/** Huffman coding of quantised blocks (T.81, annex F.1.2): bits into bytes, with a zero byte after each 0xFF so that none looks like a marker. */

import { ZIGZAG } from './tables.js';

export interface BlockTables {
  /** By symbol: code << 5 | length in bits. */
  readonly dc: Int32Array;
  readonly ac: Int32Array;
  /** What coefficients are multiplied by, in the order in which they are coded. */
  readonly dividers: Float64Array;
}

/** The most bytes a unit can take: 384 coefficients of 26 bits, each byte stuffed. */
const UNIT_BYTES = 384 * 4 * 2;
const END_OF_BLOCK = 0x00;
const SIXTEEN_ZEROS = 0xf0;
/** Added before a number is cut to an integer, so that it is rounded, below zero too. */
const ABOVE = 32768;
/** So many and 7 that wait fill 31 bits. */
const MOST_BITS = 24;

export class EntropyCoder {
  #bytes = new Uint8Array(1 << 16);
  #size = 0;
  /** The lowest `#count` bits, under 8, wait for a byte. */
  #bits = 0;
  #count = 0;

  /** To be called before each unit. */
  makeRoom(): void {
    if (this.#size + UNIT_BYTES <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** Quantises and codes the 64 coefficients that begin at `at`. Answers the quantised DC, from which the component's next block is predicted. */
  codeBlock(coefficients: Float64Array, at: number, { dc, ac, dividers }: BlockTables, predicted: number): number {
    const mean = (((coefficients[at] as number) * (dividers[0] as number) + (ABOVE + 0.5)) | 0) - ABOVE;
    this.#putLevel(dc, 0, mean - predicted);
    let zeros = 0;
    for (let k = 1; k < 64; k++) {
      const coefficient = coefficients[at + (ZIGZAG[k] as number)] as number;
      const level = ((coefficient * (dividers[k] as number) + (ABOVE + 0.5)) | 0) - ABOVE;
      if (level === 0) {
        zeros++;
        continue;
      }
      for (; zeros > 15; zeros -= 16) this.#putCode(ac[SIXTEEN_ZEROS] as number);
      this.#putLevel(ac, zeros << 4, level);
      zeros = 0;
    }
    if (zeros > 0) this.#putCode(ac[END_OF_BLOCK] as number);
    return mean;
  }

  /** What was coded since the last call, filled up with ones to a whole byte (F.1.2.3). */
  take(): Uint8Array<ArrayBuffer> {
    if (this.#count > 0) this.#put((1 << (8 - this.#count)) - 1, 8 - this.#count);
    const taken = this.#bytes.slice(0, this.#size);
    this.#size = 0;
    return taken;
  }

  /** The code of a level's size, with `run` in its upper half, and then as many bits as the size says. */
  #putLevel(codes: Int32Array, run: number, level: number): void {
    const size = 32 - Math.clz32(level < 0 ? -level : level);
    const code = codes[run | size] as number;
    const bits = (level + (level >> 31)) & ((1 << size) - 1);
    const length = (code & 31) + size;
    if (length <= MOST_BITS) {
      this.#put(((code >> 5) << size) | bits, length);
    } else {
      this.#putCode(code);
      this.#put(bits, size);
    }
  }

  #putCode(code: number): void {
    this.#put(code >> 5, code & 31);
  }

  /** At most MOST_BITS bits. */
  #put(value: number, length: number): void {
    const bits = (this.#bits << length) | value;
    let count = this.#count + length;
    while (count >= 8) {
      count -= 8;
      const byte = (bits >> count) & 0xff;
      this.#bytes[this.#size++] = byte;
      if (byte === 0xff) this.#bytes[this.#size++] = 0;
    }
    this.#bits = bits;
    this.#count = count;
  }
}
