/**
 * What something cost: CPU of whole processes, wall time, memory.
 *
 * The kernel keeps for every process its own CPU time and that of the children it has waited for, their waited children included (proc(5), `stat`: utime, stime,
 * cutime, cstime). So the CPU of a command that has ended is what our own waited time grew by; and that of a process that lives on is its own and waited time plus
 * the same of its living descendants, read while it rests. Children may come and go between two readings: a child that ended is in its parent's waited time.
 *
 * Not counted: processes that outlived their parent, and what the kernel does in threads of its own (writing to the disk). The unit is the kernel's tick, usually 10 ms.
 */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { treeMemory } from '../../../src/supervisor/renderer/memory.js';

export interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Highest proportional memory (PSS) of the process and its descendants that was seen, in bytes. */
  readonly peakBytes: number;
}

/** Several commands one after the other, as one. */
export function sumOf(costs: readonly Cost[]): Cost {
  return {
    cpuSeconds: costs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    wallSeconds: costs.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0),
    peakBytes: Math.max(0, ...costs.map(({ peakBytes }) => peakBytes)),
  };
}

/** Times are ticks. */
export interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  readonly own: number;
  readonly waited: number;
}

/** Reads a line of /proc/PID/stat. The name of the program, in parentheses, may hold anything. */
export function timesOf(stat: string): ProcessTimes {
  const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent = 0, user = 0, system = 0, waitedUser = 0, waitedSystem = 0] = [1, 11, 12, 13, 14].map((field) =>
    Number(rest[field]),
  );
  return { pid: Number.parseInt(stat, 10), parent, own: user + system, waited: waitedUser + waitedSystem };
}

/** Ticks of a process and everything below it, as far as it lives or was waited for. */
export function ticksOfTree(root: number, processes: readonly ProcessTimes[]): number {
  const below = processes.filter(({ parent }) => parent === root);
  const self = processes.find(({ pid }) => pid === root);
  return (self ? self.own + self.waited : 0) + below.reduce((sum, { pid }) => sum + ticksOfTree(pid, processes), 0);
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

const statOf = (pid: string | number): readonly ProcessTimes[] => {
  try {
    return [timesOf(readFileSync(`/proc/${pid}/stat`, 'utf8'))];
  } catch {
    return []; // Gone meanwhile.
  }
};

/** CPU seconds that a living process and everything below it have used. */
export function cpuOfTree(pid: number): number {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(statOf);
  return ticksOfTree(pid, processes) / ticksPerSecond;
}

/** CPU seconds of every process that ended below this one. */
const cpuOfEnded = (): number => (statOf('self')[0]?.waited ?? 0) / ticksPerSecond;

/** Writes to the disk what others have left in memory: else whoever flushes next waits for it. */
export function settleDisk(): void {
  execFileSync('sync');
}

/** Calls `work` and answers with it the highest memory that was seen meanwhile in the tree of a process, looking every `lookMs`. */
export async function withPeak<T>(pid: number, lookMs: number, work: () => Promise<T>): Promise<[T, number]> {
  let [peak, looking] = [0, false];
  const look = async () => {
    if (looking) return;
    looking = true;
    peak = Math.max(peak, await treeMemory(pid, 0));
    looking = false;
  };
  const timer = setInterval(() => void look(), lookMs);
  try {
    const result = await work();
    await look();
    return [result, peak];
  } finally {
    clearInterval(timer);
  }
}

/**
 * Runs a program to its end, alone: nothing else may end below this process meanwhile. Rejects with what it wrote to stderr when it fails.
 */
export async function runMeasured(
  program: string,
  args: readonly string[],
  where: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Cost & { readonly stdout: string }> {
  const [before, start] = [cpuOfEnded(), performance.now()];
  const child = spawn(program, args, { ...where, stdio: ['ignore', 'pipe', 'pipe'] });
  const [[[code], stdout, stderr], peakBytes] = await withPeak(child.pid ?? 0, 100, () =>
    Promise.all([once(child, 'exit'), buffer(child.stdout), buffer(child.stderr)]),
  );
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${stderr}`);
  const wallSeconds = (performance.now() - start) / 1000;
  return { cpuSeconds: cpuOfEnded() - before, wallSeconds, peakBytes, stdout: stdout.toString() };
}
