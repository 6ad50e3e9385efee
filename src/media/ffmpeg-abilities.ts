/**
 * What an ffmpeg is able to do, asked of itself: whether jobs can be made with it at all, and whether films can.
 *
 * An old one (that of npm is of 2018) renders well and can make no films. Whoever would have it make some asks first (`filmObstacle`), so that people read one sentence with its remedy and not
 * what ffmpeg says about a filter that it does not know.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { StoryfarmError } from '../errors.js';

export interface Parts {
  readonly encoders?: readonly string[];
  readonly filters: readonly string[];
}

/** Encoders and filters without which no job can be made. */
export const FOR_JOBS: Parts = {
  encoders: ['libx264', 'aac', 'png'],
  filters: [
    ...['afade', 'aformat', 'apad', 'aresample', 'asplit', 'atrim', 'color', 'crop', 'format', 'fps', 'mergeplanes'],
    ...['overlay', 'pad', 'scale', 'setpts', 'setsar', 'split', 'trim', 'volume'],
  ],
};

/** What only films need. */
const FOR_FILMS: Parts = { filters: ['addroi', 'vstack', 'ssim'] };

const run = promisify(execFile);

/** What the ffmpeg at this path does not have. */
export async function lackingIn(path: string, parts: Parts): Promise<string[]> {
  const missing: string[] = [];
  for (const [list, names] of Object.entries(parts)) {
    const { stdout } = await run(path, ['-hide_banner', `-${list}`]);
    missing.push(...names.filter((name: string) => !new RegExp(`^ \\S+ +${name} `, 'm').test(stdout)));
  }
  return missing;
}

/** Why the ffmpeg at this path can make no films (`ffmpeg_too_old`), or undefined when it can. Costs a start of it. */
export async function filmObstacle(path: string): Promise<StoryfarmError | undefined> {
  const missing = await lackingIn(path, FOR_FILMS);
  if (missing.length === 0) return undefined;
  return new StoryfarmError(
    'ffmpeg_too_old',
    `${path} lacks ${missing.join(', ')}, so it can make no films: every job is encoded, at hundreds of times the CPU.`,
    { file: path },
  );
}
