/**
 * The film as one ffmpeg command: a rendition encoded such that words can be put into it later, by replacing the slices of a few key frames.
 *
 * Four things make it so. At the frames whose slices will be replaced the picture is what the new slices decode to, and is kept almost exactly (`addroi` with a far finer quantiser): what follows is built
 * on it. The pattern stands where words will stand. The frames at which bubbles appear are IDR pictures, so nothing reaches back over them (ITU-T H.264, 7.4.1.2.4).
 * And in all other frames the macroblocks of visible bubbles are given a far coarser quantiser, so that nothing is ever added to what stands there (`addroi`).
 *
 * Pure; film.ts runs what this returns.
 */

import type { Box } from '../../scene/scene.js';
import type { Rendition, Template } from '../../template/format.js';
import type { FfmpegCommand } from '../ffmpeg.js';
import { colourTags, fpsOfRendition, framesOf } from '../ladder.js';
import { type Area, boundsOfArea, codedSize, cutsOf, inPixels, type Span, type Window } from '../splice/areas.js';

export interface FilmFiles {
  readonly footage: string;
  readonly audio: string | undefined;
  /** Raw yuva420p frame per area, in the order of the areas. */
  readonly patterns: readonly string[];
  /** Raw yuv420p frame per cut: what its new slices decode to. */
  readonly pictures: readonly string[];
  readonly out: string;
}

/**
 * Added to the quantiser, as fractions of its whole range of 51: of visible bubbles (with 0.4 x264 lets them be 70 levels off in the last frame of a window), and of the frames at which they
 * appear.
 */
const COARSER = 0.2;
const FINER = -0.6;

export interface FilmSettings {
  readonly crf: number;
  /** Bubbles after whose window a key frame stands: a remedy where a film keeps a ghost of the words. */
  readonly closed: readonly string[];
}

export function filmCommand(
  template: Template,
  rendition: Rendition,
  areas: readonly Area[],
  { crf, closed }: FilmSettings,
  files: FilmFiles,
): FfmpegCommand {
  const fps = fpsOfRendition(template, rendition);
  const rate = `${fps.num}/${fps.den}`;
  const frames = framesOf(template, rendition);
  const inputs: { options: string[]; source: string }[] = [{ options: [], source: files.footage }];
  const graph: string[] = [];
  let picture = '[0:v]';
  const cuts = cutsOf(areas);
  const raw = (format: string, width: number, height: number) => [
    ...['-f', 'rawvideo', '-pixel_format', format, '-video_size', `${width}x${height}`, '-framerate', rate],
  ];
  const lay = (options: string[], source: string, x: number, y: number, { from, to }: Window) => {
    const input = inputs.push({ options, source }) - 1;
    const shown = `enable='between(n,${from},${to - 1})'`;
    graph.push(`${picture}[${input}:v]overlay=x=${x}:y=${y}:eof_action=repeat:${shown}[p${input}]`);
    picture = `[p${input}]`;
  };
  for (const [index, { frame }] of cuts.entries()) {
    const options = raw('yuv420p', rendition.width, rendition.height);
    lay(options, files.pictures[index] ?? '', 0, 0, { from: frame, to: frame + 1 });
  }
  areas.forEach((area, index) => {
    const { x, y, width, height } = inPixels(boundsOfArea(area));
    lay(raw('yuva420p', width, height), files.patterns[index] ?? '', x, y, area.window);
  });
  const stretches = stretchesOf(areas, frames);
  const names = stretches.map((_, index) => `[s${index}]`);
  graph.push(`${picture}format=yuv420p,split=${stretches.length}${names.join('')}`);
  graph.push(
    ...stretches.map(({ from, to, calm }, index) => {
      const isCut = cuts.some(({ frame }) => frame === from);
      const whole = { x: 0, y: 0, ...codedSize(rendition) };
      const regions = isCut
        ? [`,${regionFilter(whole, rendition, FINER)}`]
        : calm.flatMap((area) => blocksOf(area.rows)).map((box) => `,${regionFilter(box, rendition, COARSER)}`);
      return `[s${index}]trim=start_frame=${from}:end_frame=${to},setpts=PTS-STARTPTS${regions.join('')}[t${index}]`;
    }),
    // Without a time base and numbers of its own, what is joined loses frames.
    `${stretches.map((_, index) => `[t${index}]`).join('')}concat=n=${stretches.length}:v=1:a=0,settb=${fps.den}/${fps.num},setpts=N[v]`,
  );
  const sound = files.audio === undefined ? ['-an'] : ['-map', `${inputs.length}:a`, '-c:a', 'copy'];
  if (files.audio !== undefined) inputs.push({ options: [], source: files.audio });
  const keys = keyFramesOf(areas, frames, fps.value, closed).map((frame) => `eq(n,${frame})`);
  const options = [
    ...['-map', '[v]', ...sound, ...filmEncoder(rendition, crf, frames)],
    ...['-force_key_frames', `expr:${keys.join('+')}`, '-forced-idr', '1'],
    ...['-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4'],
  ];
  return { inputs, filter: graph.join(';'), outputs: [{ options, file: files.out }] };
}

