/**
 * Which ffmpeg a program is: asked of itself, or remembered from the last time it was asked. To ask costs more than to render a video whose films are prepared.
 *
 * What is remembered holds for exactly one program file: its real path, size, times and inode. Only for a program that is its own ffmpeg: what a script or a shim starts can change without it.
 * It is under a hash, since editions are named by it: with one wrong letter none would be found, nor any that is prepared, and every job would be encoded.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { StoryfarmError } from '../errors.js';
import { seal, unseal } from './digest.js';

/**
 * First line of `-version`, such as `ffmpeg version 5.1.9-0+deb12u1`. `memory` is a file in which the last answer is kept. Throws `ffmpeg_missing` when the program does not run as ffmpeg; one that
 * was asked before is believed to.
 */
export function versionOf(path: string, memory?: string): string {
  const mark = memory === undefined ? undefined : markOf(path);
  if (memory === undefined || mark === undefined) return askVersion(path);
  const known = recall(memory);
  if (known?.mark === mark) return known.version;
  const version = askVersion(path);
  try {
    mkdirSync(dirname(memory), { recursive: true });
    writeFileSync(memory, seal({ mark, version } satisfies Known));
  } catch {
    // It is asked again.
  }
  return version;
}

interface Known {
  readonly mark: string;
  readonly version: string;
}

/** How often a program is asked that somebody kills before it answers. */
const MOST_TRIES = 3;

function askVersion(path: string): string {
  const ask = () => spawnSync(path, ['-hide_banner', '-version'], { encoding: 'utf8', timeout: 20_000 });
  let told = ask();
  // Somebody else ended it; that tells nothing of ffmpeg.
  for (let tries = 1; told.signal === 'SIGKILL' && tries < MOST_TRIES; tries++) told = ask();
  const version = told.stdout?.split('\n')[0]?.replace(/ Copyright.*/, '') ?? '';
  if (told.status === 0 && version.startsWith('ffmpeg version')) return version;
  throw new StoryfarmError('ffmpeg_missing', `${path} does not run as ffmpeg.`, {
    cause: told.error ?? told.stderr,
    file: path,
  });
}

/** Tells one program file from every other; undefined for what may start another. */
function markOf(path: string): string | undefined {
  try {
    const real = realpathSync(path);
    if (process.platform === 'win32' || !basename(real).startsWith('ffmpeg') || isScript(real)) return undefined;
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(real, { bigint: true });
    return [real, dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return undefined;
  }
}

function isScript(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const begin = Buffer.alloc(2);
    readSync(file, begin);
    return begin.toString('latin1') === '#!';
  } finally {
    closeSync(file);
  }
}

function recall(memory: string): Known | undefined {
  try {
    const { mark, version } = unseal(readFileSync(memory, 'utf8')) as Partial<Record<keyof Known, unknown>>;
    return typeof mark === 'string' && typeof version === 'string' ? { mark, version } : undefined;
  } catch {
    return undefined;
  }
}
