/** A small soak, as a test like any other: all faults but the full disk, which needs root and has tests of its own, and the books must balance. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Answer } from './books/print.js';

const JOBS = 30;
const SOAK = fileURLToPath(new URL('./soak.js', import.meta.url));
const FAULTS = 'kill,stop,farm,front,lock,tear,poison';

it(
  `${JOBS} jobs under fire: none lost, none twice, nothing left`,
  { skip: process.platform !== 'linux' },
  async (context) => {
    const seed = process.env.STORYFARM_TEST_SEED ?? '1';
    const { code, stdout, stderr } = await run('--jobs', `${JOBS}`, '--seed', seed, '--faults', FAULTS, '--json');
    const answer = JSON.parse(stdout || '{}') as Answer;
    assert.deepEqual(answer.findings, [], stderr);
    const {
      accepted,
      delivered,
      dead,
      cancelled,
      lost,
      duplicates,
      orphans,
      strayFiles,
      broken,
      harmed,
      untold,
      kills,
    } = answer;
    context.diagnostic(`${kills} kills, ${answer.seconds.all} s`);
    assert.deepEqual(
      { lost, duplicates, orphans, strayFiles, broken, harmed, untold },
      { lost: 0, duplicates: 0, orphans: 0, strayFiles: 0, broken: 0, harmed: 0, untold: 0 },
    );
    assert.deepEqual([accepted, delivered + dead + cancelled, answer.seed], [JOBS, JOBS, Number(seed)]);
    assert.ok(kills > 0, 'processes were killed');
    assert.ok(answer.capacityLost >= 0 && answer.capacityLost <= 1);
    assert.equal(code, 0, stderr);
  },
);

function run(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SOAK, ...args], (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}
