/** Looks at the memory and files of renderers: now and then at all of them, and at the memory of each between two jobs, when it shows what has leaked. */

import { leakPerJob, withRest } from '../decisions/leak.js';
import type { RecycleLimits } from '../decisions/recycle.js';
import { treeMemory } from './memory.js';
import type { Renderer } from './renderer.js';
import { filesOf } from './vitals.js';

type Metered = Pick<
  Renderer,
  'jobs' | 'memory' | 'restingMemory' | 'baseMemory' | 'rests' | 'leak' | 'openFiles' | 'baseFiles' | 'fileLimit'
> & {
  readonly process: { readonly pid: number };
};

export class Meter {
  readonly #limits: Pick<RecycleLimits, 'maxMemory'>;

  constructor(limits: Pick<RecycleLimits, 'maxMemory'>) {
    this.#limits = limits;
  }

  /** For the hard limit, the files, and the metrics. */
  async glance(renderers: Iterable<Metered>): Promise<void> {
    await Promise.all(
      [...renderers].map((renderer) => {
        countFiles(renderer);
        return this.#weigh(renderer);
      }),
    );
  }

  /** After a job. What the first one adds is caches, not a leak. */
  async rest(renderer: Metered): Promise<void> {
    const bytes = await this.#weigh(renderer);
    renderer.restingMemory = bytes;
    if (renderer.baseMemory === 0) renderer.baseMemory = bytes;
    const rests = withRest(renderer.rests, { jobs: renderer.jobs, bytes });
    if (rests === renderer.rests) return;
    renderer.rests = rests;
    renderer.leak = leakPerJob(rests);
  }

  async #weigh(renderer: Metered): Promise<number> {
    renderer.memory = await treeMemory(renderer.process.pid, this.#limits.maxMemory);
    return renderer.memory;
  }
}

function countFiles(renderer: Metered): void {
  const { open, limit } = filesOf(renderer.process.pid);
  renderer.openFiles = open;
  renderer.fileLimit = limit;
  // What it opens while it boots is no leak.
  if (renderer.jobs <= 1) renderer.baseFiles = open;
}
