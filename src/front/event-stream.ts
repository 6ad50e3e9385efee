/**
 * A job's life as server-sent events, for one reader.
 *
 * `state` events carry the job's document, `progress` events its progress; an event's id names the revision that it shows. A stream begins with the present
 * state and ends after a final one. Who comes back with a final revision as Last-Event-ID is answered 204, which is how a browser's EventSource is told to stop.
 *
 * A slow reader is never queued for: only the newest state waits for him, and when he takes nothing for two heartbeats he is cut off.
 */

import { Readable } from 'node:stream';
import type { Clock } from '../clock.js';
import { isFinished, type Job } from '../job.js';
import { type Addresses, jobDocument, type ProgressDocument, progressOf, type Shown } from './documents.js';

export interface EventStreamDeps {
  readonly addresses: Addresses;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly heartbeatMs: number;
}

/** What an event stream says, as text; at most one event waits for the reader. */
export class EventStream extends Readable {
  readonly #deps: EventStreamDeps;
  #shown: Shown | undefined;
  #waiting: Shown | undefined;
  #wanted = true;
  #ending = false;
  #missed = 0;
  #cancelHeartbeat = () => {};

  constructor(deps: EventStreamDeps) {
    super({ highWaterMark: 4096, encoding: 'utf8' });
    this.#deps = deps;
    this.#wanted = this.push('retry: 2000\n\n');
    this.#beat();
  }

  /** Shows a state now, or when the reader has room; undefined (forgotten by the store) ends the stream. */
  show(job: Shown | undefined): void {
    if (this.#ending || this.destroyed) return;
    if (job) this.#waiting = job;
    if (!job || isFinished(job.state)) this.#ending = true;
    this.#flush();
  }

  finish(): void {
    this.#ending = true;
    this.#flush();
  }

  override _read(): void {
    this.#wanted = true;
    this.#missed = 0;
    this.#flush();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#cancelHeartbeat();
    callback(error);
  }

  #flush(): void {
    if (this.destroyed || this.readableEnded || !this.#wanted) return;
    const job = this.#waiting;
    this.#waiting = undefined;
    const event = job && eventFor(this.#shown, job, this.#deps.addresses);
    if (job) this.#shown = job;
    if (event) this.#wanted = this.push(event);
    if (!this.#ending) return;
    this.#wanted = false;
    this.push(null);
  }

  #beat(): void {
    this.#cancelHeartbeat = this.#deps.clock.after(this.#deps.heartbeatMs, () => {
      this.#missed = this.#wanted ? 0 : this.#missed + 1;
      if (this.#missed >= 2) {
        this.destroy();
        return;
      }
      if (this.#wanted) this.#wanted = this.push(': still there\n\n');
      this.#beat();
    });
  }
}

/** Says whether two looks at a job differ for whoever waits. */
export function revisionOf(job: Job): string {
  return [job.fence, job.attempt, job.state, Math.round(progressOf(job) * 1000)].join('.');
}

/** The event that leads from what was shown to what is, in the form of the wire; undefined when there is nothing new to see. */
export function eventFor(shown: Job | undefined, job: Shown, addresses: Addresses): string | undefined {
  const id = revisionOf(job);
  if (shown && revisionOf(shown) === id) return undefined;
  const onlyProgress = shown && shown.state === job.state && shown.attempt === job.attempt && shown.fence === job.fence;
  const progress: ProgressDocument = { id: job.id, attempt: job.attempt, progress: progressOf(job) };
  const [event, data] = onlyProgress ? ['progress', progress] : ['state', jobDocument(job, addresses)];
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
