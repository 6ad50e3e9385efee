/**
 * The film as one ffmpeg command: a rendition encoded such that words can be put into it later, by replacing some slices of a few key frames.
 *
 * Three things make it so. The pattern stands where words will stand. The frames at which bubbles appear are IDR pictures, so nothing reaches back over them (ITU-T H.264, 7.4.1.2.4).
 * And in all other frames the macroblocks of visible bubbles are given a far coarser quantiser, so that nothing is ever added to what stands there (`addroi`).
 *
 * Pure; film.ts runs what this returns.
 */

import type { Box } from '../../scene/scene.js';
import type { Rendition, Template } from '../../template/format.js';
import type { FfmpegCommand } from '../ffmpeg.js';
import { colourTags, fpsOfRendition, framesOf, levelRate } from '../ladder.js';
import { type Area, boundsOfArea, cutsOf, MACROBLOCK, type Span } from '../splice/areas.js';

export interface FilmFiles {
  readonly footage: string;
  readonly audio: string | undefined;
  /** Raw yuva420p frame per area, in the order of the areas. */
  readonly patterns: readonly string[];
  readonly out: string;
}

/** Added to the quantiser of visible bubbles, as a fraction of its whole range: 20 steps. */
const COARSER = 0.4;

export function filmCommand(
  template: Template,
  rendition: Rendition,
  areas: readonly Area[],
  crf: number,
  files: FilmFiles,
): FfmpegCommand {
  const fps = fpsOfRendition(template, rendition);
  const rate = `${fps.num}/${fps.den}`;
  const frames = framesOf(template, rendition);
  const inputs: { options: string[]; source: string }[] = [{ options: [], source: files.footage }];
  const graph: string[] = [];
  let picture = '[0:v]';
  areas.forEach((area, index) => {
    const { x, y, width, height } = boundsOfArea(area);
    const size = `${width * MACROBLOCK}x${height * MACROBLOCK}`;
    const raw = ['-f', 'rawvideo', '-pixel_format', 'yuva420p', '-video_size', size, '-framerate', rate];
    inputs.push({ options: raw, source: files.patterns[index] ?? '' });
    const shown = `enable='between(n,${area.window.from},${area.window.to - 1})'`;
    graph.push(
      `${picture}[${index + 1}:v]overlay=x=${x * MACROBLOCK}:y=${y * MACROBLOCK}:eof_action=repeat:${shown}[p${index}]`,
    );
    picture = `[p${index}]`;
  });
  const stretches = stretchesOf(areas, frames);
  const names = stretches.map((_, index) => `[s${index}]`);
  graph.push(`${picture}format=yuv420p,split=${stretches.length}${names.join('')}`);
  graph.push(
    ...stretches.map(({ from, to, calm }, index) => {
      const regions = calm.flatMap((area) => blocksOf(area.rows)).map((box) => `,${regionFilter(box, rendition)}`);
      return `[s${index}]trim=start_frame=${from}:end_frame=${to},setpts=PTS-STARTPTS${regions.join('')}[t${index}]`;
    }),
    // Without a time base and numbers of its own, what is joined loses frames.
    `${stretches.map((_, index) => `[t${index}]`).join('')}concat=n=${stretches.length}:v=1:a=0,settb=${fps.den}/${fps.num},setpts=N[v]`,
  );
  const sound = files.audio === undefined ? ['-an'] : ['-map', `${inputs.length}:a`, '-c:a', 'copy'];
  if (files.audio !== undefined) inputs.push({ options: [], source: files.audio });
  const keys = keyFramesOf(areas, frames, fps.value).map((frame) => `eq(n,${frame})`);
  const options = [
    ...['-map', '[v]', ...sound, ...filmEncoder(rendition, crf, frames)],
    ...['-force_key_frames', `expr:${keys.join('+')}`, '-forced-idr', '1'],
    ...['-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4'],
  ];
  return { inputs, filter: graph.join(';'), outputs: [{ options, file: files.out }] };
}

function filmEncoder(rendition: Rendition, crf: number, frames: number): string[] {
  const most = `${levelRate(rendition)}`;
  const params = [
    ...stitchable(rendition),
    'scenecut=0',
    'open-gop=0',
    `keyint=${frames + 1}`,
    'min-keyint=1',
    'ref=3',
  ];
  return [
    ...['-c:v', 'libx264', '-preset', 'slower', '-crf', `${crf}`, '-maxrate', most, '-bufsize', most],
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
  return [`level=${rendition.level}`, 'stitchable=1', 'constrained-intra=1', 'weightp=0', partitions];
}

/** Key frames: the first frame, those at which a bubble appears, and between windows so many that a player finds one within ten seconds. */
export function keyFramesOf(areas: readonly Area[], frames: number, fps: number): number[] {
  const longest = Math.round(10 * fps);
  const cuts = [0, ...cutsOf(areas).map(({ frame }) => frame)];
  const keys = new Set(cuts);
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

function regionFilter({ x, y, width, height }: Box, rendition: Rendition): string {
  const [left, top] = [x * MACROBLOCK, y * MACROBLOCK];
  const right = Math.min(rendition.width, left + width * MACROBLOCK);
  const bottom = Math.min(rendition.height, top + height * MACROBLOCK);
  return `addroi=x=${left}:y=${top}:w=${right - left}:h=${bottom - top}:qoffset=${COARSER}`;
}
