import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { residentInTable, treeMemory } from '../../../src/supervisor/renderer/memory.js';

const TREE = fileURLToPath(new URL('./fixtures/tree.js', import.meta.url));
const MB = 2 ** 20;

describe('the memory of a process tree', () => {
  it('is that of the process and of what it started', async (context) => {
    const child = fork(TREE, ['60', '120']);
    context.after(() => void child.kill('SIGKILL'));
    await once(child, 'message');
    const bytes = await treeMemory(child.pid as number, Number.POSITIVE_INFINITY);
    assert.ok(bytes > 180 * MB && bytes < 450 * MB, `${bytes / MB} MB`);
  });

  it('counts shared pages once when it matters', { skip: process.platform !== 'linux' }, async (context) => {
    const child = fork(TREE, ['60', '120']);
    context.after(() => void child.kill('SIGKILL'));
    await once(child, 'message');
    const pid = child.pid as number;
    const resident = await treeMemory(pid, Number.POSITIVE_INFINITY);
    const proportional = await treeMemory(pid, 100 * MB);
    assert.ok(proportional > 180 * MB && proportional < resident, `${proportional / MB} of ${resident / MB} MB`);
  });

  it('of one that is gone is nothing', async () => {
    const child = fork(TREE, ['1', '1']);
    await once(child, 'message');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(await treeMemory(child.pid as number, 0), 0);
  });

  it('is read from a table where there is no other way', () => {
    const table = '   1    0  1000\n  10    1   200\n  11   10    30\n  12   11     4\n  20    1  5000\n';
    assert.equal(residentInTable(10, table), 234 * 1024);
    assert.equal(residentInTable(99, table), 0);
  });
});
