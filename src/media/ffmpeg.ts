/**
 * Runs ffmpeg: the only place that knows how it is found, started, watched and stopped.
 *
 * A command is plain data (inputs, filter graph, outputs), built by pure functions elsewhere and compared by equality in their tests. Here it is handed to
 * fluent-ffmpeg, its progress is read as frame numbers, and its end is turned into either nothing or one named error with the tail of what ffmpeg said.
 *
 * What it does not do: it never sees what a person typed (words are drawn as pixels, never as arguments), and it trusts no exit code alone: callers
 * verify what was written. One that ends well on a full disk is told as failed all the same: the disk is to blame, and not the job.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { Writable } from 'node:stream';
import { StoryfarmError } from '../errors.js';
import { packageFolder } from '../package.js';
import { versionOf } from './ffmpeg-version.js';

export interface FfmpegCommand {
  readonly inputs: readonly { readonly options: readonly string[]; readonly source: string }[];
  /** The filter graph, as one string. */
  readonly filter: string;
  readonly outputs: readonly { readonly options: readonly string[]; readonly file: string }[];
}

export interface RunOptions {
  /** Called with the frames encoded so far of the first video output. */
  readonly onFrames?: (frames: number) => void;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without progress after which ffmpeg is killed. Default 60,000. */
  readonly stallMs?: number;
  /** Takes what the command writes to its one output named `pipe:1`. What it throws ends the command and is what `run` rejects with. */
  readonly onBytes?: (bytes: Buffer) => void;
}

export interface Ffmpeg {
  /** Absolute path of the program. */
  readonly path: string;
  /** First line of `-version`, such as `ffmpeg version 5.1.9-0+deb12u1`. */
  readonly version: string;
  readonly source: 'configuration' | 'PATH' | 'package';
  /**
   * Runs a command to its end. Rejects with `ffmpeg_failed` (tail of stderr in the cause), `ffmpeg_killed` (by somebody else), `ffmpeg_stalled`, `no_space` or, when the
   * signal fires, `aborted`; ffmpeg is gone by then.
   */
  run(command: FfmpegCommand, options?: RunOptions): Promise<void>;
}

/**
 * Finds ffmpeg: the configured path, else PATH, else the binary of the optional npm package. Throws `ffmpeg_missing`. With a data folder, the version is remembered there, and a program that was
 * asked before is not started to be asked again.
 */
export function openFfmpeg(configured?: string, dataFolder?: string): Ffmpeg {
  const found = locate(configured);
  const version = versionOf(found.path, dataFolder === undefined ? undefined : join(dataFolder, 'ffmpeg.json'));
  return { ...found, version, run: (command, options) => run(found.path, command, options ?? {}) };
}

function locate(configured: string | undefined): Pick<Ffmpeg, 'path' | 'source'> {
  if (configured) {
    if (existsSync(configured)) return { path: configured, source: 'configuration' };
    throw new StoryfarmError('ffmpeg_missing', `The configured ffmpeg is not there: ${configured}`, {
      file: configured,
    });
  }
  const name = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder && existsSync(join(folder, name))) return { path: join(folder, name), source: 'PATH' };
  }
  try {
    const shipped = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string };
    return { path: shipped.path, source: 'package' };
  } catch (cause) {
    throw new StoryfarmError('ffmpeg_missing', 'ffmpeg is neither configured, nor on PATH, nor installed by npm.', {
      cause,
    });
  }
}

/** Options for the whole command; ffmpeg takes them before the first input. Progress comes as key=value lines. */
const globals = (progress: 'pipe:1' | 'pipe:2') => ['-hide_banner', '-nostats', '-progress', progress];

