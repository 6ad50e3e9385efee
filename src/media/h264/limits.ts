/**
 * What a level allows one picture (ITU-T H.264, annex A: tables, clauses A.3.1 and A.3.3).
 *
 * Putting slices into a picture makes more slices and other bytes than the encoder planned for. Decoders in handsets rely on both limits, so both are asserted: once when a film is made, and
 * for every job.
 */

import type { ParameterSets, SequenceSet } from './parameter-sets.js';

interface Limits {
  /** MaxMBPS: macroblocks per second. */
  readonly rate: number;
  /** MinCR: how many times smaller than its raw samples a picture must be. */
  readonly compression: number;
  /** SliceRate: macroblocks per slice, of Main and High; undefined: any number of slices. */
  readonly perSlice: number | undefined;
}

/** By level times ten; 9 stands for 1b. */
const LEVELS: Readonly<Record<number, Limits>> = {
  9: { rate: 1485, compression: 2, perSlice: undefined },
  10: { rate: 1485, compression: 2, perSlice: undefined },
  11: { rate: 3000, compression: 2, perSlice: undefined },
  12: { rate: 6000, compression: 2, perSlice: undefined },
  13: { rate: 11880, compression: 2, perSlice: undefined },
  20: { rate: 11880, compression: 2, perSlice: undefined },
  21: { rate: 19800, compression: 2, perSlice: undefined },
  22: { rate: 20250, compression: 2, perSlice: undefined },
  30: { rate: 40500, compression: 2, perSlice: 22 },
  31: { rate: 108000, compression: 4, perSlice: 60 },
  32: { rate: 216000, compression: 4, perSlice: 60 },
  40: { rate: 245760, compression: 4, perSlice: 60 },
  41: { rate: 245760, compression: 2, perSlice: 24 },
  42: { rate: 522240, compression: 2, perSlice: 24 },
  50: { rate: 589824, compression: 2, perSlice: 24 },
  51: { rate: 983040, compression: 2, perSlice: 24 },
  52: { rate: 2073600, compression: 2, perSlice: 24 },
};

const BASELINE = 66;
/** constraint_set3_flag among the eight flags of a sequence parameter set. */
const CONSTRAINT_3 = 0x10;

/** Bytes of one macroblock's raw samples, 4:2:0 and 8 bit (PicSizeInMbs x RawMbBits / 8). */
const RAW_MACROBLOCK = 384;

export interface PictureFacts {
  readonly slices: number;
  /** Bytes of its NAL units. */
  readonly bytes: number;
  /** Frames per second. */
  readonly fps: number;
  /** The stream's first picture has limits of its own. */
  readonly isFirst: boolean;
}

/** What of the declared level a picture breaks, as a sentence without its end, or undefined. */
export function brokenLimit({ sequence }: ParameterSets, picture: PictureFacts): string | undefined {
  const limits = limitsOf(sequence);
  if (!limits) return `level_idc ${sequence.level} is unknown`;
  const size = sequence.widthInMacroblocks * sequence.heightInMacroblocks;
  // Macroblocks that count for one picture: what the level decodes in its time; for the first, at least its own.
  const macroblocks = picture.isFirst ? Math.max(size, limits.rate / 172) : limits.rate / picture.fps;
  const bytes = Math.floor((RAW_MACROBLOCK * macroblocks) / limits.compression);
  if (picture.bytes > bytes) return `a picture of ${picture.bytes} bytes passes the ${bytes} of its level`;
  if (limits.perSlice === undefined || sequence.profile === BASELINE) return undefined;
  const slices = Math.floor(macroblocks / limits.perSlice);
  return picture.slices > slices ? `${picture.slices} slices in a picture pass the ${slices} of its level` : undefined;
}

function limitsOf({ level, profile, constraints }: SequenceSet): Limits | undefined {
  const isOneB = level === 11 && profile < 100 && (constraints & CONSTRAINT_3) !== 0;
  return LEVELS[isOneB ? 9 : level];
}
