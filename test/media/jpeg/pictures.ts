/** Pictures to encode, and two decoders that know nothing of the encoder: ffmpeg's and the canvas'. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { encodeStrips } from '../../../src/media/jpeg/encode.js';
import { joinStrips } from '../../../src/media/jpeg/join.js';
import type { Raster } from '../../../src/media/jpeg/unit.js';
import { packageFolder } from '../../../src/package.js';

type Colour = readonly [red: number, green: number, blue: number];

export function picture(width: number, height: number, colourAt: (x: number, y: number) => Colour): Raster {
  const rgba = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rgba.set([...colourAt(x, y), 255], 4 * (y * width + x));
  return { width, height, rgba };
}

/** Smooth in all three components, however large. */
export const slope = (width: number, height: number) =>
  picture(width, height, (x, y) => [40 + 3 * x, 200 - 3 * y, 90 + x + y].map((v) => v & 255) as unknown as Colour);

export function noise(width: number, height: number): Raster {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  return picture(width, height, () => [next(), next(), next()]);
}

/** A frame of a sample template's footage. */
export function footage(width: number, height: number): Raster {
  const file = join(packageFolder, 'templates/birthday-theatre/background.mp4');
  const options = ['-ss', '2', '-i', file, '-frames:v', '1', '-vf', `scale=${width}:${height}:flags=lanczos`];
  return { width, height, rgba: ffmpeg([...options, '-f', 'rawvideo', '-pix_fmt', 'rgba', '-']) };
}

export function jpegOf(raster: Raster, quality: number): Buffer {
  return joinStrips(raster.width, raster.height, quality, encodeStrips(raster, quality));
}

/** The canvas' own JPEG (and PNG, for tests that want a file). */
export function canvasOf({ width, height, rgba }: Raster) {
  const canvas = createCanvas(width, height);
  const ctx = canvas.getContext('2d');
  const data = ctx.createImageData(width, height);
  data.data.set(rgba);
  ctx.putImageData(data, 0, 0);
  return canvas;
}

/**
 * Decoded strictly: any complaint of ffmpeg's fails; of a file under 4,000 bytes any error only, for of such it often warns that the end is missing, of other
 * encoders' too. Its planes are turned into colours here, each chroma sample serving four pixels.
 */
export function decodeByFfmpeg(jpeg: Uint8Array, { width, height }: Pick<Raster, 'width' | 'height'>): Raster {
  const strict = ['-xerror', '-err_detect', 'explode', '-f', 'mjpeg', '-i', 'pipe:0'];
  const level = jpeg.length < 4000 ? ['-v', 'error'] : [];
  const raw = ffmpeg([...level, ...strict, '-f', 'rawvideo', '-'], jpeg);
  assert.deepEqual([...jpeg.subarray(-2)], [0xff, 0xd9]);
  const [halfWidth, halfHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  assert.equal(raw.length, width * height + 2 * halfWidth * halfHeight);
  const clamped = new Uint8ClampedArray(3);
  return picture(width, height, (x, y) => {
    const at = width * height + (y >> 1) * halfWidth + (x >> 1);
    const luma = raw[y * width + x] as number;
    const [cb, cr] = [(raw[at] as number) - 128, (raw[at + halfWidth * halfHeight] as number) - 128];
    clamped.set([luma + 1.402 * cr, luma - 0.344136 * cb - 0.714136 * cr, luma + 1.772 * cb]);
    return clamped as unknown as Colour;
  });
}

export async function decodeByCanvas(jpeg: Buffer): Promise<Raster> {
  const image = await loadImage(jpeg);
  const { width, height } = image;
  const ctx = createCanvas(width, height).getContext('2d');
  ctx.drawImage(image, 0, 0);
  const { data } = ctx.getImageData(0, 0, width, height);
  return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** Of the three colours, in dB. */
export function psnr(a: Raster, b: Raster): number {
  assert.deepEqual([a.width, a.height], [b.width, b.height]);
  let sum = 0;
  for (let i = 0; i < a.rgba.length; i++) if (i % 4 !== 3) sum += ((a.rgba[i] as number) - (b.rgba[i] as number)) ** 2;
  return sum === 0 ? Infinity : 10 * Math.log10((255 * 255 * 3 * a.width * a.height) / sum);
}

/** Marker and content of each segment before the coded bytes, from the first after SOI to the scan's. */
export function segmentsOf(jpeg: Buffer): { marker: number; content: Buffer }[] {
  const segments: { marker: number; content: Buffer }[] = [];
  for (let at = 2; segments.at(-1)?.marker !== 0xda; ) {
    assert.equal(jpeg[at], 0xff);
    const length = jpeg.readUInt16BE(at + 2);
    segments.push({ marker: jpeg[at + 1] as number, content: jpeg.subarray(at + 4, at + 2 + length) });
    at += 2 + length;
  }
  return segments;
}

export function ffmpeg(options: readonly string[], input: Uint8Array = new Uint8Array(0)): Buffer {
  const all = ['-hide_banner', '-v', 'warning', ...options];
  const { status, stdout, stderr } = spawnSync('ffmpeg', all, { input, maxBuffer: 1 << 28 });
  assert.equal(String(stderr), '');
  assert.equal(status, 0);
  return stdout;
}
