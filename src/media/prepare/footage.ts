/**
 * Builds the ffmpeg command that makes an edition: all layers of a cast laid over each other, at every size of the ladder, without words, and the music at every
 * setting; and the one that takes the blank poster from it.
 *
 * What is expensive and the same for every job is done here once: decoding and laying out the layers, scaling, and the music. The sizes are kept without loss, since
 * films and jobs are encoded from them: at crf 6 the loss of the first encode cost 0.002 SSIM of the second. Layers are put together in packed RGB, where premultiplied alpha is
 * exact (ffmpeg 5.1 takes 16 from every value in planar RGB).
 *
 * What it does not do: words. Pure functions; editions.ts runs what they return.
 */

import type { Cast } from '../../job.js';
import type { Layer, Rendition, Template } from '../../template/format.js';
import { fpsOf } from '../../template/fps.js';
import type { FfmpegCommand } from '../ffmpeg.js';
import { isStill } from '../install/assets.js';
import { audioKey, colourTags, fitOf, fpsOfRendition, framesOf, matrixOf } from '../ladder.js';

/**
 * Samples in a frame of AAC-LC (ISO 14496-3). Sound is cut to whole frames, less the one by which the encoder primes itself: so it never outlasts the picture,
 * not even in players that ignore edit lists.
 */
const AAC_FRAME = 1024;

/** Damaged footage ends the preparation; usually ffmpeg would paint over the damage and go on. */
const STRICT = ['-xerror', '-err_detect', 'explode'];

/** The footage takes this share of a preparation, as people see it; the films take the rest. */
export const FOOTAGE_SHARE = 0.1;

export interface PreparedFiles {
  readonly footage: (rendition: Rendition) => string;
  readonly audio: (rendition: Rendition) => string;
  readonly poster: string;
}

/** The layers of a cast from the bottom up. */
export function layersOfCast(template: Template, cast: Cast): readonly Layer[] {
  return template.footage.flatMap((entry) => {
    if ('file' in entry) return [entry];
    const role = template.roles.find(({ id }) => id === entry.role);
    const layer = role?.characters.find(({ id }) => id === cast[entry.role])?.layer;
    return layer ? [layer] : [];
  });
}

/** Pixels of the poster: the wanted width (else the first rendition's, at most 1500), in the shape of the design, even. */
export function posterSize(template: Template): { width: number; height: number } {
  const width = template.poster.width ?? Math.min(1500, template.ladder[0]?.width ?? template.width);
  return { width, height: Math.round((width * template.height) / template.width / 2) * 2 };
}

/** `path` gives the absolute path of one of the template's files. */
export function prepareCommand(
  template: Template,
  cast: Cast,
  path: (file: string) => string,
  files: PreparedFiles,
): FfmpegCommand {
  const fps = fpsOf(template.fps);
  const rate = `${fps.num}/${fps.den}`;
  const frames = Math.round(template.duration * fps.value);
  const layers = layersOfCast(template, cast);
  const stillOptions = ['-loop', '1', '-framerate', rate, '-t', `${template.duration + 1}`];
  const inputs = layers.map((layer) => ({
    options: isStill(layer.file) ? stillOptions : STRICT,
    source: path(layer.file),
  }));

  // The ground is a second longer than the template: filters that change the rate keep back the last frame of what ends.
  const graph = [
    `color=c=black:s=${template.width}x${template.height}:r=${rate}:d=${template.duration + 1},format=rgb24[stage0]`,
    ...layers.flatMap((layer, index) => layerChain(template, layer, index, rate)),
  ];
  const sizes = template.ladder.map((_, index) => `[size${index}]`);
  graph.push(`[stage${layers.length}]fps=${rate},trim=end_frame=${frames},split=${sizes.length}${sizes.join('')}`);
  graph.push(
    ...template.ladder.map((rendition, index) => scaleChain(template, rendition, `[size${index}]`, `[v${index}]`)),
  );

  const encoder = ['-c:v', 'libx264', '-preset', 'superfast', '-qp', '0', '-g', '48', '-pix_fmt', 'yuv420p'];
  const outputs = template.ladder.map((rendition, index) => ({
    options: [
      '-map',
      `[v${index}]`,
      '-an',
      '-frames:v',
      `${framesOf(template, rendition)}`,
      ...encoder,
      ...colourTags(rendition),
    ],
    file: files.footage(rendition),
  }));

  if (template.music) {
    const settings = [...new Map(template.ladder.map((rendition) => [audioKey(rendition.audio), rendition])).values()];
    graph.push(...musicChains(template, template.music, settings, layers.length));
    inputs.push({ options: [...STRICT, '-vn'], source: path(template.music.file) });
    settings.forEach((rendition, index) => {
      const { bitrate, channels, sampleRate } = rendition.audio;
      outputs.push({
        options: [
          '-map',
          `[a${index}]`,
          '-c:a',
          'aac',
          '-b:a',
          `${bitrate}k`,
          '-ac',
          `${channels}`,
          '-ar',
          `${sampleRate}`,
          '-f',
          'mp4',
        ],
        file: files.audio(rendition),
      });
    });
  }
  return { inputs, filter: graph.join(';'), outputs };
}

