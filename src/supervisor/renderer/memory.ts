/**
 * How much memory a process and its descendants hold.
 *
 * Resident size lies for forked programs: pages shared by six renderers are counted six times. The proportional size (PSS) does not, but reading it costs
 * milliseconds, so the cheap resident size screens: as an upper bound it is enough while it lies below the limit that matters. What is cheap is read at once: the kernel
 * makes it from counters that it has, and handing it to a thread five times (open, stat, read, read, close) costs several times as much.
 * Elsewhere than on Linux one `ps` tells resident sizes.
 */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { textOf } from './proc.js';

/** Bytes held by the tree under `pid`: resident while that is at most `screen`, else proportional. 0 when it is gone. */
export async function treeMemory(pid: number, screen: number): Promise<number> {
  if (process.platform !== 'linux') return residentByPs(pid);
  const pids = tree(pid);
  const resident = sum(pids.map(residentOf));
  return resident <= screen ? resident : sum(await Promise.all(pids.map(proportionalOf)));
}

/** The process and its descendants, as far as they can be seen now: those that main threads started, as Node's and ffmpeg's are. */
function tree(pid: number): number[] {
  const children = textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(tree)];
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, bytes) => total + bytes, 0);

const residentOf = (pid: number): number => bytesIn(textOf(`/proc/${pid}/status`), /^VmRSS:\s+(\d+) kB$/m) ?? 0;

/** A kernel that is old or hardened does not tell it: then the resident size has to do, so that a limit is never blind. */
async function proportionalOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
  return bytesIn(text, /^Pss:\s+(\d+) kB$/m) ?? residentOf(pid);
}

function bytesIn(text: string, line: RegExp): number | undefined {
  const found = line.exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

const ps = promisify(execFile);

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly bytes: number;
}

async function residentByPs(pid: number): Promise<number> {
  const { stdout } = await ps('ps', ['-axo', 'pid=,ppid=,rss=']).catch(() => ({ stdout: '' }));
  return residentInTable(pid, stdout);
}

/** From lines of process, parent and resident kilobytes. */
export function residentInTable(pid: number, table: string): number {
  const rows: Row[] = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, parent = 0, size = 0]) => ({ pid, parent, bytes: size * 1024 }));
  const below = (parent: number): number =>
    rows.filter((row) => row.parent === parent).reduce((total, row) => total + row.bytes + below(row.pid), 0);
  return below(pid) + (rows.find((row) => row.pid === pid)?.bytes ?? 0);
}
