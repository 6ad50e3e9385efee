/**
 * One farm per data folder: two would take each other's jobs back and sweep each other's files.
 *
 * The claim is a listening local socket named after the folder. The kernel lets go of it the moment its process ends, however it ends; no number of a process is
 * ever trusted. On Linux the name is abstract and leaves no file; elsewhere a stale file is told from a living farm by connecting to it.
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoryfarmError } from '../errors.js';

export interface Instance {
  /** Lets another farm use the folder. Safe to repeat. */
  release(): Promise<void>;
}

/** Claims an existing folder for this process. Rejects with `already_running`. */
export async function claimFolder(folder: string): Promise<Instance> {
  const name = `storyfarm-${createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
    .slice(0, 32)}`;
  const path =
    process.platform === 'linux'
      ? `\0${name}`
      : process.platform === 'win32'
        ? `\\\\.\\pipe\\${name}`
        : join(tmpdir(), `${name}.sock`);
  const server = createServer((socket) => socket.destroy());
  server.unref();
  for (let tries = 0; ; tries++) {
    try {
      server.listen(path);
      await once(server, 'listening');
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (tries > 0 || path.startsWith('\0') || (await answers(path))) {
        throw new StoryfarmError('already_running', `Another farm uses the data folder ${folder}.`, { file: folder });
      }
      await rm(path, { force: true });
    }
  }
  return {
    async release() {
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
