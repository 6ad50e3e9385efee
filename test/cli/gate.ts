/** An ffmpeg that waits at a gate, so that a render can be met half way. */

import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg } from '../fixtures/video.js';

export interface Gate {
  /** The program to configure. */
  readonly path: string;
  /** Resolves when an encoder stands at the gate. Once only. */
  reached(): Promise<unknown>;
  /** Lets it through, and all that come after it. */
  open(): Promise<void>;
}

/** Opening a pipe waits for its other end: that is all the waiting there is. */
export function gateIn(folder: string): Gate {
  const [path, bell, gate, opened] = ['ffmpeg', 'bell', 'gate', 'opened'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  execFileSync('mkfifo', [bell, gate]);
  writeFileSync(
    path,
    `#!/bin/sh
case "$*" in *-filter_complex*) [ -e '${opened}' ] || { echo > '${bell}'; read -r line < '${gate}'; } ;; esac
exec '${ffmpeg.path}' "$@"
`,
  );
  chmodSync(path, 0o755);
  return {
    path,
    reached: () => readFile(bell),
    async open() {
      await writeFile(opened, '');
      await writeFile(gate, 'go\n');
    },
  };
}
