/**
 * Clones an MP4 file and puts other bytes in the place of some samples (ISO 14496-12).
 *
 * A sample is found by arithmetic: its chunk's offset in the file (stco or co64, 8.7.5), how many samples a chunk has (stsc, 8.7.4), and the sizes of those before it
 * (stsz, 8.7.3). So when a sample grows or shrinks, exactly these things change: its own size; the offset of every chunk that lies behind it, in all tracks; the size
 * of the media data box around it (mdat, 8.1.1); and the bit rates told by the sample entry (btrt, 8.5.2.2), which are reckoned anew. All of them are written in place, in fields that
 * keep their length, so the index itself neither moves nor grows. Times (stts, ctts, elst), key frames (stss) and every other byte stay as they were.
 *
 * The result is a list of pieces that share the memory of the original, to be written one after another.
 *
 * What it does not do: fragmented files, compact sizes (stz2), samples all of one size, several sample entries, and boxes that point into the file in other ways (sidx, meta, saio) are refused.
 */

import { unspliceable } from '../h264/bits.js';
import { type DecoderConfiguration, readDecoderConfiguration } from '../h264/units.js';
import { type Box, boxesIn, onlyBox } from './boxes.js';

export interface TrackIndex {
  /** `vide`, `soun`, … */
  readonly handler: string;
  readonly timescale: number;
  /** First byte of each sample in the file, and its length. */
  readonly offsets: Float64Array;
  readonly sizes: Uint32Array;
  /** Ticks that each sample lasts. */
  readonly durations: Uint32Array;
  /** Of an `avc1` track. */
  readonly configuration: DecoderConfiguration | undefined;
  readonly boxes: { readonly stsz: Box; readonly chunks: Box; readonly btrt: Box | undefined };
}

export interface Mp4Index {
  readonly tracks: readonly TrackIndex[];
  readonly media: readonly Box[];
}

/** Reads where every sample lies. Throws when the file is damaged or of a kind that is refused. */
export function readMp4Index(file: Buffer): Mp4Index {
  try {
    const top = boxesIn(file, 0, file.length);
    const odd = top.find(({ type }) => type === 'moof' || type === 'sidx' || type === 'meta');
    if (odd) throw unspliceable(`its ${odd.type} box points into the file`);
    const moov = onlyBox(top, 'moov');
    const tracks = boxesIn(file, moov.content, moov.end).filter(({ type }) => type === 'trak');
    return {
      tracks: tracks.map((trak) => readTrack(file, trak)),
      media: top.filter(({ type }) => type === 'mdat'),
    };
  } catch (error) {
    // A number in the index led outside the file.
    throw error instanceof RangeError ? unspliceable(`its index is damaged (${error.message})`) : error;
  }
}

/** The bytes of a sample, sharing the file's memory. */
export function sampleOf(file: Buffer, track: TrackIndex, sample: number): Buffer {
  const offset = track.offsets[sample];
  if (offset === undefined) throw unspliceable(`it has no sample ${sample}`);
  return file.subarray(offset, offset + (track.sizes[sample] ?? 0));
}

/**
 * The pieces of a clone of `file` in which `samples` (by number, from 0) of one track have other bytes. `index` is the file's own.
 * Throws when a sample is not there, is empty or shares bytes with another, or when a changed number no longer fits its field.
 */
export function replaceSamples(
  file: Buffer,
  index: Mp4Index,
  track: TrackIndex,
  samples: ReadonlyMap<number, Uint8Array>,
): Uint8Array[] {
  if (file.readUInt32BE(track.boxes.stsz.content + 4) !== 0) throw unspliceable('its samples share one size');
  const replaced = [...samples].map(([sample, bytes]) => ({ at: whereAlone(index, track, sample), bytes }));
  const edits: Edit[] = replaced
    .map(({ at, bytes }) => ({ at: at.from, length: at.to - at.from, bytes }))
    .sort((a, b) => a.at - b.at);
  const growth = (from: number, to: number) => {
    let sum = 0;
    for (const { at, length, bytes } of edits) if (at >= from && at < to) sum += bytes.length - length;
    return sum;
  };

  const patches: Edit[] = [];
  const sizes = track.sizes.slice();
  for (const [sample, bytes] of samples) {
    sizes[sample] = bytes.length;
    patches.push(numberAt(track.boxes.stsz.content + 12 + sample * 4, 4, bytes.length));
  }
  for (const { boxes } of index.tracks) patches.push(movedChunks(file, boxes.chunks, edits));
  for (const box of index.media) {
    const size = box.end - box.start + growth(box.content, box.end);
    // Size 0 means to the end of the file, and goes on meaning it.
    const isLong = box.content - box.start === 16;
    if (isLong) patches.push(numberAt(box.start + 8, 8, size));
    else if (file.readUInt32BE(box.start) !== 0) patches.push(numberAt(box.start, 4, size));
  }
  if (track.boxes.btrt) patches.push(bitRates(track.boxes.btrt, track, sizes));
  return pieces(file, [...edits, ...patches]);
}

