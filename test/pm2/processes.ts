/** Looking at processes, and signalling them. Linux only. */

import { readFileSync } from 'node:fs';

/** A process and its descendants. */
export function treeOf(pid: number): number[] {
  const children = look(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return pid ? [pid, ...children.flatMap(treeOf)] : [];
}

/** A file of a process in /proc; empty when there is no such process any more. */
export function look(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

/** By SIGSTOP; what is dead is not. */
export const isStopped = (pid: number): boolean => / T /.test(look(pid, 'stat'));

/** False when there is no such process any more. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
