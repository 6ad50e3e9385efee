/**
 * The parent's handle on one renderer process: starting it, talking to it, and ending it with everything below it. The child's program is another file
 * (renderer/main.ts, or a fixture), known here by path only.
 *
 * No orphans: the child leads a process group of its own, which is killed as a whole, also after the child ended by itself; and where the kernel can do
 * it, the child is leashed, so that it dies with a supervisor that was killed. A grandchild that leaves the group escapes; what renderers start must not.
 *
 * A death is told after everything that was said before it: a result that was sent counts, though its sender has crashed since.
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '../../clock.js';
import type { Failure } from '../../errors.js';
import {
  type Edition,
  parseToSupervisor,
  type RenderOrder,
  type ToRenderer,
  type ToSupervisor,
} from '../../ipc/messages.js';
import { canLeash, leashed } from '../../leash.js';
import { offerToOomKiller } from './vitals.js';

export interface RendererProgram {
  /** Path of the module to fork. */
  readonly module: string;
  readonly args: readonly string[];
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a renderer ended. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it said before, when it could not boot. */
  readonly unfit: Failure | undefined;
  /** The end of what it wrote. */
  readonly tail: string;
}

export interface RendererEvents {
  /** A checked message came. */
  message(message: ToSupervisor): void;
  /** Something came that is no message. The renderer cannot be trusted any more. */
  nonsense(error: unknown): void;
  /** It and its group are gone. Called once, and last. */
  death(death: Death): void;
  /** A line it wrote to stdout or stderr. */
  line(text: string): void;
}

const TAIL = 4_096;
const LONGEST_LINE = 2_048;
/** After the exit, its pipes are read to their ends; one that an escaped grandchild holds open is waited for this long. */
const LAST_WORDS_MS = 500;

/**
 * Renderers fill all cores by their number: garbage is collected on each one's own thread, since helpers cost a tenth of a swapped job for being woken. And seldom: left to itself V8 lets the old
 * generation grow by some megabytes between two collections, so that it marked the same 14 MB every five to eight jobs, in two hundred steps each time. It may grow to three times
 * what was left, some 30 MB more, and is then marked in one go: nobody waits for a renderer in the midst of a job. Together a twentieth of a job.
 */
export const NODE_FLAGS = ['--single-threaded-gc', '--heap-growing-percent=200', '--no-incremental-marking'];

export class RendererProcess {
  /** 0 when it could not be started. */
  readonly pid: number;
  readonly #child: ChildProcess | undefined;
  #exited = false;
  #tail = '';
  #unfit: Failure | undefined;

  constructor(program: RendererProgram, events: RendererEvents, clock: Pick<Clock, 'after'>) {
    let told = false;
    const tell = (code: number | null, signal: NodeJS.Signals | null) => {
      if (told) return;
      told = true;
      events.death({ code, signal, unfit: this.#unfit, tail: this.#tail });
    };
    const child = this.#fork(program, (error) => {
      this.#tail += String(error);
      if (!this.pid) setImmediate(tell, null, null);
    });
    this.#child = child;
    this.pid = child?.pid ?? 0;
    if (!child) return;
    if (this.pid) offerToOomKiller(this.pid);

    for (const stream of [child.stdout, child.stderr]) {
      eachLine(stream, (line) => {
        this.#tail = `${this.#tail}${line}\n`.slice(-TAIL);
        if (!told) events.line(line);
      });
    }
    child.on('message', (raw) => {
      if (!told) this.#hear(raw, events);
    });
    child.once('exit', (code, signal) => {
      this.kill(); // What it left behind; its group is alive while one of them is.
      this.#exited = true;
      const end = () => {
        tell(code, signal);
        child.stdout?.destroy();
        child.stderr?.destroy();
      };
      const cancel = clock.after(LAST_WORDS_MS, end);
      child.once('close', () => {
        cancel();
        end();
      });
    });
  }

  render(order: RenderOrder): void {
    this.#send({ type: 'render', order });
  }

  prepare(edition: Edition): void {
    this.#send({ type: 'prepare', edition });
  }

  /** Without an id: the present preparation. */
  abort(id?: string): void {
    this.#send({ type: 'abort', id });
  }

  /** Asks it to finish its job and go. */
  leave(): void {
    this.#send({ type: 'leave' });
  }

  /** Kills it and everything it started. Safe to repeat, and after its death, when its number may be another's. */
  kill(): void {
    if (!this.pid || this.#exited) return;
    try {
      process.kill(process.platform === 'win32' ? this.pid : -this.pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }

  /** A machine without processes or memory to spare makes fork throw or fail later; either way it is a death, not the end of the farm. */
  #fork({ module, args, env }: RendererProgram, failed: (error: unknown) => void): ChildProcess | undefined {
    try {
      const child = fork(module, args, {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: { ...process.env, ...env, ...(canLeash ? {} : { STORYFARM_UNLEASHED: 'yes' }) },
        ...leashed(NODE_FLAGS),
      });
      child.on('error', failed);
      return child;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #hear(raw: unknown, events: RendererEvents): void {
    let message: ToSupervisor;
    try {
      message = parseToSupervisor(raw);
    } catch (error) {
      events.nonsense(error);
      return;
    }
    if (message.type === 'unfit') this.#unfit = message.failure;
    events.message(message);
  }

  #send(message: ToRenderer): void {
    // A channel that is closed means a death that is about to be told.
    if (this.#child?.connected) this.#child.send(message, () => {});
  }
}

/** Calls back with each line of a stream; one that does not end is told in pieces. */
function eachLine(stream: Readable | null, tell: (line: string) => void): void {
  let rest = '';
  const flush = () => {
    if (rest.trim()) tell(rest);
    rest = '';
  };
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) tell(line);
    if (rest.length > LONGEST_LINE) flush();
  });
  stream?.on('end', flush);
  stream?.on('error', () => {});
}
