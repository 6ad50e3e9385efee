/** A farm that is told what to do while it works: more seats and fewer, a pause, new options, new renderers, all at once. No job is lost, and none is interrupted. */

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { askFarm } from '../../src/cli/control/client.js';
import { deedsOf } from '../../src/cli/control/deeds.js';
import type { Request } from '../../src/cli/control/protocol.js';
import { reportOf } from '../../src/cli/control/report.js';
import { openControl } from '../../src/cli/control/server.js';
import { systemClock } from '../../src/clock.js';
import { type Farm, farm } from './farm/farm.js';

/** Nobody was interrupted: each job has had one claim, and what came of it. */
const UNDISTURBED = 'enqueued claimed rendered';

async function assertUndisturbed({ ids, events, recorder }: Farm): Promise<void> {
  for (const id of ids) assert.equal(await events(id), UNDISTURBED);
  assert.equal(recorder.of('died').length, 0);
}

const seated = ({ supervisor }: Farm) => supervisor.slots.map(({ renderer }) => renderer?.phase ?? 'empty');

/** Waits for what has no event of its own, at each report that the farm makes of itself. */
async function until(made: Farm, what: string, holds: () => boolean): Promise<void> {
  const seen = made.recorder.of('state').length;
  for (let more = 1; !holds(); more++) {
    assert.ok(more < 40, `in vain for: ${what}; seats are ${seated(made)}`);
    await made.recorder.times(seen + more, 'state');
  }
}

describe('scaling', () => {
  it('up fills new seats, which get jobs at once', async (context) => {
    const made = await farm(context, 'slow', { options: { slots: 1 } });
    const { enqueueMany, recorder, supervisor, cue, end } = made;
    await enqueueMany(3);
    await recorder.until('assigned');
    supervisor.reconfigure({ slots: 3 });
    await recorder.times(3, 'assigned');
    assert.deepEqual(seated(made), ['busy', 'busy', 'busy']);
    await cue('all');
    await recorder.times(3, 'rendered');
    await assertUndisturbed(made);
    await end();
  });

  it('down closes a seat when its job has ended, and not before', async (context) => {
    const made = await farm(context, 'slow', { options: { slots: 3 } });
    const { enqueueMany, recorder, supervisor, cue, end } = made;
    await enqueueMany(5);
    const given = await recorder.times(3, 'assigned');
    supervisor.reconfigure({ slots: 1 });
    supervisor.reconfigure({ slots: 1 });
    await recorder.times(3, 'state');
    assert.deepEqual(seated(made), ['busy', 'busy', 'busy']);
    for (const { args } of given) if (args[1] > 0) await cue(args[0].id);
    await recorder.times(2, 'left');
    await until(made, 'one seat', () => supervisor.slots.length === 1);
    assert.equal(recorder.of('assigned').length, 3, 'a seat that is being closed gets no job');
    await cue('all');
    await recorder.times(5, 'rendered');
    assert.ok(recorder.of('assigned').every(({ args: [, slot] }, index) => index < 3 || slot === 0));
    await assertUndisturbed(made);
    await end();
  });

  it('down and up again keeps a renderer that was still at work', async (context) => {
    const made = await farm(context, 'slow', { options: { slots: 2 } });
    const { enqueueMany, recorder, supervisor, cue, end } = made;
    await enqueueMany(2);
    await recorder.times(2, 'assigned');
    supervisor.reconfigure({ slots: 1 });
    await recorder.times(2, 'state');
    supervisor.reconfigure({ slots: 2 });
    await cue('all');
    await recorder.times(2, 'rendered');
    await enqueueMany(2);
    await recorder.times(4, 'rendered');
    assert.equal(recorder.of('started').length, 2);
    await assertUndisturbed(made);
    await end();
  });

  it('to 0 leaves a farm without renderers, that takes no jobs and goes on when it has seats again', async (context) => {
    const made = await farm(context, 'instant', { options: { standby: 1 } });
    const { enqueueMany, recorder, supervisor, end } = made;
    await recorder.times(3, 'booted');
    supervisor.reconfigure({ slots: 0 });
    await recorder.times(3, 'left');
    await until(made, 'no seats', () => supervisor.slots.length === 0);
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'scaled to no slots' });
    await enqueueMany(4);
    await recorder.times(recorder.of('state').length + 2, 'state');
    assert.equal(recorder.of('assigned').length, 0);
    supervisor.reconfigure({ slots: 2 });
    await recorder.times(4, 'rendered');
    await assertUndisturbed(made);
    await end();
  });

  it('down while a standby boots for a seat that is closed sends it home', async (context) => {
    const made = await farm(context, 'slow', { options: { slots: 2 } });
    const { enqueueMany, recorder, supervisor, cue, end } = made;
    await enqueueMany(2);
    await recorder.times(2, 'assigned');
    supervisor.recycle(1);
    await recorder.times(3, 'started');
    supervisor.reconfigure({ slots: 1 });
    await recorder.until('left');
    await cue('all');
    await recorder.times(2, 'left');
    await until(made, 'one seat', () => supervisor.slots.length === 1);
    await recorder.times(2, 'rendered');
    assert.deepEqual([recorder.of('recycled').length, recorder.of('started').length], [0, 3]);
    await assertUndisturbed(made);
    await end();
  });

  it('a crash in a seat that is being closed empties it for good', async (context) => {
    const made = await farm(context, 'slow', { options: { slots: 2 } });
    const { enqueueMany, recorder, supervisor, cue, events, end } = made;
    await enqueueMany(2);
    const [, second] = await recorder.times(2, 'booted');
    await recorder.times(2, 'assigned');
    const lost = recorder.of('assigned').find(({ args: [, slot] }) => slot === 1)?.args[0].id as string;
    supervisor.reconfigure({ slots: 1 });
    await recorder.times(2, 'state');
    const pid = supervisor.slots[1]?.renderer?.process.pid ?? second?.args[1];
    process.kill(pid as number, 'SIGKILL');
    await recorder.until('died');
    await cue('all');
    await recorder.times(2, 'rendered');
    assert.equal(supervisor.slots.length, 1);
    assert.equal(recorder.of('started').length, 2);
    assert.equal(await events(lost), 'enqueued claimed retried claimed rendered');
    await end();
  });
});

