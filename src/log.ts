/**
 * The log: one JSON object a line, or readable lines on a terminal.
 *
 * Problem: what people type is private, and a log is read by many and kept for long. So the log never holds words: the keys under which
 * jobs, requests and words travel are serialised to ids and lengths here, whatever a caller passes, and errors to their named fields only.
 */

import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import type { DestinationStream, Logger, pino as Pino } from 'pino';

const require = createRequire(import.meta.url);

export type Log = Logger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  /** The part that speaks, such as `front` or `farm`; in every line. */
  readonly part: string;
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Default `stdout`. A command whose answer goes to standard output logs to `stderr`. */
  readonly to?: 'stdout' | 'stderr' | DestinationStream;
  /** Readable lines instead of JSON. Default: whether the destination is a terminal. */
  readonly pretty?: boolean;
}

export function createLog({ part, level = 'info', to = 'stdout', pretty }: LogOptions): Log {
  // Loaded by those who log: every command knows the levels.
  const { pino } = require('pino') as { pino: typeof Pino };
  const fd = to === 'stderr' ? 2 : 1;
  const destination = typeof to === 'string' ? fd : to;
  const readable = pretty ?? (typeof to === 'string' && isatty(fd));
  // pino.destination outlives a closed pipe (the process manager was killed): it goes quiet instead of ending the process. Synchronous, since what it writes
  // beside the program it flushes at exit: late lines first, and on a closed pipe for ever.
  const stream = readable
    ? prettyStream(destination)
    : typeof destination === 'number'
      ? pino.destination({ dest: destination, sync: true })
      : destination;
  return pino(
    {
      level,
      base: { part, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: {
        err: describeError,
        error: describeError,
        job: describeJob,
        order: describeJob,
        request: hide,
        words: lengths,
        body: hide,
      },
    },
    stream,
  );
}

function prettyStream(destination: number | DestinationStream): DestinationStream {
  // Loaded only for a terminal: servers under a process manager never need it.
  const build = require('pino-pretty') as typeof import('pino-pretty');
  return build({
    destination: destination as number,
    sync: true,
    ignore: 'pid,part',
    messageFormat: '[{part}] {msg}',
    translateTime: 'SYS:HH:MM:ss.l',
  });
}

/** Named fields only: an error of a library may carry the input that it choked on. */
export function describeError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return { message: typeof thrown === 'string' ? thrown : `thrown ${typeof thrown}` };
  const { code, hint, file, complaints } = thrown as {
    code?: unknown;
    hint?: unknown;
    file?: unknown;
    complaints?: unknown;
  };
  return {
    type: thrown.name,
    code,
    message: thrown.message,
    hint,
    file,
    // Pointers can hold what was typed as a key; the codes tell enough.
    complaints:
      Array.isArray(complaints) && complaints.length > 0 ? complaints.map((complaint) => complaint.code) : undefined,
    stack: thrown.stack,
    cause: thrown.cause === undefined ? undefined : describeError(thrown.cause),
  };
}

function describeJob(job: unknown): unknown {
  if (typeof job !== 'object' || job === null) return job;
  const { id, state, attempt, fence } = job as Record<string, unknown>;
  return { id, state, attempt, fence };
}

function lengths(words: unknown): unknown {
  if (typeof words !== 'object' || words === null) return '[hidden]';
  return Object.values(words).map((text) => (typeof text === 'string' ? text.length : null));
}

function hide(): string {
  return '[hidden]';
}
