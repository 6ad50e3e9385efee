/** How a farm ends: by draining, at the drain's deadline, or at once. Whatever it had is finished or given back, and nobody is blamed. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { farm } from './farm/farm.js';

describe('a drain', () => {
  it('finishes the present jobs, claims no more, and leaves the rest as it was', async (context) => {
    const { enqueueMany, recorder, supervisor, cue, end } = await farm(context, 'slow');
    await enqueueMany(5);
    const present = (await recorder.times(2, 'assigned')).map(({ args }) => args[0].id);
    const draining = supervisor.drain();
    assert.equal(supervisor.drain() instanceof Promise, true, 'asking twice is asking once');
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'draining' });
    await cue('all');
    await draining;
    const jobs = await end();
    for (const { id, state, fence, crashes, attempt } of jobs) {
      const expected = present.includes(id) ? ['rendered', 1, 0] : ['queued', 0, 0];
      assert.deepEqual([state, fence, crashes + attempt], expected);
    }
    assert.equal(recorder.of('died').length, 0);
  });

  it('lets idle renderers go at once, and kills those that boot', async (context) => {
    const { recorder, supervisor, end } = await farm(context, 'instant', { options: { slots: 3 } });
    await recorder.until('started');
    await supervisor.drain();
    assert.equal(recorder.of('left').length, recorder.of('started').length);
    await end();
  });

  it('kills what is left at its deadline, and gives it back without penalty', async (context) => {
    const options = { drainMs: 700 };
    const { enqueueMany, recorder, supervisor, end } = await farm(context, 'slow', { options });
    await enqueueMany(2);
    await recorder.times(2, 'assigned');
    await supervisor.drain();
    const jobs = await end();
    assert.ok(jobs.every(({ state, crashes, attempt }) => state === 'queued' && crashes + attempt === 0));
    assert.equal(recorder.of('released').length, 2);
    assert.equal(recorder.of('died').length, 0);
  });

  it('counts a crash meanwhile against its job, and puts nobody in the empty seat', async (context) => {
    const { enqueue, recorder, supervisor, end } = await farm(context, 'slow', { options: { slots: 1 } });
    await enqueue();
    await recorder.until('assigned');
    const draining = supervisor.drain();
    process.kill(recorder.pids[0] as number, 'SIGKILL');
    await draining;
    const [job] = await end();
    assert.deepEqual([job?.state, job?.crashes], ['queued', 1]);
    assert.equal(recorder.of('started').length, 1);
  });
});

describe('a stop', () => {
  it('during a drain ends it at once; the jobs are given back without penalty', async (context) => {
    const { enqueueMany, recorder, supervisor, events, end } = await farm(context, 'slow');
    const jobs = await enqueueMany(4);
    const present = (await recorder.times(2, 'assigned')).map(({ args }) => args[0].id);
    const draining = supervisor.drain();
    await Promise.all([supervisor.stop(), supervisor.stop(), draining]);
    for (const { id } of jobs) {
      assert.equal(await events(id), present.includes(id) ? 'enqueued claimed released' : 'enqueued');
    }
    assert.ok((await end()).every(({ crashes, attempt }) => crashes + attempt === 0));
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'stopping' });
  });

  it('does not wait for the deaf, the stopped or the blocked', async (context) => {
    for (const fixture of ['deaf', 'stopped', 'blocked']) {
      const { enqueueMany, recorder, supervisor, end } = await farm(context, fixture);
      await enqueueMany(2, { is: 'endless' });
      await recorder.times(2, 'assigned');
      await supervisor.stop();
      assert.ok((await end()).every(({ state, crashes }) => state === 'queued' && crashes === 0));
    }
  });

  it('leaves no job in hand: one whose claim was under way is given back', async (context) => {
    let stopped: Promise<void> = Promise.resolve();
    const { enqueueMany, recorder, supervisor, end } = await farm(context, 'slow', {
      through: (store) =>
        Object.assign(Object.create(store), {
          claim: async (options: Parameters<typeof store.claim>[0]) => {
            const jobs = await store.claim(options);
            if (jobs.length === 0) return jobs;
            // The store has committed; before the farm hears of it, it is stopped, and every renderer is gone.
            stopped = supervisor.stop();
            await recorder.times(2, 'left');
            return jobs;
          },
        }),
    });
    await recorder.times(2, 'booted');
    await enqueueMany(2);
    await recorder.until('released');
    await stopped;
    assert.equal(recorder.of('assigned').length, 0);
    assert.ok((await end()).every(({ state }) => state === 'queued'));
  });
});
