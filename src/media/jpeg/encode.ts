/**
 * Pictures as baseline JPEG (ITU-T T.81), in strips that can be joined.
 *
 * Problem: a job's poster is the picture of an earlier job but for a few rows, and an encoder of whole pictures codes all of it again. The usual ones also make
 * Huffman tables to measure, in a second pass, so that what they coded for one picture means nothing in another.
 *
 * Solution: a strip is a row of units (16x16 pixels: four blocks of luma, one each of Cb and Cr), and each strip is a restart interval (clauses A.2, E.1.4):
 * the predictions of DC begin anew and bits are filled up to a whole byte, so that a strip's bytes depend on its own pixels and the quality alone. The tables are
 * the standard's examples (annex K), quantisation scaled by quality as everybody does. Whoever remembers strips replaces some of them and joins (join.ts).
 *
 * Numbers are exact up to the quantiser: samples are not rounded between the colours' matrix and the transform. Beyond the picture's edges its last pixels are
 * repeated (A.2.4). The working memory is made once; nothing is allocated for a unit.
 *
 * What it does not do: progressive or arithmetic coding, other subsampling than 4:2:0, transparency (alpha is not looked at), decoding.
 */

import { type BlockTables, EntropyCoder } from './entropy.js';
import { AC_CHROMA, AC_LUMA, codesOf, DC_CHROMA, DC_LUMA, quantisersOf } from './tables.js';
import { dividersOf, transform } from './transform.js';
import { blocksOf, CB, CR, type Raster, UNIT, UNIT_SAMPLES } from './unit.js';

/** The entropy-coded bytes of 16 rows (the last strip of a picture may have fewer), without a marker. */
export type Strip = Uint8Array<ArrayBuffer>;

const coder = new EntropyCoder();
const samples = new Float64Array(UNIT_SAMPLES);
const luma = { dc: codesOf(DC_LUMA), ac: codesOf(AC_LUMA) };
const chroma = { dc: codesOf(DC_CHROMA), ac: codesOf(AC_CHROMA) };

/** The strips of a raster, from the top. `quality` is 1 to 100. A piece of a picture must begin at a multiple of 16 rows, and end at one or with the picture. */
export function encodeStrips(raster: Raster, quality: number): Strip[] {
  const { lumaTables, chromaTables } = tablesOf(quality);
  const strips: Strip[] = [];
  for (let top = 0; top < raster.height; top += UNIT) strips.push(encodeStrip(raster, top, lumaTables, chromaTables));
  return strips;
}

interface Tables {
  readonly lumaTables: BlockTables;
  readonly chromaTables: BlockTables;
}

/** By quality, of which there are few. */
const tables = new Map<number, Tables>();

function tablesOf(quality: number): Tables {
  const known = tables.get(quality);
  if (known) return known;
  const quantisers = quantisersOf(quality);
  const made = {
    lumaTables: { ...luma, dividers: dividersOf(quantisers.luma) },
    chromaTables: { ...chroma, dividers: dividersOf(quantisers.chroma) },
  };
  tables.set(quality, made);
  return made;
}

function encodeStrip(raster: Raster, top: number, lumaTables: BlockTables, chromaTables: BlockTables): Strip {
  let [y, cb, cr] = [0, 0, 0];
  for (let left = 0; left < raster.width; left += UNIT) {
    blocksOf(raster, left, top, samples);
    coder.makeRoom();
    for (let block = 0; block < CB; block += 64) {
      transform(samples, block);
      y = coder.codeBlock(samples, block, lumaTables, y);
    }
    transform(samples, CB);
    cb = coder.codeBlock(samples, CB, chromaTables, cb);
    transform(samples, CR);
    cr = coder.codeBlock(samples, CR, chromaTables, cr);
  }
  return coder.take();
}
