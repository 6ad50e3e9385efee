/** A renderer whose supervisor is killed while it is only being started: no leash holds it yet, and the news comes before anybody listens. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageFolder } from '../../src/package.js';
import type { RendererOptions } from '../../src/renderer/options.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { fixtureTemplates } from '../fixtures/tiny.js';

/** A supervisor that dies as soon as it has forked. */
const SUPERVISOR = `
import { fork } from 'node:child_process';
fork(process.argv[1], [process.argv[2]], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
process.kill(process.pid, 'SIGKILL');
`;
/** For a failure to be told; otherwise it takes as long as a renderer takes to boot. */
const PATIENCE_MS = 30_000;

it(
  'a renderer whose supervisor was gone before it had booted leaves',
  { skip: process.platform === 'win32' },
  async (t) => {
    const options: RendererOptions = {
      ...{ dataFolder: temporaryFolder(t), templateFolders: [fixtureTemplates], maxPhrases: 0 },
      ...{ heartbeatMs: 100, stallMs: 30_000 },
    };
    const renderer = join(packageFolder, 'dist', 'src', 'renderer', 'main.js');
    const args = ['--input-type=module', '-e', SUPERVISOR, renderer, JSON.stringify(options)];
    const supervisor = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    t.after(() => {
      try {
        process.kill(-(supervisor.pid ?? 0), 'SIGKILL');
      } catch {
        // Everything is gone.
      }
    });
    supervisor.stdout?.resume();
    // Not its exit: the renderer holds the other end of its output for as long as it lives.
    await once(supervisor, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
  },
);
