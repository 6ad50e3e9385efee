/**
 * Seats: N numbered places with a renderer in each, whatever becomes of them.
 *
 * A standby waits, booted, and takes the seat of whoever dies in the moment in which that is known, or of the first of those due to be recycled that is between jobs, so that
 * neither leaves a seat empty. The next standby is started when all seats are taken and the replaced renderer is gone: one at a time, so that a farm of N with one
 * standby never holds more than N + 1. (With none to wait, one is started when a renderer is due.) Without a standby that is ready, an empty seat is staffed at once after a first crash, later after
 * more; and a breaker over the whole farm slows down renderers that cannot boot. Those that somebody else kills while they boot are no sign of that.
 *
 * N may change at any time (`slots` of the options): new seats are staffed like empty ones; a seat that is too many is closed, which is when its renderer has
 * finished its job. Until then it can be opened again.
 *
 * What it does not do: know jobs. A dead renderer's job is for whoever buries it.
 */

import type { Clock } from '../clock.js';
import type { Failure } from '../errors.js';
import { Bench, NO_SEAT } from './bench.js';
import { Capacity, type Loss, type Spent } from './capacity.js';
import { afterBootFailure, BOOTS_WELL, type Boots, mayBoot, restartDelay } from './decisions/backoff.js';
import { afterOom, type Brake, NO_BRAKE, released } from './decisions/brake.js';
import { causeOfSilence, isSuspect, reasonToKill } from './decisions/judge.js';
import { isFull, reasonSpared, reasonToRecycle, spreadJobs, type Wear } from './decisions/recycle.js';
import type { FarmObserver } from './observer.js';
import type { SupervisorOptions } from './options.js';
import { type RendererEvents, RendererProcess, type RendererProgram } from './renderer/process.js';
import type { Assignment, Incident, KillCause, Renderer, Slot } from './renderer/renderer.js';
import { vitalsOf } from './renderer/vitals.js';

export interface SeatTools {
  readonly program: RendererProgram;
  readonly observer: FarmObserver;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of everything that a renderer says, and of its end. */
  readonly hear: (incident: Incident) => void;
}

/** How long after a seat was refilled the next standby is started. */
const BREATH_MS = 20;

export class Seats {
  readonly #slots: Slot[] = [];
  readonly #options: SupervisorOptions;
  readonly #tools: SeatTools;
  /** Every process that has not ended, in or out of a seat. */
  readonly #alive = new Set<Renderer>();
  readonly #bench = new Bench();
  readonly #capacity: Capacity;
  /** Limits that are known to be too low. */
  readonly #told = new Set<Wear>();
  #boots: Boots = BOOTS_WELL;
  #brake: Brake = NO_BRAKE;

