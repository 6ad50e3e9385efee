/**
 * The parent's handle on one renderer process: starting it, talking to it, and ending it with everything below it. The child's program is another file
 * (renderer/main.ts, or a fixture), known here by path only.
 *
 * No orphans: the child leads a process group of its own, which is killed as a whole, also after the child ended by itself; and where the kernel can do
 * it, the child is leashed, so that it dies with a supervisor that was killed.
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { Failure } from '../errors.js';
import { canLeash } from '../leash.js';
import { parseToSupervisor, type RenderOrder, type ToRenderer, type ToSupervisor } from '../ipc/messages.js';

export interface RendererProgram {
  /** Path of the module to fork. */
  readonly module: string;
  readonly args: readonly string[];
}

/** How a renderer ended. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it said before, when it could not boot. */
  readonly unfit: Failure | undefined;
  /** The end of its stderr. */
  readonly tail: string;
}

export interface RendererEvents {
  /** A checked message came. */
  message(message: ToSupervisor): void;
  /** Something came that is no message. The renderer cannot be trusted any more. */
  nonsense(error: unknown): void;
  /** It and its group are gone. Called once. */
  death(death: Death): void;
  /** A line it wrote to stdout or stderr. */
  line(text: string): void;
}

const TAIL_BYTES = 4096;

export class RendererProcess {
  readonly pid: number;
  readonly #child: ChildProcess;

  constructor(program: RendererProgram, events: RendererEvents) {
    const child = fork(program.module, program.args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      ...(canLeash ? { execPath: 'setpriv', execArgv: ['--pdeathsig', 'KILL', '--', process.execPath] } : { execArgv: [] }),
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    let tail = '';
    let unfit: Failure | undefined;
    const read = (stream: NodeJS.ReadableStream | null) => {
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => {
        tail = (tail + text).slice(-TAIL_BYTES);
        for (const line of text.split('\n')) if (line.trim()) events.line(line);
      });
    };
    read(child.stdout);
    read(child.stderr);
    child.on('message', (raw) => {
      try {
        const message = parseToSupervisor(raw);
        if (message.type === 'unfit') unfit = message.failure;
        events.message(message);
      } catch (error) {
        events.nonsense(error);
      }
    });
    let dead = false;
    const die = (code: number | null, signal: NodeJS.Signals | null) => {
      if (dead) return;
      dead = true;
      this.kill();
      events.death({ code, signal, unfit, tail });
    };
    // `exit`, not `close`: a grandchild may hold the pipes open, and it is this call that kills it.
    child.on('exit', die);
    child.on('error', (error) => {
      tail += String(error);
      if (child.pid === undefined) die(null, null);
    });
  }

  render(order: RenderOrder): void {
    this.#send({ type: 'render', order });
  }

  abort(id: string): void {
    this.#send({ type: 'abort', id });
  }

  /** Asks it to finish its job and go. */
  leave(): void {
    this.#send({ type: 'leave' });
  }

  /** Kills it and everything it started. Safe to repeat. */
  kill(): void {
    if (!this.pid) return;
    try {
      process.kill(process.platform === 'win32' ? this.pid : -this.pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }

  #send(message: ToRenderer): void {
    // A channel that is closed means a death that is about to be told.
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}
