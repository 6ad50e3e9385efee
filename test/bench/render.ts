/**
 * What a job costs, and what its films are worth: Storyfarm beside two ways of making the same videos with ffmpeg alone.
 *
 *   npm run bench -- render [--template ID]... [--runs 5] [--jobs 100] [--no-farm] [--quick] [--json]
 *                           [--data-folder DIR] [--template-folders DIR]... [--ffmpeg-path FILE]
 *
 * Problem: figures of different minutes, machines, words or pictures cannot be compared, and a cost that is measured only where it is wanted forgets the rest.
 *
 * So everything is measured in one run, in turn, round after round, and medians are told. Variants, each with all renditions, sound and poster:
 *
 * - `b1`: one ffmpeg command per rendition; `b2`: one for all (render/baselines.ts).
 * - `cold`: `storyfarm render`, a process from its start to its end.
 * - `warm`: a renderer that has worked before, given jobs as the supervisor gives them, through to published, durable files; every job has words never seen before.
 * - `repeated`: the words of that round's warm jobs once more, as other jobs.
 *
 * CPU is that of whole processes with everything below them (render/cost.ts). The farm is measured by `storyfarm up` and its API (render/farm.ts), likeness against
 * lossless films (render/quality/) with the files of the first round. Contents are the flattest and the most textured of the
 * installed templates (render/contents/texture.ts), as their usual casts play them.
 *
 * Each part works in a data folder of its own, copied from one in which the templates are prepared, so that none finds what another has remembered. `--data-folder`
 * keeps the prepared one between runs. Jobs that take seconds are cut short: a round's batch begins none after half a minute.
 *
 * What it does not do: decide. Whether a figure reaches what is asked of it is told, and the exit code is 0 all the same.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { type Ffmpeg, openFfmpeg } from '../../src/media/ffmpeg.js';
import { loadFonts } from '../../src/media/fonts.js';
import { loadCatalog } from '../../src/media/install/catalog.js';
import { packageFolder } from '../../src/package.js';
import type { InstalledTemplate } from '../../src/template/catalog.js';
import { readFlags, refuse, say, wholeNumber } from '../flags.js';
import { castOf, textureOf } from './render/contents/texture.js';
import { wordsmith } from './render/contents/words.js';
import { measureFarm } from './render/farm.js';
import { figuresOf, type Measured, tablesOf } from './render/figures.js';
import { measureRounds } from './render/rounds.js';

const flags = readFlags({
  allowNegative: true,
  options: {
    template: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string', default: '5' },
    jobs: { type: 'string', default: '100' },
    farm: { type: 'boolean', default: true },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'data-folder': { type: 'string' },
    'template-folders': { type: 'string', multiple: true, default: [join(packageFolder, 'templates')] },
    'ffmpeg-path': { type: 'string' },
  },
});
const whole = (name: 'runs' | 'jobs') => wholeNumber(name, flags[name], 1);
const settings = flags.quick
  ? { runs: 1, jobs: 10, mostSeconds: 2, requests: 3 }
  : { runs: whole('runs'), jobs: whole('jobs'), mostSeconds: 30, requests: 21 };
const templateFolders = flags['template-folders'].map((folder) => resolve(folder));

function machineOf(ffmpeg: Ffmpeg) {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    ffmpeg: ffmpeg.version,
  };
}

/** Those that are asked for, else the flattest and the most textured. */
async function choose(
  ffmpeg: Ffmpeg,
  work: string,
): Promise<{ chosen: InstalledTemplate[]; textures: Record<string, number> }> {
  const catalog = await loadCatalog(templateFolders);
  if (flags.template.length > 0) {
    const chosen = flags.template.map((id) => {
      const installed = catalog.get(id);
      return installed ?? refuse(`There is no template "${id}" in ${templateFolders.join(', ')}.`);
    });
    return { chosen, textures: {} };
  }
  const textures: Record<string, number> = {};
  for (const installed of catalog.list()) {
    textures[installed.ref.id] = await textureOf(installed, ffmpeg, work);
    say(`${installed.ref.id}: spatial information ${textures[installed.ref.id]?.toFixed(1)}`);
  }
  const texture = ({ ref }: InstalledTemplate) => textures[ref.id] ?? 0;
  const sorted = [...catalog.list()].sort((a, b) => texture(a) - texture(b));
  const ends = [sorted[0], ...(flags.quick ? [] : [sorted.at(-1)])];
  return { chosen: [...new Set(ends)].filter((installed) => installed !== undefined), textures };
}

