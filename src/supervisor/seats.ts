/**
 * Seats: N numbered places with a renderer in each, whatever becomes of them.
 *
 * An empty seat is staffed again: at once after a first crash, later after more, and through a breaker over the whole farm when renderers cannot boot. A renderer that is
 * due to be recycled is replaced without an empty seat: its successor boots beside it, and takes the seat when it is ready and the old one is between jobs. One at a
 * time: there is one token, held from the successor's start until the old renderer is gone, so that a farm of N never holds more than N + 1.
 *
 * What it does not do: know jobs. A dead renderer's job is for whoever buries it.
 */

import type { Clock } from '../clock.js';
import type { Failure } from '../errors.js';
import { afterBootFailure, BOOTS_WELL, type Boots, mayBoot, restartDelay } from './decisions/backoff.js';
import { reasonToKill } from './decisions/judge.js';
import { reasonToRecycle, spreadJobs } from './decisions/recycle.js';
import type { FarmObserver } from './observer.js';
import type { SupervisorOptions } from './options.js';
import { type RendererEvents, RendererProcess, type RendererProgram } from './renderer/process.js';
import type { Assignment, Incident, KillCause, Renderer, Slot } from './renderer/renderer.js';

export interface SeatTools {
  readonly program: RendererProgram;
  readonly observer: FarmObserver;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of everything that a renderer says, and of its end. */
  readonly hear: (incident: Incident) => void;
}

export class Seats {
  readonly slots: readonly Slot[];
  readonly #options: SupervisorOptions;
  readonly #tools: SeatTools;
  /** Every process that has not ended, in or out of a seat. */
  readonly #alive = new Set<Renderer>();
  #boots: Boots = BOOTS_WELL;

  constructor(options: SupervisorOptions, tools: SeatTools) {
    this.#options = options;
    this.#tools = tools;
    this.slots = Array.from({ length: options.slots }, (_, number) => ({
      number,
      renderer: undefined,
      successor: undefined,
      deaths: 0,
      emptyUntil: 0,
    }));
  }

