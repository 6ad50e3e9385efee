/** Planned replacement: for every reason, one renderer at a time, and without a moment in which fewer are seated. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RecycleReason } from '../../src/supervisor/decisions/recycle.js';
import { breakBoots, type Farm, farm, fixture, mendBoots } from './farm/farm.js';

describe('a renderer is recycled', () => {
  it('after so many jobs, not one more when its standby is in time', async (context) => {
    const { enqueueMany, recorder, cue, end } = await farm(context, 'slow', { options: { slots: 1, maxJobs: 3 } });
    await enqueueMany(9);
    for (let done = 1; done <= 9; done++) {
      const given = (await recorder.times(done, 'assigned')).at(-1);
      // The standby is started with the last job, and is waited for, so that the number is exact.
      if (done % 3 === 0) await recorder.times(1 + done / 3, 'booted');
      await cue(given?.args[0].id as string);
    }
    await recorder.times(9, 'rendered');
    await recorder.times(3, 'recycled');
    assert.deepEqual(jobsByRenderer(recorder), [3, 3, 3, 0]);
    await end();
  });

  it('when it has grown past its memory, before it is given another job', async (context) => {
    const options = { slots: 1, maxMemory: 250e6 };
    const { enqueueMany, recorder, supervisor, end } = await farm(context, fixture('leaky', 30), { options });
    let peak = 0;
    await enqueueMany(20);
    for (let done = 1; done <= 20; done++) {
      await recorder.times(done, 'rendered');
      peak = Math.max(peak, ...supervisor.slots.map(({ renderer }) => renderer?.restingMemory ?? 0));
    }
    const recycled = recorder.of('recycled');
    assert.ok(recycled.length >= 2, `${recycled.length} times`);
    assert.ok(recycled.every(({ args: [, , reason] }) => reason === 'memory'));
    context.diagnostic(`peak ${Math.round(peak / 1e6)} MB with a limit of 250 MB and a leak of 31 MB a job`);
    assert.ok(peak < 250e6 + 40e6, `${peak} bytes: the limit and one job`);
    await end();
  });

  it('at 80 % of its files', { skip: process.platform !== 'linux' }, async (context) => {
    const { recorder, enqueueMany, end } = await farm(context, 'hoards', { options: { slots: 1, standby: 1 } });
    await recorder.times(2, 'booted');
    await enqueueMany(300);
    const recycled = await recorder.until('recycled');
    await recorder.times(300, 'rendered');
    assert.equal(recycled.args[2], 'files');
    const done = recorder.of('rendered').filter(({ at }) => at < recycled.at).length;
    context.diagnostic(`after ${done} jobs, which left a file open each, of 256`);
    assert.ok(done > 256 * 0.8 - 60 && done < 240, `${done} jobs`);
    const jobs = await end();
    assert.ok(jobs.every(({ attempt, crashes }) => attempt + crashes === 0));
  });

  it('not at once when its memory never was below the limit; that is told once, with the option to change', async (context) => {
    const options = { slots: 1, standby: 1, maxMemory: 20e6, minLifetimeMs: 60_000 };
    const { recorder, enqueueMany, end } = await farm(context, 'instant', { options });
    await enqueueMany(60);
    await recorder.times(60, 'rendered');
    assert.deepEqual(
      recorder.of('spared').map(({ args: [slot, , wear] }) => [slot, wear]),
      [[0, 'memory']],
    );
    assert.equal(recorder.of('recycled').length, 0);
    await end();
  });

  it('when it is old, idle or not', async (context) => {
    const { recorder, enqueue, cue, end } = await farm(context, 'slow', { options: { maxAgeMs: 1_500 } });
    const { id } = await enqueue();
    await recorder.times(3, 'recycled', (_slot, _pid, reason) => reason === 'age');
    const busy = recorder.of('assigned')[0]?.args[1];
    assert.ok(
      recorder.of('recycled').every(({ args: [slot] }) => slot !== busy),
      'the other seat did not wait for the long job',
    );
    await cue(id);
    await recorder.until('rendered');
    await end();
  });

  it('on request; asking again before it is done changes nothing', async (context) => {
    const { recorder, supervisor, end } = await farm(context, 'instant', { options: { slots: 3 } });
    await recorder.times(3, 'booted');
    for (let times = 0; times < 50; times++) supervisor.recycleAll();
    await recorder.times(3, 'left');
    await recorder.times(2, 'state');
    await end();
    assert.deepEqual(
      recorder.of('recycled').map(({ args: [slot, , reason] }) => [slot, reason]),
      [
        [0, 'request'],
        [1, 'request'],
        [2, 'request'],
      ],
    );
    assert.equal(recorder.of('started').length, 6);
  });
});

describe('capacity', () => {
  for (const [reason, options] of [
    ['request', {}],
    ['jobs', { maxJobs: 2 }],
    ['age', { maxAgeMs: 800 }],
    ['request', { standby: 1 }],
    ['jobs', { standby: 1, maxJobs: 10 }],
  ] as const) {
    const how = JSON.stringify(options);
    it(`stays whole while all are due at once (${reason} ${how}), and only one is replaced at a time`, async (context) => {
      const made = await farm(context, 'instant', { options: { slots: 3, ...options } });
      const { recorder, supervisor, enqueueMany, end } = made;
      await recorder.times(3, 'booted');
      if (reason === 'request') supervisor.recycleAll();
      // A busy machine may favour two processes so much that the third gets hardly any.
      const maxJobs = 'maxJobs' in options ? options.maxJobs : 0;
      for (let asked = 60; asked === 60 || !areAllDue(recorder, maxJobs); asked += 60) {
        await enqueueMany(60);
        await recorder.times(asked, 'rendered');
      }
      await recorder.times(3, 'recycled');
      await recorder.times(3, 'left');
      assertOneAtATime(made, reason);
      await end();
    });
  }

  it('stays whole when a standby cannot boot: the old one works on, and is replaced when boots go well again', async (context) => {
    const { recorder, supervisor, enqueueMany, dataFolder, end } = await farm(context, 'unfit', {
      options: { maxJobs: 2 },
    });
    await recorder.times(2, 'booted');
    await breakBoots(dataFolder);
    await enqueueMany(40);
    await recorder.times(40, 'rendered');
    supervisor.recycleAll();
    await recorder.until('died', (_slot, _pid, cause) => cause.code === 'boot_failed');
    assert.equal(recorder.of('recycled').length, 0);
    assert.deepEqual(supervisor.readiness(), { ready: true, reason: 'at work' });
    await mendBoots(dataFolder);
    await recorder.times(2, 'recycled');
    await end();
  });

  it('a standby that dies while it waits is replaced', async (context) => {
    const { recorder, enqueue, cue, supervisor, end } = await farm(context, 'slow', { options: { slots: 1 } });
    const { id } = await enqueue();
    await recorder.until('assigned');
    supervisor.recycleAll();
    const [, waiting] = await recorder.times(2, 'booted');
    process.kill(waiting?.args[1] as number, 'SIGKILL');
    await recorder.times(3, 'booted');
    assert.equal(recorder.of('recycled').length, 0);
    await cue(id);
    await recorder.until('recycled');
    await recorder.until('rendered');
    const [job] = await end();
    assert.equal(job?.crashes, 0);
  });

  it('a seat whose renderer crashes while a standby boots goes to the standby', async (context) => {
    const { recorder, enqueue, cue, supervisor, end } = await farm(context, 'slow', { options: { slots: 1 } });
    const { id } = await enqueue();
    await recorder.until('assigned');
    supervisor.recycleAll();
    await recorder.times(2, 'started');
    process.kill(recorder.pids[0] as number, 'SIGKILL');
    await recorder.times(2, 'assigned');
    await cue(id);
    await recorder.until('rendered');
    assert.equal(recorder.of('started').length, 2);
    await end();
  });

  it('a renderer that does not leave is killed, and nobody is blamed', async (context) => {
    const options = { slots: 1, graceMs: 500 };
    const { recorder, supervisor, enqueue, end } = await farm(context, 'deaf', { options });
    await enqueue();
    await recorder.until('rendered');
    supervisor.recycleAll();
    await recorder.until('recycled');
    await recorder.until('left');
    assert.equal(recorder.of('died').length, 0);
    await end();
  });
});

/** Whether each of three seats has had as many jobs as let it be recycled. */
function areAllDue(recorder: Farm['recorder'], maxJobs: number): boolean {
  const seats = recorder.of('assigned').map(({ args: [, seat] }) => seat);
  return [0, 1, 2].every((seat) => seats.filter((each) => each === seat).length >= maxJobs);
}

