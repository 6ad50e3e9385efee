/**
 * The arithmetic coder of CABAC (ITU-T H.264, 9.3.4.2 to 9.3.4.5).
 *
 * It takes its bins by the hundred, as a list of numbers that name context and value, so that its few numbers stay in registers meanwhile. Bits are counted by bytes:
 * `low` holds, above the ten bits of codILow, those that are ready but not yet written; a byte is taken off when eight are there. A byte of ones may still be
 * changed by a carry, and is only counted until the next one is known (9.3.4.2 keeps single bits outstanding instead).
 */

import { CONTEXTS, initialStates, LPS_RANGES, NEXT_STATES } from './cabac-tables.js';

/** A bin is listed as ctxIdx * 2 + value. From here on: bins of equal chances, without a context. */
export const BYPASS = 1 << 10;

export class CabacCoder {
  #bytes = new Uint8Array(1 << 14);
  #at = 0;
  #low = 0;
  #range = 0;
  /** Bits ready in `low`, less 8. */
  #queue = 0;
  /** Bytes of ones that wait for a carry. */
  #waiting = 0;
  readonly #states = new Uint8Array(CONTEXTS);
  /** The coder as it was at the last `mark`. */
  readonly #markedStates = new Uint8Array(CONTEXTS);
  #marked = { at: 0, low: 0, range: 0, queue: 0, waiting: 0, lastByte: 0 };

  /** Begins slice data after these whole bytes, with all contexts in their first state. */
  begin(header: Uint8Array, qp: number): void {
    this.#bytes.set(header);
    this.#at = header.length;
    this.#low = 0;
    this.#range = 510;
    // One less than none: the first bit that comes out is not written (firstBitFlag).
    this.#queue = -9;
    this.#waiting = 0;
    this.#states.set(initialStates(qp));
  }

  /** Bits that came out so far. */
  get position(): number {
    return (this.#at + this.#waiting) * 8 + this.#queue;
  }

  /** Remembers this place, for `back`. */
  mark(): void {
    this.#markedStates.set(this.#states);
    const marked = this.#marked;
    marked.at = this.#at;
    marked.low = this.#low;
    marked.range = this.#range;
    marked.queue = this.#queue;
    marked.waiting = this.#waiting;
    // A carry can still change it.
    marked.lastByte = this.#bytes[this.#at - 1] as number;
  }

  /** Forgets all that was coded since `mark`. */
  back(): void {
    this.#states.set(this.#markedStates);
    const { at, low, range, queue, waiting, lastByte } = this.#marked;
    this.#at = at;
    this.#low = low;
    this.#range = range;
    this.#queue = queue;
    this.#waiting = waiting;
    this.#bytes[at - 1] = lastByte;
  }

  /** Codes the first `count` of these bins. */
  code(bins: Uint16Array, count: number): void {
    this.#reserve(count);
    const states = this.#states;
    let low = this.#low;
    let range = this.#range;
    let queue = this.#queue;
    for (let i = 0; i < count; i++) {
      const bin = bins[i] as number;
      if (bin < BYPASS) {
        const state = states[bin >> 1] as number;
        const lps = LPS_RANGES[(state << 2) | ((range >> 6) & 3)] as number;
        states[bin >> 1] = NEXT_STATES[(state << 1) | (bin & 1)] as number;
        range -= lps;
        if (((state ^ bin) & 1) !== 0) {
          low += range;
          range = lps;
        }
        const shift = Math.clz32(range) - 23;
        range <<= shift;
        low <<= shift;
        queue += shift;
      } else {
        low = (low << 1) + (range & -(bin & 1));
        queue++;
      }
      if (queue >= 0) {
        this.#put(low >> (queue + 10));
        low &= (1 << (queue + 10)) - 1;
        queue -= 8;
      }
    }
    this.#low = low;
    this.#range = range;
    this.#queue = queue;
  }

  /** Codes a bin before which nothing else ends: that it goes on (no I_PCM, no end of the slice). */
  goOn(): void {
    this.#range -= 2;
    if (this.#range < 256) {
      this.#range <<= 1;
      this.#shift(1);
    }
  }

  /** Codes the end of the slice, and what stands behind it: the stop bit, which is the last that the coder gives, and zeros up to the byte border (9.3.4.5). */
  end(): void {
    this.#low += this.#range - 2;
    this.#shift(7);
    this.#low = (this.#low & ~0x7f) | 0x80;
    this.#shift(3);
    if (this.#queue > -8) this.#shift(-this.#queue);
    while (this.#waiting > 0) this.#release(255);
  }

  /** All that was written. It is overwritten by the next slice. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #shift(bits: number): void {
    this.#low <<= bits;
    this.#queue += bits;
    if (this.#queue < 0) return;
    const place = this.#queue + 10;
    this.#put(this.#low >> place);
    this.#low &= (1 << place) - 1;
    this.#queue -= 8;
  }

  /** Writes eight bits, and adds the carry above them to what was written before. */
  #put(byte: number): void {
    if (byte === 255) {
      this.#waiting++;
      return;
    }
    const carry = byte >> 8;
    if (carry > 0) this.#bytes[this.#at - 1] = (this.#bytes[this.#at - 1] as number) + 1;
    while (this.#waiting > 0) this.#release(carry > 0 ? 0 : 255);
    this.#bytes[this.#at++] = byte;
  }

  #release(waiting: number): void {
    this.#bytes[this.#at++] = waiting;
    this.#waiting--;
  }

  /** Room for so many bins, each of which yields at most 7 bits, and for the end. */
  #reserve(bins: number): void {
    const needed = this.#at + this.#waiting + bins + 8;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(needed * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
