/** `storyfarm submit`: a job through the front, as a partner would send it; waits on its events with a progress bar. */

import { Command, Option } from 'commander';
import { asStoryfarmError, StoryfarmError } from '../../errors.js';
import type { JobDocument } from '../../front/documents.js';
import { collectPair, idempotencyKey, webAddress, wholeNumber } from '../flags.js';
import { followJob, sendJob } from '../follow.js';
import { withBars } from '../progress.js';
import { interruptible } from '../signals.js';
import { bytesText, printJson, secondsText, table } from '../table.js';

interface Flags {
  readonly url: string;
  readonly words?: Record<string, string>;
  readonly cast?: Record<string, string>;
  readonly priority?: number;
  readonly idempotencyKey?: string;
  readonly reuse?: boolean;
  readonly json?: boolean;
  readonly wait: boolean;
}

export function submitCommand(): Command {
  return new Command('submit')
    .description('Send a job to a front and wait for its files.')
    .argument('<template>', 'template id (`storyfarm templates list`)')
    .option('-w, --words <bubble=text>', 'Words of one bubble; repeat for others.', collectPair)
    .option('-c, --cast <role=character>', 'Who plays a role; repeat for others.', collectPair)
    .option('--priority <number>', 'From -10 to 10, higher first. [0]', wholeNumber(-10, 10))
    .option('--reuse', 'Take the files of an equal earlier job, if they are still there.')
    .option('--idempotency-key <key>', 'The same key gives the same job.', idempotencyKey)
    .addOption(
      new Option('--url <url>', 'Address of the front; also STORYFARM_URL. [http://127.0.0.1:8080]')
        .argParser(webAddress)
        .env('STORYFARM_URL'),
    )
    .option('--no-wait', 'Print the job as accepted and end.')
    .option('--json', 'Print the job document as one JSON object.')
    .addHelpText(
      'after',
      '\nExample:\n  storyfarm submit night-balloon -w hello="Psst… awake?" -w heart="Good morning!"',
    )
    .action(async (template: string, { words = {}, url = 'http://127.0.0.1:8080', ...flags }: Flags) => {
      const { cast, priority, idempotencyKey, reuse } = flags;
      const accepted = await sendJob(url, { template, words, cast, priority, idempotencyKey, reuse });
      const finished = flags.wait ? await wait(url, accepted) : accepted;
      if (flags.json) printJson(finished);
      else tell(finished);
      if (flags.wait && finished.state !== 'rendered' && finished.state !== 'delivered') process.exitCode = 1;
    });
}

/** Whatever ends the waiting, the job goes on: the error tells where to look for it. */
async function wait(url: string, job: JobDocument): Promise<JobDocument> {
  const hint = `The job is recorded and goes on: ${job.links.self}`;
  try {
    return await interruptible((signal) =>
      withBars((add) => followJob(url, job, add(`job ${job.id.slice(0, 8)}`).show, signal)),
    );
  } catch (cause) {
    const { code, message } = asStoryfarmError(cause);
    throw new StoryfarmError(code, message, { cause, hint });
  }
}

function tell(job: JobDocument): void {
  const { failure } = job;
  const why = failure ? `: ${failure.message} (${failure.code})\n  -> ${failure.hint}` : '';
  process.stdout.write(`job ${job.id} is ${job.state}${why}\n`);
  if (job.files.length === 0) return;
  const files = [...job.files, ...(job.poster ? [{ ...job.poster, rendition: 'poster', duration: 0 }] : [])];
  const rows = files.map(({ rendition, width, height, duration, bytes }) => [
    rendition,
    `${width}x${height}`,
    duration > 0 ? secondsText(duration) : '',
    bytesText(bytes),
  ]);
  // Addresses stand alone: with anything beside them they would be broken in a terminal of 80 columns.
  const addresses = files.map(({ url }) => url).join('\n');
  process.stdout.write(`\n${table(['file', 'pixels', 'length', 'size'], rows)}\n\n${addresses}\n`);
}
