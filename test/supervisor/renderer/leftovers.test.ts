import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { nameOf } from '../../../src/processes.js';
import { killLeftovers, markOf } from '../../../src/supervisor/renderer/leftovers.js';
import { temporaryFolder } from '../../fixtures/folder.js';

const onLinux = { skip: process.platform === 'linux' ? false : 'needs /proc' };

/** A process that carries a mark, and says when it is there. */
async function marked(t: TestContext, env: NodeJS.ProcessEnv, program: string = 'setInterval(() => {}, 1000)') {
  const child = spawn(process.execPath, ['-e', `console.log('here'); ${program}`], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  t.after(() => void child.kill('SIGKILL'));
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  return child;
}

const isAlive = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;

/** The mark as a supervisor of that number, started at that moment, would have given it. */
const by = (mark: Readonly<Record<string, string>>, supervisor: string): NodeJS.ProcessEnv => ({
  STORYFARM_FARM: `${mark.STORYFARM_FARM?.split(' ')[0]} ${supervisor}`,
});

describe('what an earlier life left running', () => {
  it('is killed, whatever it heeds, with what it started; nobody else is', onLinux, async (t) => {
    const [mark, other] = [await markOf(temporaryFolder(t)), await markOf(temporaryFolder(t))];
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    const gone = (await nameOf(process.pid)).replace(/^\d+/, `${dead.pid}`);
    // This very number, but of a process that started at another moment.
    const reused = (await nameOf(process.pid)).replace(/-\d+-/, '-1-');
    const stubborn = "process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {}); for (;;) Math.random();";
    const [blocked, orphaned, theirs, living, none] = await Promise.all([
      marked(t, by(mark, gone), stubborn),
      marked(t, by(mark, reused)),
      marked(t, by(other, gone)),
      marked(t, mark),
      marked(t, {}),
    ]);
    const { killed, left } = await killLeftovers(mark);
    assert.deepEqual([[...killed].sort(), left], [[blocked.pid, orphaned.pid].sort(), []]);
    assert.deepEqual([theirs, living, none].map(isAlive), [true, true, true]);
    assert.deepEqual(await killLeftovers(mark), { killed: [], left: [] });
  });

  it('is found by its folder, by whatever name that is called', onLinux, async (t) => {
    const folder = temporaryFolder(t);
    const called = join(temporaryFolder(t), 'other-name');
    symlinkSync(folder, called);
    assert.deepEqual(await markOf(folder), await markOf(called));
  });
});
