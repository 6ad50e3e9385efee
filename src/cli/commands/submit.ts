/** `storyfarm submit`: a job through the front, as a partner would send it; waits on its events with a progress bar. */

import { Command } from 'commander';
import type { JobDocument } from '../../front/documents.js';
import { collectPair } from '../flags.js';
import { followJob, sendJob } from '../follow.js';
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
    .action(async (template: string, { words = {}, url, ...flags }: Flags) => {
      const { cast, priority, idempotencyKey } = flags;
      const accepted = await sendJob(url, { template, words, cast, priority, idempotencyKey });
      const finished = flags.wait ? await wait(url, accepted) : accepted;
      if (flags.json) process.stdout.write(`${JSON.stringify(finished, undefined, 2)}\n`);
      else tell(finished, url);
      if (flags.wait && finished.state !== 'rendered' && finished.state !== 'delivered') process.exitCode = 1;
    });
}

async function wait(url: string, job: JobDocument): Promise<JobDocument> {
  const bar = progressBar(`job ${job.id.slice(0, 8)}`);
  const finished = await followJob(url, job, bar.show);
  bar.done();
  return finished;
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
