/**
 * Has editions prepared beside the farm's work, one at a time, by a renderer process that holds no seat.
 *
 * Problem: a job whose edition is not prepared costs hundreds of times more, but preparing takes minutes that no job should wait for.
 *
 * How: whoever asks for an edition only notes it here. While something is noted and not yet prepared, one more renderer runs, with the lowest priority, and is sent home when nothing is left. It may
 * be killed at any moment: films that were finished stay, what was not is swept, and the next one goes on from there. An edition that cannot be prepared is given up after a few tries, for an
 * hour or until what its process is started with has changed; its jobs take the re-encode path.
 *
 * What is wanted no more is called off: the renderer is asked to stop, which deletes what is unfinished, and killed where it does not.
 */

import type { Clock } from '../clock.js';
import type { Failure } from '../errors.js';
import type { Edition, ToSupervisor } from '../ipc/messages.js';
import type { FarmObserver } from './observer.js';
import { type Death, RendererProcess, type RendererProgram } from './renderer/process.js';

export interface PreparerTools {
  readonly program: RendererProgram;
  /** Whether an edition is prepared as far as it can be. */
  readonly isPrepared: (edition: Edition) => Promise<boolean>;
  readonly observer: Pick<
    FarmObserver,
    'preparing' | 'preparationProgress' | 'prepared' | 'notPrepared' | 'preparationStopped' | 'trouble' | 'line'
  >;
  readonly clock: Clock;
  /** Whether the kernel has just ended a process for want of memory. */
  readonly lacksMemory: () => boolean;
  /** Called when its process has died in the midst of a preparation: what it was making lies there. */
  readonly sweep: () => void;
  /** Rung when there may be something to do. */
  readonly ring: () => void;
}

/** A preparation under way: its fraction, 0 to 1, and how many others wait for their turn. */
export interface Preparation {
  readonly edition: Edition;
  readonly progress: number;
  readonly waiting: number;
}

interface Wanted {
  readonly edition: Edition;
  tries: number;
  /** Tries that somebody else ended. */
  strikes: number;
  /** Not tried before this instant. */
  notBefore: number;
}

const MOST_TRIES = 3;
const RETRY_MS = 60_000;
/** A try that somebody else ended is not counted, up to so many, and soon repeated. */
const MOST_STRIKES = 20;
const STRUCK_RETRY_MS = 1_000;
/** How long an answer about an edition is good; and that it was given up: it would be tried, and told of in the log, at every job. */
const REMEMBER_MS = 60_000;
const GIVEN_UP_MS = 3_600_000;
/** In which a process that was asked to stop has to. */
const GRACE_MS = 5_000;

export class Preparer {
  #silentMs: number;
  readonly #tools: PreparerTools;
  readonly #wanted = new Map<string, Wanted>();
  /** Until when nobody has to look at an edition again: it was found prepared, or given up. */
  readonly #settled = new Map<string, number>();
  #process: RendererProcess | undefined;
  /** What it is at; undefined while it boots or has nothing, or what it is at was called off. */
  #present: Wanted | undefined;
  #progress = 0;
  /** Something was given to it and is not answered. */
  #isAtIt = false;
  #calledOffAt = 0;
  #isReady = false;
  /** It is to go when it has nothing under way. */
  #isOutdated = false;
  #startedAt = 0;
  #heardAt = 0;
  #isStopped = false;
  /** Its process was killed from here. */
  #isKilled = false;

  constructor(silentMs: number, tools: PreparerTools) {
    this.#silentMs = silentMs;
    this.#tools = tools;
  }

  /** Whether its process lives. */
  get isAlive(): boolean {
    return this.#process !== undefined;
  }

