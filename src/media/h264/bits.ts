/**
 * Reads and writes the bits of H.264 (ITU-T H.264, clauses 7.2, 7.3.1, 7.3.2.11, 7.4.1, 9.1).
 *
 * A NAL unit is a byte string in which no start code can occur: where the payload (RBSP) would hold two zero bytes and then a byte of at most 3, a byte 3 is put
 * between (7.4.1, emulation prevention). So bits can be counted only after these bytes are taken out, and they must be put in anew after any bit is changed.
 * Here both are done for a whole unit, and between them the payload is read and written as bits: fixed lengths and Exp-Golomb codes (9.1).
 *
 * What it does not do: it gives bits no meaning, and it decodes no entropy-coded slice data. Bit positions count from the first bit of the unit's header byte.
 */

import { StoryfarmError } from '../../errors.js';

/** What is no H.264 or MP4 that words can be put into: damaged, cut off, or using what is not understood here. `why` begins small and has no full stop. */
export class Unspliceable extends StoryfarmError {
  readonly why: string;

  constructor(why: string) {
    super('not_spliceable', `Words cannot be put into it: ${why}.`);
    this.why = why;
  }
}

export const unspliceable = (why: string): Unspliceable => new Unspliceable(why);

/** Whether an error is one of these: then the re-encode path is to be taken. */
export function isUnspliceable(error: unknown): error is Unspliceable {
  return error instanceof Unspliceable;
}

