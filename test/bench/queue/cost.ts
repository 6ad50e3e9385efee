/**
 * What a farm costs beside its work: the CPU of one that has nothing to do, renderers and their heartbeats included, and that of a supervisor over eight renderers that
 * are at work (at nothing: fixtures that tell of their progress). Both are started first and looked at last, since V8 collects what a boot leaves some 50 s after
 * it.
 *
 * CPU is in percent of one core, from the kernel's count for every thread of the processes; memory is resident. Linux only.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../../src/package.js';
import { type Figure, megabytes, percent, type Scale } from './figures.js';
import { freshFolder, Program, pause, remove, stock, storeIn } from './ground.js';

const BUSY = 8;

interface Watched {
  readonly child: ChildProcess;
  readonly startedAt: number;
}

interface Cost {
  readonly supervisor: number;
  readonly renderers: number;
  readonly bytes: number;
}

export interface Settling {
  /** Looks at both at the same time, when they have settled. */
  measure(): Promise<Figure[]>;
  end(): Promise<void>;
}

export async function startFarms({ settleSeconds, costSeconds }: Scale, dir: string): Promise<Settling> {
  const [idleFolder, busyFolder] = [freshFolder(dir), freshFolder(dir)];
  const ends: (() => unknown)[] = [() => remove(idleFolder), () => remove(busyFolder)];
  const idle = watched(startIdle(idleFolder), ends);
  const busy = watched(await startBusy(busyFolder), ends);
  return {
    async measure() {
      for (const { child, startedAt } of [idle, busy]) {
        const renderers = child === idle.child ? 3 : BUSY + 1;
        while (childrenOf(child.pid as number).length < renderers) await pause(100);
        await pause(startedAt + settleSeconds * 1000 - performance.now());
      }
      const [atRest, atWork] = await Promise.all([idle, busy].map((each) => costOf(each, costSeconds)));
      return [...idleFigures(atRest as Cost), ...busyFigures(atWork as Cost)];
    },
    async end() {
      for (const end of ends.reverse()) await end();
    },
  };
}

/** As it is run: two slots and a standby. */
function startIdle(folder: string): ChildProcess {
  const args = ['farm', '--data-folder', folder, '--slots', '2', '--log-level', 'warn'];
  return fork(join(packageFolder, 'bin', 'storyfarm'), args, {
    env: { ...process.env, STORYFARM_FARM_PORT: '0' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

async function startBusy(folder: string): Promise<ChildProcess> {
  const store = await storeIn(folder);
  await stock(store, BUSY);
  await store.close();
  return new Program({ dataFolder: folder, renderer: 'steady', options: { slots: BUSY } }).child;
}

function watched(child: ChildProcess, ends: (() => unknown)[]): Watched {
  ends.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return { child, startedAt: performance.now() };
}

/** CPU in percent of one core. */
async function costOf({ child }: Watched, seconds: number): Promise<Cost> {
  const pid = child.pid as number;
  const below = childrenOf(pid);
  const sum = () => below.reduce((total, each) => total + cpuOf(each), 0);
  const before = [cpuOf(pid), sum()] as const;
  await pause(seconds * 1000);
  return {
    supervisor: ((cpuOf(pid) - before[0]) / seconds) * 100,
    renderers: ((sum() - before[1]) / seconds) * 100,
    bytes: residentOf(pid),
  };
}

const idleFigures = ({ supervisor, renderers, bytes }: Cost): Figure[] => [
  {
    ...{ name: 'cpu_percent__idle_farm', text: 'idle farm, 2 slots and a standby: CPU of all, of one core' },
    ...{ value: supervisor + renderers, show: percent, must: 0.2, most: true },
  },
  { name: 'cpu_percent__idle_supervisor', text: 'its supervisor alone', value: supervisor, show: percent },
  { name: 'memory_bytes__idle_supervisor', text: "its supervisor's memory", value: bytes, show: megabytes },
];

const busyFigures = ({ supervisor, bytes }: Cost): Figure[] => [
  {
    ...{ name: 'cpu_percent__supervisor_8_busy', text: `supervisor over ${BUSY} busy renderers: CPU, of one core` },
    ...{ value: supervisor, show: percent, must: 1, most: true },
  },
  {
    ...{ name: 'memory_bytes__supervisor_8_busy', text: 'its memory' },
    ...{ value: bytes, show: megabytes, must: 100e6, most: true },
  },
];

export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Seconds. */
export function cpuOf(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  );
  return nanoseconds.reduce((total, time) => total + time, 0) / 1e9;
}

function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}
