/** The command line as a user has it: bin/storyfarm in a process of its own, in a folder of its own, without a configuration from outside. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { packageFolder } from '../../src/package.js';

export const PROGRAM = join(packageFolder, 'bin', 'storyfarm');

export interface Surroundings {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The user that it runs as; default: the present one. */
  readonly uid?: number | undefined;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function run(args: readonly string[], where: Surroundings): Promise<Ended> {
  return ended(spawn(args, where));
}

/** Starts a command that is to be met while it works. The channel is there as under pm2: a service says `ready` on it. */
export function spawn(args: readonly string[], { cwd, env = {}, uid }: Surroundings): ChildProcess {
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('STORYFARM_'));
  const inherited = Object.fromEntries(outside);
  return fork(PROGRAM, args, { cwd, env: { ...inherited, ...env }, silent: true, ...(uid ? { uid } : {}) });
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit'),
    buffer(child.stdout as NonNullable<typeof child.stdout>),
    buffer(child.stderr as NonNullable<typeof child.stderr>),
  ]);
  return { code, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** A line of a service's log. */
export interface Line {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A service at work. */
export class Service {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Set<() => void>();

  private constructor(child: ChildProcess) {
    this.child = child;
    this.#exited = once(child, 'exit');
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (text) => {
      this.lines.push(JSON.parse(text) as Line);
      for (const look of this.#waiting) look();
    });
    child.stderr?.pipe(process.stderr);
  }

  /** Resolves when it says that it is ready, as pm2 waits for. Rejects when it ends before. */
  static async start(
    t: { after(clean: () => Promise<void>): void },
    args: readonly string[],
    where: Surroundings,
  ): Promise<Service> {
    const service = Service.launch(t, args, where);
    const ready = await Promise.race([once(service.child, 'message'), service.#exited.then(() => undefined)]);
    if (ready?.[0] !== 'ready') throw new Error(`storyfarm ${args[0]} ended with ${service.child.exitCode}.`);
    return service;
  }

  /** Starts it, and does not wait for anything. */
  static launch(t: { after(clean: () => Promise<void>): void }, args: readonly string[], where: Surroundings): Service {
    const service = new Service(spawn(args, where));
    t.after(() => service.kill());
    return service;
  }

  /** Where it listens. */
  get url(): string {
    return String(this.lines.find(({ address }) => address)?.address);
  }

  /** Resolves with the first line, of those that were and those to come, that says this. */
  said(msg: string): Promise<Line> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const line = this.lines.find((each) => each.msg.startsWith(msg));
        if (!line) return;
        this.#waiting.delete(look);
        resolve(line);
      };
      this.#waiting.add(look);
      void this.#exited.then(() => reject(new Error(`It ended without saying "${msg}".`)));
      look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Its exit code. */
  async ended(): Promise<number | null> {
    await this.#exited;
    return this.child.exitCode;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exited;
  }
}

/** Processes that have this text in their command line; Linux only. */
export function processesWith(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => commandOf(pid))
    .filter((command) => command.includes(text));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
