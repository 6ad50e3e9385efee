/** Holds an encoded file against what was asked, before anybody may see it: an encoder's exit code is no proof. */

import { statSync } from 'node:fs';
import { StoryfarmError } from '../errors.js';
import type { Output } from '../job.js';
import { fpsOfRendition, framesOf } from '../media/ladder.js';
import { type Movie, readMovie } from '../media/mp4/movie.js';
import type { Rendition, Template } from '../template/format.js';

/** What is wrong with a movie, as one sentence, or undefined. Durations may differ by less than a frame. */
export function flawOf(movie: Movie, template: Template, rendition: Rendition, withSound: boolean): string | undefined {
  const video = movie.tracks.filter((track) => track.kind === 'video');
  const audio = movie.tracks.filter((track) => track.kind === 'audio');
  const [picture, sound] = [video[0], audio[0]];
  const frames = framesOf(template, rendition);
  const frame = 1 / fpsOfRendition(template, rendition).value;
  if (!picture || video.length !== 1) return `it has ${video.length} video tracks, not one`;
  if (picture.codec !== 'avc1') return `its video is ${picture.codec}, not H.264`;
  if (picture.width !== rendition.width || picture.height !== rendition.height) {
    return `it is ${picture.width}x${picture.height}, not ${rendition.width}x${rendition.height}`;
  }
  if (picture.samples !== frames) return `it has ${picture.samples} of ${frames} frames`;
  if (!picture.uniform) return 'its frames are not equally long';
  if (Math.abs(picture.duration - template.duration) >= frame)
    return `it lasts ${picture.duration} s, not ${template.duration} s`;
  if (audio.length !== (withSound ? 1 : 0)) return `it has ${audio.length} audio tracks, not ${withSound ? 1 : 0}`;
  if (sound && sound.codec !== 'mp4a') return `its sound is ${sound.codec}, not AAC`;
  if (sound && Math.abs(sound.duration - template.duration) > Math.max(frame, 3072 / rendition.audio.sampleRate)) {
    return `its sound lasts ${sound.duration} s, not ${template.duration} s`;
  }
  if (!movie.faststart) return 'its index lies behind the media data';
  return undefined;
}

/** Describes a verified rendition; `file` is its path inside the job's folder. Rejects with `output_incomplete`. */
export async function verifyRendition(
  path: string,
  file: string,
  template: Template,
  rendition: Rendition,
): Promise<Output> {
  const movie = await readMovie(path);
  const flaw = flawOf(movie, template, rendition, template.music !== undefined);
  if (flaw) throw new StoryfarmError('output_incomplete', `${rendition.id} is not as asked: ${flaw}.`, { file: path });
  const { width, height } = rendition;
  const duration = framesOf(template, rendition) / fpsOfRendition(template, rendition).value;
  return {
    rendition: rendition.id,
    file,
    bytes: movie.bytes,
    width,
    height,
    frames: framesOf(template, rendition),
    duration,
    mediaType: 'video/mp4',
  };
}

/** Describes a verified poster: a whole JPEG within its cap. */
export async function verifyPoster(
  path: string,
  file: string,
  size: { width: number; height: number },
  maxBytes: number,
): Promise<Output> {
  const { size: bytes } = statSync(path);
  if (bytes > maxBytes)
    throw new StoryfarmError('too_large', `The poster has ${bytes} bytes; at most ${maxBytes} are allowed.`, {
      file: path,
    });
  return { rendition: 'poster', file, bytes, ...size, frames: 1, duration: 0, mediaType: 'image/jpeg' };
}
