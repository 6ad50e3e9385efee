/** Decoding with ffmpeg: in silence, with any kind of threads the same pictures, and wherever one begins. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fps } from '../../../src/template/fps.js';
import { run } from './programs.js';

const STRICT = ['-v', 'warning', '-nostdin', '-xerror', '-err_detect', 'explode'];

const THREADS = {
  'one thread': ['-threads', '1'],
  'slice threads': ['-thread_type', 'slice', '-threads', '4'],
  'frame threads': ['-thread_type', 'frame', '-threads', '4'],
};

/** Digests of the pictures, frame by frame, from ffmpeg's framemd5. */
const digestsIn = (told: string) =>
  [...told.matchAll(/^\d+,.*,\s*([0-9a-f]{32})$/gm)].map(([, digest]) => digest as string);

/** Decodes all of a file, sound too. */
export async function decode(
  ffmpeg: string,
  file: string,
): Promise<{ readonly digests: readonly string[]; readonly flaws: readonly string[] }> {
  const flaws: string[] = [];
  let digests: readonly string[] | undefined;
  for (const [name, threads] of Object.entries(THREADS)) {
    const pictures = ['-map', '0:v', '-f', 'framemd5', '-'];
    const sound = ['-map', '0:a?', '-f', 'null', '-'];
    const { status, stdout, stderr } = await run(ffmpeg, [...STRICT, ...threads, '-i', file, ...pictures, ...sound]);
    if (stderr !== '' || status !== 0) flaws.push(`with ${name} ffmpeg says: ${stderr.trim() || status}`);
    const own = digestsIn(stdout);
    if (digests && own.join() !== digests.join()) flaws.push(`with ${name} other pictures come out`);
    digests ??= own;
  }
  return { digests: digests ?? [], flaws };
}

/** Begins at these frames, each for itself, and holds what comes first against the digests of the whole. */
export async function seekFlaws(
  ffmpeg: string,
  file: string,
  { num, den }: Fps,
  frames: readonly number[],
  digests: readonly string[],
): Promise<string[]> {
  const folder = await mkdtemp(`${file}.seek-`);
  try {
    // Half a frame before it: ffmpeg shows the first frame from that time on.
    const times = frames.map((frame) => Math.max(0, ((frame - 0.5) * den) / num).toFixed(6));
    const inputs = times.flatMap((time) => ['-threads', '1', '-ss', time, '-i', file]);
    const outputs = frames.flatMap((frame, index) => [
      ...['-map', `${index}:v`, '-frames:v', '1', '-f', 'framemd5', join(folder, `${frame}`)],
    ]);
    const { stderr, status } = await run(ffmpeg, [...STRICT, '-y', ...inputs, ...outputs]);
    const flaws = stderr !== '' || status !== 0 ? [`when seeking ffmpeg says: ${stderr.trim() || status}`] : [];
    for (const frame of frames) {
      const [digest] = digestsIn(await readFile(join(folder, `${frame}`), 'latin1').catch(() => ''));
      if (digest === undefined || digest !== digests[frame]) flaws.push(`from frame ${frame} on another picture comes`);
    }
    return flaws;
  } finally {
    await rm(folder, { recursive: true });
  }
}
