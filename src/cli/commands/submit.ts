/** `storyfarm submit`: a job through the front, as a partner would send it; waits on its events with a progress bar. */

import { Command, InvalidArgumentError, Option } from 'commander';
import { asStoryfarmError, StoryfarmError } from '../../errors.js';
import { type JobDocument, LONGEST_DELAY } from '../../front/documents.js';
import { collectPair, configOf, idempotencyKey, webAddress, wholeNumber, withOptions } from '../flags.js';
import { followJob, sendJob } from '../follow.js';
import { frontAddress } from '../front-address.js';
import { withBars } from '../progress.js';
import { interruptible } from '../signals.js';
import { bytesText, printJson, secondsText, table } from '../table.js';

interface Flags {
  readonly url?: string;
  readonly words?: Record<string, string>;
  readonly cast?: Record<string, string>;
  readonly priority?: number;
  readonly delay?: number;
  readonly idempotencyKey?: string;
  readonly reuse?: boolean;
  readonly callback?: string;
  readonly json?: boolean;
  readonly wait: boolean;
}

export function submitCommand(): Command {
  return withOptions(new Command('submit').description('Send a job to a front and wait for its files.'), [])
    .argument('<template>', 'template id (`storyfarm templates list`)')
    .option('-w, --words <bubble=text>', 'Words of one bubble; repeat for others.', collectPair)
    .option('-c, --cast <role=character>', 'Who plays a role; repeat for others.', collectPair)
    .option('--priority <number>', 'From -10 to 10, higher first. [0]', wholeNumber(-10, 10))
    .option('--delay <time>', 'Not before so long from now: 90s, 2h, 7d; at most 30d.', delay)
    .option('--reuse', 'Take the files of an equal earlier job, if they are still there.')
    .option('--callback <url>', 'Where the end of the job is told, at an origin of the partner.')
    .option('--idempotency-key <key>', 'The same key gives the same job.', idempotencyKey)
    .addOption(
      new Option('--url <url>', 'Address of the front. [host and port of the configuration]')
        .argParser(webAddress)
        .env('STORYFARM_URL'),
    )
    .option('--no-wait', 'Print the job as accepted and end.')
    .option('--json', 'Print the job document as one JSON object.')
    .addHelpText(
      'after',
      '\nA front with partners wants a key: STORYFARM_KEY in the environment.\n\nExample:\n  storyfarm submit night-balloon -w hello="Psst… awake?" -w heart="Good morning!"',
    )
    .action(async (template: string, { words = {}, ...flags }: Flags, command: Command) => {
      // Where an address is given nothing else is read: a front elsewhere has nothing to do with the configuration here.
      const url = flags.url ?? frontAddress(configOf(command).config);
      const { cast, priority, delay, idempotencyKey, reuse, callback } = flags;
      const key = keyOf(process.env);
      const order = { template, words, cast, priority, delay, idempotencyKey, reuse, callback };
      const accepted = await sendJob(url, order, { key });
      const finished = flags.wait ? await wait(url, accepted, key) : accepted;
      if (flags.json) printJson(finished);
      else tell(finished);
      if (flags.wait && finished.state !== 'rendered' && finished.state !== 'delivered') process.exitCode = 1;
    });
}

/** Whatever ends the waiting, the job goes on: the error tells where to look for it. */
async function wait(url: string, job: JobDocument, key: string | undefined): Promise<JobDocument> {
  const hint = `The job is recorded and goes on: ${job.links.self}`;
  try {
    return await interruptible((signal) =>
      withBars((add) => followJob(url, job, add(`job ${job.id.slice(0, 8)}`).show, { signal, key })),
    );
  } catch (cause) {
    const { code, message } = asStoryfarmError(cause);
    throw new StoryfarmError(code, message, { cause, hint });
  }
}

/** Reads how long a job is to wait, as seconds. */
function delay(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?(s|min|h|d)$/.exec(text.trim()) ?? [];
  const seconds = Number(number) * (SECONDS[unit] ?? Number.NaN);
  if (seconds <= LONGEST_DELAY) return seconds;
  throw new InvalidArgumentError('Give a time up to 30d, such as 90s, 10min, 2h or 7d.');
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 };

/** From the environment alone: what stands in a call can be read by every user of the machine. */
function keyOf({ STORYFARM_KEY: key }: NodeJS.ProcessEnv): string | undefined {
  if (key === undefined || key === '' || /^[\x21-\x7e]{1,512}$/.test(key)) return key || undefined;
  throw new StoryfarmError('invalid_request', 'STORYFARM_KEY is no key.', {
    hint: 'Give the key alone, as the operator gave it: printable ASCII, without spaces.',
  });
}

function tell(job: JobDocument): void {
  const { failure, runAt, createdAt } = job;
  const why = failure ? `: ${failure.message} (${failure.code})\n  -> ${failure.hint}` : '';
  const from = job.state === 'queued' && runAt > createdAt ? ` until ${runAt}` : '';
  process.stdout.write(`job ${job.id} is ${job.state}${from}${why}\n`);
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
