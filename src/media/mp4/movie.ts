/**
 * Reads the index of an MP4 or MOV file (ISO 14496-12): which tracks, how many samples, how long, and whether every byte the index promises is there.
 *
 * A playable file is not a complete file: an encoder whose input ended early leaves a valid, short movie. So every output is held against the
 * index before it is published, and template footage is judged by it at install. Reading the index takes no process and a fraction of a millisecond, in one go: each turn through
 * Node's pool of threads would cost ten times what the few kilobytes do.
 *
 * What it does not do: decode, or read fragmented movies (a file without sample tables is refused).
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StoryfarmError } from '../../errors.js';

export interface Track {
  readonly kind: 'video' | 'audio' | 'other';
  /** Sample entry code: `avc1`, `mp4a`, … */
  readonly codec: string;
  /** Ticks per second of this track's times. */
  readonly timescale: number;
  readonly samples: number;
  /** Sum of the samples' durations in seconds, before the edit list. */
  readonly mediaDuration: number;
  /** Seconds presented, after the edit list. */
  readonly duration: number;
  /** All samples last equally long. */
  readonly uniform: boolean;
  /** Frames per second of a video track, from its sample durations; 0 for others. */
  readonly fps: number;
  /** Pixels of a video track as it is shown, a turn by the track header included; 0 for others. */
  readonly width: number;
  readonly height: number;
  /** Samples per second of an audio track; 0 for others. */
  readonly sampleRate: number;
}

export interface Movie {
  readonly bytes: number;
  /** Seconds, as the movie header says. */
  readonly duration: number;
  readonly tracks: readonly Track[];
  /** The index lies before the media data, so that playback can begin before all is loaded. */
  readonly faststart: boolean;
}

/** Reads a movie's index. Throws `output_incomplete` with the file when it is no whole movie. */
export async function readMovie(path: string): Promise<Movie> {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    let index: Buffer | undefined;
    let indexAt = 0;
    let mediaAt = Number.POSITIVE_INFINITY;
    for (let at = 0; at < size; ) {
      const box = boxAt(file, at, size, path);
      if (box.type === 'mdat') mediaAt = Math.min(mediaAt, at);
      if (box.type === 'moov') {
        index = Buffer.alloc(box.size - box.header);
        indexAt = at;
        readSync(file, index, 0, index.length, at + box.header);
      }
      at += box.size;
    }
    if (!index) throw torn(path, 'it has no index (moov box)');
    return { bytes: size, faststart: indexAt < mediaAt, ...readIndex(index, size, path) };
  } catch (error) {
    // A number in the index led outside its box.
    if (error instanceof RangeError) throw torn(path, 'its index is damaged', error);
    throw error;
  } finally {
    closeSync(file);
  }
}

interface BoxHeader {
  readonly type: string;
  readonly size: number;
  readonly header: number;
}

function boxAt(file: number, at: number, end: number, path: string): BoxHeader {
  const head = Buffer.alloc(16);
  if (readSync(file, head, 0, 16, at) < 8) throw torn(path, `a box header is cut off at byte ${at}`);
  const box = boxHeader(head, 0, end - at);
  if (!box || at + box.size > end) throw torn(path, `a box at byte ${at} reaches past the end of the file`);
  return box;
}

/** ISO 14496-12, 4.2: size 1 means a 64-bit size follows, size 0 means to the end. */
function boxHeader(bytes: Buffer, at: number, rest: number): BoxHeader | undefined {
  const short = bytes.readUInt32BE(at);
  const type = bytes.toString('latin1', at + 4, at + 8);
  if (short === 1 && bytes.length >= at + 16) {
    const size = Number(bytes.readBigUInt64BE(at + 8));
    // One that does not even hold its header would be read for ever.
    return size < 16 ? undefined : { type, size, header: 16 };
  }
  const size = short === 0 ? rest : short;
  return size < 8 ? undefined : { type, size, header: 8 };
}

/** Children of a container box by type; a repeated type gives several. */
function children(bytes: Buffer, path: string): Map<string, Buffer[]> {
  const found = new Map<string, Buffer[]>();
  for (let at = 0; at + 8 <= bytes.length; ) {
    const box = boxHeader(bytes, at, bytes.length - at);
    if (!box || at + box.size > bytes.length) throw torn(path, `a box in the index reaches past its parent`);
    const list = found.get(box.type) ?? [];
    list.push(bytes.subarray(at + box.header, at + box.size));
    found.set(box.type, list);
    at += box.size;
  }
  return found;
}

function readIndex(moov: Buffer, fileSize: number, path: string): Pick<Movie, 'duration' | 'tracks'> {
  const boxes = children(moov, path);
  const header = timesOf(one(boxes, 'mvhd', path));
  const tracks = (boxes.get('trak') ?? []).map((trak) => readTrack(trak, header.timescale, fileSize, path));
  return { duration: header.duration / header.timescale, tracks };
}

