/**
 * Leaves when the supervisor is gone, where the kernel does not see to it (leash.ts). The channel tells too that it is closed, but only to an event loop that turns: behind
 * a native call of seconds, or an endless loop, nobody hears it. So a thread of its own looks whether the parent is still the parent, and kills the whole group.
 */

import { Worker } from 'node:worker_threads';

const LOOK_MS = 50;

/** As text, so that it is the same in a bundle. On Windows the number of a dead parent stays; so it is asked whether it lives. */
const LOOKOUT = `
const { workerData: { parent, everyMs } } = require('node:worker_threads');
const isThere = () => { try { process.kill(parent, 0); return true; } catch (error) { return error.code === 'EPERM'; } };
const kill = (pid) => { try { process.kill(pid, 'SIGKILL'); } catch {} };
setInterval(() => {
  if (process.ppid === parent && isThere()) return;
  if (process.platform !== 'win32') kill(-process.pid);
  kill(process.pid);
}, everyMs);
`;

/** From now on, this process and its group do not outlive the present parent by more than a moment. */
export function dieWithParent(): void {
  const workerData = { parent: process.ppid, everyMs: LOOK_MS };
  // Flags of the process may be for its own program.
  new Worker(LOOKOUT, { eval: true, execArgv: [], workerData }).unref();
}
