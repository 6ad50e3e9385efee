/**
 * The crew: every renderer process that has not ended, in a seat or out of one. They are started here, judged, sent home and killed; who sits where is for the seats.
 *
 * A breaker over the whole farm slows down renderers that cannot boot. Those that somebody else kills while they boot are no sign of that.
 */

import type { Clock } from '../clock.js';
import { afterBootFailure, BOOTS_WELL, type Boots, mayBoot } from './decisions/backoff.js';
import { causeOfSilence, isSuspect, reasonToKill } from './decisions/judge.js';
import { spreadJobs } from './decisions/recycle.js';
import type { FarmObserver } from './observer.js';
import type { SupervisorOptions } from './options.js';
import { type RendererEvents, RendererProcess, type RendererProgram } from './renderer/process.js';
import type { Assignment, Incident, KillCause, Renderer } from './renderer/renderer.js';
import { vitalsOf } from './renderer/vitals.js';

export interface CrewTools {
  readonly program: RendererProgram;
  readonly observer: FarmObserver;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of everything that a renderer says, and of its end. */
  readonly hear: (incident: Incident) => void;
}

export class Crew {
  readonly #options: SupervisorOptions;
  readonly #tools: CrewTools;
  readonly #alive = new Set<Renderer>();
  #boots: Boots = BOOTS_WELL;

  constructor(options: SupervisorOptions, tools: CrewTools) {
    this.#options = options;
    this.#tools = tools;
  }

  get alive(): readonly Renderer[] {
    return [...this.#alive];
  }

  /** What is being rendered under a lease that is good as far as is known. */
  get assignments(): readonly Assignment[] {
    return this.alive.flatMap(({ assignment }) => (assignment && assignment.lostAt === undefined ? [assignment] : []));
  }

  /** Whether renderers can boot, as far as is known. */
  get boots(): Boots {
    return this.#boots;
  }

  get mayBoot(): boolean {
    const booting = this.alive.filter(({ phase }) => phase === 'booting').length;
    return mayBoot(this.#boots, this.#now(), booting);
  }

  start(slot: number): Renderer {
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

  /** It has booted. */
  admit(renderer: Renderer): void {
    renderer.phase = 'idle';
    this.#boots = BOOTS_WELL;
    this.#tools.observer.booted(renderer.slot, renderer.process.pid, this.#now() - renderer.startedAt);
  }

  /** It has ended. */
  remove(renderer: Renderer): void {
    this.#alive.delete(renderer);
  }

  /** One could not boot. */
  noteBootFailure(): void {
    this.#boots = afterBootFailure(this.#boots, this.#now(), this.#tools.random());
  }

  /** Kills those that have to be: silent, stalled, bloated, or deaf. */
  judge(): void {
    const now = this.#now();
    for (const renderer of this.#alive) {
      const { pid } = renderer.process;
      if (!isSuspect(renderer, now, this.#options)) renderer.vitals = undefined;
      else renderer.vitals ??= vitalsOf(pid);
      const cause = renderer.killedFor ? undefined : reasonToKill(renderer, now, this.#options);
      if (cause)
        this.kill(renderer, cause === 'renderer_silent' ? causeOfSilence(renderer.vitals, vitalsOf(pid)) : cause);
    }
  }

  kill(renderer: Renderer, cause: KillCause): void {
    renderer.killedFor ??= cause;
    renderer.process.kill();
  }

  killAll(): void {
    for (const renderer of this.#alive) this.kill(renderer, 'stop');
  }

  /** At once, unless it is at work. */
  sendHome(renderer: Renderer): void {
    if (renderer.phase === 'idle') this.dismiss(renderer);
    if (renderer.phase === 'booting') this.kill(renderer, 'stop');
  }

  dismiss(renderer: Renderer): void {
    renderer.phase = 'leaving';
    renderer.dismissedAt = this.#now();
    renderer.process.leave();
  }

  /** The limit of jobs has changed, for those who are there too. */
  respread(): void {
    for (const renderer of this.#alive) renderer.jobLimit = this.#spread();
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

  #spread(): number {
    return spreadJobs(this.#options.maxJobs, this.#tools.random());
  }

  #now(): number {
    return this.#tools.clock.monotonic();
  }
}
