import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { lives, nameOf } from '../src/processes.js';

describe('a process', () => {
  it('lives under its name, and not under that of another start', async () => {
    const name = await nameOf(process.pid);
    assert.equal(await lives(name), true);
    assert.equal(await lives(`${process.pid}-1`), false);
    assert.equal(await lives(`${process.pid}-${name}`), false);
    assert.equal(await lives(''), false);
    assert.equal(await lives('0-?'), false);
  });

  it('that has ended does not live, whoever has noticed', async (t) => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    t.after(() => void child.kill('SIGKILL'));
    const name = await nameOf(child.pid as number);
    assert.equal(await lives(name), true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(await lives(name), false);
  });
});
