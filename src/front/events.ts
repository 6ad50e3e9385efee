/** Following a job: an event stream each for those who wait (event-stream.ts), fed by one look at the store for all of them (changes.ts). */

import * as z from 'zod';
import type { Clock } from '../clock.js';
import { StoryfarmError } from '../errors.js';
import { type Operation, operation } from '../http/operation.js';
import { isFinished, type Job } from '../job.js';
import type { Metrics } from '../metrics.js';
import type { JobStore } from '../store/store.js';
import type { Changes } from './changes.js';
import { type Addresses, isInBucket, locate } from './documents.js';
import { EventStream, revisionOf } from './event-stream.js';
import { findJob } from './jobs.js';

export interface EventDeps {
  readonly store: Pick<JobStore, 'get'>;
  readonly changes: Changes;
  readonly addresses: Addresses;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly maxStreams: number;
  readonly heartbeatMs: number;
}

const lastEventSchema = z.object({
  'last-event-id': z
    .string()
    .optional()
    .describe('Id of the last event that was received; sent by EventSource itself.'),
});

export interface Streams {
  readonly operations: readonly Operation[];
  /** Ends every open stream, as if the server had nothing more to say; the readers come back, perhaps to another front. */
  close(): Promise<void>;
}

export function eventOperations(deps: EventDeps): Streams {
  const open = new Set<EventStream>();
  let closed = false;
  /** Addresses of finished files that are being found. */
  const locating = new Set<Promise<void>>();

  /** Where files are in a bucket their addresses are signed first. Nothing comes after a job that has files, so nothing is overtaken. */
  function show(stream: EventStream, job: Job | undefined): void {
    if (!job || !isInBucket(job)) {
      stream.show(job);
      return;
    }
    const shown = locate(job, deps.addresses).then(
      (located) => stream.show(located),
      // The reader comes back, and is told by then.
      () => void stream.destroy(),
    );
    locating.add(shown);
    void shown.then(() => locating.delete(shown));
  }

  const count = () => deps.metrics.eventStreams.set(open.size);

  const follow = operation({
    method: 'GET',
    path: '/v1/jobs/:id/events',
    id: 'followJob',
    summary: 'A job as it goes on',
    description:
      'Server-sent events: `state` with the job (schema Job) at once and whenever its state changes, `progress` with its progress (schema JobProgress) meanwhile. ' +
      'Ends after a final state. A comment is sent as a heartbeat.',
    params: { id: 'Id of the job.' },
    headers: lastEventSchema,
    stream: true,
    answers: {
      200: { description: 'The events.', schema: z.string(), mediaType: 'text/event-stream' },
      204: { description: 'Last-Event-ID names the final state: there is nothing more to come.' },
    },
    problems: ['unknown_job', 'unavailable'],
    async handle({ partner, params, headers, reply }) {
      const job = await findJob(deps.store, partner, params.id);
      if (isFinished(job.state) && headers['last-event-id'] === revisionOf(job)) return reply.code(204).send();
      if (open.size >= deps.maxStreams) throw new StoryfarmError('unavailable', 'Too many people wait here already.');
      const stream = new EventStream(deps);
      open.add(stream);
      count();
      show(stream, job);
      // A refusal would be the end for an EventSource; one that has nothing more to say is come back from, to another front.
      if (closed) void Promise.all(locating).then(() => stream.finish());
      const unfollow = isFinished(job.state) ? () => {} : deps.changes.follow(job.id, (now) => show(stream, now));
      stream.once('close', () => {
        unfollow();
        open.delete(stream);
        count();
      });
      // X-Accel-Buffering: proxies of the nginx kind would hold events back.
      return reply
        .headers({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
        .send(stream);
    },
  });

  return {
    operations: [follow],
    async close() {
      closed = true;
      await Promise.all(locating);
      for (const stream of open) stream.finish();
    },
  };
}
