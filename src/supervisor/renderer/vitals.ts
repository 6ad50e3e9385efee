/** What the kernel knows about a process, where there is a /proc: what it is doing while it says nothing, and how many files it has open. It can be asked even while its process waits. */

import { readdirSync, writeFileSync } from 'node:fs';
import { textOf } from './proc.js';

export interface Vitals {
  /** Of its main thread, as in proc(5): `R` running, `S` waiting, `D` waiting for a disk or in the kernel, `T` and `t` stopped. */
  readonly state: string;
  /** CPU time of its main thread, in ticks of the kernel (usually 10 ms). */
  readonly ticks: number;
}

/** Undefined when it is gone, or there is no /proc. */
export function vitalsOf(pid: number): Vitals | undefined {
  const stat = textOf(`/proc/${pid}/task/${pid}/stat`);
  // Its name, in parentheses, may contain anything.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state ? { state, ticks: Number(fields[10]) + Number(fields[11]) } : undefined;
}

export interface Files {
  readonly open: number;
  /** How many the system gives it; Infinity when that is not known. */
  readonly limit: number;
}

/** The file descriptors of a process. None without a limit when they cannot be seen. */
export function filesOf(pid: number): Files {
  try {
    const open = readdirSync(`/proc/${pid}/fd`).length;
    const soft = /^Max open files\s+(\d+)/m.exec(textOf(`/proc/${pid}/limits`))?.[1];
    return { open, limit: soft === undefined ? Number.POSITIVE_INFINITY : Number(soft) };
  } catch {
    return { open: 0, limit: Number.POSITIVE_INFINITY };
  }
}

/** What a renderer's score is above its supervisor's, of 1,000: memory that is short is then found with those that grow, and not with the one that keeps the books. */
const SCORE = 500;

/** Makes the kernel choose this process and what it starts before this one, when memory is short. */
export function offerToOomKiller(pid: number): void {
  if (process.platform !== 'linux') return;
  try {
    const own = Number(textOf('/proc/self/oom_score_adj'));
    writeFileSync(`/proc/${pid}/oom_score_adj`, `${Math.min(1_000, own + SCORE)}`);
  } catch {
    // It is gone already, or the system does not allow it.
  }
}
