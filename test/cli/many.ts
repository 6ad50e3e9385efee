/** A program that makes many calls of the command line in one process, for what needs no process of its own. Told by its parent which; tells what came of each. */

import { main } from '../../src/cli/main.js';
import type { Ended } from './storyfarm.js';

export interface Call {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

async function make({ args, env }: Call): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const streams = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr'] as const)
    process[name].write = (chunk: string | Uint8Array) => {
      said[name] += chunk;
      return true;
    };
  Object.assign(process.env, env);
  process.exitCode = undefined;
  try {
    return { code: await main(['node', 'storyfarm', ...args]), ...said };
  } finally {
    process.stdout.write = streams.stdout;
    process.stderr.write = streams.stderr;
    for (const name of Object.keys(env)) delete process.env[name];
  }
}

process.once('message', async (calls: readonly Call[]) => {
  const results: Ended[] = [];
  for (const call of calls) results.push(await make(call));
  process.send?.(results, () => process.exit(0));
});
