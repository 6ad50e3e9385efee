/** Talking to a front as a partner does: send a job, follow its events, read its document. */

import { setTimeout as pause } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { type Complaint, isErrorCode, StoryfarmError } from '../errors.js';
import type { JobDocument } from '../front/documents.js';
import { isFinished } from '../job.js';

export interface JobOrder {
  readonly template: string;
  readonly words: Readonly<Record<string, string>>;
  readonly cast?: Readonly<Record<string, string>> | undefined;
  readonly priority?: number | undefined;
  /** Seconds. */
  readonly delay?: number | undefined;
  readonly reuse?: boolean | undefined;
  readonly callback?: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** What goes with each request. */
export interface Manner {
  readonly signal?: AbortSignal | undefined;
  /** The partner's key, where the front wants one. */
  readonly key?: string | undefined;
}

/** Sends a job. Rejects with the code that the front's problem document names, or `unavailable`. Addresses in the answer are absolute. */
export async function sendJob(
  url: string,
  { idempotencyKey, ...order }: JobOrder,
  manner: Manner = {},
): Promise<JobDocument> {
  const answer = await ask(new URL('/v1/jobs', url), manner, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}) },
    body: JSON.stringify(order),
  });
  return jobOf(answer);
}

/** How often, and how long apart in milliseconds, a front that went away is asked again without hearing anything new: a minute. */
const MOST_TRIES = 60;
const PAUSE_MS = 1_000;

/** Reads a job's events until it is finished, then answers the job, as its last event has it: the front may be gone by then. A stream that breaks is taken up again. */
export async function followJob(
  url: string,
  job: JobDocument,
  onProgress: (fraction: number, state: string) => void,
  manner: Manner = {},
): Promise<JobDocument> {
  const { signal } = manner;
  let last = job;
  let fruitless = 0;
  const parser = createParser({
    onEvent: ({ data }) => {
      // An event of progress tells no state: it is that of the event before.
      last = { ...last, ...(JSON.parse(data) as Partial<JobDocument>) };
      onProgress(last.progress, last.state);
    },
  });
  while (!isFinished(last.state)) {
    const text = new TextDecoder();
    const seen = last;
    try {
      const events = await ask(new URL(job.links.events, url), manner, { headers: { accept: 'text/event-stream' } });
      for await (const chunk of events.body ?? []) parser.feed(text.decode(chunk as Uint8Array, { stream: true }));
    } catch (error) {
      signal?.throwIfAborted();
      // A stream that broke is taken up again; a front that is away may be starting again.
      if (error instanceof StoryfarmError && (!error.retryable || fruitless >= MOST_TRIES)) throw error;
    }
    parser.reset();
    fruitless = last === seen ? fruitless + 1 : 0;
    if (fruitless > 0) await pause(PAUSE_MS, undefined, signal ? { signal } : {});
  }
  return absolute(last, url);
}

async function jobOf(answer: Response): Promise<JobDocument> {
  const job = (await answer.json().catch(() => undefined)) as JobDocument | undefined;
  if (!job?.links) throw noFront(new URL(answer.url), `answered ${answer.status}, but no job`);
  return absolute(job, answer.url);
}

/** A front without a public address of its own answers relative ones: they begin where it was asked. */
function absolute(job: JobDocument, base: string): JobDocument {
  const from = (url: string) => new URL(url, base).href;
  return {
    ...job,
    files: job.files.map((file) => ({ ...file, url: from(file.url) })),
    poster: job.poster && { ...job.poster, url: from(job.poster.url) },
    links: { self: from(job.links.self), events: from(job.links.events) },
  };
}

/** Fetches, and turns a problem document or a dead address into an error with its remedy. */
async function ask(address: URL, { signal, key }: Manner, { headers, ...init }: RequestInit = {}): Promise<Response> {
  const answer = await fetch(address, {
    ...init,
    headers: { ...headers, ...(key ? { authorization: `Bearer ${key}` } : {}) },
    ...(signal ? { signal } : {}),
  }).catch((cause) => {
    signal?.throwIfAborted();
    throw new StoryfarmError('unavailable', `No front answers at ${address.origin}.`, {
      cause,
      hint: 'Start one with `npm start` (storyfarm up), or give --url.',
    });
  });
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => undefined)) as Problem | undefined;
  if (!isErrorCode(problem?.code)) throw noFront(address, `answered ${answer.status}`);
  throw new StoryfarmError(problem.code, problem.detail ?? `The front answered ${answer.status}.`, {
    complaints: problem.errors ?? [],
    ...(problem.hint === undefined ? {} : { hint: problem.code === 'unauthorized' ? KEY_WANTED : problem.hint }),
  });
}

const KEY_WANTED = 'Put the key of your partner into STORYFARM_KEY.';

interface Problem {
  readonly code?: unknown;
  readonly detail?: string;
  readonly hint?: string;
  readonly errors?: readonly Complaint[];
}

function noFront({ origin }: URL, what: string): StoryfarmError {
  return new StoryfarmError('unavailable', `${origin} ${what}: it is no front of Storyfarm.`, {
    hint: 'Give the address of a front with --url.',
  });
}
