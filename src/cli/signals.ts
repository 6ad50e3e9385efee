/**
 * Signals: a service leaves gracefully at the first TERM or INT and at once at the second, reads its configuration again at HUP, and recycles its renderers at USR2
 * (USR1 belongs to Node's debugger); a command that works for a person stops its work.
 */

import { isatty } from 'node:tty';
import { StoryfarmError } from '../errors.js';

export interface Stoppable {
  /** Finish the present work, then end. */
  readonly drain: () => Promise<void>;
  /** End now. */
  readonly stop: () => Promise<void>;
}

/** The ways out of a process, which ends when one has been gone. Asking again changes nothing; `stop` overtakes `drain`. */
export interface Exits {
  drain(): void;
  stop(): void;
}

export function exitsOf({ drain, stop }: Stoppable): Exits {
  const once = (end: () => Promise<void>) => {
    let isAsked = false;
    return () => {
      if (isAsked) return;
      isAsked = true;
      void end().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
  };
  return { drain: once(drain), stop: once(stop) };
}

export interface Signalled extends Exits {
  /** Must not throw. */
  reload(): void;
  recycle(): void;
}

/** Handlers only call; what is called must be idempotent. The returned function ends the listening, which under pm2 keeps the process alive. */
export function onSignals({ drain, stop, reload, recycle }: Signalled): () => void {
  let asked = 0;
  const leave = () => {
    asked++;
    if (asked === 1) drain();
    else stop();
  };
  const handlers: Readonly<Record<string, (message: unknown) => void>> = {
    SIGTERM: leave,
    SIGINT: leave,
    // To what was started in a terminal, it says that the terminal is gone.
    SIGHUP: isatty(0) || isatty(1) ? drain : reload,
    SIGUSR2: recycle,
    // pm2 on Windows cannot send signals; it sends this message instead.
    message: (message) => {
      if (message === 'shutdown') leave();
    },
    // pm2's daemon is gone. Nobody watches this process any more, and the one that a new daemon starts needs its ports and its folder. Not one of the two
    // signals: whoever ends the machine sends the first of them just then.
    disconnect: drain,
  };
  for (const [event, handler] of Object.entries(handlers)) process.on(event, handler);
  // It was gone before anybody listened. Without a channel from the start it is undefined.
  if (process.connected === false) drain();
  return () => {
    for (const [event, handler] of Object.entries(handlers)) process.off(event, handler);
  };
}

/** Tells pm2 (`wait_ready`) that the service works; without pm2 it does nothing. */
export function tellReady(): void {
  if (process.connected) process.send?.('ready');
}

/** What a shell reports of a program that a signal ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs work that INT or TERM stops: its signal fires, and the call rejects with `aborted` when the work has cleaned up. The process then ends with the exit code of
 * the signal (130, 143). A second signal ends it at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let exitCode: number | undefined;
  const onSignal = (name: keyof typeof EXIT_CODES) => {
    if (exitCode !== undefined) process.exit(exitCode);
    exitCode = EXIT_CODES[name];
    abort.abort(new StoryfarmError('aborted', 'Interrupted.'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work(abort.signal);
  } catch (cause) {
    if (exitCode === undefined) throw cause;
    process.exitCode = exitCode;
    throw new StoryfarmError('aborted', 'Interrupted.', { cause, hint: 'Nothing unfinished is left behind.' });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
