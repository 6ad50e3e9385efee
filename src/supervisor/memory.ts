/**
 * How much memory a process and its descendants hold.
 *
 * Resident size lies for forked programs: pages shared by six renderers are counted six times. The proportional size (PSS) does not, but reading it costs
 * milliseconds, so the cheap resident size screens: as an upper bound it is enough while it lies below the limit that matters.
 * Elsewhere than on Linux one `ps` tells resident sizes.
 */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const PAGE = 4096;

/** Bytes held by the tree under `pid`: resident while that is at most `screen`, else proportional. 0 when it is gone. */
export async function treeMemory(pid: number, screen: number): Promise<number> {
  const pids = await tree(pid);
  if (process.platform !== 'linux') return residentByPs(pids);
  const resident = await sum(pids, residentOf);
  return resident <= screen ? resident : sum(pids, proportionalOf);
}

/** The process and all its descendants, as far as they can be seen now. */
async function tree(pid: number): Promise<number[]> {
  if (process.platform !== 'linux') return treeByPs(pid);
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(() => '');
  const children = text.split(' ').filter(Boolean).map(Number);
  return [pid, ...(await Promise.all(children.map(tree))).flat()];
}

async function sum(pids: readonly number[], sizeOf: (pid: number) => Promise<number>): Promise<number> {
  return (await Promise.all(pids.map(sizeOf))).reduce((total, bytes) => total + bytes, 0);
}

/** /proc/pid/statm: the second number is resident pages; 14 µs. */
async function residentOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, 'latin1').catch(() => '');
  return Number(text.split(' ')[1] ?? 0) * PAGE;
}

/** /proc/pid/smaps_rollup: up to 3.5 ms at 510 MB. */
async function proportionalOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

const ps = promisify(execFile);

async function processes(): Promise<{ pid: number; parent: number; bytes: number }[]> {
  const { stdout } = await ps('ps', ['-axo', 'pid=,ppid=,rss=']).catch(() => ({ stdout: '' }));
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, parent = 0, kilobytes = 0]) => ({ pid, parent, bytes: kilobytes * 1024 }));
}

async function treeByPs(pid: number): Promise<number[]> {
  const all = await processes();
  const below = (parent: number): number[] => [parent, ...all.filter((p) => p.parent === parent).flatMap((p) => below(p.pid))];
  return below(pid);
}

async function residentByPs(pids: readonly number[]): Promise<number> {
  return (await processes()).filter(({ pid }) => pids.includes(pid)).reduce((total, { bytes }) => total + bytes, 0);
}
