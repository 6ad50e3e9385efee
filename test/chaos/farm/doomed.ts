/** A farm in a process of its own, which a test may kill, and what it told. */

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SupervisorOptions } from '../../../src/supervisor/options.js';
import type { Told } from './program.js';

export interface Doomed {
  readonly child: ChildProcess;
  readonly told: Told[];
}

/** Starts a farm as a program of its own (program.ts), as the server `doomed`; in a control group, when its door is given; on another store than its own, when that is. */
export function program(
  context: TestContext,
  dataFolder: string,
  fixture: string,
  special: Partial<SupervisorOptions> = {},
  door?: string,
  store?: string,
): Doomed {
  const module = fileURLToPath(new URL('./program.js', import.meta.url));
  const args = [dataFolder, fixture, JSON.stringify(special), ...(store === undefined ? [] : [store])];
  const throughDoor = ['-c', 'echo $$ > "$0" && exec "$@"', `${door}`, process.execPath];
  const child = fork(module, args, door === undefined ? {} : { execPath: '/bin/sh', execArgv: throughDoor });
  // Each thing that is waited for listens for its end, too.
  child.setMaxListeners(0);
  const told: Told[] = [];
  child.on('message', (message: Told) => told.push(message));
  context.after(() => void child.kill('SIGKILL'));
  return { child, told };
}

/** The first `count` of what it told of this kind. */
export async function heard({ child, told }: Doomed, count: number, kind: Told['kind']): Promise<Told[]> {
  for (;;) {
    const found = told.filter((message) => message.kind === kind);
    if (found.length >= count) return found.slice(0, count);
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    assert.ok(
      typeof message === 'object' && message !== null,
      `it ended with ${message} before it told of ${count} ${kind}`,
    );
  }
}
