/**
 * Small soaks, as tests like any other: all faults but the full disk, which needs root and has tests of its own, and the books must balance. What is said of farms that share a store is said of
 * several of them on SQL Server, where there is one, and of one farm and two fronts on the embedded store, which has one farm.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noServer } from '../store/fixtures/sql-server.js';
import type { Answer } from './books/print.js';

const JOBS = 30;
const SOAK = fileURLToPath(new URL('./soak.js', import.meta.url));
const FAULTS = 'kill,stop,farm,front,lock,tear,poison';
const PARTS = {
  'one farm and two fronts': ['--fronts', '2'],
  // Fewer kills: each costs a start, in which a server may have to compile every text anew, and all of them share the machine.
  'two farms and two fronts on SQL Server': [
    ...['--farms', '2', '--slots', '2', '--every', '3000'],
    ...['--store', process.env.STORYFARM_TEST_MSSQL_URL ?? ''],
  ],
};

for (const [parts, flags] of Object.entries(PARTS)) {
  const needsServer = flags.includes('--store') && noServer;
  it(
    `${parts}: ${JOBS} jobs under fire, none lost, none twice, nothing left`,
    { skip: process.platform !== 'linux' || (needsServer ?? false) },
    async (context) => {
      const seed = process.env.STORYFARM_TEST_SEED ?? '1';
      const wanted = ['--jobs', `${JOBS}`, '--seed', seed, '--faults', FAULTS, '--json'];
      const { code, stdout, stderr } = await run(...wanted, ...flags);
      const answer = JSON.parse(stdout || '{}') as Answer;
      assert.deepEqual(answer.findings, [], stderr);
      const { accepted, delivered, dead, cancelled, lost, duplicates, orphans, strayFiles, broken, harmed, untold } =
        answer;
      context.diagnostic(`${answer.kills} kills, ${answer.seconds.all} s, ${answer.store}`);
      assert.deepEqual(
        { lost, duplicates, orphans, strayFiles, broken, harmed, untold },
        { lost: 0, duplicates: 0, orphans: 0, strayFiles: 0, broken: 0, harmed: 0, untold: 0 },
      );
      assert.deepEqual([accepted, delivered + dead + cancelled, answer.seed], [JOBS, JOBS, Number(seed)]);
      assert.deepEqual([answer.fronts, answer.farms], [2, flags.includes('--farms') ? 2 : 1]);
      assert.ok(answer.kills > 0, 'processes were killed');
      assert.ok(answer.capacityLost >= 0 && answer.capacityLost <= 1);
      assert.equal(code, 0, stderr);
    },
  );
}

function run(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SOAK, ...args], (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}
