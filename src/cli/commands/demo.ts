/** `storyfarm demo`: the whole road on this machine in one go: prepare, start a farm, send three jobs, show what came out. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { StoryfarmError } from '../../errors.js';
import type { JobDocument } from '../../front/documents.js';
import { openFfmpeg } from '../../media/ffmpeg.js';
import { loadCatalog } from '../../media/install/catalog.js';
import { openEditions } from '../../media/install/editions.js';
import { packageFolder } from '../../package.js';
import type { InstalledTemplate } from '../../template/catalog.js';
import { inLocale } from '../../template/format.js';
import { configOf, withOptions } from '../flags.js';
import { followJob, sendJob } from '../follow.js';
import type { Config } from '../options.js';
import { progressBars } from '../progress.js';
import { bytesText, secondsText, table } from '../table.js';

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
    .argument('[template]', 'template id', 'birthday-theatre')
    .action(async (id: string, _flags: unknown, command: Command) => run(configOf(command).config, id));
}

async function run(config: Config, id: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-demo-'));
  const started = performance.now();
  const installed = (await loadCatalog(config.templateFolders)).get(id);
  if (!installed)
    throw new StoryfarmError(
      'unknown_template',
      `There is no usable template "${id}" in ${config.templateFolders.join(', ')}.`,
    );
  process.stdout.write(`Storyfarm demo with the template "${inLocale(installed.template.title, 'en')}" (${id})\n\n`);
  try {
    await prepare(config, folder, installed);
    const farm = await startFarm(config, folder);
    try {
      const jobs = await renderAll(farm.url, installed);
      tell(jobs, folder);
    } finally {
      await farm.end();
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  process.stdout.write(
    `\nAll in ${secondsText((performance.now() - started) / 1000)}. The files are in\n  ${join(folder, 'jobs')}\n`,
  );
}

async function prepare(config: Config, folder: string, installed: InstalledTemplate): Promise<void> {
  const cast = Object.fromEntries(installed.template.roles.map((role) => [role.id, role.characters[0]?.id ?? '']));
  const bars = progressBars();
  const bar = bars.add('preparing');
  await openEditions(folder, openFfmpeg(config.ffmpegPath)).prepare(installed, cast, {
    onProgress: (fraction) => bar.show(fraction, 'once per template and cast'),
  });
  bar.show(1, 'prepared');
  bars.done();
}

/** A real farm in a process of its own, as an operator would run it. */
async function startFarm(config: Config, folder: string): Promise<{ readonly url: string; end(): Promise<void> }> {
  const port = await freePort();
  const flags = [
    'up',
    '--data-folder',
    folder,
    '--port',
    `${port}`,
    '--slots',
    `${config.slots}`,
    '--log-level',
    'warn',
    '--template-folders',
    ...config.templateFolders,
  ];
  if (config.ffmpegPath) flags.push('--ffmpeg-path', config.ffmpegPath);
  const child = fork(join(packageFolder, 'bin', 'storyfarm'), flags, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const ready = await Promise.race([once(child, 'message'), exited.then(() => undefined)]);
  if (!ready) throw new StoryfarmError('unavailable', 'The farm did not start.', { hint: 'Run `storyfarm doctor`.' });
  return {
    url: `http://127.0.0.1:${port}`,
    async end() {
      child.kill('SIGTERM');
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

async function renderAll(url: string, { template }: InstalledTemplate): Promise<Rendered[]> {
  const bars = progressBars();
  const jobs = JOBS.map(async ({ name, locale, first }): Promise<Rendered> => {
    const bar = bars.add(name);
    const words = Object.fromEntries(
      template.bubbles.map((bubble, n) => [
        bubble.id,
        n === 0 && first ? cut(first, bubble.limits.maxLength) : inLocale(bubble.sample, locale),
      ]),
    );
    const sent = performance.now();
    const job = await followJob(url, await sendJob(url, { template: template.id, words }), bar.show);
    return { name, job, seconds: (performance.now() - sent) / 1000 };
  });
  const rendered = await Promise.all(jobs);
  bars.done();
  return rendered;
}

/** Whole words, as many as the limit allows. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return text.slice(0, text.lastIndexOf(' ', most)).replace(/,$/, '');
}

function tell(rendered: readonly Rendered[], folder: string): void {
  const rows = rendered.flatMap(({ name, job, seconds }) => {
    if (job.failure) return [[name, job.state, job.failure.message, '', '', '']];
    const files = job.files.map((file) => [
      file.rendition,
      `${file.width}x${file.height}`,
      secondsText(file.duration),
      bytesText(file.bytes),
      pathOf(file.url),
    ]);
    if (job.poster)
      files.push([
        'poster',
        `${job.poster.width}x${job.poster.height}`,
        '',
        bytesText(job.poster.bytes),
        pathOf(job.poster.url),
      ]);
    return files.map((file, n) => [n === 0 ? `${name} (${secondsText(seconds)})` : '', ...file]);
  });
  process.stdout.write(
    `\n${table(['job', 'file', 'pixels', 'length', 'size', `path in ${join(folder, 'jobs')}`], rows)}\n`,
  );
  if (rendered.some(({ job }) => job.failure)) process.exitCode = 1;
}

const pathOf = (url: string) => url.replace(/^.*\/v1\/files\//, '');

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
