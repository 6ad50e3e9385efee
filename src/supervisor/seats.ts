/**
 * Seats: N numbered places with a renderer in each, whatever becomes of them.
 *
 * A standby waits, booted, and takes the seat of whoever dies in the moment in which that is known, or of the first of those due to be recycled that is between jobs, so that
 * neither leaves a seat empty. The next standby is started when all seats are taken and the replaced renderer is gone: one at a time, so that a farm of N with one
 * standby never holds more than N + 1. (With none to wait, one is started when a renderer is due.) Without a standby that is ready, an empty seat is staffed at once after a first crash, later after
 * more (crew.ts has the breaker for those that cannot boot).
 *
 * N may change at any time (`slots` of the options): new seats are staffed like empty ones; a seat that is too many is closed, which is when its renderer has
 * finished its job. Until then it can be opened again.
 *
 * What it does not do: know jobs. A dead renderer's job is for whoever buries it.
 */

import type { Failure } from '../errors.js';
import { Bench, NO_SEAT } from './bench.js';
import { Capacity, type Loss, type Spent } from './capacity.js';
import { Crew, type CrewTools } from './crew.js';
import { type Boots, restartDelay } from './decisions/backoff.js';
import { afterOom, type Brake, NO_BRAKE, released } from './decisions/brake.js';
import type { SupervisorOptions } from './options.js';
import type { Assignment, KillCause, Renderer, Slot } from './renderer/renderer.js';
import { WearWatch } from './wear.js';

/** How long after a seat was refilled the next standby is started. */
const BREATH_MS = 20;

export class Seats {
  readonly #slots: Slot[] = [];
  readonly #options: SupervisorOptions;
  readonly #tools: CrewTools;
  readonly #crew: Crew;
  readonly #wear: WearWatch;
  readonly #bench = new Bench();
  readonly #capacity: Capacity;
  #brake: Brake = NO_BRAKE;

  constructor(options: SupervisorOptions, tools: CrewTools) {
    this.#options = options;
    this.#tools = tools;
    this.#crew = new Crew(options, tools);
    this.#wear = new WearWatch(options, tools);
    this.resize();
    this.#capacity = new Capacity(this.#now());
  }

  /** Those that are open, and after them those that are being emptied. */
  get slots(): readonly Slot[] {
    return this.#slots;
  }

  get alive(): readonly Renderer[] {
    return this.#crew.alive;
  }

  /** What is being rendered under a lease that is good as far as is known. */
  get assignments(): readonly Assignment[] {
    return this.#crew.assignments;
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
    return this.#crew.boots;
  }

  /** Brings the seats nearer to their number: makes those that are missing, and takes away those that are too many, each when nobody sits there any more. */
  resize(): void {
    const wanted = this.#options.slots;
    for (let number = this.slots.length; number < wanted; number++)
      this.#slots.push({ number, renderer: undefined, deaths: 0, emptyUntil: 0, emptyFor: 'start' });
    for (const { renderer } of this.slots.slice(wanted)) if (renderer) this.#crew.sendHome(renderer);
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
      } else if (this.#now() >= slot.emptyUntil && this.#crew.mayBoot) slot.renderer = this.#crew.start(slot.number);
    }
  }

  /** Puts a standby that is ready in the place of a renderer that is due and between jobs; starts the next one. */
  recycle(): void {
    const due = this.#open.filter(({ renderer }) => renderer && this.#wear.isDue(renderer));
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
    for (const standby of [...this.#bench.standbys]) if (this.#bench.remove(standby)) this.#crew.sendHome(standby);
  }

  /** Limits have changed; `ofJobs`: also that of jobs, for those who are there too. */
  relimit(ofJobs: boolean): void {
    this.#wear.relimit();
    if (ofJobs) this.#crew.respread();
  }

  /** Kills those that have to be: silent, stalled, bloated, or deaf. */
  judge(): void {
    this.#brake = released(this.#brake, this.#options.slots, this.#now());
    this.#crew.judge();
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
    this.#crew.kill(renderer, cause);
  }

  killAll(): void {
    this.#crew.killAll();
  }

  /** Sends home all that have nothing to do. */
  empty(): void {
    for (const renderer of this.alive) this.#crew.sendHome(renderer);
  }

  /** It has booted. */
  admit(renderer: Renderer): void {
    this.#crew.admit(renderer);
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
    this.#crew.remove(renderer);
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
    if (phase === 'booting' && !isStruck) this.#crew.noteBootFailure();
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
    this.#crew.forgive(ms);
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
    if (ready && (standbys.length > wanted || isStale) && this.#bench.remove(ready)) this.#crew.dismiss(ready);
    const isStaffed = this.#open.every(({ renderer }) => renderer && renderer.phase !== 'booting');
    const isUnderWay = this.alive.some(
      ({ phase, slot }) => phase === 'leaving' || (phase === 'booting' && slot === NO_SEAT),
    );
    if (standbys.length >= wanted || !isStaffed || isUnderWay) return;
    if (this.#bench.mayGrow(this.#now()) && this.#crew.mayBoot) this.#bench.add(this.#crew.start(NO_SEAT));
  }

  /** Why a seat was of no use to jobs, or undefined. */
  #lossOf({ renderer, emptyFor }: Slot): Loss | undefined {
    if (!renderer || renderer.phase === 'booting') return emptyFor;
    return renderer.phase === 'idle' && this.#isFull(renderer) ? 'planned' : undefined;
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
    this.#crew.dismiss(renderer);
  }

  /** One that is full works on when none can follow it; the hard limit still holds. */
  #isFull(renderer: Renderer): boolean {
    return this.#crew.boots.failures === 0 && this.#wear.isFull(renderer);
  }

  #now(): number {
    return this.#tools.clock.monotonic();
  }
}
