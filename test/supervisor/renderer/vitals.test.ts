import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { filesOf, offerToOomKiller, vitalsOf } from '../../../src/supervisor/renderer/vitals.js';

const TREE = fileURLToPath(new URL('./fixtures/tree.js', import.meta.url));

describe('the vitals of a process', { skip: process.platform !== 'linux' }, () => {
  it('are its state and its CPU time', () => {
    const before = vitalsOf(process.pid);
    assert.equal(before?.state, 'R');
    const until = process.cpuUsage().user + 100_000;
    while (process.cpuUsage().user < until) Math.random();
    assert.ok((vitalsOf(process.pid)?.ticks ?? 0) > before.ticks);
  });

  it('of one that is gone are unknown, and it has no files', () => {
    assert.equal(vitalsOf(2 ** 30), undefined);
    assert.deepEqual(filesOf(2 ** 30), { open: 0, limit: Number.POSITIVE_INFINITY });
  });
});

it('a child is offered to the kernel before its parent', { skip: process.platform !== 'linux' }, async (context) => {
  const child = fork(TREE, ['1', '1']);
  context.after(() => void child.kill('SIGKILL'));
  const score = async (pid: number | 'self') => Number(await readFile(`/proc/${pid}/oom_score_adj`, 'latin1'));
  offerToOomKiller(child.pid as number);
  assert.equal(await score(child.pid as number), Math.min(1_000, (await score('self')) + 500));
  offerToOomKiller(2 ** 30);
});
