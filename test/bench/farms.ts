/**
 * What several farms get through one store on SQL Server.
 *
 *   npm run bench -- farms [--store mssql:…] [--farms 2] [--slots 8] [--jobs 6000] [--rounds 3] [--json]
 *
 * The store is that of `--store`, else of STORYFARM_TEST_MSSQL_URL: its login must be allowed to make a schema, which is gone afterwards. Each farm is a process of its own, as a machine would have
 * it, over renderers that answer at once and touch no disk; so what is measured is what all machines together can claim and complete, and not their work.
 *
 * Everything runs on one machine here, the server too where it is this one: what it says is told with the server's name. The exit code is 0 whether or not a figure reaches what is asked of it.
 */

import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { readFlags, refuse, say, wholeNumber } from '../flags.js';
import { makeSchema } from '../store/fixtures/schema.js';
import { type Round, throughput } from './farms/throughput.js';
import { type Figure, microseconds, milliseconds, perSecond, tableOf } from './queue/figures.js';
import { median } from './render/figures.js';

const flags = readFlags({
  options: {
    store: { type: 'string', default: process.env.STORYFARM_TEST_MSSQL_URL ?? '' },
    farms: { type: 'string', default: '2' },
    slots: { type: 'string', default: '8' },
    jobs: { type: 'string', default: '6000' },
    rounds: { type: 'string', default: '3' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
});
const whole = (name: 'farms' | 'slots' | 'jobs' | 'rounds') => wholeNumber(name, flags[name], 1);
const [farms, slots, jobs] = [whole('farms'), whole('slots'), whole('jobs')];
const rounds = whole('rounds');
if (process.platform !== 'linux') refuse('Only Linux tells what processes cost (/proc).');
if (flags.store !== '' && !flags.store.startsWith('mssql:')) refuse('--store: several farms share a SQL Server.');
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

if (flags.store === '') {
  // With all benchmarks: this one is left out, visibly.
  say('farms: left out, since neither --store nor STORYFARM_TEST_MSSQL_URL names a SQL Server');
  if (flags.json) process.stdout.write('{"skipped": "no SQL Server was named"}\n');
  process.exit(0);
}

const machine = {
  ...{ cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), memoryBytes: totalmem() },
  ...{ node: process.version, load: loadavg()[0] ?? Number.NaN },
};
const measured: Round[] = [];
const place = await makeSchema(flags.store, 'bench');
try {
  for (let number = 0; number < rounds; number++) {
    say(`round ${number + 1} of ${rounds}`);
    measured.push(await throughput(place.url, { farms, slots, jobs, dir: flags.dir }));
  }
} finally {
  await place.drop();
}
const { server } = place;

const variant = `${farms}_farms_${slots}_slots`;
const text = `${farms} farms of ${slots} slots`;
const middle = (of: (round: Round) => number) => median(measured.map(of));
const figures: Figure[] = [
  {
    ...{ name: `jobs_per_second__${variant}`, text: `jobs through SQL Server, ${text}`, show: perSecond },
    ...{ value: middle((round) => round.jobsPerSecond), must: 500 },
  },
  {
    ...{ name: `jobs_per_second_best__${variant}`, text: 'the same, best round', show: perSecond },
    value: Math.max(...measured.map((round) => round.jobsPerSecond)),
  },
  {
    ...{ name: `enqueued_per_second__100_at_a_time`, text: 'enqueue, 100 at a time', show: perSecond },
    value: middle((round) => round.enqueuedPerSecond),
  },
  {
    ...{ name: `cpu_microseconds__${variant}`, text: "supervisors' CPU of a job", show: microseconds },
    value: middle((round) => round.cpuMicroseconds),
  },
  {
    ...{ name: `claim_p50_ms__${variant}`, text: 'a claim, p50', show: milliseconds },
    value: middle((round) => round.claimMs),
  },
  {
    ...{ name: `complete_p50_ms__${variant}`, text: 'a completion, p50', show: milliseconds },
    value: middle((round) => round.completeMs),
  },
];

if (flags.json) {
  const named = Object.fromEntries(figures.map(({ name, value }) => [name, value]));
  const asked = Object.fromEntries(figures.flatMap(({ name, must }) => (must === undefined ? [] : [[name, must]])));
  const answer = { machine, server, farms, slots, jobs, rounds, to_reach: asked, ...named };
  process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
} else {
  const { cpu, cores, memoryBytes, node, load } = machine;
  console.log(`${server}`);
  console.log(`${cpu}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(0)} GB, node ${node}, load ${load.toFixed(1)}\n`);
  console.log(tableOf(figures));
}
