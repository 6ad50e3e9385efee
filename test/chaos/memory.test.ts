/** The kernel ends processes for want of memory. That it counts it is all that tells it from any other SIGKILL; where the test cannot make it do so, the test counts for it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { cannotGroup, memoryGroup } from '../fixtures/memory-group.js';
import { heard, program } from './farm/doomed.js';
import { farm } from './farm/farm.js';
import type { Recorder } from './farm/recorder.js';

describe('when the kernel lacks memory', () => {
  it(
    'in truth: the renderer that grew is ended and not its supervisor, and fewer are rendered at once',
    { skip: cannotGroup },
    async (context) => {
      // Room for a supervisor and two renderers, but not for what one of them will take.
      const group = memoryGroup(context, 300e6);
      const made = await farm(context, 'instant', { options: { server: 'doomed' }, start: false });
      const { enqueue, dataFolder, end } = made;
      const large = await enqueue({ is: 'large' });
      const doomed = program(context, dataFolder, 'bloated', { maxCrashes: 2, meterMs: 1_000 }, group.door);
      const finished = await heard(doomed, 1, 'finished');
      assert.deepEqual(finished, [{ kind: 'finished', id: large.id }]);
      const deaths = await heard(doomed, 2, 'died');
      assert.deepEqual(
        deaths.map((told) => told.kind === 'died' && told.code),
        ['out_of_memory', 'out_of_memory'],
      );
      assert.deepEqual((await heard(doomed, 2, 'concurrency')).at(-1), { kind: 'concurrency', jobs: 1 });
      await enqueue();
      await heard(doomed, 2, 'finished');
      doomed.child.kill('SIGKILL');
      await once(doomed.child, 'exit');
      const pids = doomed.told.flatMap((told) => (told.kind === 'started' ? [told.pid] : []));
      const [dead, other] = await end({ pids: [...pids, doomed.child.pid as number], isStaffed: false });
      assert.deepEqual([dead?.failure?.code, dead?.crashes, other?.state], ['poison', 2, 'rendered']);
    },
  );

  it('and ends a renderer: its job is tried again, the cause is told, and fewer are rendered at once', async (context) => {
    let kills = 3;
    const { enqueueMany, recorder, supervisor, store, cue, end } = await farm(context, 'slow', {
      options: { slots: 4, standby: 1 },
      oomKills: () => kills,
    });
    await enqueueMany(6);
    await recorder.times(4, 'assigned');
    kills++;
    process.kill(supervisor.slots[2]?.renderer?.process.pid as number, 'SIGKILL');
    const died = await recorder.until('died');
    assert.equal(died.args[2].code, 'out_of_memory');
    const { args } = await recorder.until('failed');
    assert.deepEqual([args[1].code, args[2]], ['out_of_memory', 0]);
    await recorder.until('capacity', (_spent, { concurrency, standbys }) => concurrency === 2 && standbys === 0);
    assert.equal(
      (await store.get(args[0].id))?.state,
      'queued',
      'three are at work, and it waits for the third to end',
    );

    const [one, other] = recorder.of('assigned').filter(({ args: [{ id }] }) => id !== args[0].id);
    await cue(one?.args[0].id as string);
    await recorder.times(1, 'rendered');
    assert.equal(recorder.of('assigned').length, 4, 'two are at work, and that is all');
    // One at a time: a renderer is free, and may get its next job, before the end of its last one is written and told.
    let next = other;
    for (let ended = 2; ended <= 6; ended++) {
      await cue(next?.args[0].id as string);
      await recorder.times(ended, 'rendered');
      const begun = Math.min(7, ended + 3);
      await recorder.times(begun, 'assigned');
      assert.equal(recorder.of('assigned').length, begun, 'the one that died, those that ended, and two');
      next = recorder.of('assigned').findLast(({ args: [{ id, fence }] }) => isAtWork(recorder, id, fence));
    }
    const jobs = await end();
    assert.ok(jobs.every(({ state }) => state === 'rendered'));
    assert.equal(
      jobs.reduce((sum, { crashes }) => sum + crashes, 0),
      1,
    );
  });

  it('and ends ffmpeg: the failure that its renderer tells has that cause', async (context) => {
    let kills = 0;
    const { enqueue, recorder, end } = await farm(context, 'failing', { oomKills: () => kills });
    await recorder.times(2, 'booted');
    kills++;
    await enqueue({ fail: 'ffmpeg_failed' });
    const { args } = await recorder.until('failed');
    assert.equal(args[1].code, 'out_of_memory');
    await enqueue({ fail: 'ffmpeg_failed' });
    await recorder.until('failed', (_job, { code }) => code === 'ffmpeg_failed');
    await end();
  });

  it('not: a renderer that somebody kills has crashed', async (context) => {
    const { recorder, supervisor, end } = await farm(context, 'instant', { oomKills: () => 7 });
    await recorder.times(2, 'booted');
    process.kill(supervisor.slots[0]?.renderer?.process.pid as number, 'SIGKILL');
    const { args } = await recorder.until('died');
    assert.equal(args[2].code, 'renderer_crashed');
    await end();
  });
});

/** Whether this attempt has not ended. */
function isAtWork(recorder: Recorder, id: string, fence: number): boolean {
  const ends = [...recorder.of('rendered'), ...recorder.of('failed')];
  return !ends.some(({ args: [job] }) => job.id === id && job.fence === fence);
}
