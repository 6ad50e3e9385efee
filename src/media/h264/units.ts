/**
 * NAL units in their two wrappings: with start codes, as an encoder writes them to a pipe (ITU-T H.264, annex B), and with their lengths before them, as an MP4
 * sample holds them (ISO 14496-15, 5.3.2 and 5.3.3).
 *
 * What it does not do: it leaves emulation prevention as it is, and does not look past a unit's header byte (7.3.1).
 */

import { unspliceable } from './bits.js';

/** nal_unit_type (table 7-1), of which splicing needs these. */
export const UnitType = { slice: 1, idr: 5, sei: 6, sps: 7, pps: 8, delimiter: 9 } as const;

export function unitType(unit: Uint8Array): number {
  return (unit[0] ?? 0) & 31;
}

/** The units of a byte stream (B.1); zero bytes around them belong to none. */
export function splitStartCodes(stream: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(stream.buffer, stream.byteOffset, stream.length);
  const code = Buffer.from([0, 0, 1]);
  const units: Uint8Array[] = [];
  for (let at = bytes.indexOf(code); at >= 0; ) {
    const next = bytes.indexOf(code, at + 3);
    let end = next < 0 ? bytes.length : next;
    while (end > at + 3 && bytes[end - 1] === 0) end--;
    if (end > at + 3) units.push(stream.subarray(at + 3, end));
    at = next;
  }
  return units;
}

/** The units of an MP4 sample. `lengthSize` is what `avcC` says, in bytes. */
export function splitLengths(sample: Uint8Array, lengthSize: number): Uint8Array[] {
  const bytes = Buffer.from(sample.buffer, sample.byteOffset, sample.length);
  const units: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + lengthSize > bytes.length) throw unspliceable('a sample ends within a length');
    const end = at + lengthSize + bytes.readUIntBE(at, lengthSize);
    if (end > bytes.length) throw unspliceable('a unit reaches past its sample');
    units.push(sample.subarray(at + lengthSize, end));
    at = end;
  }
  return units;
}

/** The MP4 sample of these units. */
export function joinLengths(units: readonly Uint8Array[], lengthSize: number): Uint8Array {
  const sample = Buffer.allocUnsafe(units.reduce((sum, unit) => sum + lengthSize + unit.length, 0));
  let at = 0;
  for (const unit of units) {
    if (unit.length >= 2 ** (lengthSize * 8)) throw unspliceable(`a unit of ${unit.length} bytes is too long`);
    sample.writeUIntBE(unit.length, at, lengthSize);
    sample.set(unit, at + lengthSize);
    at += lengthSize + unit.length;
  }
  return sample;
}

/** What the `avcC` box tells (ISO 14496-15, 5.3.3.1). */
export interface DecoderConfiguration {
  /** Bytes of the length before each unit. */
  readonly lengthSize: number;
  readonly sequenceSets: readonly Uint8Array[];
  readonly pictureSets: readonly Uint8Array[];
}

/** Reads the content of an `avcC` box. */
export function readDecoderConfiguration(avcC: Uint8Array): DecoderConfiguration {
  if (avcC[0] !== 1) throw unspliceable('its avcC box is of an unknown version');
  let at = 5;
  const byte = () => {
    const value = avcC[at++];
    if (value === undefined) throw unspliceable('its avcC box is cut off');
    return value;
  };
  const sets = (count: number) =>
    Array.from({ length: count }, () => {
      const length = byte() * 256 + byte();
      at += length;
      if (at > avcC.length) throw unspliceable('its avcC box is cut off');
      return avcC.subarray(at - length, at);
    });
  const sequenceSets = sets(byte() & 31);
  return { lengthSize: ((avcC[4] ?? 0) & 3) + 1, sequenceSets, pictureSets: sets(byte()) };
}
