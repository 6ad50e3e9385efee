/** What the operating system refuses (a folder that may not be written, a port below 1024), told as an error with its remedy instead of as a defect. */

import { asStoryfarmError, type ErrorCode, StoryfarmError } from '../errors.js';

interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

const OTHER_PLACE = 'Choose another file or folder.';

/** Errors of Node by their code. `what` is the path, or the address and port. */
const KNOWN: Readonly<Record<string, (what: string, syscall: string) => Refusal>> = {
  EACCES: (what, syscall) => (syscall === 'listen' ? closedPort(what) : forbidden(what)),
  EPERM: forbidden,
  EROFS: (what) => ({
    code: 'config_invalid',
    message: `${what} lies on a read-only file system.`,
    hint: OTHER_PLACE,
  }),
  ENOENT: (what) => ({ code: 'not_found', message: `There is no ${what}.`, hint: 'Check the path.' }),
  ENOTDIR: (what) => ({ code: 'invalid_request', message: `${what} lies below a file.`, hint: OTHER_PLACE }),
  EEXIST: (what, syscall) => ({
    code: 'invalid_request',
    message: syscall === 'mkdir' ? `${what} is a file, not a folder.` : `${what} is there already.`,
    hint: OTHER_PLACE,
  }),
  EISDIR: (what) => ({ code: 'invalid_request', message: `${what} is a folder, not a file.`, hint: OTHER_PLACE }),
  EADDRNOTAVAIL: (what) => ({
    code: 'config_invalid',
    message: `${what} is no address of this machine.`,
    hint: 'Choose another host: 127.0.0.1 for this machine alone, 0.0.0.0 for every network.',
  }),
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
};

function forbidden(what: string): Refusal {
  return {
    code: 'config_invalid',
    message: `This user has no right to ${what}.`,
    hint: 'Give the user that runs Storyfarm the right to it, or choose another place.',
  };
}

function closedPort(what: string): Refusal {
  return {
    code: 'config_invalid',
    message: `This user may not listen on ${what}.`,
    hint: 'Choose a port from 1024 up; a proxy or a redirection can take the lower one.',
  };
}

function unknownHost(what: string): Refusal {
  return { code: 'config_invalid', message: `No host is known by the name ${what}.`, hint: 'Check the host.' };
}

/** Whatever was thrown, as a StoryfarmError. */
export function withRemedy(thrown: unknown): StoryfarmError {
  const { code = '', path, syscall = '', message } = thrown as Partial<NodeJS.ErrnoException>;
  const known = thrown instanceof StoryfarmError ? undefined : KNOWN[code];
  if (!known) return asStoryfarmError(thrown);
  const { address, port, hostname } = thrown as { address?: string; port?: number; hostname?: string };
  const what = path ?? hostname ?? (address === undefined ? undefined : `${address}:${port}`) ?? message ?? code;
  const refusal = known(what, syscall);
  return new StoryfarmError(refusal.code, refusal.message, { hint: refusal.hint, cause: thrown });
}
