/**
 * Which process is meant. Numbers of processes are used again, so a process is named by its number and the moment it started, which no two share. Where there is
 * no /proc, the number has to do.
 */

import { readFile } from 'node:fs/promises';

/** The name of a living process, such as `4711-882345`: fit for file names and environments. */
export const nameOf = async (pid: number): Promise<string> => `${pid}-${await startOf(pid)}`;

/** Whether the process of this name lives; what is dead and waits for its parent to notice does not. False for what is no name. */
export async function lives(name: string): Promise<boolean> {
  const [, pid, start] = /^([1-9]\d*)-(\d+|\?)$/.exec(name) ?? [];
  if (pid === undefined || !isThere(Number(pid))) return false;
  const { state, started } = await statOf(Number(pid));
  return started === start && state !== 'Z';
}

/** When a process started, in ticks since boot; `?` where it is not told. */
export const startOf = async (pid: number): Promise<string> => (await statOf(pid)).started;

/** Whether some process has this number. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Fields 3 and 22 of /proc/PID/stat (proc(5)); the second field is a name in brackets that may hold anything. */
async function statOf(pid: number): Promise<{ readonly state: string; readonly started: string }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '?' };
}
