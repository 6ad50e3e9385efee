/** Records jobs, those that come at about the same time in one transaction. */

import { createHash } from 'node:crypto';
import { StoryfarmError } from '../../errors.js';
import type { Job, JobRequest } from '../../job.js';
import { tagsIn } from '../../tags.js';
import { fingerprint } from '../fingerprint.js';
import { newId } from '../ids.js';
import { assertRequirement } from '../refusals.js';
import type { Enqueued, NewJob } from '../store.js';
import type { Calls } from './calls.js';
import { Gather } from './gather.js';
import { toJob } from './rows.js';
import { LONGEST_NAME } from './schema/migrations.js';

/** A job on its way, as texts/enqueue.ts reads it. */
interface Asked {
  readonly id: string;
  readonly template: string;
  readonly partner: string;
  readonly requires: string;
  readonly priority: number;
  readonly delay: number;
  readonly request: JobRequest;
  readonly callback_url: string | null;
  readonly hash: string | null;
  readonly fingerprint: string | null;
}

export class Enqueuer {
  readonly #calls: Calls;
  readonly #gather: Gather<Asked, Enqueued>;

  constructor(calls: Calls, largest: number, deadlineMs: number) {
    this.#calls = calls;
    const key = ({ hash }: Asked) => hash ?? undefined;
    this.#gather = new Gather({ write: (items, ms) => this.#write(items, ms), key, largest, deadlineMs });
  }

  async enqueue(job: NewJob): Promise<Enqueued> {
    return this.#gather.add(askedOf(job));
  }

  async #write(asked: readonly Asked[], ms: number): Promise<(Enqueued | StoryfarmError)[]> {
    const items = JSON.stringify(asked.map((item, index) => ({ n: index + 1, ...item, ...apart(item.requires) })));
    const [[moment] = [], known = [], jobs = []] = await this.#calls.write('enqueue', { items }, ms);
    const now = Number(moment?.now);
    const answers: (Enqueued | StoryfarmError)[] = asked.map((item) => ({ job: fresh(item, now), created: true }));
    const kept = new Map(jobs.map((row) => [Number(row.n), toJob(row)]));
    for (const { n, created, fingerprint } of known) {
      const place = Number(n) - 1;
      // Null once the words were erased.
      const isOther = fingerprint !== null && fingerprint !== asked[place]?.fingerprint;
      answers[place] =
        isOther && !created ? conflict() : { job: kept.get(Number(n)) as Job, created: Boolean(created) };
    }
    return answers;
  }
}

function askedOf(job: NewJob): Asked {
  const { partner, request, priority = 0, delayMs = 0, callbackUrl = null, idempotencyKey } = job;
  assertName(partner);
  assertName(request.template.id);
  return {
    id: newId(),
    template: request.template.id,
    partner,
    requires: assertRequirement(job.requires),
    priority,
    delay: Math.trunc(Math.max(0, delayMs)),
    request,
    callback_url: callbackUrl,
    hash: idempotencyKey === undefined ? null : keyHash(partner, idempotencyKey),
    fingerprint: idempotencyKey === undefined ? null : fingerprint(job),
  };
}

/** What stands for a partner's key. */
export const keyHash = (partner: string, key: string): string =>
  createHash('sha256')
    .update(JSON.stringify([partner, key]))
    .digest('hex');

/** The tags of a requirement, each in a column of its own. */
export const apart = (requires: string) =>
  Object.fromEntries(tagsIn(requires).map((tag, index) => [`tag${index + 1}`, tag]));

/** Tags as a text takes them. */
export const tagItems = (tags: readonly string[]): string => JSON.stringify(tags.map((tag) => ({ tag })));

/** A column takes no more. */
export function assertName(name: string): void {
  if (name.length > LONGEST_NAME)
    throw new StoryfarmError(
      'invalid_request',
      `A name has at most ${LONGEST_NAME} characters, and not ${name.length}.`,
    );
}

/** A job that was just recorded, as it would be read back. */
function fresh({ id, partner, requires, priority, delay, request }: Asked, now: number): Job {
  const untouched = { state: 'queued', attempt: 0, crashes: 0, fence: 0, progress: 0 } as const;
  const none = { server: null, startedAt: null, finishedAt: null, result: null, failure: null };
  const row = { id, partner, requires: tagsIn(requires), priority, createdAt: now, runAt: now + delay };
  return { ...row, ...untouched, ...none, request: JSON.parse(JSON.stringify(request)) as JobRequest };
}

const conflict = () =>
  new StoryfarmError('idempotency_conflict', 'This Idempotency-Key came earlier with another request.');
