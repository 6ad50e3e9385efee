/**
 * The supervisor: N isolated renderers at work, whatever becomes of each of them, and no job lost.
 *
 * Problem: rendering leaks, hangs and crashes. The rescue that once was a program restarting renderers is made the rule here: a renderer is a process that may
 * die at any moment, and is replaced as planned before it grows old (seats.ts). A job survives because it is a leased row in the store (jobs/leases.ts): it is handed to
 * a free renderer (jobs/handing.ts); what a dead one had is given back or counted against the job at once (hearing.ts), and an outcome is written only under the fence of its
 * claim (jobs/outcomes.ts).
 *
 * How: one loop, woken by whatever happens (a message, a death, a new job, a moment gone by), reads as one sentence: hear, judge, staff, recycle, renew, claim,
 * assign. Handlers only put things into the inbox; the loop acts. Decisions are pure functions (decisions/). No step waits for the store: what
 * takes time runs beside the loop and wakes it (loop.ts), so that a locked database stops no rescue.
 *
 * What it does not do: render, listen to HTTP, or read signals; cli/ joins it to those. Nor sweep the leavings of its last life, on
 * the disk (jobs/sweeper.ts) or among the processes (renderer/leftovers.ts): whoever starts it does.
 */

import type { Clock } from '../clock.js';
import { StoryfarmError } from '../errors.js';
import type { Edition } from '../ipc/messages.js';
import type { JobStore, Lease } from '../store/store.js';
import { type Mode, reasonNotReady } from './decisions/readiness.js';
import { Hearing } from './hearing.js';
import { Claims } from './jobs/claims.js';
import { Handing } from './jobs/handing.js';
import type { Journal } from './jobs/journal.js';
import { Leases } from './jobs/leases.js';
import { Outcomes } from './jobs/outcomes.js';
import { Bell, Beside } from './loop.js';
import type { FarmObserver } from './observer.js';
import type { SupervisorOptions } from './options.js';
import { type Preparation, Preparer } from './preparer.js';
import { type About, Presence, type Standing } from './presence.js';
import { Meter } from './renderer/meter.js';
import { OomWatch } from './renderer/oom.js';
import type { RendererProgram } from './renderer/process.js';
import type { Incident, Slot } from './renderer/renderer.js';
import { Seats } from './seats.js';
import { QUIET_FACTOR, Telling } from './telling.js';

export interface SupervisorTools {
  readonly store: Pick<
    JobStore,
    | 'claim'
    | 'renew'
    | 'release'
    | 'complete'
    | 'fail'
    | 'rescue'
    | 'get'
    | 'history'
    | 'counts'
    | 'watch'
    | 'announce'
    | 'servers'
    | 'isShared'
  >;
  readonly program: RendererProgram;
  /** Deletes what an attempt left on the disk, when its renderer cannot do it any more. */
  readonly discard: (attempt: Lease) => Promise<void>;
  /** Where outcomes are kept that the store does not take at once. Left out, those that are not written by the end are rendered again. */
  readonly journal?: Journal | undefined;
  /** Bytes free in the folder of jobs; see RoomTools. */
  readonly free?: ((isSuspect: boolean) => Promise<number>) | undefined;
  readonly observer: FarmObserver;
  readonly clock: Clock;
  /** Tells whether an edition is prepared. Left out, none is prepared beside the jobs. */
  readonly isPrepared?: ((edition: Edition) => Promise<boolean>) | undefined;
  /** Deletes what a process that is gone was preparing. Left out, others see to that. */
  readonly sweepEditions?: (() => Promise<void>) | undefined;
  /** How the farm is announced to those who share its store. Left out, it is not. */
  readonly about?: (() => About) | undefined;
  /** How many processes the kernel has ended for want of memory so far. Left out, the kernel is asked. */
  readonly oomKills?: (() => number | undefined) | undefined;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/** Longest sleep of the loop; everything with a deadline is looked at this often. While every renderer waits for a job, seldom is often enough. */
const TICK_MS = 500;
const QUIET_TICK_MS = 1_000;
/** A turn that comes this much later than it was due was kept from running: the machine or this process stood still, or had too much to do. */
const ABSENT_MS = 100;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #tools: SupervisorTools;
  readonly #inbox: Incident[] = [];
  readonly #bell: Bell;
  readonly #beside: Beside;
  readonly #seats: Seats;
  readonly #meter: Meter;
  readonly #oom: OomWatch;
  readonly #outcomes: Outcomes;
  readonly #claims: Claims;
  readonly #handing: Handing;
  readonly #leases: Leases;
  readonly #hearing: Hearing;
  readonly #telling: Telling;
  readonly #preparer: Preparer | undefined;
  readonly #presence: Presence | undefined;
  #mode: Mode = 'running';
  #drainUntil = Number.POSITIVE_INFINITY;
  /** When the next turn is due at the latest. */
  #turnDue = 0;
  #meteredAt = Number.NEGATIVE_INFINITY;
  #loop: Promise<void> | undefined;

