/**
 * The promise as a whole, under fire: real renders by the real programs, while processes are killed or stopped, the store is locked, the disk is full and files are
 * damaged, all by chance; then a ledger of every job, process and file.
 *
 *   npm run soak -- [--jobs 1000] [--seed S] [--every 250] [--faults kill,stop,farm,front,lock,database,disk,tear,poison,leak]
 *                   [--farms 1] [--fronts 1] [--store mssql:…] [--restart COMMAND]
 *                   [--slots 4] [--template ID] [--decode N] [--editions FOLDER] [--unprepared] [--keep] [--json]
 *
 * Problem: tests of single faults say little of two at once, and an author thinks of the faults that he has handled.
 *
 * So farms and fronts run as they do under pm2 (farm/keeper.ts), each at an address of its own; partners ask for jobs through HTTP with idempotency keys, now of this front and now of that (farm/client.ts),
 * and want to be told of each end (farm/portal.ts), and every
 * `--every` milliseconds a fault happens (faults/), drawn from the seed (plan.ts). When all jobs were asked for there is peace; the farm finishes them, ends, starts once more and sweeps. Then the books are made from
 * the store and the disk (books/). The exit code is 1 unless they balance.
 *
 * What it does not do: repeat a run. The seed repeats the decisions, not the moments that they meet. It needs /proc, so Linux; and root for a disk of its own
 * that can be filled.
 */

import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { openFfmpeg } from '../../src/media/ffmpeg.js';
import { readFlags, refuse, say, wholeNumber } from '../flags.js';
import { makeSchema } from '../store/fixtures/schema.js';
import { balance } from './books/ledger.js';
import { answerOf, textOf } from './books/print.js';
import { layGround } from './farm/ground.js';
import { marked, signal } from './farm/processes.js';
import { FAULTS, type FaultName, isTimed } from './plan.js';
import { run } from './run.js';

const flags = readFlags({
  options: {
    jobs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
    every: { type: 'string', default: '250' },
    faults: { type: 'string', default: FAULTS.join() },
    farms: { type: 'string', default: '1' },
    fronts: { type: 'string' },
    store: { type: 'string' },
    restart: { type: 'string' },
    slots: { type: 'string', default: `${Math.max(4, availableParallelism())}` },
    template: { type: 'string' },
    decode: { type: 'string' },
    editions: { type: 'string' },
    unprepared: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
if (process.platform !== 'linux') refuse('A soak looks into /proc: it runs on Linux only.');
const named = flags.faults.split(',').filter(Boolean);
const unknown = named.find((name) => !FAULTS.includes(name as FaultName));
if (unknown !== undefined) refuse(`--faults: there is no "${unknown}"; there are ${FAULTS.join(', ')}.`);
const wanted = FAULTS.filter((name) => named.includes(name));
const whole = (name: 'jobs' | 'seed' | 'every' | 'slots' | 'farms', least: 0 | 1) =>
  wholeNumber(name, flags[name], least);
const farms = whole('farms', 1);
if (flags.store !== undefined && !flags.store.startsWith('mssql:'))
  refuse('--store: give the address of a SQL Server.');
if (flags.restart !== undefined && flags.store === undefined)
  refuse('--restart: only a SQL Server is restarted; name it with --store.');
if (farms > 1 && flags.store === undefined) refuse('--farms: several farms share a SQL Server; name it with --store.');
const order = {
  farms,
  restart: flags.restart,
  fronts: wholeNumber('fronts', flags.fronts ?? flags.farms, 1),
  jobs: whole('jobs', 1),
  seed: whole('seed', 0),
  everyMs: whole('every', 1),
  slots: whole('slots', 1),
  decoded: flags.decode === undefined ? Number.POSITIVE_INFINITY : wholeNumber('decode', flags.decode, 0),
  editions: flags.editions,
  isPrepared: !flags.unprepared,
};
openFfmpeg(); // Told now, and not by every job.

const ground = layGround(order.jobs, farms, flags.template, wanted.includes('disk'));
/** Faults that cannot be here, with the reason. */
const skipped: Partial<Record<FaultName, string>> = {
  ...(wanted.includes('disk') && ground.noDisk !== undefined ? { disk: ground.noDisk } : {}),
  ...(wanted.includes('lock') && flags.store !== undefined ? { lock: 'only an embedded store is a file to lock' } : {}),
  ...(wanted.includes('database') && flags.restart === undefined
    ? { database: 'no command was given (--restart)' }
    : {}),
};
const faults = wanted.filter((name) => skipped[name] === undefined);
let isKept = flags.keep;
process.on('exit', () => {
  for (const each of marked(ground.folder)) signal(each, 'SIGKILL');
  ground.clear(isKept);
});
const interrupt = new AbortController();
setMaxListeners(0, interrupt.signal);
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    if (interrupt.signal.aborted) process.exit(130);
    say('Ending: jobs that are not finished stay so. Once more ends it at once.');
    interrupt.abort();
  });

const [timed, others] = [faults.filter(isTimed), faults.filter((name) => !isTimed(name))];
const told = [
  ...(timed.length > 0 ? [`every ${order.everyMs} ms one of ${timed.join(', ')}`] : []),
  ...(others.length > 0 ? [`with ${others.join(' and ')}`] : []),
];
const many = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
const size = `${many(farms, 'farm')} of ${many(order.slots, 'seat')}, ${many(order.fronts, 'front')}`;
say(`seed ${order.seed}: ${[`${order.jobs} jobs`, size, ...told].join(', ')}`);
for (const [name, reason] of Object.entries(skipped)) say(`skipped: ${name}, since ${reason}`);
const schema = flags.store === undefined ? undefined : await makeSchema(flags.store, 'soak');
if (schema) say(schema.server);
try {
  const outcome = await run({ ...order, faults, store: schema?.url }, ground, interrupt.signal, progress());
  const ledger = balance(outcome.facts);
  isKept ||= !ledger.balances;
  const answer = answerOf(order.seed, ledger, outcome, skipped);
  if (flags.json) process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
  else console.log(textOf(answer));
  process.exitCode = !ledger.balances ? 1 : interrupt.signal.aborted ? 130 : 0;
} catch (error) {
  isKept = true;
  say((error as Error).stack ?? String(error));
  process.exitCode = 1;
}
if (isKept) say(`Kept: ${ground.folder}${schema ? `, and the schema ${schema.name}` : ''}`);
else await schema?.drop();
process.exit();

/** On a terminal one line that changes, elsewhere one now and then. */
function progress(): (what: string) => void {
  let [toldAt, last] = [Number.NEGATIVE_INFINITY, ''];
  return (what) => {
    const isTerminal = process.stderr.isTTY === true;
    const isNew = what.replaceAll(/\d+/g, '') !== last.replaceAll(/\d+/g, '');
    if (!isNew && performance.now() - toldAt < (isTerminal ? 200 : 15_000)) return;
    [toldAt, last] = [performance.now(), what];
    if (isTerminal) process.stderr.write(`\r\x1b[K${what}`);
    else say(what);
  };
}
