/** Encodes and decodes raw pictures with the ffmpeg on PATH, for tests that hold the splicing against a real encoder and decoder. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { splitStartCodes } from '../../../src/media/h264/units.js';

/** One I420 picture. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

function ffmpeg(input: Uint8Array, options: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync('ffmpeg', ['-hide_banner', '-v', 'warning', '-nostdin', ...options], {
    input,
    maxBuffer: 1 << 28,
  });
  assert.equal(String(stderr), '');
  assert.equal(status, 0);
  return stdout;
}

/** x264's units for these raw frames, with start codes taken off. `options` as ffmpeg takes them. */
export function encode({ width, height, bytes }: Picture, options: readonly string[]): Uint8Array[] {
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`, '-r', '25', '-i', 'pipe:0'];
  return splitStartCodes(ffmpeg(bytes, [...raw, '-c:v', 'libx264', '-threads', '1', ...options, '-f', 'h264', '-']));
}

/** Raw I420 frames of a stream, decoded strictly: any complaint of ffmpeg's fails. */
export function decode(units: readonly Uint8Array[]): Buffer {
  const stream = Buffer.concat(units.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));
  const strict = ['-xerror', '-err_detect', 'explode', '-threads', '1'];
  return ffmpeg(stream, [...strict, '-f', 'h264', '-i', 'pipe:0', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-']);
}

/** A picture of noise in which every byte follows from the seed (xorshift), from black to white or between the bounds. */
export function noise(width: number, height: number, seed: number, low = 0, high = 255): Picture {
  const bytes = new Uint8Array((width * height * 3) / 2);
  let state = seed * 2654435761 + 1;
  for (let at = 0; at < bytes.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = low + ((state >>> 8) % (high - low + 1));
  }
  return { width, height, bytes };
}

/** A part of a picture; all numbers even. */
export function crop(picture: Picture, x: number, y: number, width: number, height: number): Picture {
  const bytes = new Uint8Array((width * height * 3) / 2);
  let written = 0;
  for (const plane of [0, 1, 2]) {
    const half = plane === 0 ? 1 : 2;
    const stride = picture.width / half;
    const start = plane === 0 ? 0 : picture.width * picture.height * (plane === 1 ? 1 : 1.25);
    for (let row = y / half; row < (y + height) / half; row++) {
      const at = start + row * stride + x / half;
      bytes.set(picture.bytes.subarray(at, at + width / half), written);
      written += width / half;
    }
  }
  return { width, height, bytes };
}

/** What ffmpeg itself reads in the slice headers of a stream: per slice the fields by name, in order, with the bit after them and their value. */
export function traceSlices(units: readonly Uint8Array[]): { name: string; end: number; value: number }[][] {
  const stream = Buffer.concat(units.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));
  const options = ['-f', 'h264', '-i', 'pipe:0', '-c', 'copy', '-bsf:v', 'trace_headers', '-f', 'null', '-'];
  const { stderr } = spawnSync('ffmpeg', ['-hide_banner', '-nostdin', ...options], {
    input: stream,
    maxBuffer: 1 << 28,
  });
  const slices: { name: string; end: number; value: number }[][] = [];
  let open: (typeof slices)[number] | undefined;
  for (const line of String(stderr).split('\n')) {
    if (!line.startsWith('[trace_headers')) continue;
    const [, bit, name, code = '', value] = /\] (\d+)\s+(\S+)\s+([01]+) = (-?\d+)$/.exec(line) ?? [];
    if (name === undefined) {
      open = line.endsWith('] Slice Header') ? [] : undefined;
      if (open) slices.push(open);
    } else open?.push({ name, end: Number(bit) + code.length, value: Number(value) });
  }
  return slices;
}