  constructor(given: SupervisorOptions, tools: SupervisorTools) {
    const { clock, observer } = tools;
    // Its own, which all parts look at: what `reconfigure` changes is in force everywhere.
    const options = { ...given };
    const random = tools.random ?? Math.random;
    this.#options = options;
    this.#tools = tools;
    this.#bell = new Bell(clock);
    const ring = () => this.#bell.ring();
    this.#beside = new Beside(ring, (what, error) => observer.trouble(what, error));
    const beside = this.#beside;
    this.#meter = new Meter(options);
    this.#oom = new OomWatch(tools.oomKills);
    const hear = (incident: Incident) => {
      this.#inbox.push(incident);
      if (!isPatient(incident)) ring();
    };
    this.#seats = new Seats(options, { ...tools, random, hear });
    this.#outcomes = new Outcomes(options, { ...tools, random, settled: ring });
    this.#claims = new Claims(options, { ...tools, beside, random });
    this.#handing = new Handing({
      ...tools,
      claims: this.#claims,
      outcomes: this.#outcomes,
      used: (edition) => this.prepare(edition),
    });
    this.#leases = new Leases(options, clock.monotonic(), {
      ...tools,
      beside,
      lost: (lease) => this.#handing.abandon(lease, this.#seats.alive),
    });
    const { about, isPrepared, sweepEditions = async () => {} } = tools;
    const { trouble } = observer;
    this.#presence = about && new Presence({ ...tools, about, beside, trouble });
    const sweep = () => beside.run('what was being prepared', sweepEditions);
    const lacksMemory = () => this.#hearing.lacksMemory();
    this.#preparer = isPrepared && new Preparer(options.silentMs, { ...tools, isPrepared, sweep, ring, lacksMemory });
    this.#hearing = new Hearing({
      ...tools,
      seats: this.#seats,
      outcomes: this.#outcomes,
      claims: this.#claims,
      meter: this.#meter,
      oom: this.#oom,
      bell: this.#bell,
      missed: (edition) => this.#preparer?.miss(edition),
    });
    this.#telling = new Telling({ ...tools, seats: this.#seats, beside });
  }

  /** Has an edition prepared beside the jobs, unless it is, or this farm prepares none. */
  prepare(edition: Edition): void {
    this.#preparer?.want(edition);
  }

  /** Prepares no more of what was asked for so far. */
  forgetEditions(): void {
    this.#preparer?.forget();
  }

  /**
   * Writes the journalled outcomes of its earlier lives and takes its other jobs back (it has just booted and renders nothing), then works until `drain` or `stop`. Rejects when
   * the store does not answer; the journal stays for the next start. `wasKilled`: its last life was, as far as is known.
   */
  async start({ wasKilled = false }: { readonly wasKilled?: boolean } = {}): Promise<void> {
    await this.#outcomes.recover();
    const rescued = await this.#tools.store.rescue({ server: this.#options.server });
    if (wasKilled || rescued > 0) this.#hearing.fear();
    await this.#presence?.begin(this.#standing);
    const unwatch = this.#tools.store.watch(() => {
      this.#claims.expect();
      this.#bell.ring();
    });
    // Between two boots that fail, nothing else would keep the process alive.
    const presence = setInterval(() => {}, 2 ** 30);
    this.#turnDue = this.#now() + TICK_MS;
    this.#loop = this.#run().finally(() => {
      clearInterval(presence);
      unwatch();
    });
  }

  /** Resolves when the farm has ended after `drain` or `stop`: no renderer lives, and every outcome is written, unless the store refused to the end. */
  async ended(): Promise<void> {
    await this.#loop;
  }

  /** Claims no more, lets the present jobs finish (at most `drainMs`), then ends. Idempotent. */
  async drain(): Promise<void> {
    if (this.#mode === 'running') {
      this.#mode = 'draining';
      this.#drainUntil = this.#now() + this.#options.drainMs;
    }
    this.#bell.ring();
    await this.ended();
  }

  /** Kills every renderer now, gives the jobs back uncounted, then ends. Idempotent. */
  async stop(): Promise<void> {
    this.#mode = 'stopping';
    this.#bell.ring();
    await this.ended();
  }

  /** Whether this farm can take jobs, and if not, why. */
  readiness(): { ready: boolean; reason: string } {
    const reason = this.#obstacle();
    return { ready: reason === undefined, reason: reason ?? 'at work' };
  }

  /** The seats as they stand; for status, metrics and tests. */
  get slots(): readonly Slot[] {
    return this.#seats.slots;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** The edition that is being prepared beside the jobs. */
  get preparing(): Preparation | undefined {
    return this.#preparer?.present;
  }

  /** Why claims are paused by request, or undefined. */
  get pausedFor(): string | undefined {
    return this.#claims.heldFor;
  }

  /** What is in force. */
  get options(): SupervisorOptions {
    return this.#options;
  }

  /** The attempts that this farm is at, wanted or not, and those whose outcome it is writing. */
  get underWay(): readonly Lease[] {
    const assigned = this.#seats.alive.flatMap(({ assignment }) => (assignment ? [assignment.job] : []));
    return [...assigned, ...this.#outcomes.leases];
  }

  /** Asks for a planned replacement of every renderer, one after the other. Idempotent until it is done. */
  recycleAll(): void {
    this.#seats.recycleAll();
    this.#bell.ring();
  }

  /** The same for the renderer of one slot, or of all. Answers whose renderers are to be replaced. Throws `not_found` when there is no such slot. */
  recycle(slot?: number): number[] {
    if (slot !== undefined && !this.slots[slot]) throw noSlot(slot, this.slots.length);
    this.#seats.recycleAll(slot);
    this.#bell.ring();
    return this.slots.filter(({ renderer }) => renderer?.recycling).map(({ number }) => number);
  }

  /** What renderers are started with has changed: each is replaced, one after the other and between jobs. */
  reprogram(): void {
    this.#seats.reprogram();
    this.#preparer?.reprogram();
    this.#bell.ring();
  }

  /**
   * Changes options while it works; no job is interrupted. Of `slots` it is the number that is changed, 0 included: seats above it are emptied, each when its job
   * has ended. Idempotent.
   */
  reconfigure(changes: Partial<Omit<SupervisorOptions, 'server'>>): void {
    const { leaseMs, maxJobs, silentMs } = this.#options;
    Object.assign(this.#options, changes);
    const options = this.#options;
    if (options.leaseMs !== leaseMs) this.#leases.retime();
    // What was held back from it may not be any more.
    this.#claims.expect();
    if (options.silentMs !== silentMs) this.#preparer?.retime(options.silentMs);
    this.#seats.relimit(options.maxJobs !== maxJobs);
    this.#bell.ring();
  }

  /** Claims no more until `resume`; present jobs go on. Idempotent; a new reason replaces the old. */
  pause(reason: string): void {
    this.#claims.hold(reason);
  }

  /** Claims again. Idempotent. */
  resume(): void {
    this.#claims.unhold();
    this.#bell.ring();
  }

  async #run(): Promise<void> {
    while (!this.#isOver()) {
      this.#seats.account();
      this.#forgive();
      this.#hear();
      this.#judge();
      this.#staff();
      this.#renew();
      this.#assign();
      this.#claim();
      this.#tell();
      await this.#sleep();
    }
    await this.#beside.ended();
    await this.#presence?.end(this.#standing);
  }

  #isOver(): boolean {
    const isWorking =
      this.#mode === 'running' || this.#inbox.length > 0 || this.#claims.open || this.#outcomes.underWay > 0;
    return !isWorking && this.#seats.alive.length === 0 && !this.#preparer?.isAlive;
  }

  /** A supervisor that was stopped itself must not take its own silence for that of its renderers. */
  #forgive(): void {
    const late = this.#now() - this.#turnDue;
    if (late <= ABSENT_MS) return;
    this.#seats.forgive(late);
    this.#preparer?.forgive(late);
  }

  async #sleep(): Promise<void> {
    const ms = this.#isQuiet ? QUIET_TICK_MS : TICK_MS;
    this.#turnDue = this.#now() + ms;
    await this.#bell.sleep(ms);
  }

  get #isQuiet(): boolean {
    return this.#mode === 'running' && this.#seats.isQuiet && this.#outcomes.underWay === 0;
  }

  // Hear what renderers said, and how they ended.

  #hear(): void {
    for (const incident of this.#inbox.splice(0)) this.#hearing.hear(incident);
  }

  // Judge: whom to kill; all, when stopping.

  #judge(): void {
    if (this.#mode === 'draining' && this.#now() >= this.#drainUntil) this.#mode = 'stopping';
    if (this.#mode === 'stopping') {
      this.#seats.killAll();
      this.#outcomes.hurry();
    } else this.#seats.judge();
  }

  // Staff and recycle the seats; in a draining farm those who have nothing to do go.

  #staff(): void {
    if (this.#mode === 'draining') this.#seats.empty();
    if (this.#mode !== 'running') {
      if (this.#mode === 'draining') this.#preparer?.stop();
      else this.#preparer?.kill();
      return;
    }
    this.#preparer?.tend();
    this.#seats.resize();
    this.#seats.staff();
    this.#seats.recycle();
  }

  // Renew: leases, and what is known of memory.

  #renew(): void {
    const now = this.#now();
    this.#leases.tend(this.#seats.assignments, this.#outcomes.leases, now);
    if (now - this.#meteredAt < this.#options.meterMs * (this.#isQuiet ? QUIET_FACTOR : 1)) return;
    this.#meteredAt = now;
    this.#oom.look();
    this.#beside.run('metering memory', () => this.#meter.glance(this.#seats.alive));
  }

  // Assign what was claimed, and claim for those who are still free.

  #assign(): void {
    this.#handing.assign(() => (this.#mode === 'running' ? this.#seats.free : []));
  }

  #claim(): void {
    if (this.#mode === 'running') this.#claims.look(this.#seats.free.length);
  }

  #tell(): void {
    this.#telling.tell(this.#isQuiet);
    this.#presence?.tend(this.#standing);
  }

  get #standing(): Standing {
    const { server, slots, tags } = this.#options;
    return { server, slots, mode: this.#mode, rendering: this.#seats.assignments.length, ...(tags && { tags }) };
  }

  #obstacle(): string | undefined {
    const isHeld = this.#claims.heldFor !== undefined;
    const booted = this.#seats.slots.filter(({ renderer }) => renderer && renderer.phase !== 'booting').length;
    const { obstacle } = this.#claims;
    const { slots } = this.#options;
    const failedBoots = this.#seats.boots.failures;
    return reasonNotReady({ mode: this.#mode, isHeld, obstacle, slots, booted, failedBoots });
  }

  #now(): number {
    return this.#tools.clock.monotonic();
  }
}

function noSlot(slot: number, count: number): StoryfarmError {
  return new StoryfarmError('not_found', `There is no slot ${slot}.`, {
    hint:
      count === 0 ? 'The farm has none at present.' : `The last is slot ${count - 1}; \`storyfarm status\` shows them.`,
  });
}

/** What can wait for the next turn: signs of life. */
const isPatient = (incident: Incident): boolean =>
  'message' in incident && (incident.message.type === 'heartbeat' || incident.message.type === 'progress');