describe('a pause', () => {
  it('lets present jobs finish and claims nothing until it is over; asking twice is asking once', async (context) => {
    const made = await farm(context, 'slow');
    const { enqueueMany, recorder, supervisor, cue, end } = made;
    await enqueueMany(5);
    await recorder.times(2, 'assigned');
    supervisor.pause('moving house');
    supervisor.pause('moving house');
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'paused: moving house' });
    await cue('all');
    await recorder.times(2, 'rendered');
    await recorder.times(recorder.of('state').length + 2, 'state');
    assert.equal(recorder.of('assigned').length, 2);
    supervisor.resume();
    supervisor.resume();
    await recorder.times(5, 'rendered');
    assert.deepEqual(supervisor.readiness(), { ready: true, reason: 'at work' });
    const told = recorder.of('paused').map(({ args }) => args);
    assert.deepEqual(told, [
      ['request', true],
      ['request', false],
    ]);
    await assertUndisturbed(made);
    await end();
  });
});

describe('new options', () => {
  it('are in force for renderers that are at work', async (context) => {
    const made = await farm(context, 'slow', { options: { slots: 1 } });
    const { enqueue, recorder, supervisor, end } = made;
    await enqueue();
    await recorder.until('assigned');
    supervisor.reconfigure({ stallMs: 300 });
    const died = await recorder.until('died');
    assert.equal(died.args[2].code, 'renderer_stalled');
    supervisor.reconfigure({ stallMs: 30_000, maxJobs: 1, leaseMs: 1_000 });
    await recorder.times(2, 'assigned');
    await recorder.until('booted', (_slot, pid) => pid !== died.args[1]);
    // Due with its first job: its standby is there before it has ended.
    await recorder.times(3, 'started');
    await recorder.times(recorder.of('state').length + 2, 'state');
    assert.equal(recorder.of('leaseLost').length, 0, 'the shorter lease is renewed as often as it has to be');
    await made.cue('all');
    await recorder.until('recycled', (_slot, _pid, reason) => reason === 'jobs');
    await recorder.until('rendered');
    await end();
  });

  it('of what renderers are started with replace them one by one, and no standby of before is used', async (context) => {
    const made = await farm(context, 'slow', { options: { slots: 2 } });
    const { enqueueMany, recorder, supervisor, cue, end } = made;
    await enqueueMany(2);
    await recorder.times(2, 'assigned');
    supervisor.recycleAll();
    const [, , standby] = await recorder.times(3, 'started');
    supervisor.reprogram();
    await recorder.until('left', (_slot, pid) => pid === standby?.args[1]);
    await cue('all');
    await recorder.times(2, 'recycled');
    assert.ok(recorder.of('recycled').every(({ args: [, , , next] }) => next !== standby?.args[1]));
    await recorder.times(2, 'rendered');
    await assertUndisturbed(made);
    await end();
  });
});

