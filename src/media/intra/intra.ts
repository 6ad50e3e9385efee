/**
 * Encodes rows of macroblocks as H.264 intra slices, in this process and at once.
 *
 * A job's words stand in a few small boxes of the film's key frames. Each row of a box becomes one slice that is put between the film's own slices. To start an encoder
 * for that costs more than the encoding; so here is one that does just this: I slices of frame macroblocks, 8-bit 4:2:0, 4x4 transform, one quantiser for a
 * slice, no deblocking in it, under the film's own parameter sets, CABAC or CAVLC as these say.
 *
 * A slice is exactly one row, so only the left neighbour is ever available. Macroblocks are Intra_16x16 (mean or horizontal), or I_NxN with all nine 4x4 modes;
 * a flat one that continues its neighbour, as most of a text box are, takes a dozen bins. See `luma` for the choice, `transform` for what must agree with decoders to the
 * bit, `entropy/` for the two ways to write it down. Clauses cited are those of ITU-T H.264.
 *
 * What it does not do: inter prediction, interlace, the 8x8 transform (where the picture parameter set offers it, each macroblock says no), scaling lists, lossless, I_PCM,
 * quantisers that change within a slice, rate control.
 */

import { BitWriter, toUnit, unspliceable } from '../h264/bits.js';
import type { ParameterSets } from '../h264/parameter-sets.js';
import type { Home, Slice } from '../h264/rehome.js';
import { isIntra, type SliceHeader, writeSliceHeader } from '../h264/slice-header.js';
import type { Planes } from '../planes.js';
import { encodeChroma } from './chroma.js';
import { CabacWriter } from './entropy/cabac.js';
import { CavlcWriter } from './entropy/cavlc.js';
import { becomeWhole, encodeLuma } from './luma.js';
import { CB, CELLS, CR, LUMA, Macroblock } from './macroblock.js';
import { fillSquare, Mode } from './predict.js';
import { type Settings, settingsFor } from './settings.js';

/** What macroblock_layer() may take at most (A.3.1). Only noise at fine quantisers reaches it; it loses its finest detail then. */
const MACROBLOCK_BITS = 3200;

const mb = new Macroblock();
const cabac = new CabacWriter();
const cavlc = new CavlcWriter();

/**
 * Encodes macroblock row `row` of the planes as one intra slice that stands in `home`'s picture from macroblock `firstMacroblock` on.
 * `qp`: 0 (finest) to 51; with CAVLC so coarse that no chroma quantiser is below 4. What a decoder makes of it is put into the same row of `reconstruction`, if given.
 * Throws when the home's parameter sets ask for what is not built here, or the row does not fit its picture.
 */
export function encodeRow(
  planes: Planes,
  row: number,
  home: Home,
  firstMacroblock: number,
  qp: number,
  reconstruction?: Planes,
): Slice {
  const { sets, model } = home;
  const macroblocks = planes.width / 16;
  check(home);
  checkPlace(planes, row, sets, firstMacroblock);
  if (reconstruction) checkPlace(reconstruction, row, sets, firstMacroblock);
  if (reconstruction && reconstruction.width !== planes.width)
    throw unspliceable('the reconstruction has another width');
  if (!Number.isInteger(qp) || qp < 0 || qp > 51) throw unspliceable(`${qp} is no quantiser`);

  const header: SliceHeader = {
    ...model,
    firstMacroblock,
    qpDelta: qp - sets.picture.initialQp,
    deblocking: { disable: 1, alpha: 0, beta: 0 },
  };
  const settings = settingsFor(qp, sets);
  const bits = new BitWriter(64);
  writeSliceHeader(bits, header, sets);
  const end = bits.position;
  if (sets.picture.cabac) cabac.begin(bits.align(1).bytes(), qp);
  else cavlc.begin(bits.align(0).bytes(), end);

  const writer = sets.picture.cabac ? cabac : cavlc;
  const flag8x8 = sets.picture.transform8x8;
  mb.begin();
  for (let column = 0; column < macroblocks; column++) {
    if (mb.repeats(planes, column, row)) repeatNeighbour();
    else {
      mb.load(planes, column, row);
      encodeMacroblock(settings);
    }
    let size = writer.macroblock(mb, flag8x8);
    for (let places = 15; size > MACROBLOCK_BITS; places--) {
      writer.undo();
      encodeMacroblock({ ...settings, places });
      size = writer.macroblock(mb, flag8x8);
    }
    writer.next(column === macroblocks - 1);
    if (reconstruction) mb.store(reconstruction, column, row);
    mb.advance();
  }
  // The writers' memory is used again.
  const payload = writer.finish().slice();
  return { firstMacroblock, macroblocks, unit: toUnit(payload) };
}

function encodeMacroblock(settings: Settings): void {
  encodeLuma(mb, settings);
  encodeChroma(mb, settings);
}

/** Makes the macroblock the mean of its neighbours and nothing more: right when it `repeats` them. */
function repeatNeighbour(): void {
  const { reconstruction, counts, dcCounts } = mb;
  fillSquare(reconstruction, LUMA, 16, 16, reconstruction[LUMA - 1] as number);
  fillSquare(reconstruction, CB, 8, 8, reconstruction[CB - 1] as number);
  fillSquare(reconstruction, CR, 8, 8, reconstruction[CR - 1] as number);
  becomeWhole(mb, Mode.dc);
  mb.chromaMode = mb.chromaPattern = 0;
  for (let block = 0; block < 24; block++) counts[CELLS[block] as number] = 0;
  dcCounts[0] = dcCounts[1] = dcCounts[2] = 0;
}

function check({ sets: { sequence, picture }, model }: Home): void {
  const refusals: readonly (readonly [boolean, string])[] = [
    [sequence.chromaFormat !== 1 || sequence.lumaBits !== 8 || sequence.chromaBits !== 8, 'other than 8-bit 4:2:0'],
    [!sequence.framesOnly || model.field !== 'frame', 'fields'],
    [sequence.transformBypass, 'a lossless bypass'],
    [sequence.scalingLists !== undefined || picture.scalingLists !== undefined, 'scaling lists'],
    [!picture.deblockingControl, 'deblocking that slices cannot switch off'],
    [!isIntra(model) || model.references !== undefined, 'slices other than intra'],
  ];
  const refusal = refusals.find(([refused]) => refused);
  if (refusal) throw unspliceable(`its film has ${refusal[1]}, which the encoder of boxes does not write`);
}

function checkPlace(planes: Planes, row: number, { sequence }: ParameterSets, firstMacroblock: number): void {
  const { width, height, luma, cb, cr } = planes;
  if (!Number.isInteger(width / 16) || !Number.isInteger(height / 16) || width <= 0 || height <= 0)
    throw unspliceable(`${width}x${height} pixels are no whole macroblocks`);
  if (luma.length !== width * height || cb.length !== luma.length / 4 || cr.length !== cb.length)
    throw unspliceable(`its planes do not have ${width}x${height} pixels`);
  if (!Number.isInteger(row) || row < 0 || row >= height / 16) throw unspliceable(`it has no macroblock row ${row}`);
  const { widthInMacroblocks, heightInMacroblocks } = sequence;
  const fits =
    Number.isInteger(firstMacroblock) &&
    firstMacroblock >= 0 &&
    firstMacroblock < widthInMacroblocks * heightInMacroblocks &&
    (firstMacroblock % widthInMacroblocks) + width / 16 <= widthInMacroblocks;
  if (!fits) throw unspliceable(`${width / 16} macroblocks from ${firstMacroblock} on leave their row of the picture`);
}
