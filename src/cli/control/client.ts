/** Asks the farm that runs on a data folder, through its control socket. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { StoryfarmError } from '../../errors.js';
import { isTrusted, placesOf } from './address.js';
import { type Deed, parseAnswer, type Request, type Results, requestLine } from './protocol.js';

/** A farm answers within a turn of its event loop, however busy it is. */
const PATIENCE_MS = 5_000;

/**
 * What the farm over this folder answers. Rejects with what it refused with; with `not_running` when there is none, `config_invalid` when this user has no right to
 * it, `unavailable` when it does not answer.
 */
export async function askFarm<R extends Request>(folder: string, request: R): Promise<Results[R['do']]> {
  const socket = await reach(folder);
  const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
  try {
    return parseAnswer(request.do as Deed, await ask(socket, request)) as Results[R['do']];
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/**
 * Asks as above, then waits until the farm has ended and its process is gone, so that another may start. Rejects with `unavailable` when it died before its end, and
 * with the signal's reason.
 */
export async function askAndAwait<R extends Request>(
  folder: string,
  request: R,
  told: (result: Results[R['do']]) => void,
  signal: AbortSignal,
): Promise<void> {
  // First, since it may end before it could be asked to tell.
  const socket = await reach(folder);
  const stop = () => socket.destroy();
  signal.addEventListener('abort', stop);
  try {
    const gone = new Promise<unknown>((resolve) => socket.once('close', resolve));
    const ended = ask(socket, { do: 'await' }, DIED);
    ended.catch(() => {}); // Until it is waited for.
    told(await askFarm(folder, request));
    parseAnswer('await', await ended);
    await gone;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

const SILENT = [
  'The farm does not answer.',
  'It is stopped (SIGSTOP), or something blocks its event loop: look at its log and its process.',
] as const;
const DIED = [
  'The farm died before it had ended as it should.',
  'Look at its log. No job is lost: the next farm takes back what it had.',
] as const;

/** The line that is answered. Rejects with `unavailable` when the connection ends without one. */
function ask(socket: Socket, request: Request, [message, hint]: readonly [string, string] = SILENT): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.on('error', () => {}); // A close follows.
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
    socket.once('close', () => reject(new StoryfarmError('unavailable', message, { hint })));
    socket.write(requestLine(request));
  });
}

/** What connecting fails with where nothing is, or what a dead farm left. */
const NOBODY: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR']);

async function reach(folder: string): Promise<Socket> {
  for (const place of await placesOf(folder).catch(() => [])) {
    const socket = connect(place.path);
    try {
      await once(socket, 'connect');
      if (await isTrusted(place, folder)) return socket;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') throw forbidden(place.path, error);
      if (!NOBODY.has(code)) throw new StoryfarmError('unavailable', SILENT[0], { cause: error, hint: SILENT[1] });
    }
    socket.destroy();
  }
  throw new StoryfarmError('not_running', `No farm runs on the data folder ${folder}.`, { file: folder });
}

function forbidden(path: string, cause: unknown): StoryfarmError {
  return new StoryfarmError('config_invalid', `This user may not control the farm: ${path} is not open to it.`, {
    cause,
    hint: 'Call it as the user that runs the farm, or as root (sudo -u USER storyfarm …).',
  });
}
