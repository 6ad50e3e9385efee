import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { lives, nameOf } from '../src/processes.js';

describe('a process', () => {
  it('lives under its name, and not under that of another start, or of another boot', async () => {
    const name = await nameOf(process.pid);
    const [pid, start, boot] = name.split('-');
    assert.equal(await lives(name), true);
    if (existsSync('/proc/self/stat')) assert.equal(await lives(`${pid}-1-${boot}`), false);
    assert.equal(await lives(`${pid}-${start}-01234567`), false);
    assert.equal(await lives(`${pid}-${start}`), false);
    assert.equal(await lives(`${process.pid}-${name}`), false);
    assert.equal(await lives(''), false);
    assert.equal(await lives('0-?-?'), false);
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
