/**
 * The structure of a file as ffprobe sees it, against that of the blank film: every packet of both streams has the film's times and flags, and the film's very bytes unless it is one in which words
 * were put. So frame counts, edit lists, start times and the distance of sound and picture are the film's; that these are right in themselves is looked at too.
 */

import { readFile } from 'node:fs/promises';
import { boxesIn, onlyBox } from '../../../src/media/mp4/boxes.js';
import { readMovie } from '../../../src/media/mp4/movie.js';
import { run } from './programs.js';

interface Packet {
  readonly codec_type: string;
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly flags: string;
  readonly data_hash: string;
}

interface Probed {
  readonly packets: readonly Packet[];
  /** Codecs, time bases, start times and lengths: all that ffprobe tells of the streams but their bit rates. */
  readonly streams: readonly Readonly<Record<string, unknown>>[];
  /** Bytes of the edit lists. */
  readonly edits: readonly string[];
}

export async function probe(file: string): Promise<Probed> {
  const shown = ['-show_packets', '-show_data_hash', 'MD5', '-show_streams', '-of', 'json'];
  const { stdout, stderr, status } = await run('ffprobe', ['-v', 'warning', ...shown, file]);
  if (status !== 0 || stderr !== '') throw new Error(`ffprobe says of ${file}: ${stderr.trim() || status}`);
  const { packets, streams } = JSON.parse(stdout) as { packets: Packet[]; streams: Record<string, unknown>[] };
  for (const stream of streams) {
    delete stream.bit_rate;
    delete stream.max_bit_rate;
  }
  return { packets, streams, edits: editsOf(await readFile(file)) };
}

function editsOf(bytes: Buffer): string[] {
  const moov = onlyBox(boxesIn(bytes, 0, bytes.length), 'moov');
  return boxesIn(bytes, moov.content, moov.end)
    .filter(({ type }) => type === 'trak')
    .flatMap((trak) => boxesIn(bytes, trak.content, trak.end).filter(({ type }) => type === 'edts'))
    .map(({ content, end }) => bytes.toString('hex', content, end));
}

export interface Wanted {
  readonly frames: number;
  readonly film: Probed;
  /** Frames in which words may stand, and so other bytes. */
  readonly cuts: readonly number[];
}

/** What is wrong with the structure of a file, as sentences. */
export async function structureFlaws(file: string, { frames, film, cuts }: Wanted): Promise<string[]> {
  const own = await probe(file);
  const flaws = [...timeFlaws(own, frames)];
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  if (!(await readMovie(file)).faststart) flaws.push('its index lies behind the media data');
  if (!same(own.edits, film.edits)) flaws.push("its edit lists are not the film's");
  if (!same(own.streams, film.streams)) flaws.push("its streams are not told as the film's are");
  if (own.packets.length !== film.packets.length) flaws.push(`it has ${own.packets.length} packets`);
  let frame = 0;
  for (const [number, packet] of own.packets.entries()) {
    const { data_hash: hash, ...times } = timesOf(packet);
    const { data_hash: filmHash, ...filmTimes } = timesOf(film.packets[number] ?? packet);
    const isCut = packet.codec_type === 'video' && cuts.includes(frame);
    if (packet.codec_type === 'video') frame++;
    if (!same(times, filmTimes)) flaws.push(`packet ${number} has other times than the film's`);
    if (hash !== filmHash && !isCut) flaws.push(`packet ${number} has other bytes than the film's`);
  }
  return flaws;
}

const timesOf = ({ codec_type, pts, dts, duration, flags, data_hash }: Packet) => ({
  ...{ codec_type, pts, dts, duration, flags, data_hash },
});

/** Of the video: as many frames as wanted, equally far apart from 0 on; of both streams: decoding times that rise. */
function timeFlaws({ packets }: Probed, frames: number): string[] {
  const flaws: string[] = [];
  for (const type of ['video', 'audio']) {
    const own = packets.filter(({ codec_type }) => codec_type === type);
    if (own.some(({ dts }, n) => n > 0 && dts <= (own[n - 1]?.dts ?? dts)))
      flaws.push(`decoding times of its ${type} do not rise`);
    if (own.some(({ dts, pts }) => dts > pts)) flaws.push(`its ${type} is decoded after it is shown`);
  }
  const video = packets.filter(({ codec_type }) => codec_type === 'video');
  const shown = video.map(({ pts }) => pts).sort((a, b) => a - b);
  const step = (shown[1] ?? 0) - (shown[0] ?? 0);
  if (video.length !== frames) flaws.push(`it has ${video.length} of ${frames} frames`);
  if (shown[0] !== 0) flaws.push(`its first frame is shown at ${shown[0]}`);
  if (shown.some((pts, n) => pts !== n * step)) flaws.push('its frames are not equally far apart');
  return flaws;
}
