/**
 * How the same video is made without Storyfarm, by people who know ffmpeg; what we save is told against these.
 *
 * B1 is one command per size: each decodes the laid out footage, puts the words over it, scales and encodes. B2 is one command: decoded once, words put over it once,
 * split into the sizes. Both encode with the settings of our own re-encode path (x264 medium, crf 23, profile and level of the rendition) and make AAC of the music
 * at each rendition's setting. The poster is cut from the largest finished file by a command of its own: as one more output it would make ffmpeg keep every
 * frame before its moment in memory.
 *
 * Both are given their best. Words come as finished pictures, so neither draws text; B2 puts them on once, before the split (once per size costs the same within what
 * can be measured). All sizes keep the colour matrix of the footage and say so: converting it for the small ones, as our editions do once, would take another sixth of
 * B2's whole time in every job. The quality that fits a capped rendition is found beforehand and costs them nothing. And laying out the template's layers costs them nothing: their footage is the largest rendition of our edition.
 */

import type { FfmpegCommand } from '../../../src/media/ffmpeg.js';
import {
  colourTags,
  fitOf,
  fpsOfRendition,
  framesOf,
  type Quality,
  USUAL_QUALITY,
  videoOptions,
} from '../../../src/media/ladder.js';
import { posterSize } from '../../../src/media/prepare/footage.js';
import { type PlacedOverlay, reencodeCommand } from '../../../src/renderer/reencode.js';
import type { Rendition, Template } from '../../../src/template/format.js';

export interface BaselineJob {
  readonly template: Template;
  /** The largest rendition's footage, and the music. */
  readonly footage: string;
  readonly audio: string | undefined;
  /** Drawn for the largest rendition. */
  readonly overlays: readonly PlacedOverlay[];
  readonly out: (file: string) => string;
  /** The finest quality that fits a rendition's cap. */
  readonly quality: (rendition: Rendition) => Quality;
}

export function largestOf({ ladder }: Template): Rendition {
  return ladder.reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a));
}

/** The commands of B1, in the order in which they are run. */
export function separateCommands(job: BaselineJob): FfmpegCommand[] {
  return [...job.template.ladder.map((rendition) => commandOf(job, [rendition])), posterCommand(job)];
}

/** The commands of B2. */
export function splitCommands(job: BaselineJob): FfmpegCommand[] {
  return [commandOf(job, job.template.ladder), posterCommand(job)];
}

/** A command as arguments of ffmpeg. */
export function argumentsOf({ inputs, filter, outputs }: FfmpegCommand): string[] {
  return [
    ...['-hide_banner', '-nostats', '-loglevel', 'error', '-nostdin', '-y'],
    ...inputs.flatMap(({ options, source }) => [...options, '-i', source]),
    ...['-filter_complex', filter],
    ...outputs.flatMap(({ options, file }) => [...options, file]),
  ];
}

function commandOf(job: BaselineJob, renditions: readonly Rendition[]): FfmpegCommand {
  const { template, footage, audio, overlays, out } = job;
  const largest = largestOf(template);
  const whole = { rendition: largest, footage, overlays, audio: undefined, quality: USUAL_QUALITY, out: '' };
  const { inputs, filter } = reencodeCommand(template, [whole]);
  const sizes = renditions.map((_, index) => `[size${index}]`);
  const graph = [filter, `[v0]split=${sizes.length}${sizes.join('')}`];
  renditions.forEach((rendition, index) => {
    graph.push(`${sizes[index]}${scaling(template, largest, rendition)}[out${index}]`);
  });
  const sound = audio === undefined ? [] : [{ options: [], source: audio }];
  return {
    inputs: [...inputs, ...sound],
    filter: graph.join(';'),
    outputs: renditions.map((rendition, index) => ({
      options: [
        ...['-map', `[out${index}]`, ...soundOptions(rendition, audio === undefined ? undefined : inputs.length)],
        ...[...videoOptions(rendition, job.quality(rendition)), ...colourTags(largest)],
        ...['-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4'],
      ],
      file: out(`${rendition.id}.mp4`),
    })),
  };
}

function soundOptions({ audio }: Rendition, input: number | undefined): string[] {
  if (input === undefined) return ['-an'];
  const { bitrate, channels, sampleRate } = audio;
  return ['-map', `${input}:a`, '-c:a', 'aac', '-b:a', `${bitrate}k`, '-ac', `${channels}`, '-ar', `${sampleRate}`];
}

/**
 * From the largest rendition's frame to another's; by Lanczos as in preparing. Nothing is done that changes nothing: filters that only pass frames on cost too.
 */
function scaling(template: Template, largest: Rendition, rendition: Rendition): string {
  const [from, to] = [fitOf(template, largest), fitOf(template, rendition)];
  const fps = fpsOfRendition(template, rendition);
  const filters: string[] = [];
  if (fps.value !== fpsOfRendition(template, largest).value) {
    // The filter keeps back the last frame of what ends: so it is given more than is wanted.
    const frames = framesOf(template, rendition);
    filters.push(`tpad=stop=2:stop_mode=clone,fps=${fps.num}/${fps.den},trim=end_frame=${frames}`);
  }
  if (!isWhole(from, largest)) filters.push(`crop=${from.width}:${from.height}:${from.x}:${from.y}`);
  if (to.width !== from.width || to.height !== from.height)
    filters.push(`scale=${to.width}:${to.height}:flags=lanczos,setsar=1`);
  if (!isWhole(to, rendition)) filters.push(`pad=${rendition.width}:${rendition.height}:${to.x}:${to.y}`);
  return filters.join(',') || 'null';
}

const isWhole = (fit: Size, frame: Size) => fit.width === frame.width && fit.height === frame.height;

type Size = Pick<Rendition, 'width' | 'height'>;

function posterCommand({ template, out }: BaselineJob): FfmpegCommand {
  const largest = largestOf(template);
  const fit = fitOf(template, largest);
  const { width, height } = posterSize(template);
  const picture = `crop=${fit.width}:${fit.height}:${fit.x}:${fit.y},scale=${width}:${height},format=yuvj420p`;
  return {
    inputs: [{ options: ['-ss', `${template.poster.time}`], source: out(`${largest.id}.mp4`) }],
    filter: `[0:v]${picture}[poster]`,
    outputs: [{ options: ['-map', '[poster]', '-frames:v', '1', '-q:v', '3'], file: out('poster.jpg') }],
  };
}