async function run(path: string, command: FfmpegCommand, options: RunOptions): Promise<void> {
  const { onFrames, onBytes, signal, stallMs = 60_000 } = options;
  // Loaded when it is needed: most jobs run no ffmpeg.
  const [{ default: fluent }, { canLeash }] = await Promise.all([import('fluent-ffmpeg'), import('../leash.js')]);
  return new Promise((resolve, reject) => {
    const ffmpeg = fluent({ logger: undefined, stdoutLines: 200 });
    ffmpeg.setFfmpegPath(canLeash ? join(packageFolder, 'bin', 'leash') : path);
    process.env.STORYFARM_LEASHED = path;
    // Spread, never as one array: fluent-ffmpeg splits the strings of an array at spaces; and takes no options for one that is undefined.
    for (const [index, input] of command.inputs.entries()) {
      const options = [...(index === 0 ? globals(onBytes ? 'pipe:2' : 'pipe:1') : []), ...input.options];
      ffmpeg.input(input.source);
      if (options.length > 0) ffmpeg.inputOptions(...options);
    }
    ffmpeg.complexFilter(command.filter);
    for (const { file, options } of command.outputs)
      ffmpeg
        .output(onBytes && file === 'pipe:1' ? sink(onBytes, (error) => stop(error)) : file)
        .outputOptions(...options);

    let ended: unknown;
    const stop = (error: unknown) => {
      ended ??= error;
      ffmpeg.kill('SIGKILL');
    };
    const onAbort = () => stop(new StoryfarmError('aborted', 'The render was stopped.', { cause: signal?.reason }));
    const stalled = () => stop(new StoryfarmError('ffmpeg_stalled', `ffmpeg made no progress for ${stallMs} ms.`));
    let watchdog = setTimeout(stalled, stallMs);
    let frames = -1;
    const settle = () => {
      clearTimeout(watchdog);
      signal?.removeEventListener('abort', onAbort);
    };
    ffmpeg.on('start', () => {
      const child = (ffmpeg as unknown as { ffmpegProc: import('node:child_process').ChildProcess }).ffmpegProc;
      if (ended) child.kill('SIGKILL');
      (onBytes ? child.stderr : child.stdout)?.on('data', (chunk: Buffer) => {
        for (const [, number] of chunk.toString('latin1').matchAll(/^frame=\s*(\d+)/gm)) {
          if (Number(number) === frames) continue;
          frames = Number(number);
          clearTimeout(watchdog);
          watchdog = setTimeout(stalled, stallMs);
          onFrames?.(frames);
        }
      });
    });
    // Some end well though the disk took no more.
    let isFull = false;
    ffmpeg.on('stderr', (line: string) => {
      isFull ||= FULL.test(line);
    });
    ffmpeg.on('end', () => {
      settle();
      if (ended) reject(ended);
      else if (isFull) reject(new StoryfarmError('no_space', 'The disk was full while ffmpeg wrote to it.'));
      else resolve();
    });
    ffmpeg.on('error', (error: Error, _stdout: unknown, stderr: unknown) => {
      settle();
      reject(ended ?? failed(error, String(stderr ?? '')));
    });
    if (signal?.aborted) ended = new StoryfarmError('aborted', 'The render was stopped.', { cause: signal.reason });
    if (ended) {
      settle();
      reject(ended);
      return;
    }
    signal?.addEventListener('abort', onAbort);
    ffmpeg.run();
  });
}

/** A stream that hands bytes on. It must not say that it closed: fluent-ffmpeg takes that for the end of the command. */
function sink(onBytes: (bytes: Buffer) => void, stop: (error: unknown) => void): Writable {
  return new Writable({
    emitClose: false,
    write(chunk: Buffer, _encoding, done) {
      try {
        onBytes(chunk);
      } catch (error) {
        stop(error);
      }
      done();
    },
  });
}

const NO_CAUSE = /^ {2,}|^(Input|Output|Stream mapping|Press)|repeated \d+ times|No accelerated colorspace/;
const STATISTICS =
  /^\[(libx264|aac) @ \w+\] (using |profile |\d+ - core|frame |mb |8x8 |coded |i\d|Weighted |ref |kb\/s|consecutive |final |Qavg|\d+ frames left)/;

/** What the system says of a disk that takes no more, in ffmpeg's words. */
const FULL = /No space left on device|Disk quota exceeded/;

/** The last lines of what ffmpeg said are the cause; a full disk is told apart, since waiting helps there. */
function failed(error: Error, stderr: string): StoryfarmError {
  // What ffmpeg tells about its streams is no cause, nor are the statistics of its encoders; what is left is.
  const told = stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !NO_CAUSE.test(line) && !STATISTICS.test(line));
  const tail = told.slice(-12).join('\n');
  // In these words fluent-ffmpeg tells the signal, also of what it asks ffmpeg beforehand.
  const untimely = /was killed with signal SIGKILL/.test(error.message) ? 'ffmpeg_killed' : 'ffmpeg_failed';
  const code = FULL.test(stderr) ? 'no_space' : untimely;
  const last = tail.split('\n').at(-1) ?? '';
  return new StoryfarmError(code, `${error.message.split('\n')[0]}${last ? `: ${last}` : ''}`, {
    cause: new Error(tail || error.message),
  });
}
