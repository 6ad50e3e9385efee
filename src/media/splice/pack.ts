/** Encoded rows as bytes, for the phrase cache: per rendition and cut, the slices by first macroblock. */

import type { EncodedRows } from './splice.js';

/** By rendition, then by cut. */
export type PhraseRows = ReadonlyMap<string, ReadonlyMap<number, EncodedRows>>;

type Table = [rendition: string, cuts: [cut: number, rows: [firstMacroblock: number, bytes: number][]][]][];

export function packRows(phrase: PhraseRows): Buffer {
  const slices: Uint8Array[] = [];
  const table: Table = [...phrase].map(([rendition, cuts]) => [
    rendition,
    [...cuts].map(([cut, rows]) => [
      cut,
      [...rows].map(([first, unit]) => {
        slices.push(unit);
        return [first, unit.length];
      }),
    ]),
  ]);
  const head = Buffer.from(JSON.stringify(table));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, ...slices]);
}

/** What `packRows` packed; the slices share its memory. Only for bytes whose digest was right. */
export function unpackRows(packed: Buffer): PhraseRows {
  const head = packed.readUInt32BE(0);
  let at = 4 + head;
  const table = JSON.parse(packed.toString('utf8', 4, at)) as Table;
  const slice = (bytes: number) => {
    at += bytes;
    return packed.subarray(at - bytes, at);
  };
  return new Map(
    table.map(([rendition, cuts]) => [
      rendition,
      new Map(cuts.map(([cut, rows]) => [cut, new Map(rows.map(([first, bytes]) => [first, slice(bytes)]))])),
    ]),
  );
}
