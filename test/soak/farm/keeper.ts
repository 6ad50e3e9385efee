/** Keeps a service running, as pm2 does: bin/storyfarm in a process of its own, started again whenever it ends. It dies with the soak, even one that is killed. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { leashed } from '../../../src/leash.js';
import { PROGRAM } from '../../cli/storyfarm.js';
import { type Known, known, signal } from './processes.js';

/** A line of its log. */
export interface Line {
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How it ended when nobody had killed it. */
export interface OwnEnd {
  readonly part: string;
  readonly code: number | null;
  readonly signal: string | null;
  /** The last line that it logged. */
  readonly said: string;
}

export interface Surroundings {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Before it is started again. One that was killed at once, so that little time is lost; one that cannot work is given time. */
const AT_ONCE_MS = 20;
const LATER_MS = 500;
/** Longer than its drain. */
const END_MS = 90_000;

export class Kept {
  readonly ownEnds: OwnEnd[] = [];
  readonly #part: string;
  readonly #name: string;
  readonly #where: Surroundings;
  readonly #hear: (line: Line) => void;
  #child: ChildProcess | undefined;
  #process: Known | undefined;
  #ready: Promise<void> = Promise.resolve();
  #isReady = false;
  #isKept = true;
  #wasKilled = false;
  #said = '';

  /** `hear` is called with each line of its log; `name` tells it from others of its kind. */
  constructor(part: string, where: Surroundings, hear: (line: Line) => void, name = part) {
    this.#part = part;
    this.#name = name;
    this.#where = where;
    this.#hear = hear;
  }

  /** Its process, while there is one. */
  get process(): Known | undefined {
    return this.#process;
  }

  /** Whether its process has said that it can work. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when it says that it can work, however often it has to be started for that. */
  start(): Promise<void> {
    this.#isKept = true;
    this.#ready = new Promise((resolve) => this.#run(resolve));
    return this.#ready;
  }

  /** SIGKILL; it is started again. False when there was nothing to kill. */
  kill(): boolean {
    this.#wasKilled = this.#process !== undefined && signal(this.#process, 'SIGKILL');
    return this.#wasKilled;
  }

  /** Asks it to drain, once it can work: before that it would end at once. Resolves with its exit code; null when it had to be killed. It is not started again until `start`. */
  async end(): Promise<number | null> {
    for (const deadline = performance.now() + END_MS; !this.#isReady && performance.now() < deadline; ) await pause(50);
    this.#isKept = false;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return 0;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
    await ended;
    clearTimeout(timer);
    return child.exitCode;
  }

  #run(isReady: () => void): void {
    this.#wasKilled = false;
    const { folder, env } = this.#where;
    const child = fork(PROGRAM, [this.#part], {
      cwd: folder,
      env,
      silent: true,
      // Out of the terminal's group: its Ctrl-C is for the soak.
      detached: true,
      ...leashed(),
    });
    this.#child = child;
    this.#process = child.pid === undefined ? undefined : known(child.pid);
    child.on('message', (message) => {
      if (message !== 'ready') return;
      this.#isReady = true;
      isReady();
    });
    this.#keepLog(child);
    child.once('exit', (code, name) => void this.#ended(code, name, isReady));
  }

  async #ended(code: number | null, name: NodeJS.Signals | null, isReady: () => void): Promise<void> {
    this.#process = undefined;
    this.#isReady = false;
    if (!this.#isKept) return;
    if (!this.#wasKilled) this.ownEnds.push({ part: this.#name, code, signal: name, said: this.#said });
    await pause(this.#wasKilled ? AT_ONCE_MS : LATER_MS);
    if (this.#isKept) this.#run(isReady);
  }

  #keepLog(child: ChildProcess): void {
    const { stdout, stderr } = child;
    if (!stdout || !stderr) return;
    const log = createWriteStream(join(this.#where.folder, `${this.#name}.log`), { flags: 'a' });
    stdout.pipe(log, { end: false });
    stderr.pipe(log, { end: false });
    child.once('close', () => log.end());
    for (const stream of [stdout, stderr])
      createInterface({ input: stream }).on('line', (text) => {
        this.#said = text.slice(0, 500);
        const line = lineOf(text);
        if (line) this.#hear(line);
      });
  }
}

/** Undefined for what is no line of the log: a program that cannot start says why in its own way, and a killed one leaves half a line. */
function lineOf(text: string): Line | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null && 'msg' in line ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}
