/**
 * Keeps a courier running beside a farm, in a process of its own: what a stranger's server does to it, or it to itself, harms no job.
 *
 * One that ends by itself is started again: at once, then after half a second, up to half a minute; one that has worked for a minute has begun anew. One that is silent for long is killed first.
 * Where the kernel can, it dies with the farm (leash.ts); else it leaves when its channel closes.
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../clock.js';
import { type CourierOrders, type FromCourier, parseFromCourier, type ToCourier } from '../ipc/courier.js';
import { leashed } from '../leash.js';

export interface KeeperTools {
  /** Path of the program. */
  readonly module: string;
  /** Added to its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly orders: CourierOrders;
  readonly told: (told: Extract<FromCourier, { type: 'told' }>) => void;
  /** It was started, or ended though nobody said so; `retryInMs` until the next. */
  readonly started: (pid: number) => void;
  readonly died: (reason: string, retryInMs: number) => void;
  readonly clock: Clock;
}

/** Milliseconds. It sends a heartbeat every 5 s (cli/courier.ts). */
export const SILENT_MS = 30_000;
const HEALTHY_MS = 60_000;
/** Ends of jobs that come at about the same time are one message. */
const GATHER_MS = 10;
/** How long calls under way may take when the farm ends; what is cut off is told again. */
const LEAVE_MS = 5_000;
/**
 * Of these Node gives half to looking up names, each of which takes one until the system has given up, long after the call was. With its usual four, two names of a partner whose name server
 * answers nothing would hold up the calls to all others. Idle ones cost some 10 KB each.
 */
const THREADS = 128;

export const restartDelay = (deaths: number): number => (deaths <= 1 ? 0 : Math.min(30_000, 500 * 2 ** (deaths - 2)));

export class CourierKeeper {
  readonly #tools: KeeperTools;
  #child: ChildProcess | undefined;
  #deaths = 0;
  #isLeaving = false;
  #isGathering = false;
  #cancelSilence = () => {};
  #cancelRestart = () => {};

  constructor(tools: KeeperTools) {
    this.#tools = tools;
  }

  start(): void {
    const { module, env, orders, clock, started } = this.#tools;
    const since = clock.monotonic();
    const child = fork(module, [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { UV_THREADPOOL_SIZE: `${THREADS}`, ...process.env, ...env },
      ...leashed(),
    });
    this.#child = child;
    let isOver = false;
    const over = (reason: string) => {
      if (isOver) return;
      isOver = true;
      this.#cancelSilence();
      this.#child = undefined;
      if (this.#isLeaving) return;
      this.#deaths = clock.monotonic() - since > HEALTHY_MS ? 1 : this.#deaths + 1;
      const retryInMs = restartDelay(this.#deaths);
      this.#tools.died(reason, retryInMs);
      this.#cancelRestart = clock.after(retryInMs, () => this.start());
    };
    child.on('error', (error) => over(String(error)));
    child.on('exit', (code, signal) => over(signal ?? `exit ${code}`));
    child.on('message', (raw) => this.#hear(raw));
    this.#awaitSign();
    this.#send({ type: 'begin', options: orders });
    if (child.pid) started(child.pid);
  }

  /** A job has ended. */
  look(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#tools.clock.after(GATHER_MS, () => {
      this.#isGathering = false;
      this.#send({ type: 'look' });
    });
  }

  /** Lets it finish what is under way, for some seconds at most. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#cancelRestart();
    const child = this.#child;
    if (!child) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#tools.clock.after(LEAVE_MS, () => child.kill('SIGKILL'));
      child.once('exit', () => {
        cancel();
        resolve();
      });
      child.once('error', () => resolve());
      this.#send({ type: 'leave' });
    });
  }

  /** At once. */
  stop(): void {
    this.#isLeaving = true;
    this.#cancelRestart();
    this.#child?.kill('SIGKILL');
  }

  #hear(raw: unknown): void {
    this.#awaitSign();
    try {
      const message = parseFromCourier(raw);
      if (message.type === 'told') this.#tools.told(message);
    } catch {
      // It cannot be trusted any more.
      this.#child?.kill('SIGKILL');
    }
  }

  #awaitSign(): void {
    this.#cancelSilence();
    this.#cancelSilence = this.#tools.clock.after(SILENT_MS, () => this.#child?.kill('SIGKILL'));
  }

  #send(message: ToCourier): void {
    if (this.#child?.connected) this.#child.send(message, () => {});
  }
}
