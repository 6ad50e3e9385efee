/**
 * The supervisor: N isolated renderers at work, whatever becomes of each of them, and no job lost.
 *
 * Problem: rendering leaks, hangs and crashes. The rescue that once was a program restarting renderers is made the rule here: a renderer is a process that may
 * die at any moment, and is replaced as planned before it grows old. A job survives because it is a leased row in the store: what a dead renderer had is given
 * back or counted against the job at once, and a result is written only under the fence of its claim.
 *
 * How: one loop, woken by whatever happens (a message, a death, a new job, a second gone by), reads as one sentence: hear, kill, staff, recycle, renew, claim,
 * assign. Handlers only put things into the inbox; the loop acts. Decisions are pure functions (judge.ts, recycle.ts, backoff.ts). No step waits for the store: what
 * takes time runs beside the loop and wakes it, so that a locked database stops no rescue.
 *
 * Recycling costs no capacity: a successor boots beside the old renderer and takes the seat when it is ready and the old one is between jobs; one at a time.
 *
 * What it does not do: render, listen to HTTP, or read signals; cli/ joins it to those.
 */

import type { Clock } from '../clock.js';
import { asStoryfarmError, type Failure, failure } from '../errors.js';
import type { RenderOrder, ToSupervisor } from '../ipc/messages.js';
import type { Job, JobResult } from '../job.js';
import type { JobStore, QueueCounts, Renewal } from '../store/store.js';
import { restartDelay, retryDelay } from './backoff.js';
import { causeOfDeath, reasonToKill } from './judge.js';
import { treeMemory } from './memory.js';
import type { FarmObserver } from './observer.js';
import type { SupervisorOptions } from './options.js';
import { reasonToRecycle, spreadJobs } from './recycle.js';
import type { Assignment, KillCause, Renderer, Slot } from './renderer.js';
import { type Death, RendererProcess, type RendererProgram } from './renderer-process.js';

