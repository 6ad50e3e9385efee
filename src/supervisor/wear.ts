/** How worn renderers are: which are due to be replaced, and which may have no other job. Limits that are too low are told once each. */

import type { Clock } from '../clock.js';
import { isFull, type RendererFacts, reasonSpared, reasonToRecycle, type Wear } from './decisions/recycle.js';
import type { FarmObserver } from './observer.js';
import type { SupervisorOptions } from './options.js';
import type { Renderer } from './renderer/renderer.js';

export class WearWatch {
  readonly #options: SupervisorOptions;
  readonly #observer: Pick<FarmObserver, 'spared'>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Limits that are known to be too low. */
  readonly #told = new Set<Wear>();

  constructor(
    options: SupervisorOptions,
    { observer, clock }: { observer: Pick<FarmObserver, 'spared'>; clock: Pick<Clock, 'monotonic'> },
  ) {
    this.#options = options;
    this.#observer = observer;
    this.#clock = clock;
  }

  /** Whether it is to be replaced. The reason stays with it. */
  isDue(renderer: Renderer): boolean {
    if (renderer.phase === 'booting') return false;
    if (renderer.recycling) return true;
    const facts = this.#facts(renderer);
    renderer.recycling = reasonToRecycle(facts, this.#options);
    if (renderer.recycling) return true;
    const spared = reasonSpared(facts, this.#options);
    if (spared && !this.#told.has(spared)) {
      this.#told.add(spared);
      this.#observer.spared(renderer.slot, renderer.process.pid, spared);
    }
    return false;
  }

  /** Whether it has grown past its memory. */
  isFull(renderer: Renderer): boolean {
    return isFull(this.#facts(renderer), this.#options);
  }

  /** Limits have changed: what is too low is told again. */
  relimit(): void {
    this.#told.clear();
  }

  /** These alone and no copy of the whole: it is asked for every renderer in every turn. */
  #facts(renderer: Renderer): RendererFacts {
    const { jobs, jobLimit, restingMemory, baseMemory, leak, openFiles, baseFiles, fileLimit, startedAt } = renderer;
    const ageMs = this.#clock.monotonic() - startedAt;
    return { jobs, jobLimit, restingMemory, baseMemory, leak, openFiles, baseFiles, fileLimit, ageMs };
  }
}
