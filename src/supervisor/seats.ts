/**
 * Seats: N numbered places with a renderer in each, whatever becomes of them.
 *
 * An empty seat is staffed again: at once after a first crash, later after more, and through a breaker over the whole farm when renderers cannot boot. A renderer that is
 * due to be recycled is replaced without an empty seat: a standby is started when one is due, and takes the seat of the first of those due that is between jobs. One at a
 * time: there is one standby, and no other before the replaced renderer is gone, so that a farm of N never holds more than N + 1.
 *
 * N may change at any time (`slots` of the options): new seats are staffed like empty ones; a seat that is too many is closed, which is when its renderer has
 * finished its job. Until then it can be opened again.
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
  readonly #slots: Slot[] = [];
  readonly #options: SupervisorOptions;
  readonly #tools: SeatTools;
  /** Every process that has not ended, in or out of a seat. */
  readonly #alive = new Set<Renderer>();
  /** Booting or ready, for the seat of a renderer that is due. */
  #standby: Renderer | undefined;
  #boots: Boots = BOOTS_WELL;

  constructor(options: SupervisorOptions, tools: SeatTools) {
    this.#options = options;
    this.#tools = tools;
    this.resize();
  }

  /** Those that are open, and after them those that are being emptied. */
  get slots(): readonly Slot[] {
    return this.#slots;
  }

  get alive(): readonly Renderer[] {
    return [...this.#alive];
  }

  /** What is being rendered under a lease that is good as far as is known. */
  get assignments(): readonly Assignment[] {
    return this.alive.flatMap(({ assignment }) => (assignment && assignment.lostAt === undefined ? [assignment] : []));
  }

  /** Those that may get a job now: between jobs, not grown past their memory, and not killed a moment ago. */
  get free(): readonly Renderer[] {
    return this.#open.flatMap(({ renderer }) =>
      renderer?.phase === 'idle' && !renderer.killedFor && !this.#isFull(renderer) ? [renderer] : [],
    );
  }

  /** Whether renderers can boot, as far as is known. */
  get boots(): Boots {
    return this.#boots;
  }

  /** Brings the seats nearer to their number: makes those that are missing, and takes away those that are too many, each when nobody sits there any more. */
  resize(): void {
    const wanted = this.#options.slots;
    for (let number = this.slots.length; number < wanted; number++)
      this.#slots.push({ number, renderer: undefined, deaths: 0, emptyUntil: 0 });
    for (const { renderer } of this.slots.slice(wanted)) if (renderer) this.#sendHome(renderer);
    while (this.slots.length > wanted && !this.slots.at(-1)?.renderer) this.#slots.pop();
  }

  /** Gives every empty seat a renderer, when it is time; at once when there is a standby. */
  staff(): void {
    for (const slot of this.#open) {
      if (slot.renderer) continue;
      if (this.#standby) this.#seat(slot, this.#standby);
      else if (this.#now() >= slot.emptyUntil && this.#mayBoot()) slot.renderer = this.#start(slot.number);
    }
  }

  /** Puts a standby that is ready in the place of a renderer that is due and between jobs; starts one when one is due. */
  recycle(): void {
    const due = this.#open.filter(({ renderer }) => renderer && this.#isDue(renderer));
    const idle = due.filter(({ renderer }) => renderer?.phase === 'idle');
    // One that is full does no work while it waits.
    const next = idle.find(({ renderer }) => renderer && this.#isFull(renderer)) ?? idle[0];
    if (this.#standby?.phase === 'idle' && next) this.#replace(next, this.#standby);
    // The seat that it was started for was closed meanwhile.
    if (!due[0]) this.#dropStandby();
    const isUnderWay = this.#standby || this.alive.some(({ phase }) => phase === 'leaving');
    if (due[0] && !isUnderWay && this.#mayBoot()) this.#standby = this.#start(due[0].number);
  }

  /** Every renderer that runs now is to be replaced; or that of one seat. */
  recycleAll(only?: number): void {
    for (const { number, renderer } of this.slots)
      if (renderer && number === (only ?? number)) renderer.recycling ??= 'request';
  }

  /** What renderers are started with has changed: all are to be replaced, and a standby that was started before is of no use. */
  reprogram(): void {
    this.recycleAll();
    this.#dropStandby();
  }

  /** The limit of jobs has changed, also for those that are there. */
  respread(): void {
    for (const renderer of this.#alive) renderer.jobLimit = this.#spread();
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
    for (const renderer of this.#alive) this.#sendHome(renderer);
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

  /** Takes a dead renderer from its seat. */
  vacate(renderer: Renderer, cause: Failure): void {
    const { observer, random } = this.#tools;
    const { phase, process, killedFor } = renderer;
    this.#alive.delete(renderer);
    const slot = this.slots[renderer.slot];
    if (slot?.renderer === renderer) slot.renderer = undefined;
    if (this.#standby === renderer) this.#standby = undefined;
    if (phase === 'leaving' || killedFor === 'stop') {
      observer.left(renderer.slot, process.pid);
      return;
    }
    if (phase === 'booting') {
      this.#boots = afterBootFailure(this.#boots, this.#now(), random());
    } else if (slot) {
      slot.deaths++;
      slot.emptyUntil = this.#now() + restartDelay(slot.deaths, random());
    }
    observer.died(renderer.slot, process.pid, cause);
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

  get #open(): readonly Slot[] {
    return this.slots.slice(0, this.#options.slots);
  }

  #isDue(renderer: Renderer): boolean {
    if (renderer.phase === 'booting') return false;
    renderer.recycling ??= reasonToRecycle({ ...renderer, ageMs: this.#now() - renderer.startedAt }, this.#options);
    return renderer.recycling !== undefined;
  }

  #seat(slot: Slot, standby: Renderer): void {
    this.#standby = undefined;
    standby.slot = slot.number;
    slot.renderer = standby;
  }

  #replace(slot: Slot, standby: Renderer): void {
    const { renderer } = slot;
    if (!renderer) return;
    this.#seat(slot, standby);
    this.#tools.observer.recycled(
      slot.number,
      renderer.process.pid,
      renderer.recycling ?? 'request',
      standby.process.pid,
    );
    this.#dismiss(renderer);
  }

  #start(slot: number): Renderer {
    const now = this.#now();
    const { program, observer, clock, hear } = this.#tools;
    const events: RendererEvents = {
      message: (message) => hear({ renderer, message }),
      nonsense: (nonsense) => hear({ renderer, nonsense }),
      death: (death) => hear({ renderer, death }),
      line: (text) => observer.line(renderer.slot, text),
    };
    const renderer: Renderer = {
      process: new RendererProcess(program, events, clock),
      slot,
      startedAt: now,
      jobLimit: this.#spread(),
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
    observer.started(slot, renderer.process.pid);
    return renderer;
  }

  #spread(): number {
    return spreadJobs(this.#options.maxJobs, this.#tools.random());
  }

  #dropStandby(): void {
    if (this.#standby) this.#sendHome(this.#standby);
    this.#standby = undefined;
  }

  /** At once, unless it is at work. */
  #sendHome(renderer: Renderer): void {
    if (renderer.phase === 'idle') this.#dismiss(renderer);
    if (renderer.phase === 'booting') this.kill(renderer, 'stop');
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
