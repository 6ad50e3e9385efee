/** Runs ffmpeg and ffprobe as anybody would, apart from the product's own way of running them. */

import { execFile } from 'node:child_process';

export interface Told {
  /** 0, another exit code, or the name of a signal. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never rejects for what the program does. */
export function run(program: string, args: readonly string[]): Promise<Told> {
  return new Promise((resolve) => {
    execFile(program, [...args], { maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? error?.signal ?? 0, stdout, stderr }),
    );
  });
}
