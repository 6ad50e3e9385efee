/** Strips as a file: a JFIF header, the tables, and the strips with restart markers between them (T.81, annex B). */

import type { Strip } from './encode.js';
import { AC_CHROMA, AC_LUMA, DC_CHROMA, DC_LUMA, type HuffmanTable, quantisersOf, ZIGZAG } from './tables.js';
import { UNIT } from './unit.js';

/** JFIF 1.01: square pixels, no thumbnail. */
const JFIF = segment(0xe0, [...Buffer.from('JFIF\0', 'latin1'), 1, 1, 0, 0, 1, 0, 1, 0, 0]);
const LUMA = 0;
const CHROMA = 1;
/** Table destinations of DC in the lower half of class 0, of AC of class 1. */
const HUFFMAN = [
  huffman(0x00 | LUMA, DC_LUMA),
  huffman(0x10 | LUMA, AC_LUMA),
  huffman(0x00 | CHROMA, DC_CHROMA),
  huffman(0x10 | CHROMA, AC_CHROMA),
];
/** Three components, their tables of DC and AC, all of the spectrum. */
const SCAN = segment(0xda, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
const RESTARTS = Array.from({ length: 8 }, (_, number) => Buffer.from([0xff, 0xd0 + number]));

/** A baseline JPEG of 1 to 65,535 pixels each way from all its strips, which were encoded at this quality and width. */
export function joinStrips(width: number, height: number, quality: number, strips: readonly Strip[]): Buffer {
  const { luma, chroma } = quantisersOf(quality);
  const parts: Uint8Array[] = [
    Buffer.from([0xff, 0xd8]),
    JFIF,
    segment(0xdb, [LUMA, ...inZigzag(luma)]),
    segment(0xdb, [CHROMA, ...inZigzag(chroma)]),
    segment(0xc0, [8, ...word(height), ...word(width), 3, 1, 0x22, LUMA, 2, 0x11, CHROMA, 3, 0x11, CHROMA]),
    ...HUFFMAN,
    segment(0xdd, word(Math.ceil(width / UNIT))),
    SCAN,
  ];
  for (const [index, strip] of strips.entries()) {
    if (index > 0) parts.push(RESTARTS[(index - 1) % 8] as Buffer);
    parts.push(strip);
  }
  parts.push(Buffer.from([0xff, 0xd9]));
  return Buffer.concat(parts);
}

function huffman(destination: number, { counts, symbols }: HuffmanTable): Buffer {
  return segment(0xc4, [destination, ...counts, ...symbols]);
}

/** A marker with its parameters. */
function segment(marker: number, content: readonly number[]): Buffer {
  return Buffer.from([0xff, marker, ...word(content.length + 2), ...content]);
}

function word(number: number): number[] {
  return [number >> 8, number & 0xff];
}

function inZigzag(steps: Uint8Array): Uint8Array {
  const sorted = new Uint8Array(64);
  for (let i = 0; i < 64; i++) sorted[i] = steps[ZIGZAG[i] as number] as number;
  return sorted;
}