describe('a storm of requests', () => {
  it('from many clients at once ends with the seats that were asked for last', async (context) => {
    const made = await farm(context, 'instant', { options: { slots: 2, standby: 1 } });
    const { recorder, supervisor, enqueueMany, end } = made;
    const ask = await commanded(context, made);
    const jobs = enqueueMany(150);
    await Promise.all(
      Array.from({ length: 12 }, async (_, client) => {
        for (let turn = 0; turn < 12; turn++) await ask(STORM[(client * 5 + turn * 7) % STORM.length] as Request);
      }),
    );
    await ask({ do: 'resume' });
    await ask({ do: 'scale', slots: 3 });
    assert.deepEqual(await ask({ do: 'scale', slots: 3 }), { slots: 3, before: 3, finishing: 0 });
    await jobs;
    await recorder.times(150, 'rendered');
    await until(made, 'three seats at peace', () => {
      const settled = supervisor.slots.every(({ renderer }) => renderer?.phase === 'idle' && !renderer.recycling);
      return settled && supervisor.slots.length === 3;
    });
    assert.deepEqual(supervisor.readiness(), { ready: true, reason: 'at work' });
    const report = (await ask({ do: 'status' })) as { seats: { phase: string }[] };
    assert.deepEqual(
      report.seats.map(({ phase }) => phase),
      ['idle', 'idle', 'idle'],
    );
    assert.equal(recorder.of('died').length, 0);
    assert.ok((await end()).every(({ state, attempt, crashes }) => state === 'rendered' && attempt + crashes === 0));
  });

  it('in which it is told to end: it drains, and refuses the rest', async (context) => {
    const made = await farm(context, 'slow');
    const { recorder, enqueueMany, cue, end } = made;
    const ask = await commanded(context, made);
    await enqueueMany(2);
    await recorder.times(2, 'assigned');
    const drained = await Promise.all([ask({ do: 'drain' }), ask({ do: 'drain' })]);
    assert.deepEqual(drained[0], { mode: 'draining', jobs: 2, atMostMs: 30_000 });
    assert.deepEqual(drained[1], drained[0]);
    for (const request of STORM) await assert.rejects(ask(request), { code: 'unavailable', message: /draining/ });
    await cue('all');
    await recorder.times(2, 'rendered');
    await assertUndisturbed(made);
    await end();
  });
});

const STORM: readonly Request[] = [
  { do: 'scale', slots: 1 },
  { do: 'recycle' },
  { do: 'scale', slots: 4 },
  { do: 'reload' },
  { do: 'pause', reason: 'a storm' },
  { do: 'resume' },
  { do: 'scale', slots: 0 },
];

/** The farm of the test with a control socket, and a client for it. Its `reload` changes what renderers are started with, each time. */
async function commanded(context: TestContext, { supervisor, dataFolder }: Farm) {
  const reload = () => {
    supervisor.reprogram();
    return { file: null, changed: [], restart: [], recycles: true };
  };
  const act = deedsOf({
    supervisor,
    reload,
    report: () => reportOf(supervisor, { slots: 2 }, performance.now(), 0),
    drain: () => void supervisor.drain(),
    stop: () => void supervisor.stop(),
  });
  const control = await openControl(dataFolder, act, systemClock);
  context.after(() => control.close());
  return (request: Request): Promise<object> => askFarm(dataFolder, request);
}