  get alive(): readonly Renderer[] {
    return [...this.#alive];
  }

  /** What is being rendered under a lease that is good as far as is known. */
  get assignments(): readonly Assignment[] {
    return this.alive.flatMap(({ assignment }) => (assignment && assignment.lostAt === undefined ? [assignment] : []));
  }

  /** Those that may get a job now: between jobs, and not grown past their memory. */
  get free(): readonly Renderer[] {
    return this.slots.flatMap(({ renderer }) =>
      renderer?.phase === 'idle' && !this.#isFull(renderer) ? [renderer] : [],
    );
  }

  /** Whether renderers can boot, as far as is known. */
  get boots(): Boots {
    return this.#boots;
  }

  /** Gives every empty seat a renderer, when it is time. */
  staff(): void {
    for (const slot of this.slots) {
      if (!slot.renderer && this.#now() >= slot.emptyUntil && this.#mayBoot()) slot.renderer = this.#start(slot);
    }
  }

  /** Seats successors that are ready, and starts one for the next renderer that is due. */
  recycle(): void {
    for (const slot of this.slots) {
      const { renderer, successor } = slot;
      if (!renderer || renderer.phase === 'booting') continue;
      renderer.recycling ??= reasonToRecycle({ ...renderer, ageMs: this.#now() - renderer.startedAt }, this.#options);
      if (successor?.phase !== 'idle' || renderer.phase !== 'idle') continue;
      this.#tools.observer.recycled(slot.number, renderer.process.pid, renderer.recycling ?? 'request');
      slot.renderer = successor;
      slot.successor = undefined;
      this.#dismiss(renderer);
    }
    const isUnderWay =
      this.slots.some(({ successor }) => successor) || this.alive.some(({ phase }) => phase === 'leaving');
    const next = this.slots.find(({ renderer }) => renderer?.recycling);
    if (next && !isUnderWay && this.#mayBoot()) next.successor = this.#start(next);
  }

  /** Every renderer that runs now is to be replaced. */
  recycleAll(): void {
    for (const { renderer } of this.slots) if (renderer) renderer.recycling ??= 'request';
  }

  /** Kills those that have to be: silent, stalled, bloated, or deaf. */
  judge(): void {
    for (const renderer of this.#alive) {
      const cause = reasonToKill(renderer, this.#now(), this.#options);
      if (cause) this.kill(renderer, cause);
    }
  }

  kill(renderer: Renderer, cause: KillCause): void {
    renderer.killedFor ??= cause;
    renderer.process.kill();
  }

  killAll(): void {
    for (const renderer of this.#alive) this.kill(renderer, 'stop');
  }

  /** Sends home all that have nothing to do. */
  empty(): void {
    for (const renderer of this.#alive) {
      if (renderer.phase === 'idle') this.#dismiss(renderer);
      if (renderer.phase === 'booting') this.kill(renderer, 'stop');
    }
  }

  /** It has booted. */
  admit(renderer: Renderer): void {
    renderer.phase = 'idle';
    this.#boots = BOOTS_WELL;
    this.#tools.observer.booted(renderer.slot, renderer.process.pid);
  }

  /** It has finished a job: this seat works. */
  praise({ slot }: Renderer): void {
    const seat = this.slots[slot];
    if (seat) seat.deaths = 0;
  }

  /** Takes a dead renderer from its seat. A successor that was under way takes its place. */
  vacate(renderer: Renderer, cause: Failure): void {
    const { observer, random } = this.#tools;
    const { phase, process, killedFor } = renderer;
    this.#alive.delete(renderer);
    const slot = this.slots[renderer.slot] as Slot;
    if (slot.successor === renderer) slot.successor = undefined;
    if (slot.renderer === renderer) {
      slot.renderer = slot.successor;
      slot.successor = undefined;
    }
    if (phase === 'leaving' || killedFor === 'stop') {
      observer.left(slot.number, process.pid);
      return;
    }
    if (phase === 'booting') {
      this.#boots = afterBootFailure(this.#boots, this.#now(), random());
    } else {
      slot.deaths++;
      slot.emptyUntil = this.#now() + restartDelay(slot.deaths, random());
    }
    observer.died(slot.number, process.pid, cause);
  }

  /** This process was not running for a while: what it did not hear is not to be held against anybody. */
  forgive(): void {
    const now = this.#now();
    for (const renderer of this.#alive) {
      renderer.heardAt = now;
      if (renderer.dismissedAt !== undefined) renderer.dismissedAt = now;
      if (renderer.assignment) renderer.assignment.progressAt = now;
      if (renderer.assignment?.lostAt !== undefined) renderer.assignment.lostAt = now;
    }
  }

  #start(slot: Slot): Renderer {
    const now = this.#now();
    const { program, observer, clock, random, hear } = this.#tools;
    const events: RendererEvents = {
      message: (message) => hear({ renderer, message }),
      nonsense: (nonsense) => hear({ renderer, nonsense }),
      death: (death) => hear({ renderer, death }),
      line: (text) => observer.line(slot.number, text),
    };
    const renderer: Renderer = {
      process: new RendererProcess(program, events, clock),
      slot: slot.number,
      startedAt: now,
      jobLimit: spreadJobs(this.#options.maxJobs, random()),
      phase: 'booting',
      heardAt: now,
      dismissedAt: undefined,
      jobs: 0,
      memory: 0,
      restingMemory: 0,
      growth: 0,
      assignment: undefined,
      killedFor: undefined,
      recycling: undefined,
    };
    this.#alive.add(renderer);
    observer.started(slot.number, renderer.process.pid);
    return renderer;
  }

  #dismiss(renderer: Renderer): void {
    renderer.phase = 'leaving';
    renderer.dismissedAt = this.#now();
    renderer.process.leave();
  }

  #mayBoot(): boolean {
    const booting = this.alive.filter(({ phase }) => phase === 'booting').length;
    return mayBoot(this.#boots, this.#now(), booting);
  }

  /** One that is full works on when none can follow it; the hard limit still holds. */
  #isFull({ restingMemory }: Renderer): boolean {
    return restingMemory > this.#options.maxMemory && this.#boots.failures === 0;
  }

  #now(): number {
    return this.#tools.clock.monotonic();
  }
}
