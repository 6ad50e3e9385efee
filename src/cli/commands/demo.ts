/** `storyfarm demo`: the whole road on this machine in one go: prepare, start a farm, send three jobs, show what came out. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Command } from 'commander';
import { StoryfarmError } from '../../errors.js';
import type { JobDocument } from '../../front/documents.js';
import { keyHash, newKey } from '../../front/partners.js';
import { packageFolder } from '../../package.js';
import type { InstalledTemplate } from '../../template/catalog.js';
import { inLocale } from '../../template/format.js';
import { configOf, withOptions } from '../flags.js';
import { followJob, sendJob } from '../follow.js';
import { castsOf, findTemplate } from '../installed.js';
import type { Config } from '../options.js';
import { withBars } from '../progress.js';
import { interruptible } from '../signals.js';
import { bytesText, secondsText, table } from '../table.js';
import { prepareEdition } from './templates/prepare.js';

/** Words per job by the position of the bubble; a bubble without gets the template's sample. */
interface DemoJob {
  readonly name: string;
  readonly locale: string;
  /** Replaces the words of the first bubble. */
  readonly first?: string;
}

/** Cut to what the bubble takes: as much as a person may type. */
const LONG =
  'A long line shrinks until all of it fits, and then it still looks good, even in a bubble as small as this one is here';

const JOBS: readonly DemoJob[] = [
  { name: 'Korean', locale: 'ko' },
  { name: 'English, emoji', locale: 'en', first: 'Guess who? 🎉❤️‍🔥' },
  { name: 'long, shrinks', locale: 'en', first: LONG },
];

export function demoCommand(): Command {
  return withOptions(
    new Command('demo').description('Prepare a template, start a farm, send three jobs, and show the files.'),
    ['templateFolders', 'ffmpegPath', 'slots'],
  )
    .argument('[template]', 'id of an installed template', 'birthday-theatre')
    .action((name: string, _flags: unknown, command: Command) =>
      interruptible((signal) => run(configOf(command).config, name, signal)),
    );
}

async function run(config: Config, name: string, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  const installed = await findTemplate(config, name);
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-demo-'));
  const { id, title } = installed.template;
  process.stdout.write(`Storyfarm demo with the template "${inLocale(title, 'en')}" (${id})\n\n`);
  try {
    await prepareEdition({ ...config, dataFolder: folder }, installed, castsOf(installed.template)[0] ?? {}, signal, {
      withFilms: false,
    });
    const farm = await startFarm(config, folder, signal);
    try {
      tell(await renderAll(farm, installed, signal));
    } finally {
      await farm.end();
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(`\nAll in ${secondsText(seconds)}. The folders are in\n${join(folder, 'jobs')}\n`);
}

interface RunningFarm {
  readonly url: string;
  readonly key: string;
  end(): Promise<void>;
}

/** A real farm in a process of its own, as an operator would run it, and apart from one that is configured here. Its log is no answer of ours. */
async function startFarm(config: Config, folder: string, signal: AbortSignal): Promise<RunningFarm> {
  const port = await freePort();
  const flags = {
    'data-folder': folder,
    store: `sqlite:${join(folder, 'storyfarm.db')}`,
    host: '127.0.0.1',
    port,
    slots: config.slots,
    drain: '1s',
    'log-level': 'warn',
    'template-folders': config.templateFolders.join(delimiter),
    ...(config.ffmpegPath === undefined ? {} : { 'ffmpeg-path': config.ffmpegPath }),
  };
  const args = ['up', ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, `${value}`])];
  // Partners that are configured here are not those of the demo; a key of its own is.
  const key = newKey();
  const env = { ...process.env, STORYFARM_PARTNERS: JSON.stringify({ demo: { keys: [keyHash(key)] } }) };
  const child = fork(join(packageFolder, 'bin', 'storyfarm'), args, { env, stdio: ['ignore', 2, 2, 'ipc'] });
  const exited = once(child, 'exit');
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  const ready = await Promise.race([once(child, 'message'), exited.then(() => undefined)]);
  signal.removeEventListener('abort', stop);
  if (!ready) throw new StoryfarmError('unavailable', 'The farm did not start.', { hint: 'Run `storyfarm doctor`.' });
  return {
    url: `http://127.0.0.1:${port}`,
    key,
    async end() {
      stop();
      await exited;
    },
  };
}

interface Rendered {
  readonly name: string;
  readonly job: JobDocument;
  /** From the request to the finished files. */
  readonly seconds: number;
}

function renderAll(
  { url, key }: RunningFarm,
  { template }: InstalledTemplate,
  signal: AbortSignal,
): Promise<readonly Rendered[]> {
  const manner = { signal, key };
  return withBars((add) =>
    Promise.all(
      JOBS.map(async ({ name, locale, first }): Promise<Rendered> => {
        const bar = add(name);
        const words = Object.fromEntries(
          template.bubbles.map((bubble, n) => [
            bubble.id,
            n === 0 && first ? cut(first, bubble.limits.maxLength) : inLocale(bubble.sample, locale),
          ]),
        );
        const sent = performance.now();
        const accepted = await sendJob(url, { template: template.id, words }, manner);
        const job = await followJob(url, accepted, bar.show, manner);
        return { name, job, seconds: (performance.now() - sent) / 1000 };
      }),
    ),
  );
}

/** Whole words, as many as the limit allows. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return text.slice(0, text.lastIndexOf(' ', most)).replace(/,$/, '');
}

function tell(rendered: readonly Rendered[]): void {
  const rows = rendered.flatMap(({ name, job, seconds }) => {
    const files = [...job.files, ...(job.poster ? [{ ...job.poster, duration: 0 }] : [])];
    return files.map(({ url, width, height, duration, bytes }, n) => [
      ...(n === 0 ? [name, secondsText(seconds)] : ['', '']),
      ...[url.replace(/^.*\//, ''), `${width}x${height}`, duration > 0 ? secondsText(duration) : '', bytesText(bytes)],
    ]);
  });
  process.stdout.write(`\n${table(['job', 'took', 'file', 'pixels', 'length', 'size'], rows)}\n\n`);
  const folders = rendered.map(({ name, job }) => [
    name,
    job.failure ? `${job.state}: ${job.failure.message}` : folderOf(job),
  ]);
  process.stdout.write(`${table(['job', 'folder'], folders)}\n`);
  if (rendered.some(({ job }) => job.failure)) process.exitCode = 1;
}

/** Below the folder of the jobs. */
const folderOf = ({ files }: JobDocument) =>
  files[0]?.url.replace(/^.*\/v1\/files\//, '').replace(/\/[^/]*$/, '') ?? '';

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
