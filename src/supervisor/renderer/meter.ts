/** Looks at the memory of renderers: now and then at all of them, and at each between two jobs, when it shows what has leaked. */

import type { RecycleLimits } from '../decisions/recycle.js';
import { treeMemory } from './memory.js';
import type { Renderer } from './renderer.js';

type Metered = Pick<Renderer, 'memory' | 'restingMemory' | 'growth'> & {
  readonly process: { readonly pid: number };
};

export class Meter {
  readonly #limits: Pick<RecycleLimits, 'maxMemory'>;

  constructor(limits: Pick<RecycleLimits, 'maxMemory'>) {
    this.#limits = limits;
  }

  /** For the hard limit and the metrics. */
  async glance(renderers: Iterable<Metered>): Promise<void> {
    await Promise.all([...renderers].map((renderer) => this.#read(renderer)));
  }

  /** After a job. What the first one adds is caches, not a leak. */
  async rest(renderer: Metered): Promise<void> {
    const before = renderer.restingMemory;
    const bytes = await this.#read(renderer);
    renderer.growth = before > 0 ? Math.max(0, bytes - before) : 0;
    renderer.restingMemory = bytes;
  }

  async #read(renderer: Metered): Promise<number> {
    renderer.memory = await treeMemory(renderer.process.pid, this.#limits.maxMemory);
    return renderer.memory;
  }
}