/** As an operator does it. Editions that are there are kept. */
function prepare(installed: InstalledTemplate, folder: string): void {
  say(`preparing ${installed.ref.id}`);
  const places = ['--data-folder', folder, ...templateFolders.flatMap((each) => ['--template-folders', each])];
  const program = flags['ffmpeg-path'] ? ['--ffmpeg-path', flags['ffmpeg-path']] : [];
  const cast = Object.entries(castOf(installed)).flatMap(([role, character]) => ['--cast', `${role}=${character}`]);
  const args = ['templates', 'prepare', installed.ref.id, ...cast, ...places, ...program];
  execFileSync(process.execPath, [join(packageFolder, 'bin', 'storyfarm'), ...args], { stdio: ['ignore', 2, 2] });
}

async function measure(installed: InstalledTemplate, ffmpeg: Ffmpeg, prepared: string, work: string) {
  const copy = (name: string) => {
    const folder = join(work, `${installed.ref.id}-${name}`);
    cpSync(prepared, folder, { recursive: true });
    return folder;
  };
  const words = wordsmith(installed.template, loadFonts());
  const bench = { installed, cast: castOf(installed), ffmpeg, templateFolders, words, work, copy, say };
  const measured = await measureRounds(bench, settings);
  if (!flags.farm) return measured;
  say(`${installed.ref.id}: farm`);
  const farm = await measureFarm({
    ...{ template: installed.ref.id, words, templateFolders, dataFolder: copy('farm') },
    ...{ ffmpegPath: ffmpeg.path, slots: availableParallelism(), requests: settings.requests },
    ...{ mostJobs: settings.jobs * 5, mostSeconds: settings.mostSeconds },
  });
  return { ...measured, farm };
}

const base = flags['data-folder'] ? resolve(flags['data-folder']) : mkdtempSync(join(tmpdir(), 'storyfarm-bench-'));
const prepared = join(base, 'prepared');
mkdirSync(prepared, { recursive: true });
const work = mkdtempSync(join(base, 'run-'));
process.on('exit', () => rmSync(flags['data-folder'] ? work : base, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const ffmpeg = openFfmpeg(flags['ffmpeg-path']);
const machine = machineOf(ffmpeg);
const { chosen, textures } = await choose(ffmpeg, work);
const all: Measured[] = [];
for (const installed of chosen) {
  prepare(installed, prepared);
  all.push(await measure(installed, ffmpeg, prepared, work));
}

const contents = chosen.map(({ ref }) => ref.id);
if (flags.json) {
  const named = Object.fromEntries(all.flatMap(figuresOf).map(({ name, value }) => [name, value]));
  const told = { machine, settings, contents, spatial_information: textures, ...named };
  process.stdout.write(`${JSON.stringify(told, undefined, 2)}\n`);
} else {
  const { cpu, cores, memoryBytes, node } = machine;
  console.log(`${cpu}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(0)} GB, node ${node}, ${machine.ffmpeg}`);
  console.log(`medians of ${settings.runs}; the warm renderer had at most ${settings.jobs} jobs`);
  for (const measured of all) {
    const texture = textures[measured.content];
    const told = texture === undefined ? '' : ` (spatial information ${texture.toFixed(1)})`;
    console.log(`\n${measured.content}${told}\n\n${tablesOf(measured)}`);
  }
}
