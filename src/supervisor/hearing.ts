/** Hears what renderers said and how they ended, and draws the consequences: for the renderer, for its seat, and for its job. */

import type { Clock } from '../clock.js';
import { type Failure, failure } from '../errors.js';
import type { Edition, ToSupervisor } from '../ipc/messages.js';
import type { Job } from '../job.js';
import { lacksFilms } from '../paths.js';
import { causeOfDeath, wasKilled } from './decisions/judge.js';
import { isKillerAbout, type Strike, withStrike } from './decisions/killer.js';
import type { Claims } from './jobs/claims.js';
import { isSame } from './jobs/handing.js';
import type { Outcomes } from './jobs/outcomes.js';
import type { Bell } from './loop.js';
import type { FarmObserver } from './observer.js';
import type { Meter } from './renderer/meter.js';
import type { OomWatch } from './renderer/oom.js';
import type { Death } from './renderer/process.js';
import type { Incident, Renderer } from './renderer/renderer.js';
import type { Seats } from './seats.js';

export interface HearingTools {
  readonly seats: Seats;
  readonly outcomes: Pick<Outcomes, 'rendered' | 'failed' | 'crashed' | 'interrupted' | 'lost'>;
  readonly claims: Pick<Claims, 'heed'>;
  readonly meter: Pick<Meter, 'rest'>;
  readonly oom: Pick<OomWatch, 'claim'>;
  readonly bell: Pick<Bell, 'ring'>;
  readonly observer: FarmObserver;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Told of the edition of each job that found films missing. */
  readonly missed: (edition: Edition) => void;
}

export class Hearing {
  readonly #tools: HearingTools;
  #strikes: readonly Strike[] = [];

  constructor(tools: HearingTools) {
    this.#tools = tools;
  }

  /** An earlier life of this farm was killed: whoever did that may be there still. */
  fear(): void {
    this.#strike(undefined);
  }

  hear(incident: Incident): void {
    const { renderer } = incident;
    if ('death' in incident) this.#bury(renderer, incident.death);
    else if ('nonsense' in incident) this.#distrust(renderer, incident.nonsense);
    else this.#listen(renderer, incident.message);
  }

  #listen(renderer: Renderer, message: ToSupervisor): void {
    if (message.type === 'ready' && renderer.phase === 'booting') this.#tools.seats.admit(renderer);
    if (renderer.phase === 'booting') return; // Only `ready` ends the patience with a boot.
    const now = this.#tools.clock.monotonic();
    renderer.heardAt = now;
    const { assignment } = renderer;
    if (!assignment || !('fence' in message) || !isSame(message, assignment.job)) return;
    if (message.type === 'progress') {
      if (message.fraction <= assignment.progress) return;
      assignment.progress = message.fraction;
      assignment.progressAt = now;
    } else this.#finish(renderer, message);
  }

  #finish(renderer: Renderer, message: Extract<ToSupervisor, { type: 'rendered' | 'failed' }>): void {
    const { assignment } = renderer;
    if (!assignment) return;
    const { seats, outcomes, claims } = this.#tools;
    const { job, lostAt } = assignment;
    renderer.assignment = undefined;
    seats.praise(renderer);
    this.#rest(renderer);
    if (message.type === 'failed') claims.heed(message.failure);
    if (lostAt !== undefined) outcomes.lost(job);
    else if (message.type === 'failed') this.#fail(job, message.failure);
    else {
      const { outputs, stages, paths } = message;
      outcomes.rendered(job, { outputs, stages, ...(paths && { paths }) });
      // It was asked for when the job was handed out; that a film is torn is found by the job.
      if (paths && lacksFilms(paths)) this.#tools.missed(job.request);
    }
  }

  /** Between jobs its memory is metered before it gets another: the soft limit is exact to one job. */
  #rest(renderer: Renderer): void {
    renderer.phase = 'resting';
    void this.#tools.meter.rest(renderer).then(() => {
      if (renderer.phase === 'resting') renderer.phase = 'idle';
      this.#tools.bell.ring();
    });
  }

  /** A renderer sees that ffmpeg failed; that the kernel has ended it, or somebody else, is seen from here. */
  #fail(job: Job, told: Failure): void {
    const { outcomes } = this.#tools;
    const isOfFfmpeg = told.code === 'ffmpeg_failed' || told.code === 'ffmpeg_killed';
    if (isOfFfmpeg && this.lacksMemory()) outcomes.failed(job, NO_MEMORY);
    else outcomes.failed(job, told, told.code === 'ffmpeg_killed' && this.#strike(job));
  }

  /** Notes that somebody else ended a process, and what job it had. Answers whether others are hit, too, so that the job is not to be suspected. */
  #strike(job: Job | undefined): boolean {
    const now = this.#tools.clock.monotonic();
    this.#strikes = withStrike(this.#strikes, { at: now, job: job?.id });
    return isKillerAbout(this.#strikes, job?.id);
  }

  /** Whether the kernel has ended a process for want of memory that nobody has claimed; then fewer jobs are rendered at once. */
  lacksMemory(): boolean {
    const { oom, seats } = this.#tools;
    const isOom = oom.claim();
    if (isOom) seats.brake();
    return isOom;
  }

  #distrust(renderer: Renderer, nonsense: unknown): void {
    const { seats, observer } = this.#tools;
    observer.trouble(`the messages of renderer ${renderer.process.pid}`, nonsense);
    seats.kill(renderer, 'renderer_nonsense');
  }

  /** Takes a dead renderer from its seat, blames whom it has to, and gives its job back. */
  #bury(renderer: Renderer, death: Death): void {
    const { seats, outcomes } = this.#tools;
    const isKilled = wasKilled(renderer, death);
    const isOom = isKilled && this.lacksMemory();
    const cause = causeOfDeath(renderer, death, isOom);
    const { assignment, killedFor } = renderer;
    const isStruck = (isKilled && !isOom) || killedFor === 'renderer_stopped';
    const isExcused = isStruck && this.#strike(assignment?.job);
    seats.vacate(renderer, cause, isStruck);
    if (!assignment) return;
    renderer.assignment = undefined;
    if (assignment.lostAt !== undefined) outcomes.lost(assignment.job);
    else if (killedFor === 'stop') outcomes.interrupted(assignment.job);
    else outcomes.crashed(assignment.job, cause, isExcused);
  }
}

const NO_MEMORY = failure('out_of_memory', 'The kernel ended ffmpeg for want of memory.');
