/**
 * What an encoder itself says of how finely it may part macroblocks.
 *
 * From level 3.1 on two macroblocks in a row may have at most 16 motion vectors (ITU-T H.264, table A-1, MaxMvsPer2Mb; A.3.1). To count them, all slice data would have to be decoded. But where no partition
 * is smaller than 8x8, a macroblock has four, each with one vector, or two in B slices (inferred ones too, by direct_8x8_inference_flag, which x264 always sets): 16 in two macroblocks at the very most. Whether smaller ones were
 * allowed is among the options that x264 writes into an SEI message of its first picture (user_data_unregistered, D.1.7), as `analyse=INTRA:INTER`.
 *
 * What it does not do: it believes what is written there, and knows nothing of encoders that write no such thing.
 */

import { toRbsp } from '../h264/bits.js';
import { UnitType, unitType } from '../h264/units.js';

/** By which x264's messages are known. */
const X264 = Buffer.from('dc45e9bde6d948b7962cd820d923eeef', 'hex');
const USER_DATA_UNREGISTERED = 5;
/** X264_ANALYSE_PSUB8x8 of x264.h: 8x4, 4x8 and 4x4 in P slices. In B slices x264 has none. */
const BELOW_8X8 = 0x20;

/** Whether x264 was allowed partitions smaller than 8x8; undefined where these units of a stream's first picture do not say. */
export function partsBelow8x8(units: readonly Uint8Array[]): boolean | undefined {
  for (const unit of units) {
    if (unitType(unit) !== UnitType.sei) continue;
    for (const { type, content } of messagesOf(toRbsp(unit))) {
      if (type !== USER_DATA_UNREGISTERED || !content.subarray(0, X264.length).equals(X264)) continue;
      // In C's %#x: nothing at all is 0, not 0x0.
      const told = /\banalyse=(?:0x)?[0-9a-f]+:(?:0x)?([0-9a-f]+)/.exec(content.toString('latin1', X264.length))?.[1];
      if (told !== undefined) return (Number.parseInt(told, 16) & BELOW_8X8) !== 0;
    }
  }
  return undefined;
}

/** The messages of an SEI unit (7.3.2.3.1); one that is cut off ends them. */
function messagesOf(rbsp: Uint8Array): { type: number; content: Buffer }[] {
  const bytes = Buffer.from(rbsp.buffer, rbsp.byteOffset, rbsp.length);
  const messages: { type: number; content: Buffer }[] = [];
  // Two bytes are the least of a message; what is left after the last one is the trailing bits.
  for (let at = 1; at + 2 <= bytes.length; ) {
    const number = () => {
      let value = 0;
      while (bytes[at] === 255) {
        value += 255;
        at++;
      }
      return value + (bytes[at++] ?? 0);
    };
    const [type, size] = [number(), number()];
    if (at + size > bytes.length) break;
    messages.push({ type, content: bytes.subarray(at, at + size) });
    at += size;
  }
  return messages;
}