/**
 * The blank poster, from the prepared footage of the largest rendition. A command of its own: as an output of the other it would make ffmpeg keep every frame
 * before its moment in memory, at every size.
 */
export function posterCommand(template: Template, files: PreparedFiles): FfmpegCommand {
  const largest = template.ladder.reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a));
  const frame = Math.min(
    framesOf(template, largest) - 1,
    Math.round(template.poster.time * fpsOfRendition(template, largest).value),
  );
  const fit = fitOf(template, largest);
  const { width, height } = posterSize(template);
  const picture = `crop=${fit.width}:${fit.height}:${fit.x}:${fit.y},scale=${width}:${height}:flags=lanczos,format=rgb24`;
  return {
    inputs: [{ options: [], source: files.footage(largest) }],
    filter: `[0:v]trim=start_frame=${frame}:end_frame=${frame + 1},${picture}[poster]`,
    outputs: [{ options: ['-map', '[poster]', '-frames:v', '1'], file: files.poster }],
  };
}

/** One layer: its alpha restored, at its size, laid over what is below it. */
function layerChain(template: Template, layer: Layer, index: number, rate: string): string[] {
  const width = layer.width ?? template.width;
  const height = layer.height ?? template.height;
  const size = `scale=${width}:${height}:flags=lanczos`;
  const over = (alpha: string) =>
    `[stage${index}][l${index}]overlay=x=${layer.x}:y=${layer.y}:format=rgb:alpha=${alpha}:eof_action=repeat[stage${index + 1}]`;
  if (layer.matte === 'none') return [`[${index}:v]fps=${rate},format=gbrap,${size}[l${index}]`, over('straight')];
  return [
    `[${index}:v]fps=${rate},format=gbrp,split[c${index}][m${index}]`,
    `[c${index}]crop=iw:ih/2:0:0,${size}[k${index}]`,
    `[m${index}]crop=iw:ih/2:0:ih/2,${size}[n${index}]`,
    // Planes are moved, never converted: through alphamerge black becomes 16 of 255 and the layer a grey box.
    `[k${index}][n${index}]mergeplanes=0x00010210:gbrap[l${index}]`,
    over('premultiplied'),
  ];
}

function scaleChain(template: Template, rendition: Rendition, from: string, to: string): string {
  const fit = fitOf(template, rendition);
  const fps = fpsOfRendition(template, rendition);
  const scale = `scale=${fit.width}:${fit.height}:flags=lanczos:out_color_matrix=${matrixOf(rendition)}:out_range=tv,format=yuv420p`;
  const bars =
    fit.width < rendition.width || fit.height < rendition.height
      ? `,pad=${rendition.width}:${rendition.height}:${fit.x}:${fit.y}`
      : '';
  return `${from}fps=${fps.num}/${fps.den},${scale}${bars},setsar=1${to}`;
}

function musicChains(
  template: Template,
  music: NonNullable<Template['music']>,
  settings: readonly Rendition[],
  input: number,
): string[] {
  const { duration } = template;
  const fades = [
    `volume=${music.gain}dB`,
    ...(music.fadeIn > 0 ? [`afade=t=in:st=0:d=${music.fadeIn}`] : []),
    ...(music.fadeOut > 0 ? [`afade=t=out:st=${Math.max(0, duration - music.fadeOut)}:d=${music.fadeOut}`] : []),
  ];
  const copies = settings.map((_, index) => `[m${input}x${index}]`).join('');
  return [
    `[${input}:a]${fades.join(',')},asplit=${settings.length}${copies}`,
    ...settings.map(({ audio }, index) => {
      const samples = (Math.floor((duration * audio.sampleRate) / AAC_FRAME) - 1) * AAC_FRAME;
      // Without the limit ffmpeg adds two channels into one 3 dB louder than either, and clips.
      const layout = audio.channels === 1 ? 'mono' : 'stereo';
      return `[m${input}x${index}]aresample=${audio.sampleRate}:rematrix_maxval=1,aformat=channel_layouts=${layout},apad,atrim=end_sample=${samples}[a${index}]`;
    }),
  ];
}
