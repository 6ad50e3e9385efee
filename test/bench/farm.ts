/**
 * What a farm costs beside its work: the CPU of one that has nothing to do, renderers and their heartbeats included, and that of a supervisor over eight renderers that
 * are at work (at nothing: fixtures that tell of their progress).
 *
 *   node dist/test/bench/farm.js [--seconds 30] [--json]
 *
 * CPU is in percent of one core, from the kernel's count for every thread of the processes; memory is resident. Linux only.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/clock.js';
import { createLog } from '../../src/log.js';
import { createMetrics } from '../../src/metrics.js';
import { packageFolder } from '../../src/package.js';
import { openStore } from '../../src/store/open.js';
import { observeWith } from '../../src/supervisor/observer.js';
import { Supervisor } from '../../src/supervisor/supervisor.js';

interface Figures {
  readonly what: string;
  readonly supervisorPercent: number;
  readonly renderersPercent: number;
  readonly supervisorMegabytes: number;
  readonly renderers: number;
}

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
    /** For itself: be the farm in this folder. */
    farm: { type: 'string' },
  },
});
const BUSY = 8;
/** Seconds until V8 has collected what a boot leaves: 70 ms of CPU, once, some 50 s after it. */
const SETTLE = 60;

if (options.farm) await beFarm(options.farm);
else {
  const figures = [
    await measure('idle farm, 2 slots and a standby', 3, (folder) => {
      const args = ['farm', '--data-folder', folder, '--slots', '2', '--log-level', 'warn'];
      return fork(join(packageFolder, 'bin', 'storyfarm'), args, {
        env: { ...process.env, STORYFARM_FARM_PORT: '0' },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
    }),
    await measure(`supervisor over ${BUSY} busy renderers`, BUSY + 1, (folder) =>
      fork(fileURLToPath(import.meta.url), ['--farm', folder]),
    ),
  ];
  if (options.json) console.log(JSON.stringify(figures, undefined, 2));
  else for (const figure of figures) console.log(figure);
}

/** The farm that `start` starts says on its channel when it has begun; its renderers are its children. */
async function measure(what: string, renderers: number, start: (folder: string) => ChildProcess): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-bench-'));
  const child = start(folder);
  const pid = child.pid as number;
  try {
    await once(child, 'message');
    while (childrenOf(pid).length < renderers) await pause(0.5);
    await pause(SETTLE);
    const below = childrenOf(pid);
    const before = [cpuOf(pid), sum(below)] as const;
    await pause(Number(options.seconds));
    const percent = (seconds: number) => Math.round((seconds / Number(options.seconds)) * 100_000) / 1_000;
    return {
      what,
      supervisorPercent: percent(cpuOf(pid) - before[0]),
      renderersPercent: percent(sum(below) - before[1]),
      supervisorMegabytes: Math.round(residentOf(pid) / 1e6),
      renderers: below.length,
    };
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
}

async function beFarm(folder: string): Promise<void> {
  const store = await openStore(`sqlite:${join(folder, 'jobs.db')}`);
  const log = createLog({ part: 'bench', level: 'warn', to: process.stderr });
  const supervisor = new Supervisor(
    {
      ...{ server: 'bench', slots: BUSY, standby: 1, leaseMs: 30_000, pollMs: 1_000, meterMs: 1_000, drainMs: 0 },
      ...{ bootMs: 60_000, silentMs: 15_000, stallMs: 120_000, maxAttempts: 3, maxCrashes: 3 },
      ...{ maxJobs: 500, maxMemory: 512e6, maxMemoryHard: 3e9, maxAgeMs: 6 * 3_600_000, minLifetimeMs: 30_000 },
    },
    {
      store,
      program: {
        module: fileURLToPath(new URL('../fixtures/renderers/steady.js', import.meta.url)),
        args: [JSON.stringify({ dataFolder: folder, heartbeatMs: 2_000 })],
      },
      discard: async () => {},
      observer: observeWith(log, createMetrics()),
      clock: systemClock,
    },
  );
  const request = { template: { id: 'none', version: '0'.repeat(64) }, cast: {}, words: {} };
  for (let job = 0; job < BUSY; job++) await store.enqueue({ partner: 'bench', request });
  await supervisor.start();
  process.send?.('begun');
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}

function sum(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + cpuOf(pid), 0);
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Seconds. */
function cpuOf(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  );
  return nanoseconds.reduce((total, time) => total + time, 0) / 1e9;
}

function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}
