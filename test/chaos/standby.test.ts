/** The standby: it waits, takes the seat of whoever dies or is recycled, and is replaced. How soon is measured by `npm run bench -- queue`. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Farm, farm, fixture } from './farm/farm.js';

const KILLS = 10;

describe('the standby', () => {
  it('boots when all seats are taken, and waits for ever', async (context) => {
    const { recorder, supervisor, end } = await farm(context, 'instant', { options: { slots: 3, standby: 1 } });
    await standbys(recorder, 1);
    await recorder.times(2, 'state');
    assert.deepEqual(
      recorder.of('started').map(({ args: [slot] }) => slot),
      [0, 1, 2, -1],
    );
    assert.equal(supervisor.slots.length, 3);
    await end();
    assert.equal(recorder.of('left').length, 4);
  });

  it('takes the seat of a renderer that died, with its job, and the next one is started', async (context) => {
    const { recorder, supervisor, enqueue, cue, end } = await farm(context, 'slow', {
      options: { slots: 1, standby: 1 },
    });
    await standbys(recorder, 1);
    const { id } = await enqueue();
    await recorder.until('assigned');
    const next = recorder.of('booted').find(({ args: [slot] }) => slot === -1)?.args[1];
    process.kill(supervisor.slots[0]?.renderer?.process.pid as number, 'SIGKILL');
    const { args } = await recorder.until('seated');
    assert.deepEqual(args, [0, next]);
    await recorder.times(2, 'assigned');
    await recorder.times(2, 'booted', (slot) => slot === -1);
    await cue(id);
    await recorder.until('rendered');
    const [job] = await end();
    assert.equal(job?.crashes, 1);
  });

  it('that dies while it waits is replaced, and no job is blamed', async (context) => {
    const { recorder, enqueueMany, end } = await farm(context, 'instant', { options: { slots: 1, standby: 1 } });
    for (let round = 1; round <= 3; round++) {
      const waiting = (await recorder.times(round, 'booted', (slot) => slot === -1)).at(-1);
      process.kill(waiting?.args[1] as number, 'SIGKILL');
      await recorder.times(round, 'died', (slot) => slot === -1);
    }
    await recorder.times(4, 'booted', (slot) => slot === -1);
    await enqueueMany(5);
    await recorder.times(5, 'rendered');
    assert.equal(recorder.of('seated').length, 0);
    const jobs = await end();
    assert.ok(jobs.every(({ crashes, fence }) => crashes === 0 && fence === 1));
  });

  it('that may not be one is none: 0 starts one when a renderer is due, and no other', async (context) => {
    const { recorder, supervisor, end } = await farm(context, 'instant', { options: { slots: 2, standby: 0 } });
    await recorder.times(2, 'state');
    assert.equal(recorder.of('started').length, 2);
    supervisor.recycleAll();
    await recorder.times(2, 'recycled');
    await recorder.times(2, 'left');
    await recorder.times(4, 'state');
    assert.equal(recorder.of('started').length, 4);
    await end();
  });

  it('may be more than one: as many seats are refilled at once', async (context) => {
    const { recorder, supervisor, end } = await farm(context, 'instant', { options: { slots: 2, standby: 2 } });
    await standbys(recorder, 2);
    for (const { renderer } of supervisor.slots) process.kill(renderer?.process.pid as number, 'SIGKILL');
    const [one, other] = await recorder.times(2, 'seated');
    const ready = new Set(recorder.of('booted').map(({ args: [, pid] }) => pid));
    assert.ok(ready.has(one?.args[1] as number) && ready.has(other?.args[1] as number));
    await end();
  });

  it('of a renderer that dies as soon as it has booted is not started over and over', async (context) => {
    const { recorder, supervisor, end } = await farm(context, 'instant', { options: { slots: 1, standby: 1 } });
    for (let deaths = 1; deaths <= 6; deaths++) {
      await recorder.times(deaths, 'booted', (slot) => slot === -1);
      process.kill(supervisor.slots[0]?.renderer?.process.pid as number, 'SIGKILL');
      await recorder.times(deaths, 'seated');
    }
    const died = recorder.of('died').map(({ at }) => at);
    const started = recorder.of('started').flatMap(({ args: [slot], at }) => (slot === -1 ? [at] : []));
    // The delays are half of 50 ms doubled with each death; the seat itself is never empty.
    for (const [deaths, least] of [
      [3, 50],
      [4, 100],
      [5, 200],
    ] as const) {
      const waited = (started[deaths] ?? 0) - (died[deaths - 1] ?? 0);
      assert.ok(waited >= least, `${waited} ms after ${deaths} deaths`);
    }
    await end();
  });
});

describe('a seat', () => {
  it(`is refilled by the standby and its job given out again, ${KILLS} times in a row`, async (context) => {
    const made = await farm(context, 'slow', { options: { slots: 2, standby: 1, maxCrashes: 1_000_000 } });
    const { recorder, supervisor, enqueueMany, cue, end } = made;
    await enqueueMany(2);
    for (let kill = 1; kill <= KILLS; kill++) {
      const waiting = (await recorder.times(kill, 'booted', (slot) => slot === -1)).at(-1)?.args[1];
      await recorder.times(kill + 1, 'assigned');
      const seat = kill % 2;
      const renderer = supervisor.slots[seat]?.renderer;
      const had = renderer?.assignment?.job;
      process.kill(renderer?.process.pid as number, 'SIGKILL');
      assert.deepEqual((await recorder.times(kill, 'seated')).at(-1)?.args, [seat, waiting]);
      await recorder.until('assigned', ({ id, fence }) => id === had?.id && fence > had.fence);
      // A finished job, so that the next standby is started without delay.
      const { args } = recorder.of('assigned').at(-1) as { args: [{ id: string }, number] };
      await cue(args[0].id);
      await recorder.times(kill, 'rendered');
      await enqueueMany(1);
    }
    await cue('all');
    await recorder.times(KILLS + 2, 'rendered');
    await end();
  });
});

describe('capacity', () => {
  for (const [reason, options, renderer] of [
    ['jobs', { maxJobs: 20 }, fixture('instant')],
    ['age', { maxAgeMs: 1_000 }, fixture('instant')],
    // One seat: of two that pass the limit together the second waits for a standby to boot.
    ['memory', { maxMemory: 300e6, slots: 1 }, fixture('leaky', 2)],
  ] as const) {
    it(`lost to planned recycling by ${reason} is told as such`, async (context) => {
      const { recorder, enqueueMany, end } = await farm(context, renderer, {
        options: { slots: 2, standby: 1, ...options },
      });
      await standbys(recorder, 1);
      for (let round = 1; recorder.of('recycled').length < 6; round++) {
        await enqueueMany(20);
        await recorder.times(20 * round, 'rendered');
        await standbys(recorder, recorder.of('recycled').length + 1);
      }
      await recorder.until('capacity');
      const counted = recorder.of('capacity').length;
      await recorder.times(counted + 1, 'capacity');
      const { slots, planned, unplanned } = spent(recorder);
      context.diagnostic(
        `${recorder.of('recycled').length} recycled, ${planned.toFixed(1)} of ${Math.round(slots)} ms lost`,
      );
      assert.ok(recorder.of('recycled').every(({ args }) => args[2] === reason));
      // One that is past its memory may wait for its standby; the others work on until it is there.
      if (reason !== 'memory') assert.equal(planned, 0);
      assert.equal(unplanned, 0);
      await end();
    });
  }

  it('that a death costs without a standby is told: all from its cause to the next boot, and nothing else', async (context) => {
    const { recorder, supervisor, end } = await farm(context, 'instant', { options: { slots: 1, standby: 0 } });
    // What load can make long, it makes long on both sides: the seat is empty between these two spans. From the second death on the inner one has a delay in it.
    let [least, most] = [0, 0];
    for (let deaths = 1; deaths <= 4; deaths++) {
      await recorder.times(deaths, 'booted');
      const killed = performance.now();
      process.kill(supervisor.slots[0]?.renderer?.process.pid as number, 'SIGKILL');
      const died = (await recorder.times(deaths, 'died')).at(-1)?.at ?? Number.NaN;
      const started = (await recorder.times(deaths + 1, 'started')).at(-1)?.at ?? Number.NaN;
      const booted = (await recorder.times(deaths + 1, 'booted')).at(-1)?.at ?? Number.NaN;
      [least, most] = [least + started - died, most + booted - killed];
    }
    await recorder.times(recorder.of('capacity').length + 1, 'capacity');
    const { unplanned, planned } = spent(recorder);
    assert.ok(least > 0 && unplanned >= least && unplanned <= most, `${unplanned} of ${least} to ${most} ms`);
    assert.equal(planned, 0);
    await end();
  });
});

const standbys = (recorder: Farm['recorder'], count: number) => recorder.times(count, 'booted', (slot) => slot === -1);

/** All that was told about the slots' time, in milliseconds. */
function spent(recorder: Farm['recorder']) {
  const sum = { slots: 0, planned: 0, unplanned: 0 };
  for (const { args } of recorder.of('capacity')) {
    sum.slots += args[0].slots;
    sum.planned += args[0].lost.planned;
    sum.unplanned += args[0].lost.unplanned;
  }
  return sum;
}