export interface SupervisorTools {
  readonly store: Pick<JobStore, 'claim' | 'renew' | 'release' | 'complete' | 'fail' | 'rescue' | 'counts' | 'watch'>;
  readonly program: RendererProgram;
  /** Deletes what an attempt left on the disk, when its renderer cannot do it any more. */
  readonly discard: (attempt: { id: string; fence: number }) => Promise<void>;
  readonly observer: FarmObserver;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

type Incident =
  | { readonly renderer: Renderer; readonly message: ToSupervisor }
  | { readonly renderer: Renderer; readonly nonsense: unknown }
  | { readonly renderer: Renderer; readonly death: Death };

/** Longest sleep of the loop; everything with a deadline is looked at this often. */
const TICK_MS = 250;
/** While a job moves on, its progress reaches the store this often. */
const PROGRESS_MS = 500;
/** After the disk was full, claims rest this long. */
const NO_SPACE_PAUSE_MS = 10_000;
/** A job that was told to stop gets this long before its renderer is killed. */
const ABORT_GRACE_MS = 5_000;
/** A renderer that was asked to go gets this long before it is killed. */
const LEAVE_GRACE_MS = 5_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #tools: SupervisorTools;
  readonly #slots: Slot[];
  readonly #inbox: Incident[] = [];
  /** Leased, and waiting for a renderer. */
  readonly #claimed: Job[] = [];
  /** Outcomes being written, by job; their leases are renewed meanwhile. */
  readonly #settling = new Map<Job, Promise<void>>();
  /** Every process that has not ended, in or out of a seat. */
  readonly #alive = new Set<Renderer>();
  /** What runs beside the loop, by name: never two of a kind. */
  readonly #beside = new Map<string, Promise<void>>();
  #wake: () => void = () => {};
  #woken = false;
  #mode: 'running' | 'draining' | 'stopping' = 'running';
  #drainUntil = Number.POSITIVE_INFINITY;
  #lookAt = 0;
  #pausedUntil = 0;
  #paused = false;
  #turnAt = 0;
  #due = { renew: 0, rescue: 0, meter: 0, state: 0 };
  #queue: QueueCounts | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: SupervisorOptions, tools: SupervisorTools) {
    this.#options = options;
    this.#tools = tools;
    this.#slots = Array.from({ length: options.slots }, (_, number) => ({ number, renderer: undefined, successor: undefined, deaths: 0, emptyUntil: 0 }));
  }

  /** Takes its own jobs back (it has just booted and renders nothing), then works until `drain` or `stop`. Rejects when the store does not answer. */
  async start(): Promise<void> {
    await this.#tools.store.rescue({ server: this.#options.server });
    this.#turnAt = this.#now();
    this.#due.rescue = this.#turnAt + this.#options.leaseMs / 2;
    const unwatch = this.#tools.store.watch(() => {
      this.#lookAt = 0;
      this.#rouse();
    });
    this.#loop = this.#run().finally(unwatch);
  }

  /** Resolves when the farm has ended after `drain` or `stop`: no renderer lives, every outcome is written. */
  async ended(): Promise<void> {
    await this.#loop;
  }

  /** Claims no more, lets the present jobs finish (at most `drainMs`), then ends. Idempotent. */
  async drain(): Promise<void> {
    if (this.#mode === 'running') {
      this.#mode = 'draining';
      this.#drainUntil = this.#now() + this.#options.drainMs;
    }
    this.#rouse();
    await this.ended();
  }

  /** Kills every renderer now, gives the jobs back uncounted, then ends. Idempotent. */
  async stop(): Promise<void> {
    this.#mode = 'stopping';
    this.#rouse();
    await this.ended();
  }

  /** Whether this farm can take jobs, and if not, why. */
  readiness(): { ready: boolean; reason: string } {
    if (this.#mode !== 'running') return { ready: false, reason: this.#mode };
    if (this.#paused) return { ready: false, reason: 'claims are paused' };
    const seated = this.#slots.some(({ renderer }) => renderer && renderer.phase !== 'booting');
    return seated ? { ready: true, reason: 'at work' } : { ready: false, reason: 'no renderer is ready' };
  }

  /** The seats as they stand; for status, metrics and tests. */
  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** Asks for a planned replacement of every renderer, one after the other. */
  recycleAll(): void {
    for (const { renderer } of this.#slots) if (renderer) renderer.recycling ??= 'request';
    this.#rouse();
  }

  async #run(): Promise<void> {
    while (!this.#isOver()) {
      this.#forgiveOwnAbsence();
      this.#hear();
      this.#kill();
      this.#staff();
      this.#recycle();
      this.#renew();
      this.#claim();
      this.#assign();
      this.#tell();
      await this.#sleep();
    }
    await Promise.allSettled(this.#beside.values());
  }

  #isOver(): boolean {
    return this.#mode !== 'running' && this.#alive.size === 0 && this.#settling.size === 0 && this.#claimed.length === 0 && this.#inbox.length === 0;
  }

  /** A supervisor that was stopped itself must not take its own silence for that of its renderers. */
  #forgiveOwnAbsence(): void {
    const now = this.#now();
    const absent = now - this.#turnAt - TICK_MS;
    this.#turnAt = now;
    if (absent < 1_000) return;
    for (const renderer of this.#alive) {
      renderer.heardAt = now;
      if (renderer.assignment) renderer.assignment.progressAt = now;
    }
  }

  // Hear: what renderers said, and how they ended.

  #hear(): void {
    for (const incident of this.#inbox.splice(0)) {
      const { renderer } = incident;
      if ('death' in incident) this.#bury(renderer, incident.death);
      else if ('nonsense' in incident) this.#distrust(renderer, incident.nonsense);
      else this.#listen(renderer, incident.message);
    }
  }

  #listen(renderer: Renderer, message: ToSupervisor): void {
    const now = this.#now();
    renderer.heardAt = now;
    switch (message.type) {
      case 'ready':
        if (renderer.phase !== 'booting') return;
        renderer.phase = 'idle';
        this.#tools.observer.booted(renderer.slot, renderer.process.pid);
        return;
      case 'progress':
        if (!renderer.assignment || !isOf(message, renderer.assignment)) return;
        if (message.fraction > renderer.assignment.progress) renderer.assignment.progressAt = now;
        renderer.assignment.progress = message.fraction;
        return;
      case 'rendered':
      case 'failed':
        return this.#finish(renderer, message);
      case 'heartbeat':
      case 'unfit': // Its death is told next.
        return;
    }
  }

  #finish(renderer: Renderer, message: Extract<ToSupervisor, { type: 'rendered' | 'failed' }>): void {
    const { assignment } = renderer;
    if (!assignment || !isOf(message, assignment)) return;
    renderer.assignment = undefined;
    renderer.jobs++;
    this.#rest(renderer);
    const slot = this.#slots[renderer.slot];
    if (slot) slot.deaths = 0;
    if (message.type === 'rendered') this.#settle(assignment, () => this.#complete(assignment.job, { outputs: message.outputs, stages: message.stages }));
    else this.#settle(assignment, () => this.#fail(assignment.job, message.failure));
  }

  /** Between jobs its memory is metered before it gets another: the soft limit is exact to one job. */
  #rest(renderer: Renderer): void {
    if (renderer.phase !== 'busy') return;
    renderer.phase = 'resting';
    void this.#meter(renderer).then(() => {
      if (renderer.phase === 'resting') renderer.phase = 'idle';
      renderer.restingMemory = renderer.memory;
      this.#rouse();
    });
  }

  #distrust(renderer: Renderer, nonsense: unknown): void {
    this.#tools.observer.trouble(`renderer ${renderer.process.pid} sent what is no message`, nonsense);
    renderer.process.kill();
  }

  /** Takes a dead renderer from its seat, blames whom it has to, and gives its job back. */
  #bury(renderer: Renderer, death: Death): void {
    this.#alive.delete(renderer);
    const { assignment, phase } = renderer;
    const planned = phase === 'leaving' && !assignment;
    const cause = causeOfDeath(renderer, death);
    const slot = this.#slots[renderer.slot];
    if (slot?.successor === renderer) slot.successor = undefined;
    if (slot?.renderer === renderer) {
      slot.renderer = slot.successor;
      slot.successor = undefined;
    }
    if (slot && !planned && renderer.killedFor !== 'stop') {
      slot.deaths++;
      slot.emptyUntil = this.#now() + restartDelay(slot.deaths, phase !== 'booting', this.#random());
      this.#tools.observer.died(renderer.slot, renderer.process.pid, cause);
    }
    if (!assignment) return;
    renderer.assignment = undefined;
    const { job } = assignment;
    const uncounted = renderer.killedFor === 'stop' || assignment.lost;
    this.#settle(assignment, async () => {
      await this.#tools.discard(job);
      if (uncounted) await this.#release(job);
      else await this.#blame(job, cause);
    });
  }

  // Outcomes: written beside the loop, under the fence, until the store has taken them.

  #settle(assignment: Pick<Assignment, 'job' | 'lost'>, write: () => Promise<void>): void {
    const { job } = assignment;
    if (assignment.lost) {
      this.#tools.observer.leaseLost(job);
      void this.#tools.discard(job).catch((error) => this.#tools.observer.trouble('could not delete the files of a lost attempt', error));
      return;
    }
    const settled = this.#persist(job, write).finally(() => {
      this.#settling.delete(job);
      this.#rouse();
    });
    this.#settling.set(job, settled);
  }

  /** Tries until it is written or the fence forbids it. */
  async #persist(job: Job, write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write();
      } catch (thrown) {
        const error = asStoryfarmError(thrown);
        if (error.code === 'fenced') {
          this.#tools.observer.leaseLost(job);
          await this.#tools.discard(job).catch(() => {});
          return;
        }
        this.#tools.observer.trouble(`the outcome of job ${job.id} is not written yet`, error);
        await new Promise<void>((resolve) => this.#tools.clock.after(1_000, resolve));
      }
    }
  }

  async #complete(job: Job, result: JobResult): Promise<void> {
    await this.#tools.store.complete(job, result);
    this.#tools.observer.rendered(job, result);
  }

  async #fail(job: Job, reason: Failure): Promise<void> {
    // The attempt did not fail; it was stopped, or there was no room. Neither says anything about the job.
    if (reason.code === 'no_space') this.#pause(NO_SPACE_PAUSE_MS);
    if (reason.code === 'aborted' || reason.code === 'no_space') return this.#release(job);
    const retryInMs = retryDelay(reason, job.attempt, this.#options.maxAttempts, this.#random());
    await this.#tools.store.fail(job, { failure: reason, retryInMs, counts: 'attempt' });
    this.#tools.observer.failed(job, reason, retryInMs);
  }

  /** A job that ended its renderer is tried again at once, until it has ended too many. */
  async #blame(job: Job, cause: Failure): Promise<void> {
    const poison = job.crashes + 1 >= this.#options.maxCrashes;
    const reason = poison ? failure('poison', `The job ended ${job.crashes + 1} renderers, the last with ${cause.code}: ${cause.message}`) : cause;
    const retryInMs = poison ? null : 0;
    await this.#tools.store.fail(job, { failure: reason, retryInMs, counts: 'crash' });
    this.#tools.observer.failed(job, reason, retryInMs);
  }

  async #release(job: Job): Promise<void> {
    await this.#tools.store.release(job);
    this.#tools.observer.released(job);
  }

  // Kill: the silent, the stalled, the bloated; all, when stopping.

  #kill(): void {
    const now = this.#now();
    if (this.#mode === 'draining' && now >= this.#drainUntil) this.#mode = 'stopping';
    for (const renderer of this.#alive) {
      const cause: KillCause | undefined = this.#mode === 'stopping' ? 'stop' : reasonToKill(renderer, now, this.#options);
      if (cause) this.#end(renderer, cause);
    }
    if (this.#mode === 'running') return;
    for (const job of this.#claimed.splice(0)) this.#settle({ job, lost: false }, () => this.#release(job));
  }

  #end(renderer: Renderer, cause: KillCause): void {
    if (renderer.killedFor) return;
    renderer.killedFor = cause;
    renderer.process.kill();
  }

  // Staff: empty seats get renderers; in a draining farm idle renderers go.

  #staff(): void {
    const now = this.#now();
    for (const slot of this.#slots) {
      if (this.#mode === 'running' && !slot.renderer && now >= slot.emptyUntil) slot.renderer = this.#start(slot);
    }
    if (this.#mode !== 'draining') return;
    for (const renderer of this.#alive) {
      if (renderer.phase === 'idle') this.#dismiss(renderer);
      if (renderer.phase === 'booting') this.#end(renderer, 'stop');
    }
  }

  #start(slot: Slot): Renderer {
    const now = this.#now();
    const put = (incident: Incident) => {
      this.#inbox.push(incident);
      this.#rouse();
    };
    const process = new RendererProcess(this.#tools.program, {
      message: (message) => put({ renderer, message }),
      nonsense: (nonsense) => put({ renderer, nonsense }),
      death: (death) => put({ renderer, death }),
      line: (text) => this.#tools.observer.line(slot.number, text),
    });
    const renderer: Renderer = {
      process,
      slot: slot.number,
      startedAt: now,
      jobLimit: spreadJobs(this.#options.maxJobs, this.#random()),
      phase: 'booting',
      heardAt: now,
      jobs: 0,
      memory: 0,
      restingMemory: 0,
      assignment: undefined,
      killedFor: undefined,
      recycling: undefined,
    };
    this.#alive.add(renderer);
    return renderer;
  }

  #dismiss(renderer: Renderer): void {
    renderer.phase = 'leaving';
    renderer.process.leave();
    this.#tools.clock.after(LEAVE_GRACE_MS, () => renderer.process.kill());
  }

  // Recycle: one at a time, the successor first.

  #recycle(): void {
    if (this.#mode !== 'running') return;
    const now = this.#now();
    for (const slot of this.#slots) {
      const { renderer } = slot;
      if (!renderer || renderer.phase === 'booting') continue;
      renderer.recycling ??= reasonToRecycle({ ...renderer, ageMs: now - renderer.startedAt }, this.#options);
      if (slot.successor?.phase === 'idle' && isFree(renderer)) {
        this.#tools.observer.recycled(slot.number, renderer.process.pid, renderer.recycling ?? 'request');
        this.#dismiss(renderer);
        slot.renderer = slot.successor;
        slot.successor = undefined;
      }
    }
    if (this.#slots.some((slot) => slot.successor) || this.#slots.some((slot) => slot.emptyUntil > now)) return;
    const next = this.#slots.find((slot) => slot.renderer?.recycling);
    if (next) next.successor = this.#start(next);
  }

  // Renew: leases, and what others let expire.

  #renew(): void {
    const now = this.#now();
    const { leaseMs, meterMs } = this.#options;
    if (now >= this.#due.renew) {
      const assignments = [...this.#alive].flatMap((renderer) => (renderer.assignment && !renderer.assignment.lost ? [renderer.assignment] : []));
      this.#due.renew = now + (assignments.length > 0 ? Math.min(PROGRESS_MS, leaseMs / 3) : leaseMs / 3);
      const renewals: Renewal[] = [
        ...assignments.map(({ job, progress }) => ({ id: job.id, fence: job.fence, progress })),
        ...this.#claimed.map(({ id, fence }) => ({ id, fence, progress: 0 })),
        ...[...this.#settling.keys()].map(({ id, fence }) => ({ id, fence, progress: 1 })),
      ];
      if (renewals.length > 0) this.#aside('renewing leases', async () => this.#lose(await this.#tools.store.renew(renewals, leaseMs)));
    }
    if (now >= this.#due.rescue) {
      this.#due.rescue = now + leaseMs / 2;
      this.#aside('rescuing expired jobs', async () => void (await this.#tools.store.rescue('expired')));
    }
    if (now >= this.#due.meter) {
      this.#due.meter = now + meterMs;
      this.#aside('metering memory', async () => void (await Promise.all([...this.#alive].map((renderer) => this.#meter(renderer)))));
    }
  }

  /** Attempts whose lease is gone are stopped; nothing of them will be written. */
  #lose(lost: readonly { id: string; fence: number }[]): void {
    for (const lease of lost) {
      const waiting = this.#claimed.findIndex((job) => isOf(lease, { job }));
      if (waiting >= 0) this.#claimed.splice(waiting, 1);
      for (const renderer of this.#alive) {
        const { assignment } = renderer;
        if (!assignment || !isOf(lease, assignment) || assignment.lost) continue;
        assignment.lost = true;
        renderer.process.abort(lease.id);
        this.#tools.clock.after(ABORT_GRACE_MS, () => {
          if (renderer.assignment === assignment) renderer.process.kill();
        });
      }
    }
  }

  async #meter(renderer: Renderer): Promise<void> {
    renderer.memory = await treeMemory(renderer.process.pid, this.#options.maxMemory);
  }

  // Claim and assign.

  #claim(): void {
    const now = this.#now();
    if (this.#paused && now >= this.#pausedUntil) this.#resume();
    const free = this.#slots.filter(({ renderer }) => renderer && isAssignable(renderer)).length - this.#claimed.length;
    if (this.#mode !== 'running' || this.#paused || free <= 0 || now < this.#lookAt) return;
    this.#aside('claiming jobs', async () => {
      // Before the question, so that a job that comes while it is asked makes us ask again.
      this.#lookAt = this.#now() + this.#options.pollMs;
      const jobs = await this.#tools.store.claim({ server: this.#options.server, limit: free, leaseMs: this.#options.leaseMs });
      this.#claimed.push(...jobs);
      if (jobs.length === free) this.#lookAt = 0;
    });
  }

  #assign(): void {
    if (this.#mode !== 'running') return;
    for (const { renderer } of this.#slots) {
      if (!renderer || !isAssignable(renderer)) continue;
      const job = this.#claimed.shift();
      if (!job) return;
      const now = this.#now();
      renderer.phase = 'busy';
      renderer.assignment = { job, startedAt: now, progress: 0, progressAt: now, lost: false };
      renderer.process.render(orderOf(job));
      this.#tools.observer.assigned(job, renderer.slot);
    }
  }

  #pause(ms: number): void {
    this.#pausedUntil = this.#now() + ms;
    if (this.#paused) return;
    this.#paused = true;
    this.#tools.observer.paused('no_space', true);
  }

  #resume(): void {
    this.#paused = false;
    this.#tools.observer.paused('no_space', false);
  }

  // Tell, sleep, and work beside the loop.

  #tell(): void {
    const now = this.#now();
    if (now < this.#due.state) return;
    this.#due.state = now + 1_000;
    this.#aside('counting jobs', async () => {
      this.#queue = await this.#tools.store.counts();
    });
    this.#tools.observer.state(this.#slots, this.#queue);
  }

  /** Runs work that takes time beside the loop, never two of a kind; what goes wrong is told and tried again when it is next due. */
  #aside(what: string, work: () => Promise<void>): void {
    if (this.#beside.has(what)) return;
    const done = work()
      .catch((error) => this.#tools.observer.trouble(what, error))
      .finally(() => {
        this.#beside.delete(what);
        this.#rouse();
      });
    this.#beside.set(what, done);
  }

  async #sleep(): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const cancel = this.#tools.clock.after(TICK_MS, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#wake = () => {};
    this.#woken = false;
  }

  #rouse(): void {
    this.#woken = true;
    this.#wake();
  }

  #now(): number {
    return this.#tools.clock.monotonic();
  }

  #random(): number {
    return (this.#tools.random ?? Math.random)();
  }
}

/** Free of work: it may leave. */
const isFree = ({ phase }: Renderer) => phase === 'idle';

/** It may get a job: free, and not grown past its memory. */
const isAssignable = (renderer: Renderer) => isFree(renderer) && renderer.recycling !== 'memory';

const isOf = (lease: { id: string; fence: number }, { job }: Pick<Assignment, 'job'>) => lease.id === job.id && lease.fence === job.fence;

function orderOf({ id, fence, request }: Job): RenderOrder {
  return { id, fence, template: { ...request.template }, cast: { ...request.cast }, words: { ...request.words } };
}
