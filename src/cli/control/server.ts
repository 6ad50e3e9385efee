/**
 * The control socket: how an operator on this machine tells a running farm what to do.
 *
 * Problem: a signal says one thing, and nobody answers it. Commands have to say more (how many slots), to hear what came of it, and must not be a way in: neither
 * from the network, nor for other users of the machine.
 *
 * How: a local socket in the data folder, for the farm's user alone (mode 0600), on which a line of JSON is asked and answered (protocol.ts). The farm's claim of
 * its folder (instance.ts) makes it the only one: a socket that is there when it starts is of a dead farm, and is replaced. A client that is slow, silent or
 * endless is cut off after a few seconds and holds nothing meanwhile. A farm that cannot have its socket runs without.
 *
 * What it does not do: know what the requests mean; that is in deeds.ts.
 */

import { once } from 'node:events';
import { chmod, lstat, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../clock.js';
import { asStoryfarmError, StoryfarmError } from '../../errors.js';
import { type Place, placesOf } from './address.js';
import { LONGEST_REQUEST, parseRequest, type Request, refusalLine, resultLine } from './protocol.js';

export interface ControlServer {
  readonly path: string;
  /** Takes no more requests, and takes the socket away. Who awaits the end of the farm stays connected until the process ends. Safe to repeat. */
  close(): void;
}

/** Milliseconds for a client to say what it wants, and again to take the answer. */
const PATIENCE_MS = 5_000;
const MOST_CLIENTS = 32;

/** Listens for requests about the farm over this folder, which this process has claimed. Rejects with the system's error when there is no place for the socket. */
export async function openControl(
  folder: string,
  answer: (request: Request) => Promise<object>,
  clock: Pick<Clock, 'after'>,
): Promise<ControlServer> {
  /** Those whose request has not come yet. */
  const undecided = new Set<Socket>();
  // A client may end its side first, as `nc` does.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.unref();
    socket.on('error', () => {}); // It went away; there is nobody to tell.
    undecided.add(socket);
    void converse(socket, clock, (request) => {
      undecided.delete(socket);
      return answer(request);
    });
    socket.once('close', () => undecided.delete(socket));
  });
  server.on('error', () => {}); // A connection could not be taken, as when files run out; the farm goes on.
  server.maxConnections = MOST_CLIENTS;
  server.unref();
  const path = await listen(server, await placesOf(folder));
  return {
    path,
    close() {
      if (server.listening) server.close();
      for (const socket of undecided) socket.destroy();
    },
  };
}

async function listen(server: Server, places: readonly Place[]): Promise<string> {
  let refused: unknown;
  for (const { path } of places) {
    try {
      const stale = await lstat(path).catch(() => undefined);
      if (stale?.isSocket()) await rm(path, { force: true });
      // Nobody else may connect from the very first moment on. Listening is done when `listen` returns.
      const before = process.umask(0o177);
      try {
        server.listen(path);
      } finally {
        process.umask(before);
      }
      await once(server, 'listening');
      if (process.platform !== 'win32') await chmod(path, 0o600);
      return path;
    } catch (error) {
      refused = error;
      if (server.listening) server.close();
    }
  }
  throw refused;
}

async function converse(
  socket: Socket,
  clock: Pick<Clock, 'after'>,
  answer: (request: Request) => Promise<object>,
): Promise<void> {
  let said: string;
  let isOver = true;
  try {
    const request = parseRequest(await readLine(socket, clock));
    if (request.do === 'await') {
      isOver = false;
      socket.once('end', () => socket.destroy());
    }
    said = resultLine(await answer(request));
  } catch (error) {
    said = refusalLine(asStoryfarmError(error));
  }
  if (!socket.writable) return;
  if (!isOver) return void socket.write(said);
  socket.once(
    'close',
    clock.after(PATIENCE_MS, () => socket.destroy()),
  );
  socket.end(said);
}

/** The first line, or all that there is when the client ends its side. Rejects when it is too long, or does not come in time. What comes after it is thrown away. */
async function readLine(socket: Socket, clock: Pick<Clock, 'after'>): Promise<string> {
  let cancel = () => {};
  try {
    return await new Promise<string>((resolve, reject) => {
      cancel = clock.after(PATIENCE_MS, () => reject(tooSlow()));
      let text = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        const end = chunk.indexOf('\n');
        text = Buffer.concat([text, end < 0 ? chunk : chunk.subarray(0, end)]);
        if (text.length >= LONGEST_REQUEST) reject(tooLong());
        else if (end >= 0) resolve(text.toString());
      });
      socket.once('end', () => resolve(text.toString()));
      socket.once('close', () => reject(tooSlow()));
    });
  } finally {
    cancel();
    socket.removeAllListeners('data');
    socket.resume();
  }
}

const tooLong = () =>
  new StoryfarmError('body_too_large', `A request has at most ${LONGEST_REQUEST} bytes.`, {
    hint: 'Send one short JSON object and the end of the line.',
  });
const tooSlow = () =>
  new StoryfarmError('invalid_request', `No request came within ${PATIENCE_MS / 1000} s.`, {
    hint: 'Send one JSON object and the end of the line.',
  });