  constructor(options: SupervisorOptions, tools: SeatTools) {
    this.#options = options;
    this.#tools = tools;
    this.resize();
    this.#capacity = new Capacity(this.#now());
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

  /** Those that may get a job now: between jobs, not grown past their memory, not killed a moment ago, and not more than the machine's memory bears. */
  get free(): readonly Renderer[] {
    const free = this.#open.flatMap(({ renderer }) =>
      renderer?.phase === 'idle' && !renderer.killedFor && !this.#isFull(renderer) ? [renderer] : [],
    );
    const busy = this.slots.filter(({ renderer }) => renderer?.phase === 'busy').length;
    return free.slice(0, Math.max(0, this.#brake.limit - busy));
  }

  /** Jobs that may be rendered at the same time. */
  get concurrency(): number {
    return Math.min(this.#options.slots, this.#brake.limit);
  }

  /** Standbys that could work at once. */
  get standbys(): number {
    return this.#bench.readyCount;
  }

  /** Whether every renderer waits for something to do, so that nothing is to be looked at often. */
  get isQuiet(): boolean {
    return this.slots.every(({ renderer }) => renderer) && this.alive.every(({ phase }) => phase === 'idle');
  }

  /** Whether renderers can boot, as far as is known. */
  get boots(): Boots {
    return this.#boots;
  }

  /** Brings the seats nearer to their number: makes those that are missing, and takes away those that are too many, each when nobody sits there any more. */
  resize(): void {
    const wanted = this.#options.slots;
    for (let number = this.slots.length; number < wanted; number++)
      this.#slots.push({ number, renderer: undefined, deaths: 0, emptyUntil: 0, emptyFor: 'start' });
    for (const { renderer } of this.slots.slice(wanted)) if (renderer) this.#sendHome(renderer);
    while (this.slots.length > wanted && !this.slots.at(-1)?.renderer) this.#slots.pop();
  }

  /** Gives every empty seat a renderer, when it is time; at once when there is a standby. */
  staff(): void {
    for (const slot of this.#open) {
      if (slot.renderer) continue;
      const standby = this.#bench.best;
      if (standby) {
        this.#seat(slot, standby);
        // Starting the next one takes some milliseconds that the dead renderer's job should not wait for.
        this.#bench.rest(this.#now() + BREATH_MS);
        this.#tools.observer.seated(slot.number, standby.process.pid);
      } else if (this.#now() >= slot.emptyUntil && this.#mayBoot()) slot.renderer = this.#start(slot.number);
    }
  }

  /** Puts a standby that is ready in the place of a renderer that is due and between jobs; starts the next one. */
  recycle(): void {
    const due = this.#open.filter(({ renderer }) => renderer && this.#isDue(renderer));
    const idle = due.filter(({ renderer }) => renderer?.phase === 'idle');
    // One that is full does no work while it waits.
    const next = idle.find(({ renderer }) => renderer && this.#isFull(renderer)) ?? idle[0];
    const standby = this.#bench.ready;
    if (standby && next) this.#replace(next, standby);
    this.#stock(due.length > 0);
  }

  /** Every renderer that runs now is to be replaced; or that of one seat. */
  recycleAll(only?: number): void {
    for (const { number, renderer } of this.slots)
      if (renderer && number === (only ?? number)) renderer.recycling ??= 'request';
  }

  /** What renderers are started with has changed: all are to be replaced, and standbys that were started before are of no use. */
  reprogram(): void {
    this.recycleAll();
    for (const standby of [...this.#bench.standbys]) if (this.#bench.remove(standby)) this.#sendHome(standby);
  }

  /** Limits have changed; `ofJobs`: also that of jobs, for those who are there too. */
  relimit(ofJobs: boolean): void {
    this.#told.clear();
    if (ofJobs) for (const renderer of this.#alive) renderer.jobLimit = this.#spread();
  }

  /** Kills those that have to be: silent, stalled, bloated, or deaf. */
  judge(): void {
    const now = this.#now();
    this.#brake = released(this.#brake, this.#options.slots, now);
    for (const renderer of this.#alive) {
      const { pid } = renderer.process;
      if (!isSuspect(renderer, now, this.#options)) renderer.vitals = undefined;
      else renderer.vitals ??= vitalsOf(pid);
      const cause = renderer.killedFor ? undefined : reasonToKill(renderer, now, this.#options);
      if (cause)
        this.kill(renderer, cause === 'renderer_silent' ? causeOfSilence(renderer.vitals, vitalsOf(pid)) : cause);
    }
  }

  /** The kernel lacks memory. */
  brake(): void {
    this.#brake = afterOom(this.#brake, this.#options.slots, this.#now());
  }

  /** Notes where the time since the last call has gone; to be called before anything is changed. */
  account(): void {
    const open = this.#open;
    const losses = open.map((slot) => this.#lossOf(slot));
    const withheld = open.length - this.concurrency - losses.filter(Boolean).length;
    for (let left = withheld, at = 0; left > 0 && at < losses.length; at++) {
      if (losses[at] || open[at]?.renderer?.phase !== 'idle') continue;
      losses[at] = 'unplanned';
      left--;
    }
    this.#capacity.note(this.#now(), losses);
  }

  /** The time that was noted since this was last called. */
  spent(): Spent {
    return this.#capacity.take();
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
    this.#tools.observer.booted(renderer.slot, renderer.process.pid, this.#now() - renderer.startedAt);
  }

  /** It has finished a job: this seat works. */
  praise({ slot }: Renderer): void {
    const seat = this.slots[slot];
    if (seat) seat.deaths = 0;
    this.#bench.praise();
  }

  /** Takes a dead renderer from its seat; `isStruck`: somebody else ended it, which says nothing about whether renderers can boot. */
  vacate(renderer: Renderer, cause: Failure, isStruck: boolean): void {
    const { observer, random } = this.#tools;
    const { phase, process, killedFor } = renderer;
    this.#alive.delete(renderer);
    const slot = this.slots[renderer.slot];
    if (slot?.renderer === renderer) {
      slot.renderer = undefined;
      slot.emptyFor = 'unplanned';
    }
    this.#bench.remove(renderer);
    if (phase === 'leaving' || killedFor === 'stop') {
      observer.left(renderer.slot, process.pid);
      return;
    }
    if (phase === 'booting' && !isStruck) this.#boots = afterBootFailure(this.#boots, this.#now(), random());
    else if (slot) {
      slot.deaths++;
      slot.emptyUntil = this.#now() + restartDelay(slot.deaths, random(), isStruck);
      // Its seat may be taken at once by a standby; the next one is in no more haste than the seat would be.
      this.#bench.rest(slot.emptyUntil);
    } else this.#bench.mourn(this.#now(), random(), isStruck);
    observer.died(renderer.slot, process.pid, cause);
  }

  /** This process was not running for so many milliseconds: what it did not hear in them is not to be held against anybody. */
  forgive(ms: number): void {
    for (const renderer of this.#alive) {
      renderer.heardAt += ms;
      if (renderer.dismissedAt !== undefined) renderer.dismissedAt += ms;
      if (renderer.assignment) renderer.assignment.progressAt += ms;
      if (renderer.assignment?.lostAt !== undefined) renderer.assignment.lostAt += ms;
    }
  }

  get #open(): readonly Slot[] {
    return this.#slots.slice(0, this.#options.slots);
  }

  /** Brings the standbys nearer to their number: one at a time, when all seats are taken, and the last one that was replaced is gone. */
  #stock(isOneDue: boolean): void {
    // A standby is memory, too; and one that has waited for long would be due as soon as it is seated.
    const kept = this.#brake === NO_BRAKE && this.#options.slots > 0 ? this.#options.standby : 0;
    const wanted = Math.max(kept, isOneDue ? 1 : 0);
    const { ready, standbys } = this.#bench;
    const isStale = ready && this.#now() - ready.startedAt > this.#options.maxAgeMs / 2;
    if (ready && (standbys.length > wanted || isStale) && this.#bench.remove(ready)) this.#dismiss(ready);
    const isStaffed = this.#open.every(({ renderer }) => renderer && renderer.phase !== 'booting');
    const isUnderWay = this.alive.some(
      ({ phase, slot }) => phase === 'leaving' || (phase === 'booting' && slot === NO_SEAT),
    );
    if (standbys.length >= wanted || !isStaffed || isUnderWay) return;
    if (this.#bench.mayGrow(this.#now()) && this.#mayBoot()) this.#bench.add(this.#start(NO_SEAT));
  }

  /** Why a seat was of no use to jobs, or undefined. */
  #lossOf({ renderer, emptyFor }: Slot): Loss | undefined {
    if (!renderer || renderer.phase === 'booting') return emptyFor;
    return renderer.phase === 'idle' && this.#isFull(renderer) ? 'planned' : undefined;
  }

  #isDue(renderer: Renderer): boolean {
    if (renderer.phase === 'booting') return false;
    const facts = this.#facts(renderer);
    renderer.recycling ??= reasonToRecycle(facts, this.#options);
    const spared = renderer.recycling ? undefined : reasonSpared(facts, this.#options);
    if (spared && !this.#told.has(spared)) {
      this.#told.add(spared);
      this.#tools.observer.spared(renderer.slot, renderer.process.pid, spared);
    }
    return renderer.recycling !== undefined;
  }

  #seat(slot: Slot, standby: Renderer): void {
    this.#bench.remove(standby);
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
      vitals: undefined,
      dismissedAt: undefined,
      jobs: 0,
      memory: 0,
      restingMemory: 0,
      baseMemory: 0,
      rests: [],
      leak: 0,
      openFiles: 0,
      baseFiles: 0,
      fileLimit: Number.POSITIVE_INFINITY,
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
  #isFull(renderer: Renderer): boolean {
    return this.#boots.failures === 0 && isFull(this.#facts(renderer), this.#options);
  }

  #facts(renderer: Renderer): Renderer & { readonly ageMs: number } {
    return { ...renderer, ageMs: this.#now() - renderer.startedAt };
  }

  #now(): number {
    return this.#tools.clock.monotonic();
  }
}
