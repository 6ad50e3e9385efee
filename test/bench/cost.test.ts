/** The arithmetic of CPU time, and that a real tree whose children come and go is counted whole. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { cpuOfTree, runMeasured, sumOf, ticksOfTree, timesOf } from './render/cost.js';

const linux = process.platform !== 'linux' && 'only Linux has /proc';

/** Takes as much CPU as its argument says, in seconds, and half as much in each of two children, one of which it starts when the other has ended. */
const BURNER = `
const { spawnSync } = require('node:child_process');
const burn = (seconds) => { while (process.cpuUsage().user + process.cpuUsage().system < seconds * 1e6); };
const seconds = Number(process.argv[1]);
burn(seconds);
if (process.argv[2]) for (let n = 0; n < 2; n++) spawnSync(process.execPath, ['-e', process.argv[2], String(seconds / 2)]);
`;

test('reads the times of a process whose name is made to mislead', () => {
  const line = `42 (a) R 7 (b) R 1 42 42 0 -1 4194560 10 20 30 40 100 20 300 4 20 0 1 0 999 1000 10 0`;
  assert.deepEqual(timesOf(line), { pid: 42, parent: 1, own: 120, waited: 304 });
});

test('adds up who lives and who was waited for, below the root and nowhere else', () => {
  const tree = [
    { pid: 1, parent: 0, own: 1000, waited: 9000 },
    { pid: 10, parent: 1, own: 5, waited: 40 },
    { pid: 11, parent: 10, own: 3, waited: 2 },
    { pid: 12, parent: 11, own: 1, waited: 0 },
    { pid: 20, parent: 1, own: 500, waited: 500 },
  ];
  assert.equal(ticksOfTree(10, tree), 51);
  assert.equal(ticksOfTree(99, tree), 0);
});

test('a child that ends is counted as before: it moves into what its parent waited for', () => {
  const before = [
    { pid: 10, parent: 1, own: 5, waited: 40 },
    { pid: 11, parent: 10, own: 3, waited: 2 },
  ];
  const after = [{ pid: 10, parent: 1, own: 5, waited: 45 }];
  assert.equal(ticksOfTree(10, after), ticksOfTree(10, before));
});

test('several commands cost their sum, and the memory of the largest', () => {
  const costs = [
    { cpuSeconds: 1, wallSeconds: 2, peakBytes: 30 },
    { cpuSeconds: 0.5, wallSeconds: 1, peakBytes: 70 },
  ];
  assert.deepEqual(sumOf(costs), { cpuSeconds: 1.5, wallSeconds: 3, peakBytes: 70 });
});

test('a command that has ended is counted with all its children', { skip: linux }, async () => {
  const { cpuSeconds, peakBytes } = await runMeasured(process.execPath, ['-e', BURNER, '0.4', BURNER]);
  assert.ok(cpuSeconds >= 0.75 && cpuSeconds < 2, `${cpuSeconds} s, not 0.8 s and little more`);
  assert.ok(peakBytes > 10e6, `${peakBytes} bytes`);
});

test('so is a process that lives on', { skip: linux }, async () => {
  const code = `${BURNER}; process.send('done'); process.on('message', () => process.exit());`;
  const child = fork('-e', [code, '0.4', BURNER], { execArgv: [] });
  await once(child, 'message');
  const seconds = cpuOfTree(child.pid ?? 0);
  child.send('go');
  await once(child, 'exit');
  assert.ok(seconds >= 0.75 && seconds < 2, `${seconds} s, not 0.8 s and little more`);
});

test('a command that fails is told with what it said', async () => {
  await assert.rejects(
    runMeasured(process.execPath, ['-e', 'console.error("no such thing"); process.exit(3)']),
    /ended with 3:\nno such thing/,
  );
});
