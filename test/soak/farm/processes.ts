/** Processes as the soak knows them: by number and moment of start, since numbers are used again. Linux only. */

import { readdirSync } from 'node:fs';
import { look, treeOf } from '../../pm2/processes.js';

export interface Known {
  readonly pid: number;
  /** Ticks since the machine booted (proc(5), field 22 of stat). */
  readonly start: string;
}

/** Undefined when there is no such process, or only the number that its parent has not yet asked for. */
export function known(pid: number): Known | undefined {
  const stat = look(pid, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', start] = [fields[0], fields[19]];
  return start === undefined || 'ZX'.includes(state) ? undefined : { pid, start };
}

export const isAlive = ({ pid, start }: Known): boolean => known(pid)?.start === start;

/** All that descend from a process, itself not among them. */
export function descendants(pid: number): Known[] {
  return treeOf(pid).flatMap((each) => (each === pid ? [] : (known(each) ?? [])));
}

/** Whether the signal was sent: not to another process that has the number now. */
export function signal(process_: Known, name: NodeJS.Signals): boolean {
  if (!isAlive(process_)) return false;
  try {
    return process.kill(process_.pid, name);
  } catch {
    return false;
  }
}

/** Every process that was given this text in its environment, as all are that descend from one that was. */
export function marked(mark: string): Known[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => (look(Number(name), 'environ').includes(mark) ? (known(Number(name)) ?? []) : []));
}
