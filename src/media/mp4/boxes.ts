/**
 * The boxes of an MP4 file held in memory (ISO 14496-12, 4.2): where each begins and ends, so that fields can be changed in place.
 */

import { unspliceable } from '../h264/bits.js';

/** Positions count from the first byte of the file. */
export interface Box {
  readonly type: string;
  readonly start: number;
  /** First byte after the header. */
  readonly content: number;
  readonly end: number;
}

/** The boxes that fill the bytes from `from` to `to`. Throws when one reaches past it. */
export function boxesIn(file: Buffer, from: number, to: number): Box[] {
  const boxes: Box[] = [];
  // Fewer than 8 bytes may be left: QuickTime ends some lists with a zero.
  for (let start = from; start + 8 <= to; ) {
    const short = file.readUInt32BE(start);
    const type = file.toString('latin1', start + 4, start + 8);
    const header = short === 1 ? 16 : 8;
    if (start + header > to) throw unspliceable(`its ${type} box is cut off`);
    // Size 1: a 64-bit size follows. Size 0: to the end of the file.
    const size = short === 1 ? Number(file.readBigUInt64BE(start + 8)) : short === 0 ? to - start : short;
    if (size < header || start + size > to) throw unspliceable(`its ${type} box reaches past its place`);
    boxes.push({ type, start, content: start + header, end: start + size });
    start += size;
  }
  return boxes;
}

/** The one box of this type. */
export function onlyBox(boxes: readonly Box[], type: string): Box {
  const [box, other] = boxes.filter((candidate) => candidate.type === type);
  if (!box || other) throw unspliceable(`it has not exactly one ${type} box where one must be`);
  return box;
}
