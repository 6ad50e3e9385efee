/** Talking to a front as a partner does: send a job, follow its events, read its document. */

import { createParser } from 'eventsource-parser';
import { isErrorCode, StoryfarmError } from '../errors.js';
import type { JobDocument } from '../front/documents.js';
import { isFinished } from '../job.js';

export interface JobOrder {
  readonly template: string;
  readonly words: Readonly<Record<string, string>>;
  readonly cast?: Readonly<Record<string, string>> | undefined;
  readonly priority?: number | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** Sends a job. Rejects with the code that the front's problem document names, or `unavailable`. */
export async function sendJob(url: string, { idempotencyKey, ...order }: JobOrder): Promise<JobDocument> {
  const answer = await ask(new URL('/v1/jobs', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}) },
    body: JSON.stringify(order),
  });
  return (await answer.json()) as JobDocument;
}

/** Reads a job's events until it is finished, then answers the job. A stream that breaks is taken up again. */
export async function followJob(
  url: string,
  job: JobDocument,
  onProgress: (fraction: number, state: string) => void,
): Promise<JobDocument> {
  let last: Pick<JobDocument, 'state' | 'progress'> = job;
  const parser = createParser({
    onEvent: ({ data }) => {
      // A progress event tells no state: it is still the last one.
      last = { ...last, ...(JSON.parse(data) as Partial<typeof last>) };
      onProgress(last.progress, last.state);
    },
  });
  while (!isFinished(last.state)) {
    const events = await ask(new URL(job.links.events, url), { headers: { accept: 'text/event-stream' } });
    const text = new TextDecoder();
    try {
      for await (const chunk of events.body ?? []) parser.feed(text.decode(chunk as Uint8Array, { stream: true }));
    } catch {
      // The front went away; ask the next one.
    }
    parser.reset();
  }
  return (await (await ask(new URL(job.links.self, url))).json()) as JobDocument;
}

/** Fetches, and turns a problem document or a dead address into an error with its remedy. */
async function ask(address: URL, init?: RequestInit): Promise<Response> {
  const answer = await fetch(address, init).catch((cause) => {
    throw new StoryfarmError('unavailable', `No front answers at ${address.origin}.`, {
      cause,
      hint: 'Start one with `npm start` (storyfarm up), or give --url.',
    });
  });
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => ({}))) as {
    code?: string;
    detail?: string;
    hint?: string;
    errors?: [];
  };
  const code = isErrorCode(problem.code) ? problem.code : 'unavailable';
  throw new StoryfarmError(code, problem.detail ?? `The front answered ${answer.status}.`, {
    complaints: problem.errors ?? [],
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  });
}