export class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;

  /** Reads `bytes`, freed of emulation prevention, from bit `at` on. */
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The bit that is read next. */
  get position(): number {
    return this.#at;
  }

  /** u(n), n from 0 to 32. Throws when the data ends before. */
  u(length: number): number {
    if (this.#at + length > this.#bytes.length * 8) throw unspliceable('its bits end too early');
    let value = 0;
    for (let left = length; left > 0; ) {
      const inByte = 8 - (this.#at & 7);
      const take = Math.min(left, inByte);
      const bits = ((this.#bytes[this.#at >> 3] ?? 0) >> (inByte - take)) & ((1 << take) - 1);
      value = value * 2 ** take + bits;
      this.#at += take;
      left -= take;
    }
    return value;
  }

  flag(): boolean {
    return this.u(1) === 1;
  }

  /** ue(v) (9.1): 0 to 2^32 - 2. */
  ue(): number {
    let zeros = 0;
    while (this.u(1) === 0) if (++zeros > 32) throw unspliceable('an Exp-Golomb code is too long');
    const value = 2 ** zeros - 1 + this.u(zeros);
    if (value > 0xffff_fffe) throw unspliceable('an Exp-Golomb code is too large');
    return value;
  }

  /** se(v) (9.1.1): codes 1, 2, 3, 4 stand for 1, -1, 2, -2. */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : code === 0 ? 0 : -code / 2;
  }

  /** more_rbsp_data() (7.2): whether anything stands before the trailing bits. */
  hasMore(): boolean {
    return this.#at < stopBit(this.#bytes);
  }
}

export class BitWriter {
  #bytes: Uint8Array;
  #at = 0;

  /** `room`: bytes expected; it grows by itself. */
  constructor(room = 64) {
    this.#bytes = new Uint8Array(room);
  }

  /** Bits written so far. */
  get position(): number {
    return this.#at;
  }

  /** u(n), n from 0 to 32. */
  u(length: number, value: number): this {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** length)
      throw unspliceable(`${value} does not fit ${length} bits`);
    this.#reserve(length);
    for (let left = length; left > 0; ) {
      const room = 8 - (this.#at & 7);
      const take = Math.min(left, room);
      const bits = Math.floor(value / 2 ** (left - take)) % 2 ** take;
      const index = this.#at >> 3;
      this.#bytes[index] = (this.#bytes[index] ?? 0) | (bits << (room - take));
      this.#at += take;
      left -= take;
    }
    return this;
  }

  flag(value: boolean): this {
    return this.u(1, value ? 1 : 0);
  }

  ue(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_fffe) throw unspliceable(`${value} has no ue(v) code`);
    let length = 0;
    while (2 ** (length + 1) <= value + 1) length++;
    return this.u(length, 0)
      .u(1, 1)
      .u(length, value + 1 - 2 ** length);
  }

  se(value: number): this {
    return this.ue(value > 0 ? value * 2 - 1 : value === 0 ? 0 : -value * 2);
  }

  /** Fills up to the next byte border: with ones before CABAC slice data (7.3.4, cabac_alignment_one_bit). */
  align(bit: 0 | 1): this {
    const missing = -this.#at & 7;
    return this.u(missing, bit ? 2 ** missing - 1 : 0);
  }

  /** rbsp_trailing_bits() (7.3.2.11): a one, then zeros up to the byte border. */
  trailing(): this {
    return this.u(1, 1).align(0);
  }

  /** Copies the bits from `from` up to, not including, `to`; whole bytes at once when both sides lie alike. */
  copy(bytes: Uint8Array, from: number, to: number): this {
    if (to > bytes.length * 8 || from > to) throw unspliceable('bits were to be copied from past its end');
    const head = Math.min(-from & 7, to - from);
    if (head > 0) this.u(head, new BitReader(bytes, from).u(head));
    const first = (from + head) >> 3;
    const last = Math.max(first, to >> 3);
    this.#reserve((last - first) * 8);
    const shift = this.#at & 7;
    let index = this.#at >> 3;
    if (shift === 0) this.#bytes.set(bytes.subarray(first, last), index);
    else {
      const target = this.#bytes;
      let carry = target[index] ?? 0;
      for (let source = first; source < last; source++) {
        const byte = bytes[source] ?? 0;
        target[index++] = carry | (byte >> shift);
        carry = (byte << (8 - shift)) & 0xff;
      }
      target[index] = carry;
    }
    this.#at += (last - first) * 8;
    const tail = to - Math.max(last * 8, from + head);
    return tail > 0 ? this.u(tail, new BitReader(bytes, last * 8).u(tail)) : this;
  }

  /** What was written; must end at a byte border. */
  bytes(): Uint8Array {
    if (this.#at & 7) throw unspliceable('the written bits end within a byte');
    return this.#bytes.subarray(0, this.#at >> 3);
  }

  #reserve(bits: number): void {
    const needed = ((this.#at + bits + 7) >> 3) + 1;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Position of the rbsp_stop_one_bit: the last one in the data; zero bytes after it (cabac_zero_word) are skipped. */
export function stopBit(rbsp: Uint8Array): number {
  let last = rbsp.length - 1;
  while (last >= 0 && rbsp[last] === 0) last--;
  if (last < 0) throw unspliceable('a unit has no stop bit');
  const byte = rbsp[last] ?? 0;
  return last * 8 + 7 - (31 - Math.clz32(byte & -byte));
}

const ZEROS = Buffer.alloc(2);

/** Takes the emulation prevention bytes out of a NAL unit (7.3.1); a unit that has none is given back as it is. Throws when it holds what no unit may hold. */
export function toRbsp(unit: Uint8Array): Uint8Array {
  const bytes = Buffer.from(unit.buffer, unit.byteOffset, unit.length);
  let rbsp: Uint8Array | undefined;
  let written = 0;
  let copied = 0;
  for (let at = bytes.indexOf(ZEROS); at >= 0; at = bytes.indexOf(ZEROS, at + 3)) {
    const third = bytes[at + 2];
    if (third === undefined || third > 3) continue;
    // Also after the byte 3, at most 3 may follow: otherwise it was not needed.
    if (third !== 3 || (bytes[at + 3] ?? 0) > 3) throw unspliceable('a unit holds a forbidden byte sequence');
    rbsp ??= new Uint8Array(unit.length);
    rbsp.set(unit.subarray(copied, at + 2), written);
    written += at + 2 - copied;
    copied = at + 3;
  }
  if (!rbsp) return unit;
  rbsp.set(unit.subarray(copied), written);
  return rbsp.subarray(0, written + unit.length - copied);
}

/** Puts the emulation prevention bytes in (7.4.1): before a byte of at most 3 after two zeros, and after a zero at the very end. */
export function toUnit(rbsp: Uint8Array): Uint8Array {
  const bytes = Buffer.from(rbsp.buffer, rbsp.byteOffset, rbsp.length);
  const places: number[] = [];
  for (let at = bytes.indexOf(ZEROS); at >= 0; at = bytes.indexOf(ZEROS, at + 2)) {
    if ((bytes[at + 2] ?? 4) <= 3) places.push(at + 2);
  }
  if (bytes.at(-1) === 0) places.push(bytes.length);
  if (places.length === 0) return rbsp;
  const unit = new Uint8Array(rbsp.length + places.length);
  let from = 0;
  for (const [inserted, place] of places.entries()) {
    unit.set(rbsp.subarray(from, place), from + inserted);
    unit[place + inserted] = 3;
    from = place;
  }
  unit.set(rbsp.subarray(from), from + places.length);
  return unit;
}
