/** The benchmark of several farms, run quickly: it tells its figures and the server's name, or that it was left out. How large the figures are is not for a test to say. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noServer } from '../store/fixtures/sql-server.js';

const BENCH = fileURLToPath(new URL('./farms.js', import.meta.url));
const isElsewhere = process.platform !== 'linux' && 'only Linux has /proc';

test('without a server it says that it was left out', { skip: isElsewhere }, () => {
  const { STORYFARM_TEST_MSSQL_URL: _, ...env } = process.env;
  const told = execFileSync(process.execPath, [BENCH, '--json'], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  assert.match((JSON.parse(told) as { skipped: string }).skipped, /no SQL Server/);
});

test('with one it tells every figure, and leaves nothing behind', { skip: noServer ?? isElsewhere }, () => {
  const args = ['--farms', '2', '--slots', '1', '--jobs', '300', '--rounds', '1', '--json'];
  const told = JSON.parse(execFileSync(process.execPath, [BENCH, ...args], { encoding: 'utf8' })) as Record<
    string,
    unknown
  >;
  const { machine: _, to_reach, server, farms, slots, jobs, rounds, ...figures } = told;
  assert.deepEqual([farms, slots, jobs, rounds], [2, 1, 300, 1]);
  assert.match(String(server), /\d/);
  for (const name of Object.keys(to_reach as object)) assert.ok(name in figures, name);
  assert.equal(Object.keys(figures).length, 6);
  for (const [name, value] of Object.entries(figures)) assert.ok(Number(value) > 0, `${name} is ${value}`);
});
