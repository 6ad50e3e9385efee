/**
 * What an earlier life of a farm left running: renderers, and what they started, that outlived their supervisor.
 *
 * Problem: where children cannot be leashed, or a leash was lost on the way, a killed supervisor may leave renderers that go on, for attempts that are about to be given to others.
 *
 * How: every renderer carries a mark in its environment, which its own children inherit: the farm's data folder, and the supervisor by number and starting moment. Whoever
 * carries the mark of this folder with a supervisor that lives no more is killed. A number alone is never trusted, neither of the supervisor nor of what is killed.
 *
 * What it does not do: see processes of other users, or work elsewhere than on Linux (there is no /proc); there, renderers look for their supervisor
 * themselves.
 */

import { createHash } from 'node:crypto';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { lives, nameOf } from '../../processes.js';

const VARIABLE = 'STORYFARM_FARM';

/** The environment of renderers of this process, over an existing data folder. */
export async function markOf(dataFolder: string): Promise<Readonly<Record<string, string>>> {
  const folder = createHash('sha256')
    .update(await realpath(dataFolder))
    .digest('hex')
    .slice(0, 16);
  return { [VARIABLE]: `${folder} ${await nameOf(process.pid)}` };
}

export interface Leftovers {
  /** Numbers of the processes that are gone now. */
  readonly killed: readonly number[];
  /** Of those that were killed and have not gone: they hang in the system, such as on a dead disk. */
  readonly left: readonly number[];
}

/** Longest wait for those that were killed to be gone. */
const GONE_MS = 5_000;

/** Kills what carries `mark` (see markOf) but of a supervisor that lives no more, and waits until it is gone. */
export async function killLeftovers(mark: Readonly<Record<string, string>>): Promise<Leftovers> {
  const [folder] = (mark[VARIABLE] ?? '').split(' ');
  const found: { readonly pid: number; readonly name: string }[] = [];
  for (const entry of await readdir('/proc').catch(() => [])) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    // Before its mark is read: if the number becomes another's meanwhile, the name is nobody's.
    const name = await nameOf(pid);
    const [itsFolder, itsSupervisor = ''] = await markIn(pid);
    if (itsFolder !== folder || (await lives(itsSupervisor)) || !(await lives(name))) continue;
    found.push({ pid, name });
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has gone by itself.
    }
  }
  const left = await remaining(found);
  return { killed: found.map(({ pid }) => pid).filter((pid) => !left.includes(pid)), left };
}

/** There is no event for the end of what is not one's child; so this looks again and again. */
async function remaining(found: readonly { readonly pid: number; readonly name: string }[]): Promise<number[]> {
  const deadline = performance.now() + GONE_MS;
  for (;;) {
    const left: number[] = [];
    for (const { pid, name } of found) if (await lives(name)) left.push(pid);
    if (left.length === 0 || performance.now() > deadline) return left;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function markIn(pid: number): Promise<string[]> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  const found = environment.split('\0').find((variable) => variable.startsWith(`${VARIABLE}=`));
  return found ? found.slice(VARIABLE.length + 1).split(' ') : [];
}
