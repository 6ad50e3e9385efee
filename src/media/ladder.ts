/**
 * The ladder as arithmetic: how a rendition's picture lies in its frame, which frames and colours it has, and how it is encoded. Pure functions;
 * everything that builds ffmpeg arguments asks here.
 */

import type { View } from '../scene/draw.js';
import type { Box } from '../scene/scene.js';
import type { Rendition, Template } from '../template/format.js';
import { type Fps, fpsOf } from '../template/fps.js';

/** The picture within the frame of a rendition, in even pixels; bars fill the rest. */
export interface Fit extends Box {
  readonly view: View;
}

/** Relative difference of aspect up to which the picture is stretched rather than given bars: 1280x720 to 854x480 is 0.06 %. */
const STRETCH = 0.01;

export function fitOf(design: { width: number; height: number }, frame: { width: number; height: number }): Fit {
  const scaleX = frame.width / design.width;
  const scaleY = frame.height / design.height;
  if (Math.abs(scaleX / scaleY - 1) <= STRETCH) {
    return { x: 0, y: 0, width: frame.width, height: frame.height, view: { scaleX, scaleY, dx: 0, dy: 0 } };
  }
  const scale = Math.min(scaleX, scaleY);
  const width = even(design.width * scale);
  const height = even(design.height * scale);
  const x = even((frame.width - width) / 2);
  const y = even((frame.height - height) / 2);
  return { x, y, width, height, view: { scaleX: width / design.width, scaleY: height / design.height, dx: x, dy: y } };
}

const even = (pixels: number) => Math.round(pixels / 2) * 2;

/** The even pixel box of the frame that covers a box of the design, clipped to the frame: chroma is halved, so overlays start on even pixels. */
export function pixelBox(box: Box, view: View, frame: { width: number; height: number }): Box {
  const left = Math.max(0, Math.floor((box.x * view.scaleX + view.dx) / 2) * 2);
  const top = Math.max(0, Math.floor((box.y * view.scaleY + view.dy) / 2) * 2);
  const right = Math.min(frame.width, Math.ceil(((box.x + box.width) * view.scaleX + view.dx) / 2) * 2);
  const bottom = Math.min(frame.height, Math.ceil(((box.y + box.height) * view.scaleY + view.dy) / 2) * 2);
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}

export function fpsOfRendition(template: Template, rendition: Rendition): Fps {
  return fpsOf(rendition.fps ?? template.fps);
}

/** Whole frames of the template's duration at a rendition's rate. */
export function framesOf(template: Template, rendition: Rendition): number {
  return Math.round(template.duration * fpsOfRendition(template, rendition).value);
}

/** Colour matrix by size: BT.709 above standard definition, else BT.601, which players without a tag assume. */
export function matrixOf(size: { width: number; height: number }): 'bt709' | 'smpte170m' {
  return size.width * size.height > 720 * 576 ? 'bt709' : 'smpte170m';
}

/** Tags that say which colours the samples mean. */
export function colourTags(size: { width: number; height: number }): string[] {
  const matrix = matrixOf(size);
  return ['-colorspace', matrix, '-color_primaries', matrix, '-color_trc', matrix, '-color_range', 'tv'];
}

/** A name for the audio of a rendition; renditions of equal audio share one prepared file. */
export function audioKey(audio: Rendition['audio']): string {
  return `${audio.bitrate}k-${audio.channels}ch-${audio.sampleRate}`;
}

/** Quality of an encode: x264's constant rate factor. Lower is better; 6 more is half the bits. */
export interface Quality {
  readonly crf: number;
}

/** The usual quality, when no cap asks for less. */
export const USUAL_QUALITY: Quality = { crf: 23 };

/**
 * Highest bit rate of each level in kb/s for Baseline and Main (ITU-T H.264, table A-1, MaxBR); High may have a quarter more. A handset that was promised a
 * level need not play more.
 */
const MAX_KBPS: Readonly<Record<string, number>> = {
  ...{
    '1': 64,
    '1b': 128,
    '1.0': 64,
    '1.1': 192,
    '1.2': 384,
    '1.3': 768,
    '2': 2000,
    '2.0': 2000,
    '2.1': 4000,
    '2.2': 4000,
  },
  ...{ '3': 10000, '3.0': 10000, '3.1': 14000, '3.2': 20000, '4': 20000, '4.0': 20000, '4.1': 50000, '4.2': 50000 },
};

/** Highest bit rate that a rendition's level promises, in bits per second. */
export function levelRate(rendition: Rendition): number {
  return (MAX_KBPS[rendition.level] ?? 50000) * 1000;
}

/** Kilobits that a decoder of a level holds back (table A-1, MaxCPB). */
const MAX_BUFFER: Readonly<Record<string, number>> = {
  ...{ '1': 175, '1b': 350, '1.0': 175, '1.1': 500, '1.2': 1000, '1.3': 2000, '2': 2000, '2.0': 2000, '2.1': 4000 },
  ...{ '2.2': 4000, '3': 10000, '3.0': 10000, '3.1': 14000, '3.2': 20000, '4': 25000, '4.0': 25000 },
  ...{ '4.1': 62500, '4.2': 62500 },
};

/** How many bits a decoder of the rendition's level can hold before it needs them. */
export function levelBuffer(rendition: Rendition): number {
  return (MAX_BUFFER[rendition.level] ?? 62500) * 1000;
}

/** x264 arguments of a rendition's delivered video. */
export function videoOptions(rendition: Rendition, quality: Quality): string[] {
  const most = levelRate(rendition);
  const rate = ['-crf', `${quality.crf}`, '-maxrate', `${most}`, '-bufsize', `${most}`];
  return [
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'medium',
      ...rate,
      '-profile:v',
      rendition.profile,
      '-x264-params',
      `level=${rendition.level}`,
    ],
    ...['-pix_fmt', 'yuv420p', ...colourTags(rendition)],
  ];
}