/**
 * x264's `qcomp`, usually 0.6. A frame on which little is built gets fewer bits (macroblock tree), and in a film those are all before a key frame, which in a whole encode would be as good as any. With 0.7 the
 * worst of them gain 0.0012 to 0.002 SSIM at equal size; the mean of the clip loses 0.0001 at most.
 */
const EVENNESS = 0.7;

function filmEncoder(rendition: Rendition, crf: number, frames: number): string[] {
  // More search than veryslow has: 2 % of the bytes. Of references only as many as every level has room for at its largest picture.
  const search = ['subme=11', 'rc-lookahead=150', 'ref=4'];
  const params = [
    ...stitchable(rendition),
    'scenecut=0',
    'open-gop=0',
    `keyint=${frames + 1}`,
    'min-keyint=1',
    ...search,
    `qcomp=${EVENNESS}`,
  ];
  return [
    ...['-c:v', 'libx264', '-preset', 'veryslow', '-crf', `${crf}`],
    ...['-profile:v', rendition.profile, '-x264-params', params.join(':'), '-pix_fmt', 'yuv420p'],
    ...colourTags(rendition),
  ];
}

/**
 * x264's parameters by which slices of several encodes can stand in one picture. Motion vectors stay within what levels from 3.1 on allow for two macroblocks (table A-1,
 * MaxMvsPer2Mb: 16) because no partition is smaller than 8x8.
 */
export function stitchable(rendition: Rendition): string[] {
  const partitions = 'partitions=p8x8,b8x8,i8x8,i4x4';
  // Likeness, not the look of detail, is what the added key frames must not cost: measured, this makes up for half of them. Without psychovisual weights x264 lowers the
  // quantiser of chroma no more by itself (2 steps in the re-encode path); 4 steps share the bits such that luma and chroma lose alike.
  const likeness = ['psy=0', 'aq-mode=2', 'chroma-qp-offset=-4'];
  return [`level=${rendition.level}`, 'stitchable=1', 'constrained-intra=1', 'weightp=0', partitions, ...likeness];
}

/** Key frames: the first frame, those at which a bubble appears, and between windows so many that a player finds one within ten seconds. */
export function keyFramesOf(areas: readonly Area[], frames: number, fps: number, closed: readonly string[]): number[] {
  const longest = Math.round(10 * fps);
  // Never while another bubble is shown: its words would be lost.
  const isWithin = (frame: number) => areas.some(({ window }) => window.from < frame && frame < window.to);
  const ends = areas.filter(({ bubble }) => closed.includes(bubble)).map(({ window }) => window.to);
  const closing = ends.filter((frame) => frame < frames && !isWithin(frame));
  const keys = new Set([0, ...cutsOf(areas).map(({ frame }) => frame), ...closing]);
  let last = 0;
  for (let frame = 1; frame < frames; frame++) {
    if (keys.has(frame)) last = frame;
    const isShown = areas.some(({ window }) => window.from <= frame && frame < window.to);
    if (frame - last < longest || isShown) continue;
    keys.add(frame);
    last = frame;
  }
  return [...keys].sort((a, b) => a - b);
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Areas to which nothing may be added in these frames. */
  readonly calm: readonly Area[];
}

/** The frames in stretches throughout which the same bubbles are visible; a frame at which one appears is a stretch of its own. */
function stretchesOf(areas: readonly Area[], frames: number): Stretch[] {
  const cuts = new Set(areas.map(({ window }) => window.from));
  const borders = areas.flatMap(({ window }) => [window.from, window.from + 1, window.to]);
  const sorted = [...new Set([0, ...borders, frames])].filter((frame) => frame <= frames).sort((a, b) => a - b);
  return sorted.slice(0, -1).map((from, index) => ({
    from,
    to: sorted[index + 1] ?? frames,
    calm: cuts.has(from) ? [] : areas.filter(({ window }) => window.from < from && from < window.to),
  }));
}

/** Rows of equal spans as boxes of macroblocks. */
function blocksOf(rows: readonly Span[]): Box[] {
  const boxes: Box[] = [];
  for (const { x, y, width } of rows) {
    const last = boxes.at(-1);
    if (last && last.x === x && last.width === width && last.y + last.height === y)
      boxes[boxes.length - 1] = { ...last, height: last.height + 1 };
    else boxes.push({ x, y, width, height: 1 });
  }
  return boxes;
}

function regionFilter(box: Box, rendition: Rendition, offset: number): string {
  const { x, y, width, height } = inPixels(box);
  const [right, bottom] = [Math.min(rendition.width, x + width), Math.min(rendition.height, y + height)];
  return `addroi=x=${x}:y=${y}:w=${right - x}:h=${bottom - y}:qoffset=${offset}`;
}
