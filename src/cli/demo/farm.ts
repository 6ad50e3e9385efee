/** The farm of a demo: a real one in a process of its own, as an operator would run it, and apart from one that is configured here. Its log is no answer of ours. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { StoryfarmError } from '../../errors.js';
import { keyHash, newKey } from '../../front/partners.js';
import { packageFolder } from '../../package.js';
import type { Config } from '../options.js';

export interface DemoFarm {
  readonly url: string;
  /** Of the one partner that it knows. */
  readonly key: string;
  /** Address of its store. */
  readonly store: string;
  end(): Promise<void>;
}

/** Starts it over a folder. It prepares nothing by itself: the demo does, with a progress bar. Rejects with `unavailable` when it ends at once. */
export async function startFarm(config: Config, folder: string, signal: AbortSignal): Promise<DemoFarm> {
  const port = await freePort();
  const store = `sqlite:${join(folder, 'storyfarm.db')}`;
  const flags = {
    ...{ 'data-folder': folder, store, host: '127.0.0.1', port },
    ...{ slots: config.slots, drain: '1s', 'log-level': 'error' },
    'template-folders': config.templateFolders.join(delimiter),
    ...(config.ffmpegPath === undefined ? {} : { 'ffmpeg-path': config.ffmpegPath }),
  };
  const args = ['up', ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, `${value}`])];
  // Partners that are configured here are not those of the demo; a key of its own is.
  const key = newKey();
  const partners = JSON.stringify({ demo: { keys: [keyHash(key)] } });
  const env = { ...process.env, STORYFARM_PREPARE: 'none', STORYFARM_PARTNERS: partners };
  const child = fork(join(packageFolder, 'bin', 'storyfarm'), args, { stdio: ['ignore', 2, 2, 'ipc'], env });
  const exited = once(child, 'exit');
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  const ready = await Promise.race([once(child, 'message'), exited.then(() => undefined)]);
  signal.removeEventListener('abort', stop);
  if (!ready) throw new StoryfarmError('unavailable', 'The farm did not start.', { hint: 'Run `storyfarm doctor`.' });
  return {
    url: `http://127.0.0.1:${port}`,
    key,
    store,
    async end() {
      stop();
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