function readTrack(trak: Buffer, movieTimescale: number, fileSize: number, path: string): Track {
  const boxes = children(trak, path);
  const media = children(one(boxes, 'mdia', path), path);
  const { timescale } = timesOf(one(media, 'mdhd', path));
  const handler = one(media, 'hdlr', path).toString('latin1', 8, 12);
  const kind = handler === 'vide' ? 'video' : handler === 'soun' ? 'audio' : 'other';
  const table = children(one(children(one(media, 'minf', path), path), 'stbl', path), path);
  const entry = one(table, 'stsd', path).subarray(8);
  const times = readTimes(one(table, 'stts', path));
  const sizes = readSizes(one(table, 'stsz', path), fileSize);
  if (sizes.length === 0 && kind === 'video')
    throw torn(path, 'its index names no frames; a fragmented movie becomes whole with ffmpeg -i IT -c copy out.mp4');
  if (times.samples !== sizes.length)
    throw torn(path, `the index names ${times.samples} times for ${sizes.length} samples`);
  checkPlaces(table, sizes, fileSize, path);
  const mediaDuration = times.ticks / timescale;
  return {
    kind,
    codec: entry.toString('latin1', 4, 8),
    timescale,
    samples: sizes.length,
    mediaDuration,
    duration: presented(boxes, movieTimescale, path) ?? mediaDuration,
    uniform: times.uniform,
    fps: kind === 'video' && times.ticks > 0 ? (sizes.length * timescale) / times.ticks : 0,
    ...(kind === 'video' ? shownSize(entry, one(boxes, 'tkhd', path)) : { width: 0, height: 0 }),
    sampleRate: kind === 'audio' ? entry.readUInt32BE(32) / 65536 : 0,
  };
}

/** Movie and media headers start alike (8.2.2, 8.4.2): version 1 has 64-bit times. */
function timesOf(box: Buffer): { timescale: number; duration: number } {
  return box.readUInt8(0) === 1
    ? { timescale: box.readUInt32BE(20), duration: Number(box.readBigUInt64BE(24)) }
    : { timescale: box.readUInt32BE(12), duration: box.readUInt32BE(16) };
}

/** Coded pixels, exchanged when the track header's matrix (8.3.2) turns the picture on its side, as telephones do; ffmpeg turns it while decoding. */
function shownSize(entry: Buffer, tkhd: Buffer): { width: number; height: number } {
  const [width, height] = [entry.readUInt16BE(32), entry.readUInt16BE(34)];
  const matrix = tkhd.readUInt8(0) === 1 ? 52 : 40;
  const isUpright = tkhd.readInt32BE(matrix) !== 0 || tkhd.readInt32BE(matrix + 4) === 0;
  return isUpright ? { width, height } : { width: height, height: width };
}

/** Decoding times (8.6.1.2): runs of samples of equal duration. */
function readTimes(stts: Buffer): { samples: number; ticks: number; uniform: boolean } {
  let samples = 0;
  let ticks = 0;
  const deltas = new Set<number>();
  for (let entry = 0; entry < stts.readUInt32BE(4); entry++) {
    const count = stts.readUInt32BE(8 + entry * 8);
    const delta = stts.readUInt32BE(12 + entry * 8);
    samples += count;
    ticks += count * delta;
    deltas.add(delta);
  }
  return { samples, ticks, uniform: deltas.size <= 1 };
}

/** Sample sizes in bytes (8.7.3.2). */
function readSizes(stsz: Buffer, fileSize: number): Uint32Array {
  const common = stsz.readUInt32BE(4);
  const count = stsz.readUInt32BE(8);
  // Every sample has a size of its own here or a byte in the file: a larger count would only ask for memory.
  if (count > Math.max(stsz.length, fileSize)) throw new RangeError(`${count} samples`);
  const sizes = new Uint32Array(count);
  for (let sample = 0; sample < sizes.length; sample++) sizes[sample] = common || stsz.readUInt32BE(12 + sample * 4);
  return sizes;
}

/** Every sample must lie within the file: chunk offsets (8.7.5) and samples per chunk (8.7.4). */
function checkPlaces(table: Map<string, Buffer[]>, sizes: Uint32Array, fileSize: number, path: string): void {
  const long = table.get('co64')?.[0];
  const offsets = long ?? one(table, 'stco', path);
  const runs = one(table, 'stsc', path);
  const chunks = offsets.readUInt32BE(4);
  let sample = 0;
  for (let chunk = 0, run = 0; chunk < chunks; chunk++) {
    while (run + 1 < runs.readUInt32BE(4) && runs.readUInt32BE(8 + (run + 1) * 12) <= chunk + 1) run++;
    const inChunk = runs.readUInt32BE(12 + run * 12);
    let at = long ? Number(long.readBigUInt64BE(8 + chunk * 8)) : offsets.readUInt32BE(8 + chunk * 4);
    for (let k = 0; k < inChunk && sample < sizes.length; k++) at += sizes[sample++] ?? 0;
    if (at > fileSize) throw torn(path, `sample ${sample} lies past the end of the file`);
  }
  if (sample !== sizes.length) throw torn(path, `the chunks hold ${sample} of ${sizes.length} samples`);
}

/** Seconds presented by the edit list (8.6.6), empty edits left out; undefined without one. */
function presented(trak: Map<string, Buffer[]>, movieTimescale: number, path: string): number | undefined {
  const edts = trak.get('edts')?.[0];
  const elst = edts && children(edts, path).get('elst')?.[0];
  if (!elst) return undefined;
  const long = elst.readUInt8(0) === 1;
  let ticks = 0;
  for (let entry = 0; entry < elst.readUInt32BE(4); entry++) {
    const at = 8 + entry * (long ? 20 : 12);
    const length = long ? Number(elst.readBigUInt64BE(at)) : elst.readUInt32BE(at);
    const from = long ? elst.readBigInt64BE(at + 8) : BigInt(elst.readInt32BE(at + 4));
    if (from >= 0n) ticks += length;
  }
  return ticks > 0 ? ticks / movieTimescale : undefined;
}

function one(boxes: Map<string, Buffer[]>, type: string, path: string): Buffer {
  const box = boxes.get(type)?.[0];
  if (!box) throw torn(path, `its index lacks the ${type} box`);
  return box;
}

function torn(path: string, why: string, cause?: unknown): StoryfarmError {
  return new StoryfarmError('output_incomplete', `${path} is not a whole movie: ${why}.`, { file: path, cause });
}
