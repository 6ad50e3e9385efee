/**
 * `storyfarm demo`: the whole road on this machine in one go, and both ways to render.
 *
 * First a video as somebody gets it who has prepared nothing: soon, but every frame is encoded. Then the films of that cast are made, as `storyfarm templates prepare` does it, and the same
 * video comes again, with others, in milliseconds. Whoever sees only the first takes Storyfarm for slow, and who sees only the second does not know what it needs.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { StoryfarmError } from '../../errors.js';
import { openFfmpeg } from '../../media/ffmpeg.js';
import { filmObstacle } from '../../media/ffmpeg-abilities.js';
import { pathOf, reasonsOf } from '../../paths.js';
import type { InstalledTemplate } from '../../template/catalog.js';
import { inLocale } from '../../template/format.js';
import { startFarm } from '../demo/farm.js';
import { type DemoJob, FIRST, type Front, MANY, make, OTHERS, type Rendered } from '../demo/jobs.js';
import { configOf, withOptions } from '../flags.js';
import { castsOf, findTemplate } from '../installed.js';
import type { Config } from '../options.js';
import { openConfiguredStore } from '../parts.js';
import { withBars } from '../progress.js';
import { interruptible } from '../signals.js';
import { bytesText, secondsText, table } from '../table.js';
import { prepareEdition } from './templates/prepare.js';

export function demoCommand(): Command {
  return withOptions(
    new Command('demo').description('Make a video, prepare its template, and make more of them in milliseconds.'),
    ['templateFolders', 'ffmpegPath', 'slots'],
  )
    .argument('[template]', 'id of an installed template; films of larger ones take minutes', 'snow-post')
    .action((name: string, _flags: unknown, command: Command) =>
      interruptible((signal) => run(configOf(command).config, name, signal)),
    );
}

const say = (text: string) => void process.stdout.write(text);

async function run(config: Config, name: string, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  const installed = await findTemplate(config, name);
  const obstacle = await filmObstacle(openFfmpeg(config.ffmpegPath).path);
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-demo-'));
  const { id, title } = installed.template;
  say(`Storyfarm demo with the template "${inLocale(title, 'en')}" (${id})\n`);
  try {
    const farm = await startFarm(config, folder, signal);
    const store = await openConfiguredStore(farm, { isMade: true });
    try {
      const front = { url: farm.url, key: farm.key, store, template: installed.template };
      await show(front, { ...config, dataFolder: folder }, installed, obstacle, signal);
    } finally {
      await store.close();
      await farm.end();
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  say(`\nAll in ${secondsText((performance.now() - started) / 1000)}. The folders are in\n${jobsIn(folder)}\n`);
  say(`Delete it all when you have seen enough: rm -r ${folder}\n`);
}

const jobsIn = (folder: string) => join(folder, 'jobs');

/** The three acts. */
async function show(
  front: Front,
  config: Config,
  installed: InstalledTemplate,
  obstacle: StoryfarmError | undefined,
  signal: AbortSignal,
): Promise<void> {
  say('\n1. A video of which nothing is prepared: every frame is encoded.\n\n');
  const [first] = await renderAll(front, [FIRST], signal);
  if (!first || !tellFiles(first, jobsIn(config.dataFolder))) return;

  const cast = castsOf(installed.template)[0] ?? {};
  if (obstacle) say(`\n2. Films cannot be made here.\n\n${obstacle.message}\n  -> ${obstacle.hint}\n`);
  else {
    say('\n2. Its films are made, once: `storyfarm templates prepare`.\n\n');
    const began = performance.now();
    await prepareEdition(config, installed, cast, signal, { withFilms: true });
    say(
      `made in ${secondsText((performance.now() - began) / 1000)}; a running farm makes them by itself, beside its work\n`,
    );
  }

  say(`\n3. ${obstacle ? 'Two' : 'The same video again, and two'} with other words.\n\n`);
  const others = await renderAll(front, obstacle ? OTHERS : [FIRST, ...OTHERS], signal);
  tellJobs(others);
  if (!others.every(isSwapped)) return;

  say(`\n4. ${MANY.length} more, each with words of its own.\n\n`);
  const began = performance.now();
  const many = await renderMany(front, signal);
  const seconds = (performance.now() - began) / 1000;
  if (many.some(({ job }) => job.failure)) return tellJobs(many);
  const each = seconds / MANY.length;
  const times = Math.round((first.seconds - secondsOf(first, 'prepare')) / each);
  say(
    `${MANY.length} videos in ${secondsText(seconds)}: one every ${Math.round(each * 1000)} ms, ${times} times as fast as the first was encoded\n`,
  );
}

const isSwapped = ({ result }: Rendered) => result?.paths !== undefined && pathOf(result.paths) === 'swap';
const secondsOf = ({ result }: Rendered, stage: string) => (result?.stages[stage] ?? 0) / 1000;

const renderAll = (front: Front, jobs: readonly DemoJob[], signal: AbortSignal): Promise<readonly Rendered[]> =>
  withBars((add) => Promise.all(jobs.map((job) => make(front, job, add(job.name).show, signal))));

const renderMany = (front: Front, signal: AbortSignal): Promise<readonly Rendered[]> =>
  withBars(async (add) => {
    const bar = add(`${MANY.length} more`);
    let done = 0;
    const one = async (job: DemoJob) => {
      const rendered = await make(front, job, () => {}, signal);
      bar.show(++done / MANY.length, 'rendered');
      return rendered;
    };
    return Promise.all(MANY.map(one));
  });

/** Tells one job file by file. Answers whether there are any. */
function tellFiles(rendered: Rendered, jobs: string): boolean {
  const { job, result, seconds } = rendered;
  if (job.failure) {
    tellJobs([rendered]);
    return false;
  }
  const files = [...job.files, ...(job.poster ? [{ ...job.poster, rendition: 'poster', duration: 0 }] : [])];
  const rows = files.map(({ rendition, url, width, height, duration, bytes }) => [
    ...[url.replace(/^.*\//, ''), result?.paths?.[rendition]?.path ?? '', `${width}x${height}`],
    ...[duration > 0 ? secondsText(duration) : '', bytesText(bytes)],
  ]);
  const once = secondsText(secondsOf(rendered, 'prepare'));
  say(`\n${table(['file', 'path', 'pixels', 'length', 'size'], rows)}\n\n`);
  say(`took ${secondsText(seconds)}, ${once} of it to lay out the template, once for a cast\n`);
  say(`It is there, to be looked at while the rest goes on:\n${join(jobs, folderOf(job))}\n`);
  return true;
}

/** Tells jobs in a line each. */
function tellJobs(rendered: readonly Rendered[]): void {
  const rows = rendered.map(({ name, job, result, seconds }) => [
    ...[name, secondsText(seconds), result?.paths ? pathOf(result.paths) : ''],
    job.failure ? `${job.state}: ${job.failure.message}` : folderOf(job),
  ]);
  say(`\n${table(['job', 'took', 'path', 'folder'], rows)}\n`);
  for (const reason of new Set(rendered.flatMap(({ result }) => reasonsOf(result?.paths ?? {})))) say(`  ${reason}\n`);
  if (rendered.some(({ job }) => job.failure)) process.exitCode = 1;
}

/** Below the folder of the jobs. */
const folderOf = ({ files }: Rendered['job']) =>
  files[0]?.url.replace(/^.*\/v1\/files\//, '').replace(/\/[^/]*$/, '') ?? '';
