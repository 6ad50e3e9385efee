/**
 * Which process is meant. Numbers of processes are used again, so a process is named by its number and the moment it started, which no two share; and that moment is counted from the boot,
 * of which one is much like another: names that were written to the disk say which boot it was. Where there is no /proc, the number has to do.
 */

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** The present boot, by the beginning of its chance number (random(4)); `?` where it is not told. */
const BOOT = ((): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  } catch {
    return '?';
  }
})();

/** The name of a living process, such as `4711-882345-755598f7`: fit for file names and environments. */
export const nameOf = async (pid: number): Promise<string> => `${pid}-${await startOf(pid)}-${BOOT}`;

/** Whether the process of this name lives; what is dead and waits for its parent to notice does not. False for what is no name. */
export async function lives(name: string): Promise<boolean> {
  const [, pid, start, boot] = /^([1-9]\d*)-(\d+|\?)-([0-9a-f]{8}|\?)$/.exec(name) ?? [];
  if (pid === undefined || boot !== BOOT || !isThere(Number(pid))) return false;
  const { state, started } = await statOf(Number(pid));
  return started === start && state !== 'Z';
}

/** When a process started, in ticks since boot; `?` where it is not told. */
const startOf = async (pid: number): Promise<string> => (await statOf(pid)).started;

/** Whether some process has this number. */
function isThere(pid: number): boolean {
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
