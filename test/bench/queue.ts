/**
 * What the queue and the supervisor can do and what they cost, each figure beside what is asked of it.
 *
 *   npm run bench -- queue [--only PART]... [--dir DIR] [--quick] [--json]
 *
 * Everything is real: the embedded store on the disk of `--dir` with every promise flushed, the supervisor as a farm has it, forked renderers and their messages. Only
 * what they render is not: the renderers are fixtures of a few lines, so that what is measured is the farm and not the work. A figure's name says the metric and, after `__`,
 * the variant.
 *
 * What it does not do: decide. Whether a figure reaches what is asked of it is told, and the exit code is 0 all the same. It needs /proc, so Linux.
 */

import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { readFlags, refuse, say } from '../flags.js';
import { startFarms } from './queue/cost.js';
import { measureDeaths } from './queue/deaths.js';
import { measureEndings } from './queue/endings.js';
import { measureStore } from './queue/enqueueing.js';
import { type Figure, FULL, QUICK, type Scale, tableOf } from './queue/figures.js';
import { measureLeaking } from './queue/leaking.js';
import { measurePurging } from './queue/purging.js';
import { measureRecycling } from './queue/recycling.js';
import { measureScraping } from './queue/scraping.js';
import { measureSupervised } from './queue/supervised.js';
import { measureWaking } from './queue/waking.js';

type Measure = (scale: Scale, dir: string) => Promise<Figure[]>;
const PARTS: Readonly<Record<string, Measure>> = {
  store: measureStore,
  supervised: measureSupervised,
  waking: measureWaking,
  deaths: measureDeaths,
  recycling: measureRecycling,
  endings: measureEndings,
  leaking: measureLeaking,
  scraping: measureScraping,
  purging: measurePurging,
};
/** Started first and measured last. */
const COST = 'cost';

const flags = readFlags({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    dir: { type: 'string', default: tmpdir() },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const names = [...Object.keys(PARTS), COST];
for (const name of flags.only) if (!names.includes(name)) refuse(`--only: give one of ${names.join(', ')}.`);
if (process.platform !== 'linux') refuse('Only Linux tells what processes cost (/proc).');
const isWanted = (name: string) => flags.only.length === 0 || flags.only.includes(name);
const scale = flags.quick ? QUICK : FULL;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const machine = {
  ...{ cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), memoryBytes: totalmem() },
  ...{ node: process.version, load: loadavg()[0] ?? Number.NaN },
};
const figures: Figure[] = [];
const farms = isWanted(COST) ? await startFarms(scale, flags.dir) : undefined;
try {
  for (const [name, measure] of Object.entries(PARTS)) {
    if (!isWanted(name)) continue;
    say(name);
    figures.push(...(await measure(scale, flags.dir)));
  }
  if (farms) say(COST);
  figures.push(...((await farms?.measure()) ?? []));
} finally {
  await farms?.end();
}

if (flags.json) {
  const named = Object.fromEntries(figures.map(({ name, value }) => [name, value]));
  const asked = Object.fromEntries(figures.flatMap(({ name, must }) => (must === undefined ? [] : [[name, must]])));
  process.stdout.write(`${JSON.stringify({ machine, scale, to_reach: asked, ...named }, undefined, 2)}\n`);
} else {
  const { cpu, cores, memoryBytes, node, load } = machine;
  console.log(`${cpu}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(0)} GB, node ${node}, load ${load.toFixed(1)}\n`);
  console.log(tableOf(figures));
}
