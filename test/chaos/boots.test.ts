/** Renderers that cannot boot: the farm stays, waits longer and longer, blames no job, and is back when they can. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { breakBoots, farm, freshFolder, mendBoots } from './farm/farm.js';
import type { Told } from './farm/program.js';

describe('when renderers cannot boot', () => {
  it('the farm stays up, is not ready, takes no jobs, and backs off as one', async (context) => {
    const { recorder, supervisor, dataFolder, enqueue, end } = await farm(context, 'unfit', {
      options: { slots: 3 },
      start: false,
    });
    await breakBoots(dataFolder);
    const { id } = await enqueue();
    await supervisor.start();
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'no renderer is ready' });
    // Three at once, then one at a time: after 0.25 and 0.5 s, the least that the delays can be.
    const died = await recorder.times(5, 'died');
    assert.ok(
      died.every(({ args: [, , cause] }) => cause.code === 'boot_failed' && cause.message === 'The font is not there.'),
    );
    const [, , third, fourth, fifth] = recorder.of('started').map(({ at }) => at) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const deaths = died.map(({ at }) => at) as [number, number, number, number, number];
    assert.ok(fourth - deaths[0] >= 250, 'the first wait is counted from the first death');
    assert.ok(fourth > third && fifth - deaths[3] >= 500, 'one goes ahead, and its failure doubles the wait');
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'renderers cannot boot' });

    await mendBoots(dataFolder);
    await recorder.times(3, 'booted');
    assert.deepEqual(supervisor.readiness(), { ready: true, reason: 'at work' });
    await recorder.until('rendered');
    const [job] = await end();
    assert.deepEqual([job?.id, job?.state, job?.crashes, job?.attempt, job?.fence], [id, 'rendered', 0, 0, 1]);
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'draining' });
  });

  it('the farm works on with the renderers that it has, and takes them for what they are', async (context) => {
    const { recorder, supervisor, dataFolder, enqueueMany, end } = await farm(context, 'unfit', {
      options: { slots: 2, standby: 1 },
    });
    await recorder.times(3, 'booted');
    await breakBoots(dataFolder);
    process.kill(supervisor.slots[0]?.renderer?.process.pid as number, 'SIGKILL');
    await recorder.until('seated');
    await recorder.times(2, 'died', (slot, _pid, { code }) => slot === -1 && code === 'boot_failed');
    assert.deepEqual(supervisor.readiness(), { ready: true, reason: 'at work' });
    await enqueueMany(5);
    await recorder.times(5, 'rendered');
    for (const { renderer } of supervisor.slots) process.kill(renderer?.process.pid as number, 'SIGKILL');
    await recorder.times(3, 'died', (slot) => slot >= 0);
    await recorder.times(recorder.of('died').length + 1, 'died');
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'renderers cannot boot' });
    await mendBoots(dataFolder);
    await recorder.times(6, 'booted');
    assert.deepEqual(supervisor.readiness(), { ready: true, reason: 'at work' });
    const jobs = await end();
    assert.ok(jobs.every(({ crashes, attempt }) => crashes + attempt === 0));
  });

  it("nothing else is needed to keep the farm's process up between two boots", async (context) => {
    const dataFolder = await freshFolder();
    await breakBoots(dataFolder);
    const program = fileURLToPath(new URL('./farm/program.js', import.meta.url));
    const child = spawn(process.execPath, [program, dataFolder, 'unfit'], { stdio: ['ignore', 'pipe', 'inherit'] });
    context.after(async () => {
      child.kill('SIGKILL');
      await rm(dataFolder, { recursive: true, force: true });
    });
    let died = 0;
    for await (const line of createInterface(child.stdout)) {
      if ((JSON.parse(line) as Told).kind === 'died') died++;
      if (died === 4) break;
    }
    assert.equal(died, 4, `it ended with ${child.exitCode}`);
  });

  it('one that takes too long is killed, heartbeats or not', async (context) => {
    const { recorder, end } = await farm(context, 'dazed', { options: { slots: 1, bootMs: 700 } });
    const { args } = await recorder.until('died');
    assert.equal(args[2].code, 'boot_failed');
    assert.match(args[2].message, /did not become ready/);
    await end({ isStaffed: false });
  });

  it('one that somebody kills while it boots is no sign of that: the next one is started as after a crash', async (context) => {
    const { recorder, supervisor, end } = await farm(context, 'dazed', { options: { slots: 1, bootMs: 60_000 } });
    for (let kills = 1; kills <= 4; kills++) {
      const started = (await recorder.times(kills, 'started')).at(-1);
      process.kill(started?.args[1] as number, 'SIGKILL');
      await recorder.times(kills, 'died');
    }
    await recorder.times(5, 'started');
    assert.ok(recorder.of('died').every(({ args: [, , cause] }) => cause.code === 'boot_failed'));
    assert.equal(supervisor.readiness().reason, 'no renderer is ready', 'the breaker is closed');
    await end({ isStaffed: false });
  });

  it('and a program that is not there is a boot that failed', async (context) => {
    const { recorder, end } = await farm(context, 'no-such-fixture', { options: { slots: 1 } });
    const { args } = await recorder.until('died');
    assert.equal(args[2].code, 'boot_failed');
    assert.match(args[2].message, /Cannot find module/);
    await end({ isStaffed: false });
  });
});
