/** A renderer as the supervisor has it: forked, leashed, spoken to by messages; and jobs sent to it one after the other. */

import { performance } from 'node:perf_hooks';
import { systemClock } from '../../../src/clock.js';
import type { RenderOrder, ToSupervisor } from '../../../src/ipc/messages.js';
import type { Stages } from '../../../src/job.js';
import { openStorage, type Storage } from '../../../src/media/storage.js';
import { rendererProgram } from '../../../src/package.js';
import type { RendererOptions } from '../../../src/renderer/options.js';
import { treeMemory } from '../../../src/supervisor/renderer/memory.js';
import { type Death, RendererProcess } from '../../../src/supervisor/renderer/process.js';
import { type Cost, cpuOfTree, settleDisk, withPeak } from './cost.js';

/** As seldom as a supervisor looks: a look stops the renderer for a moment. */
const METER_MS = 1_000;

export interface Batch {
  /** Of the whole batch. */
  readonly cost: Cost;
  /** Milliseconds from sending each job to its answer: all its files, the poster too, are published then. */
  readonly jobMs: readonly number[];
  /** Milliseconds of each job's stages. */
  readonly stages: readonly Stages[];
  /** The jobs that were rendered: those that were given, or the first of them. */
  readonly orders: readonly RenderOrder[];
}

export class WarmRenderer {
  readonly #process: RendererProcess;
  readonly #storage: Storage;
  #waiting: { resolve(message: ToSupervisor): void; reject(error: Error): void } | undefined;
  #death: Death | undefined;
  #gone = () => {};

  private constructor(options: RendererOptions) {
    const program = { module: rendererProgram, args: [JSON.stringify(options)] };
    const events = {
      message: (message: ToSupervisor) => {
        if (message.type === 'ready' || message.type === 'rendered' || message.type === 'failed')
          this.#waiting?.resolve(message);
      },
      nonsense: (error: unknown) => this.#waiting?.reject(error as Error),
      death: (death: Death) => {
        this.#death = death;
        this.#waiting?.reject(new Error(`The renderer died (${death.signal ?? death.code}): ${death.tail}`));
        this.#gone();
      },
      line: (text: string) => process.stderr.write(`${text}\n`),
    };
    this.#process = new RendererProcess(program, events, systemClock);
    this.#storage = openStorage(options.dataFolder);
  }

  /** Resolves when it has booted. */
  static async start(options: RendererOptions): Promise<WarmRenderer> {
    const renderer = new WarmRenderer(options);
    await renderer.#answer();
    return renderer;
  }

  /**
   * Renders one job after the other. No further one is begun after `mostMs`; one is done in any case. Rejects when a job fails.
   *
   * Files are deleted when a job is answered, as a farm deletes old ones: were they kept, each would lie in memory that was never used before, which a virtual machine must first get from its host (2 to 3 ms
   * of CPU a job where it is so). In a farm that has run for a while memory comes from files that are gone.
   */
  async render(orders: readonly RenderOrder[], mostMs: number): Promise<Batch> {
    const jobMs: number[] = [];
    const stages: Stages[] = [];
    settleDisk();
    const [cpu, start] = [cpuOfTree(this.#process.pid), performance.now()];
    const [, peakBytes] = await withPeak(this.#process.pid, METER_MS, async () => {
      for (const order of orders) {
        if (jobMs.length > 0 && performance.now() - start > mostMs) break;
        const sent = performance.now();
        const answer = this.#answer();
        this.#process.render(order);
        const message = await answer;
        if (message.type !== 'rendered') throw new Error(`A job failed: ${JSON.stringify(message)}`);
        jobMs.push(performance.now() - sent);
        stages.push(message.stages);
        await this.#storage.forget(order.id);
      }
    });
    const wallSeconds = jobMs.reduce((sum, ms) => sum + ms, 0) / 1000;
    const cost = { cpuSeconds: cpuOfTree(this.#process.pid) - cpu, wallSeconds, peakBytes };
    return { cost, jobMs, stages, orders: orders.slice(0, jobMs.length) };
  }

  /** Bytes that it and its helpers hold between two jobs. */
  memory(): Promise<number> {
    return treeMemory(this.#process.pid, 0);
  }

  /** Resolves when it is gone. */
  async leave(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      this.#gone = resolve;
    });
    this.#process.leave();
    if (!this.#death) await gone;
  }

  #answer(): Promise<ToSupervisor> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}
