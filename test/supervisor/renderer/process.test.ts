/** The handle on a real child process; the children are one-liners. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import type { ToSupervisor } from '../../../src/ipc/messages.js';
import { type Death, RendererProcess } from '../../../src/supervisor/renderer/process.js';
import { assertGone } from '../../chaos/farm/gone.js';

interface Life {
  readonly process: RendererProcess;
  readonly messages: ToSupervisor[];
  readonly nonsense: unknown[];
  readonly lines: string[];
  readonly death: Promise<Death>;
  /** Resolves with the next message. */
  readonly said: Promise<ToSupervisor>;
}

async function live(context: TestContext, script: string): Promise<Life> {
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-process-'));
  const module = join(folder, 'child.mjs');
  await writeFile(module, script);
  return start(context, module, folder);
}

function start(context: TestContext, module: string, folder?: string): Life {
  const messages: ToSupervisor[] = [];
  const nonsense: unknown[] = [];
  const lines: string[] = [];
  let say: (message: ToSupervisor) => void = () => {};
  let die: (death: Death) => void = () => {};
  const said = new Promise<ToSupervisor>((resolve) => {
    say = resolve;
  });
  const death = new Promise<Death>((resolve) => {
    die = resolve;
  });
  const events = {
    message: (message: ToSupervisor) => {
      messages.push(message);
      say(message);
    },
    nonsense: (error: unknown) => void nonsense.push(error),
    line: (text: string) => void lines.push(text),
    death: die,
  };
  const process = new RendererProcess({ module, args: [] }, events, systemClock);
  context.after(async () => {
    process.kill();
    await death;
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  return { process, messages, nonsense, lines, death, said };
}

const READY = `process.send({ type: 'ready', ffmpeg: '' });`;
const FOREVER = `setInterval(() => {}, 1000); process.on('disconnect', () => process.exit());`;

describe('a renderer process', () => {
  it('ends with its code, after everything that it said', async (context) => {
    const script = `
      for (let k = 0; k < 500; k++) process.send({ type: 'heartbeat' });
      process.send({ type: 'unfit', failure: { code: 'font_missing', message: 'No font.', hint: '', retryable: false } }, () => process.exit(3));
      console.log('out'); console.error('err');`;
    const { death, messages, lines } = await live(context, script);
    const { code, signal, unfit, tail } = await death;
    assert.deepEqual([code, signal, unfit?.code], [3, null, 'font_missing']);
    assert.equal(messages.length, 501);
    assert.deepEqual(lines.sort(), ['err', 'out']);
    assert.ok(tail.includes('out\n') && tail.includes('err\n'));
  });

  it('is killed with its group, and killing again does nothing', async (context) => {
    const script = `
      import { spawn } from 'node:child_process';
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      child.on('spawn', () => { console.log(child.pid); ${READY} });
      ${FOREVER}`;
    const { process: renderer, death, said, lines } = await live(context, script);
    await said;
    renderer.kill();
    const { signal } = await death;
    assert.equal(signal, 'SIGKILL');
    await assertGone([renderer.pid]);
    assert.equal(lines.length, 1);
    renderer.kill();
  });

  it('that leaves a child behind takes it along', async (context) => {
    const script = `
      import { spawn } from 'node:child_process';
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      child.on('spawn', () => process.exit(0));`;
    const { process: renderer, death } = await live(context, script);
    assert.equal((await death).code, 0);
    await assertGone([renderer.pid]);
  });

  it('with a grandchild that has left the group and holds the pipes, is dead all the same', async (context) => {
    const script = `
      import { spawn } from 'node:child_process';
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit', detached: true });
      child.on('spawn', () => { console.log(child.pid); process.exit(0); });`;
    const { death, lines } = await live(context, script);
    assert.equal((await death).code, 0);
    process.kill(Number(lines[0]), 'SIGKILL');
  });

  it('hears what it is told', async (context) => {
    const script = `
      process.on('message', (message) => { console.log(JSON.stringify(message)); if (message.type === 'leave') process.exit(0); });
      ${READY} ${FOREVER}`;
    const { process: renderer, death, said, lines } = await live(context, script);
    await said;
    const order = { id: 'a', fence: 1, template: { id: 't', version: 'v' }, cast: {}, words: { hello: '안녕 🎂' } };
    renderer.render(order);
    renderer.abort('a');
    renderer.leave();
    assert.equal((await death).code, 0);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [{ type: 'render', order }, { type: 'abort', id: 'a' }, { type: 'leave' }],
    );
    renderer.render(order);
  });

  it('that sends what is no message is told apart', async (context) => {
    const { said, nonsense } = await live(
      context,
      `process.send('hello'); process.send({ type: 'heartbeat', extra: 1 }); ${READY} ${FOREVER}`,
    );
    await said;
    assert.equal(nonsense.length, 2);
  });

  it('tells a line without end in pieces, and keeps the end of what it wrote', async (context) => {
    const { death, lines } = await live(context, `process.stdout.write('x'.repeat(100_000), () => process.exit(0));`);
    const { tail } = await death;
    assert.ok(lines.length > 1);
    assert.equal(lines.join('').length, 100_000);
    assert.ok(tail.length <= 4_096);
  });

  it('that is not there dies with the reason', async (context) => {
    const { death } = start(context, '/nowhere/renderer.js');
    const { code, tail } = await death;
    assert.equal(code, 1);
    assert.match(tail, /Cannot find module/);
  });

  it('gets nothing of what makes this process special', async (context) => {
    const { death, lines } = await live(context, `console.log(JSON.stringify(process.execArgv)); process.exit(0)`);
    await death;
    assert.deepEqual(
      lines,
      ['["--single-threaded-gc","--heap-growing-percent=200","--no-incremental-marking"]'],
      'its own flags, and none of ours',
    );
  });
});
