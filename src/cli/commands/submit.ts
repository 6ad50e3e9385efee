/** `storyfarm submit`: a job through the front, as a partner would send it; waits on its events with a progress bar. */

import { Command } from 'commander';
import { createParser } from 'eventsource-parser';
import { isErrorCode, StoryfarmError } from '../../errors.js';
import type { JobDocument } from '../../front/documents.js';
import { isFinished } from '../../job.js';
import { collectPair } from '../flags.js';
import { progressBar } from '../progress.js';
import { bytesText, secondsText, table } from '../table.js';

interface Flags {
  readonly url: string;
  readonly words?: Record<string, string>;
  readonly cast?: Record<string, string>;
  readonly priority?: number;
  readonly idempotencyKey?: string;
  readonly json?: boolean;
  readonly wait: boolean;
}

export function submitCommand(): Command {
  return new Command('submit')
    .description('Send a job to a front and wait for its files.')
    .argument('<template>', 'template id (`storyfarm templates list`)')
    .option('-w, --words <bubble=text>', 'words of one bubble; repeat for others', collectPair)
    .option('-c, --cast <role=character>', 'who plays a role; repeat for others', collectPair)
    .option('--priority <number>', '-10 to 10, higher first', Number)
    .option('--idempotency-key <key>', 'the same key gives the same job')
    .option('--url <url>', 'address of the front', process.env.STORYFARM_URL ?? 'http://127.0.0.1:8080')
    .option('--no-wait', 'print the job as accepted and end')
    .option('--json', 'print the job document as one JSON object')
    .action(async (template: string, flags: Flags) => {
      const accepted = await send(template, flags);
      const finished = flags.wait ? await follow(accepted, flags) : accepted;
      if (flags.json) process.stdout.write(`${JSON.stringify(finished, undefined, 2)}\n`);
      else tell(finished, flags.url);
      if (flags.wait && finished.state !== 'rendered' && finished.state !== 'delivered') process.exitCode = 1;
    });
}

async function send(
  template: string,
  { url, words = {}, cast, priority, idempotencyKey }: Flags,
): Promise<JobDocument> {
  const answer = await ask(new URL('/v1/jobs', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}) },
    body: JSON.stringify({
      template,
      words,
      ...(cast ? { cast } : {}),
      ...(priority === undefined ? {} : { priority }),
    }),
  });
  return (await answer.json()) as JobDocument;
}

/** Reads the job's events until it is finished, then the job itself. A stream that breaks is taken up again. */
async function follow(job: JobDocument, { url }: Flags): Promise<JobDocument> {
  const bar = progressBar(`job ${job.id.slice(0, 8)}`);
  let last: { state: JobDocument['state']; progress: number } = job;
  const parser = createParser({
    onEvent: ({ data }) => {
      last = JSON.parse(data) as typeof last;
      bar.show(last.progress, last.state);
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
  bar.done();
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

function tell(job: JobDocument, url: string): void {
  process.stdout.write(
    `job ${job.id} is ${job.state}${job.failure ? `: ${job.failure.message} (${job.failure.code})\n  -> ${job.failure.hint}` : ''}\n`,
  );
  if (job.files.length === 0) return;
  const rows = job.files.map((file) => [
    file.rendition,
    `${file.width}x${file.height}`,
    secondsText(file.duration),
    bytesText(file.bytes),
    new URL(file.url, url).href,
  ]);
  if (job.poster)
    rows.push([
      'poster',
      `${job.poster.width}x${job.poster.height}`,
      '',
      bytesText(job.poster.bytes),
      new URL(job.poster.url, url).href,
    ]);
  process.stdout.write(`${table(['file', 'pixels', 'length', 'size', 'address'], rows)}\n`);
}