/** Jobs given to each renderer, in the order of their starts. */
function jobsByRenderer(recorder: Farm['recorder']): number[] {
  const counts = new Map(recorder.pids.map((pid) => [pid, 0]));
  const seated = new Map<number, number>();
  for (const { kind, args } of recorder.all) {
    if (kind === 'booted' && !seated.has(args[0])) seated.set(args[0], args[1]);
    if (kind === 'assigned') {
      const pid = seated.get(args[1]) as number;
      counts.set(pid, (counts.get(pid) ?? 0) + 1);
    }
    if (kind === 'recycled') seated.set(args[0], args[3]);
  }
  return [...counts.values()];
}

/** Between the first boots and the end there are never fewer than three ready renderers, nor more than four processes. */
function assertOneAtATime({ recorder }: Farm, reason: RecycleReason): void {
  const ready = new Set<number>();
  const alive = new Set<number>();
  let isStaffed = false;
  for (const { kind, args } of recorder.all) {
    if (kind === 'started') alive.add(args[1]);
    if (kind === 'booted') ready.add(args[1]);
    if (kind === 'recycled') {
      ready.delete(args[1]);
      assert.equal(args[2], reason);
    }
    if (kind === 'left') alive.delete(args[1]);
    isStaffed ||= ready.size === 3;
    if (isStaffed) assert.ok(ready.size >= 3, `${ready.size} renderers are ready after ${kind} ${args.slice(0, 2)}`);
    assert.ok(alive.size <= 4, `${alive.size} processes after ${kind}`);
  }
  assert.equal(recorder.of('died').length, 0);
}