/** In place of `length` bytes at `at`, these. */
interface Edit {
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

function pieces(file: Buffer, edits: Edit[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const { at, length, bytes } of edits.sort((a, b) => a.at - b.at)) {
    if (at > copied) parts.push(file.subarray(copied, at));
    parts.push(bytes);
    copied = at + length;
  }
  parts.push(file.subarray(copied));
  return parts;
}

/** A sample's bytes in the file, which must be its own and lie in media data. */
function whereAlone({ tracks, media }: Mp4Index, track: TrackIndex, sample: number): { from: number; to: number } {
  const from = track.offsets[sample];
  if (from === undefined) throw unspliceable(`it has no sample ${sample}`);
  const to = from + (track.sizes[sample] ?? 0);
  if (to === from) throw unspliceable(`sample ${sample} has no bytes, so nothing tells what lies behind it`);
  if (!media.some(({ content, end }) => from >= content && to <= end))
    throw unspliceable(`sample ${sample} lies outside the media data`);
  for (const other of tracks) {
    const { offsets, sizes } = other;
    for (let number = 0; number < offsets.length; number++) {
      const at = offsets[number] as number;
      if (at < to && at + (sizes[number] as number) > from && !(other === track && number === sample))
        throw unspliceable(`sample ${sample} shares bytes with another`);
    }
  }
  return { from, to };
}

/** The chunk offset table with every chunk moved by what grew before it. `edits` are sorted. */
function movedChunks(file: Buffer, box: Box, edits: readonly Edit[]): Edit {
  const width = box.type === 'co64' ? 8 : 4;
  const count = file.readUInt32BE(box.content + 4);
  const table = Buffer.alloc(count * width);
  for (let chunk = 0; chunk < count; chunk++) {
    const offset = chunkOffset(file, box, chunk);
    let moved = offset;
    for (const { at, length, bytes } of edits) {
      if (at >= offset) break;
      moved += bytes.length - length;
    }
    writeNumber(table, chunk * width, width, moved);
  }
  return { at: box.content + 8, length: table.length, bytes: table };
}

function chunkOffset(file: Buffer, box: Box, chunk: number): number {
  return box.type === 'co64'
    ? Number(file.readBigUInt64BE(box.content + 8 + chunk * 8))
    : file.readUInt32BE(box.content + 8 + chunk * 4);
}

function numberAt(at: number, width: 4 | 8, value: number): Edit {
  const bytes = Buffer.alloc(width);
  writeNumber(bytes, 0, width, value);
  return { at, length: width, bytes };
}

function writeNumber(bytes: Buffer, at: number, width: 4 | 8, value: number): void {
  if (width === 4 && value > 0xffff_ffff) throw unspliceable('the changed file passes 4 GiB');
  if (width === 8) bytes.writeBigUInt64BE(BigInt(value), at);
  else bytes.writeUInt32BE(value, at);
}

/** maxBitrate (of the fullest second) and avgBitrate; bufferSizeDB before them stays, ffmpeg tells none (0). */
function bitRates(box: Box, track: TrackIndex, sizes: Uint32Array): Edit {
  const { durations, timescale } = track;
  let total = 0;
  let ticks = 0;
  let most = 0;
  let inWindow = 0;
  let windowTicks = 0;
  for (let last = 0, first = 0; last < sizes.length; last++) {
    total += sizes[last] ?? 0;
    ticks += durations[last] ?? 0;
    inWindow += sizes[last] ?? 0;
    windowTicks += durations[last] ?? 0;
    for (; windowTicks > timescale && first < last; first++) {
      inWindow -= sizes[first] ?? 0;
      windowTicks -= durations[first] ?? 0;
    }
    most = Math.max(most, inWindow);
  }
  const average = ticks > 0 ? Math.round((total * 8 * timescale) / ticks) : 0;
  const rates = [Math.max(most * 8, average), average].map((rate) => numberAt(0, 4, rate).bytes);
  return { at: box.content + 4, length: 8, bytes: Buffer.concat(rates) };
}

function readTrack(file: Buffer, trak: Box): TrackIndex {
  const inside = (box: Box) => boxesIn(file, box.content, box.end);
  const media = inside(onlyBox(inside(trak), 'mdia'));
  const table = inside(onlyBox(inside(onlyBox(media, 'minf')), 'stbl'));
  if (table.some(({ type }) => type === 'saio')) throw unspliceable('its saio box points into the file');
  const mdhd = onlyBox(media, 'mdhd');
  const handler = file.toString('latin1', onlyBox(media, 'hdlr').content + 8, onlyBox(media, 'hdlr').content + 12);
  const stsz = onlyBox(table, 'stsz');
  const chunks = table.find(({ type }) => type === 'co64') ?? onlyBox(table, 'stco');
  const entry = handler === 'vide' ? readEntry(file, onlyBox(table, 'stsd')) : undefined;
  const avcC = entry?.find(({ type }) => type === 'avcC');
  const sizes = readSizes(file, stsz);
  return {
    handler,
    timescale: file.readUInt32BE(mdhd.content + (file[mdhd.content] === 1 ? 20 : 12)),
    sizes,
    offsets: readOffsets(file, chunks, onlyBox(table, 'stsc'), sizes),
    durations: readDurations(file, onlyBox(table, 'stts'), sizes.length),
    configuration: avcC && readDecoderConfiguration(file.subarray(avcC.content, avcC.end)),
    boxes: { stsz, chunks, btrt: entry?.find(({ type }) => type === 'btrt') },
  };
}

/** Boxes in the only visual sample entry (12.1.3): they follow its 78 bytes of fields. */
function readEntry(file: Buffer, stsd: Box): Box[] {
  const [entry, other] = boxesIn(file, stsd.content + 8, stsd.end);
  if (!entry || other) throw unspliceable('a track has not exactly one sample entry');
  return boxesIn(file, entry.content + 78, entry.end);
}

function readSizes(file: Buffer, stsz: Box): Uint32Array {
  const common = file.readUInt32BE(stsz.content + 4);
  const count = file.readUInt32BE(stsz.content + 8);
  if (count > file.length || (common === 0 && stsz.content + 12 + count * 4 > stsz.end))
    throw unspliceable(`its index names ${count} samples`);
  const sizes = new Uint32Array(count).fill(common);
  if (common === 0) for (let n = 0; n < count; n++) sizes[n] = file.readUInt32BE(stsz.content + 12 + n * 4);
  return sizes;
}

function readOffsets(file: Buffer, chunks: Box, stsc: Box, sizes: Uint32Array): Float64Array {
  const offsets = new Float64Array(sizes.length);
  const count = file.readUInt32BE(chunks.content + 4);
  const runs = file.readUInt32BE(stsc.content + 4);
  if (
    chunks.content + 8 + count * (chunks.type === 'co64' ? 8 : 4) > chunks.end ||
    stsc.content + 8 + runs * 12 > stsc.end
  )
    throw unspliceable('its tables of chunks reach past their boxes');
  let sample = 0;
  for (let chunk = 0, run = 0; chunk < count; chunk++) {
    while (run + 1 < runs && file.readUInt32BE(stsc.content + 8 + (run + 1) * 12) <= chunk + 1) run++;
    let at = chunkOffset(file, chunks, chunk);
    for (let left = file.readUInt32BE(stsc.content + 12 + run * 12); left > 0 && sample < sizes.length; left--) {
      offsets[sample] = at;
      at += sizes[sample++] ?? 0;
    }
    if (at > file.length) throw unspliceable(`sample ${sample} lies past the end of the file`);
  }
  if (sample !== sizes.length) throw unspliceable(`its chunks hold ${sample} of ${sizes.length} samples`);
  return offsets;
}

function readDurations(file: Buffer, stts: Box, samples: number): Uint32Array {
  const durations = new Uint32Array(samples);
  let sample = 0;
  for (let run = 0; run < file.readUInt32BE(stts.content + 4); run++) {
    const count = file.readUInt32BE(stts.content + 8 + run * 8);
    if (sample + count > samples) throw unspliceable('its index names more times than samples');
    durations.fill(file.readUInt32BE(stts.content + 12 + run * 8), sample, sample + count);
    sample += count;
  }
  if (sample !== samples) throw unspliceable(`its index names ${sample} times for ${samples} samples`);
  return durations;
}
