/** The real renderer, with a real ffmpeg to whose next encoder something is done. */

import { chmodSync, existsSync, readFileSync, statSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../../../src/job.js';
import { openFfmpeg } from '../../../src/media/ffmpeg.js';
import type { RendererOptions } from '../../../src/renderer/options.js';
import type { Farm, RendererKind } from './farm.js';
import { realRenderer } from './real.js';

/** Lines of sh that are run in place of the next encoder of a job (or of an edition), or before it, after the farm was armed. `$@` are its arguments. */
export type Deed = (ffmpeg: string, dataFolder: string) => string;

/** It tells its number, and encodes no faster than the video plays: seconds in which it can be met. */
export const CAUGHT: Deed = (ffmpeg, dataFolder) => `echo $$ > '${dataFolder}/caught'; exec '${ffmpeg}' -re "$@"`;

export const armedRenderer =
  (deed: Deed, args: Partial<RendererOptions> = {}, encoderOf: 'jobs' | 'editions' = 'jobs'): RendererKind =>
  (dataFolder) => {
    const kind = realRenderer(dataFolder);
    const [program, ffmpeg] = [join(dataFolder, 'ffmpeg'), openFfmpeg().path];
    writeFileSync(
      program,
      `#!/bin/sh
case "$*" in
  *-filter_complex*'${join(dataFolder, encoderOf)}'/*) if rm '${armedIn(dataFolder)}' 2>/dev/null; then ${deed(ffmpeg, dataFolder)}; fi ;;
esac
exec '${ffmpeg}' "$@"
`,
    );
    chmodSync(program, 0o755);
    return { ...kind, args: { ...kind.args, ffmpegPath: program, ...args } };
  };

const armedIn = (dataFolder: string) => join(dataFolder, 'armed');

/** The next encoder is the one. */
export const arm = (dataFolder: string): void => writeFileSync(armedIn(dataFolder), '');

/** Whether nobody has come by since. */
export const isArmed = (dataFolder: string): boolean => existsSync(armedIn(dataFolder));

/** The number of the encoder of this attempt, when it has begun to write. */
export async function caught(
  { dataFolder, recorder }: Pick<Farm, 'dataFolder' | 'recorder'>,
  job: Job,
): Promise<number> {
  const folder = join(dataFolder, 'jobs', job.id, `.${job.fence}.part`);
  await recorder.holds('the attempt has begun', () => existsSync(folder));
  await written(folder, 'large.mp4');
  return Number(readFileSync(join(dataFolder, 'caught'), 'utf8'));
}

/** Resolves when the folder, which is there, has the file and something is in it: a head is written when the encoders are open. */
async function written(folder: string, file: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = () => {
      if (!statSync(join(folder, file), { throwIfNoEntry: false })?.size) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, look);
    look();
  });
}
