/** Encoded rows as bytes, for the phrase cache: per rendition and cut, the slices by first macroblock. */

import * as z from 'zod';
import type { EncodedRows } from './splice.js';

/** By rendition, then by cut. */
export type PhraseRows = ReadonlyMap<string, ReadonlyMap<number, EncodedRows>>;

const number = z.int().min(0);
/** Renditions with their cuts, of each its rows: first macroblock and bytes. */
const tableSchema = z.array(
  z.tuple([z.string(), z.array(z.tuple([number, z.array(z.tuple([number, number.min(1)]))]))]),
);
type Table = z.infer<typeof tableSchema>;

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

/** What `packRows` packed; the slices share its memory. Undefined for anything else. */
export function unpackRows(packed: Buffer): PhraseRows | undefined {
  if (packed.length < 4) return undefined;
  let at = 4 + packed.readUInt32BE(0);
  const table = tableOf(packed.toString('utf8', 4, at));
  const bytes = table?.flatMap(([, cuts]) => cuts.flatMap(([, rows]) => rows.map(([, length]) => length)));
  if (!table || at + (bytes?.reduce((sum, length) => sum + length, 0) ?? 0) !== packed.length) return undefined;
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

function tableOf(text: string): Table | undefined {
  try {
    return tableSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
