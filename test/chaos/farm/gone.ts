/** Whether processes, and all that they started in their groups, are gone. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

/** Long enough for the kernel to end what was killed. */
const GONE_MS = 3_000;

/** No process is left, nor any of a group that one of them led. There is no event for the end of a process that is not one's child; so this looks again. */
export async function assertGone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + GONE_MS;
  for (;;) {
    const left = living().filter(({ pid, group }) => pids.includes(pid) || pids.includes(group));
    if (left.length === 0) return;
    assert.ok(performance.now() < deadline, `processes are left: ${left.map(({ line }) => line).join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Living {
  readonly pid: number;
  readonly group: number;
  readonly line: string;
}

/** Every process but those that are dead and wait for their parent to notice. */
function living(): Living[] {
  const lines = execFileSync('ps', ['-axo', 'pid=,pgid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [pid, group, state = ''] = line.trim().split(/\s+/);
    return pid && !state.startsWith('Z') ? [{ pid: Number(pid), group: Number(group), line: line.slice(0, 100) }] : [];
  });
}
