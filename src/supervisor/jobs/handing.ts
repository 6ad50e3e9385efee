/** Hands claimed jobs to free renderers, and takes attempts back whose lease is gone. A job that finds no renderer any more is given back. */

import type { Clock } from '../../clock.js';
import type { Edition, RenderOrder } from '../../ipc/messages.js';
import type { Job } from '../../job.js';
import type { Lease } from '../../store/store.js';
import type { FarmObserver } from '../observer.js';
import type { Renderer } from '../renderer/renderer.js';
import type { Claims } from './claims.js';
import type { Outcomes } from './outcomes.js';

export interface HandingTools {
  readonly claims: Pick<Claims, 'take' | 'look'>;
  readonly outcomes: Pick<Outcomes, 'interrupted'>;
  readonly observer: Pick<FarmObserver, 'assigned'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Told of the edition of each job that is handed out. */
  readonly used: (edition: Edition) => void;
}

export class Handing {
  readonly #tools: HandingTools;

  constructor(tools: HandingTools) {
    this.#tools = tools;
  }

  /** `free`: who may get a job, looked at before each; nobody, when the farm is about to end. */
  assign(free: () => readonly Renderer[]): void {
    const { claims, outcomes } = this.#tools;
    for (const job of claims.take()) {
      const renderer = free()[0];
      if (renderer) this.#give(renderer, job);
      else outcomes.interrupted(job);
    }
  }

  #give(renderer: Renderer, job: Job): void {
    const { observer, clock, used } = this.#tools;
    renderer.phase = 'busy';
    renderer.jobs++;
    renderer.assignment = { job, progress: 0, progressAt: clock.monotonic(), lostAt: undefined };
    renderer.process.render(orderOf(job));
    observer.assigned(job, renderer.slot);
    used(job.request);
  }

  /** An attempt whose lease is gone is stopped; nothing of it will be written. */
  abandon(lease: Lease, alive: readonly Renderer[]): void {
    const renderer = alive.find(({ assignment }) => assignment && isSame(lease, assignment.job));
    if (!renderer?.assignment || renderer.assignment.lostAt !== undefined) return;
    renderer.assignment.lostAt = this.#tools.clock.monotonic();
    renderer.process.abort(lease.id);
  }
}

/** Whether two leases are of the same claim of the same job. */
export const isSame = (one: Lease, other: Lease): boolean => one.id === other.id && one.fence === other.fence;

function orderOf({ id, fence, request, partner }: Job): RenderOrder {
  const { template, cast, words, reuse } = request;
  const order = { id, fence, template: { ...template }, cast: { ...cast }, words: { ...words }, partner };
  return reuse ? { ...order, reuse } : order;
}
