/**
 * Judges a template's files without decoding them: that each is there, is what it should be, and is no bomb. What the description alone can show is
 * template/check.ts; whether ffmpeg can decode every frame is found when an edition is prepared.
 */

import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { asStoryfarmError, type Complaint } from '../../errors.js';
import type { Layer, Template } from '../../template/format.js';
import { fpsOf } from '../../template/fps.js';
import { readMovie } from '../mp4/movie.js';

/** Largest picture accepted, in pixels: 4096 x 4096 takes 64 MiB decoded. */
const MAX_PIXELS = 4096 * 4096;
const MAX_ASSET_BYTES = 512 * 1024 * 1024;
const MAX_IMAGE_BYTES = 32 * 1024 * 1024;

export const isStill = (file: string): boolean => /\.(png|jpe?g)$/i.test(file);

/** The layers of a template with the pointers to them. */
export function layersOf(template: Template): readonly { readonly layer: Layer; readonly pointer: string }[] {
  const own = template.footage.flatMap((entry, index) =>
    'file' in entry ? [{ layer: entry, pointer: `/footage/${index}` }] : [],
  );
  const played = template.roles.flatMap((role, r) =>
    role.characters.flatMap((character, c) =>
      character.layer ? [{ layer: character.layer, pointer: `/roles/${r}/characters/${c}/layer` }] : [],
    ),
  );
  return [...own, ...played];
}

/** Every complaint about the files of a template; empty when all is well. */
export async function checkAssets(template: Template, folder: string): Promise<Complaint[]> {
  const checks = layersOf(template).map(({ layer, pointer }) => checkLayer(template, layer, folder, pointer));
  if (template.music) checks.push(checkMusic(template.music.file, folder, '/music/file'));
  return (await Promise.all(checks)).flat();
}

async function checkLayer(template: Template, layer: Layer, folder: string, pointer: string): Promise<Complaint[]> {
  const at = `${pointer}/file`;
  const missing = await checkFile(layer.file, folder, at);
  if (missing) return [missing];
  const complaints: Complaint[] = [];
  const size = await sizeOf(layer.file, folder).catch((error) =>
    complain(at, `${layer.file}: ${asStoryfarmError(error).message}`),
  );
  if ('pointer' in size) return [size];
  if (size.width * size.height > MAX_PIXELS) {
    complaints.push(
      complain(
        at,
        `${layer.file} is ${size.width}x${size.height} pixels; at most 4096x4096 are accepted. Scale it down.`,
      ),
    );
  }
  if (layer.matte === 'below' && size.height % 4 !== 0) {
    complaints.push(
      complain(
        `${pointer}/matte`,
        `${layer.file} is ${size.height} pixels high; with a matte below the height must be a multiple of 4.`,
      ),
    );
  }
  const frame = 1 / fpsOf(template.fps).value;
  if (size.duration !== undefined && size.duration < template.duration - 1.5 * frame) {
    complaints.push(
      complain(
        at,
        `${layer.file} lasts ${size.duration.toFixed(3)} s, the template ${template.duration} s. Shorten the template's duration or give longer footage.`,
      ),
    );
  }
  return complaints;
}

async function checkMusic(file: string, folder: string, pointer: string): Promise<Complaint[]> {
  const missing = await checkFile(file, folder, pointer);
  if (missing) return [missing];
  if (/\.(mp3|wav|ogg|flac)$/i.test(file)) return [];
  if (!/\.(m4a|mp4|mov)$/i.test(file))
    return [complain(pointer, `${file} is no music; give M4A, MP3, WAV, OGG or FLAC.`)];
  try {
    const movie = await readMovie(join(folder, file));
    return movie.tracks.some((track) => track.kind === 'audio') ? [] : [complain(pointer, `${file} has no sound.`)];
  } catch (error) {
    return [complain(pointer, asStoryfarmError(error).message)];
  }
}

async function checkFile(file: string, folder: string, pointer: string): Promise<Complaint | undefined> {
  const found = await stat(join(folder, file)).catch(() => undefined);
  if (!found?.isFile()) return complain(pointer, `${file} is not there. Put it into ${folder} or correct the name.`);
  const most = isStill(file) ? MAX_IMAGE_BYTES : MAX_ASSET_BYTES;
  if (found.size > most) return complain(pointer, `${file} has ${found.size} bytes; at most ${most} are accepted.`);
  return undefined;
}

/** Pixels and, for movies, seconds. Pictures are judged by their header alone: a bomb is refused before it is decoded. */
async function sizeOf(file: string, folder: string): Promise<{ width: number; height: number; duration?: number }> {
  const path = join(folder, file);
  if (isStill(file)) {
    const { imageSize } = await import('image-size');
    const { width, height } = imageSize(await readFile(path));
    return { width, height };
  }
  if (!/\.(mp4|m4v|mov)$/i.test(file))
    throw new Error(`${extname(file) || 'this'} is no footage; give MP4, MOV, PNG or JPEG (ffmpeg -i it out.mp4)`);
  const video = (await readMovie(path)).tracks.find((track) => track.kind === 'video');
  if (!video) throw new Error('it has no video track');
  return { width: video.width, height: video.height, duration: video.mediaDuration };
}

const complain = (pointer: string, detail: string): Complaint => ({ pointer, code: 'template_invalid', detail });