  get present(): Preparation | undefined {
    if (!this.#present) return undefined;
    return { edition: this.#present.edition, progress: this.#progress, waiting: this.#wanted.size - 1 };
  }

  /** Notes an edition; cheap when it was asked for a moment ago. */
  want({ template, cast }: Edition): void {
    const edition = { template: { ...template }, cast: { ...cast } };
    const key = keyOf(edition);
    if (this.#wanted.has(key) || this.#now() < (this.#settled.get(key) ?? 0)) return;
    this.#settled.set(key, this.#now() + REMEMBER_MS);
    this.#tools.isPrepared(edition).then(
      (isPrepared) => {
        if (isPrepared || this.#isStopped || !this.#settled.has(key) || this.#wanted.has(key)) return;
        this.#wanted.set(key, { edition, tries: 0, strikes: 0, notBefore: 0 });
        this.#tools.ring();
      },
      (error) => this.#tools.observer.trouble('looking for an edition', error),
    );
  }

  /** Notes an edition of which a job has just found films missing: what is remembered of it no longer holds, unless it was given up. */
  miss(edition: Edition): void {
    const key = keyOf(edition);
    if ((this.#settled.get(key) ?? 0) - this.#now() <= REMEMBER_MS) this.#settled.delete(key);
    this.want(edition);
  }

  /** Changes how long its process may say nothing. */
  retime(silentMs: number): void {
    this.#silentMs = silentMs;
  }

  /** This process was not running for so many milliseconds: what was not heard in them says nothing. */
  forgive(ms: number): void {
    this.#heardAt += ms;
    this.#calledOffAt += ms;
  }

  /** Forgets what was asked for, and stops preparing it. It may be asked for again. */
  forget(): void {
    this.#wanted.clear();
    this.#settled.clear();
    this.#callOff();
  }

  /** What its process is started with has changed: what was given up may be possible now. What is under way is finished first. */
  reprogram(): void {
    for (const [key, until] of this.#settled) if (until - this.#now() > REMEMBER_MS) this.#settled.delete(key);
    this.#isOutdated = this.#process !== undefined;
  }

  /** One look, from the supervisor's loop: starts, feeds, or kills its process. */
  tend(): void {
    if (this.#isStopped) return;
    const now = this.#now();
    if (this.#process && now - this.#heardAt > this.#silentMs) {
      this.#isKilled = true;
      this.#process.kill();
    }
    if (this.#isAtIt) {
      this.#hurry(now);
      return;
    }
    const next = this.#isOutdated ? undefined : [...this.#wanted.values()].find(({ notBefore }) => notBefore <= now);
    if (!next) {
      if (this.#isReady) this.#process?.leave();
      this.#isReady = false;
      return;
    }
    if (!this.#process) this.#start(now);
    else if (this.#isReady) this.#give(next, now);
  }

  /** Ends it for good, and what it is at as soon as that can be without leaving anything. To be called until it is not alive. */
  stop(): void {
    this.#isStopped = true;
    this.#callOff();
    if (this.#isAtIt) this.#hurry(this.#now());
    else this.#process?.kill();
  }

  /** The same, now; what is left is swept. */
  kill(): void {
    this.stop();
    this.#process?.kill();
  }

  #callOff(): void {
    const called = this.#present;
    if (!called) return;
    this.#present = undefined;
    this.#calledOffAt = this.#now();
    this.#process?.abort();
    this.#tools.observer.preparationStopped(called.edition);
  }

  /** Kills it when it goes on with what was called off. */
  #hurry(now: number): void {
    if (!this.#present && now - this.#calledOffAt > GRACE_MS) this.#process?.kill();
  }

  #start(now: number): void {
    this.#heardAt = now;
    this.#isKilled = false;
    const { observer, ring } = this.#tools;
    this.#process = new RendererProcess(
      this.#tools.program,
      {
        message: (message) => {
          this.#hear(message);
          ring();
        },
        nonsense: (error) => {
          observer.trouble('the messages of the preparing renderer', error);
          this.#process?.kill();
        },
        death: (death) => {
          this.#bury(death);
          ring();
        },
        line: (text) => observer.line(-1, text),
      },
      this.#tools.clock,
    );
  }

  #give(next: Wanted, now: number): void {
    next.tries++;
    this.#present = next;
    this.#progress = 0;
    this.#isAtIt = true;
    this.#startedAt = now;
    this.#process?.prepare(next.edition);
    this.#tools.observer.preparing(next.edition);
  }

  #hear(message: ToSupervisor): void {
    this.#heardAt = this.#now();
    if (message.type === 'ready') this.#isReady = true;
    if (message.type === 'prepared' || message.type === 'unprepared') this.#isAtIt = false;
    if (!this.#present) return;
    if (message.type === 'preparing' && message.fraction > this.#progress) {
      this.#progress = message.fraction;
      this.#tools.observer.preparationProgress(this.#present.edition, message.fraction);
    }
    if (message.type === 'prepared') {
      this.#tools.observer.prepared(this.#present.edition, this.#now() - this.#startedAt);
      this.#settle(this.#present);
    } else if (message.type === 'unprepared') this.#fail(message.failure, message.failure.code === 'ffmpeg_killed');
  }

  #bury({ signal, unfit, tail }: Death): void {
    this.#process = undefined;
    this.#isReady = false;
    this.#isOutdated = false;
    if (this.#isAtIt) this.#tools.sweep();
    this.#isAtIt = false;
    const message = `The preparing renderer ended. ${tail.slice(-200)}`;
    const failure = unfit ?? { code: 'renderer_crashed' as const, message, hint: '', retryable: true };
    if (this.#present) this.#fail(failure, signal === 'SIGKILL' && !this.#isKilled);
    else if (unfit) for (const wanted of this.#wanted.values()) wanted.notBefore = this.#now() + RETRY_MS;
  }

  #fail(failure: Failure, isStruck: boolean): void {
    const wanted = this.#present;
    this.#present = undefined;
    if (!wanted || this.#isStopped) return;
    const isExcused = isStruck && !this.#tools.lacksMemory() && wanted.strikes++ < MOST_STRIKES;
    if (isExcused) wanted.tries--;
    const isGivenUp = !failure.retryable || wanted.tries >= MOST_TRIES;
    this.#tools.observer.notPrepared(wanted.edition, failure, isGivenUp);
    if (isGivenUp) this.#settle(wanted, GIVEN_UP_MS);
    else wanted.notBefore = this.#now() + (isExcused ? STRUCK_RETRY_MS : RETRY_MS);
  }

  #settle({ edition }: Wanted, forMs = REMEMBER_MS): void {
    this.#present = undefined;
    this.#wanted.delete(keyOf(edition));
    this.#settled.set(keyOf(edition), this.#now() + forMs);
  }

  #now(): number {
    return this.#tools.clock.monotonic();
  }
}

function keyOf({ template, cast }: Edition): string {
  return JSON.stringify([template.id, template.version, Object.entries(cast).sort()]);
}
