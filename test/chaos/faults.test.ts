/** What renderers do wrong, one after the other: each fault has its name, and its job the fate that it deserves. */

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { describe, it } from 'node:test';
import type { ErrorCode } from '../../src/errors.js';
import type { JobStore, Renewal } from '../../src/store/store.js';
import type { SupervisorOptions } from '../../src/supervisor/options.js';
import { farm, fixture } from './farm/farm.js';

/** What a silent renderer does can be seen on Linux. */
const seen = (cause: ErrorCode): ErrorCode => (process.platform === 'linux' ? cause : 'renderer_silent');

describe('a renderer that does its job', () => {
  it('renders every job once, and the farm ends with nothing left', async (context) => {
    const { enqueueMany, recorder, end } = await farm(context, 'instant');
    await enqueueMany(30);
    await recorder.times(30, 'rendered');
    const jobs = await end();
    assert.ok(
      jobs.every(
        ({ state, crashes, attempt, fence }) => state === 'rendered' && crashes + attempt === 0 && fence === 1,
      ),
    );
    assert.deepEqual(jobs[0]?.result?.stages, { encode: 1 });
    assert.deepEqual(Object.keys(jobs[0]?.result ?? {}).sort(), ['outputs', 'stages']);
    assert.equal(recorder.of('died').length, 0);
    assert.equal(recorder.of('left').length, 2);
  });

  it('and the progress of a job reaches the store while it is rendered', async (context) => {
    const noted = new EventEmitter();
    // The store with an ear at its renewals.
    const through = (store: JobStore): JobStore =>
      Object.assign(Object.create(store), {
        renew: async (renewals: readonly Renewal[], leaseMs: number) => {
          const lost = await store.renew(renewals, leaseMs);
          if (renewals.some(({ progress }) => progress === 0.1)) noted.emit('progress');
          return lost;
        },
      });
    const { enqueue, recorder, store, cue, end } = await farm(context, 'slow', { through });
    const progress = once(noted, 'progress');
    const { id } = await enqueue();
    await progress;
    assert.equal((await store.get(id))?.progress, 0.1);
    await cue(id);
    await recorder.until('rendered');
    await end();
  });
});

// Most of the time they wait.
describe('a renderer that dies or has to be killed mid-job', { concurrency: 3 }, () => {
  const faults: readonly [fixture: string, cause: ErrorCode, limits: Partial<SupervisorOptions>, words?: string][] = [
    ['crashes', 'renderer_crashed', {}],
    ['silent', seen('renderer_hung'), { silentMs: 600 }],
    ['blocked', seen('renderer_blocked'), { silentMs: 600 }],
    ['waits', seen('renderer_hung'), { silentMs: 600 }],
    ['grinds', seen('renderer_blocked'), { silentMs: 600 }],
    ['stopped', seen('renderer_stopped'), { silentMs: 600 }],
    ['stuck', 'renderer_stalled', { stallMs: 600 }],
    ['babbles', 'renderer_nonsense', {}],
    ['bloated', 'renderer_memory', { maxMemoryHard: 350e6 }, 'large'],
  ];
  for (const [name, cause, limits, is = ''] of faults) {
    it(`${name}: ${cause}, tried again, and poison after so many`, async (context) => {
      const options = { ...limits, slots: 1, maxCrashes: 2 };
      const { enqueue, recorder, events, end } = await farm(context, fixture(name, 400), { options });
      const { id } = await enqueue({ is });
      const [first, second] = await recorder.times(2, 'failed', (job) => job.id === id);
      assert.equal(first?.args[1].code, cause);
      assert.equal(first?.args[2], 0, 'tried again at once');
      assert.equal(second?.args[1].code, 'poison');
      assert.match(second?.args[1].message ?? '', new RegExp(`2 renderers, the last with ${cause}`));
      const [died] = recorder.of('died');
      assert.equal(died?.args[2].code, cause);
      const [job] = await end();
      assert.deepEqual([job?.state, job?.crashes, job?.attempt, job?.failure?.code], ['dead', 2, 0, 'poison']);
      assert.equal(await events(id), 'enqueued claimed retried claimed dead');
    });
  }

  it('a crash is told with the line that says most about it', async (context) => {
    const { enqueue, recorder, end } = await farm(context, 'poison', { options: { maxCrashes: 1 } });
    await enqueue({ is: 'bitter' });
    const { args } = await recorder.until('died');
    assert.equal(args[2].code, 'renderer_exited');
    assert.equal(args[2].message, 'The renderer ended with exit code 7: Error: It was bitter.');
    await recorder.until('failed');
    await end();
  });

  it('its job is claimable on its death, not when its lease expires', async (context) => {
    const { enqueue, recorder, cue, events, end } = await farm(context, 'slow', { options: { slots: 1 } });
    const { id } = await enqueue();
    await recorder.until('assigned');
    const killedAt = performance.now();
    process.kill(recorder.pids[0] as number, 'SIGKILL');
    const { at } = await recorder.until('failed');
    context.diagnostic(`requeued ${Math.round(at - killedAt)} ms after the kill`);
    assert.match(await events(id), /^enqueued claimed retried/, 'nobody had to rescue it');
    await cue(id);
    const [job] = await end();
    assert.deepEqual([job?.state, job?.crashes], ['queued', 1]);
  });

  it('a result that was sent before the death counts', async (context) => {
    const { enqueue, recorder, end } = await farm(context, 'hasty', { options: { slots: 1 } });
    for (let round = 1; round <= 4; round++) {
      const { id } = await enqueue();
      await recorder.until('rendered', (job) => job.id === id);
      // Only then the next: a job that is given to a renderer about to die is blamed for its death.
      await recorder.times(round, 'died');
    }
    const jobs = await end();
    assert.ok(jobs.every(({ state, crashes }) => state === 'rendered' && crashes === 0));
  });

  it('what it had started goes with it', async (context) => {
    const { enqueue, recorder, end } = await farm(context, 'orphan-maker', { options: { maxCrashes: 1 } });
    await enqueue();
    const { args } = await recorder.until('line', (_, text) => text.startsWith('child '));
    await recorder.until('failed');
    await end({ pids: [Number(args[1].slice('child '.length))] });
  });
});

describe('a poison job', () => {
  for (const standby of [0, 1])
    it(`is set aside after so many renderers; those beside it are rendered, and not blamed (${standby} standbys)`, async (context) => {
      const { enqueue, enqueueMany, recorder, end } = await farm(context, 'poison', { options: { standby } });
      const before = await enqueueMany(5);
      const { id } = await enqueue({ is: 'poison' });
      const after = await enqueueMany(5);
      await recorder.times(before.length + after.length, 'rendered');
      await recorder.until('failed', (_job, _failure, retryInMs) => retryInMs === null);
      const jobs = await end();
      for (const job of jobs) {
        const expected = job.id === id ? ['dead', 3, 'poison'] : ['rendered', 0, undefined];
        assert.deepEqual([job.state, job.crashes, job.failure?.code], expected);
      }
      assert.equal(recorder.of('died').length, 3);
    });
});

describe('two innocents beside a poison job', () => {
  for (const standby of [0, 1])
    it(`are not disturbed by the deaths next to them, whoever dies in which seat (${standby} standbys)`, async (context) => {
      const options = { slots: 3, standby };
      const { enqueue, enqueueMany, recorder, cue, events, end } = await farm(context, 'slow', { options });
      const innocents = await enqueueMany(2);
      await recorder.times(2, 'assigned');
      const { id } = await enqueue({ is: 'poison' });
      await recorder.until('failed', (_job, _failure, retryInMs) => retryInMs === null);
      assert.equal(recorder.of('died').length, 3);
      await cue('all');
      await recorder.times(2, 'rendered');
      for (const job of innocents) assert.equal(await events(job.id), 'enqueued claimed rendered');
      assert.equal(await events(id), 'enqueued claimed retried claimed retried claimed dead');
      const blamed = (await end()).map(({ crashes, failure }) => [crashes, failure?.code]);
      assert.deepEqual(blamed, [
        [0, undefined],
        [0, undefined],
        [3, 'poison'],
      ]);
    });
});

describe('somebody else who kills', () => {
  it('harms no job, once it is seen that it is somebody else; a job that ends renderers by itself is set aside all the same', async (context) => {
    const { enqueue, recorder, supervisor, events, end } = await farm(context, 'poison', { options: { slots: 2 } });
    const kill = (slot: number) => process.kill(supervisor.slots[slot]?.renderer?.process.pid as number, 'SIGKILL');
    // One that has no job: no job can have done that.
    await recorder.times(2, 'booted');
    kill(0);
    await recorder.until('died');
    const innocent = await enqueue({ is: 'long' });
    for (let hits = 1; hits <= 4; hits++) {
      const [, slot] = (await recorder.times(hits, 'assigned')).at(-1)?.args ?? assert.fail();
      kill(slot);
      await recorder.times(hits, 'released');
    }
    const poison = await enqueue({ is: 'bitter' });
    await recorder.until('failed', (job, { code }) => job.id === poison.id && code === 'poison');
    await supervisor.stop();
    const jobs = new Map((await end()).map((job) => [job.id, [job.state, job.crashes]]));
    assert.deepEqual(jobs.get(poison.id), ['dead', 3]);
    assert.deepEqual(jobs.get(innocent.id), ['queued', 0]);
    assert.match(await events(innocent.id), /^enqueued( claimed released){4,}$/);
  });
});

describe('a farm whose last life was killed', () => {
  it('suspects no job of what may be the work of the same', async (context) => {
    const { enqueue, recorder, supervisor, end } = await farm(context, 'slow', { options: { slots: 1 }, start: false });
    await supervisor.start({ wasKilled: true });
    await enqueue();
    await recorder.until('assigned');
    process.kill(supervisor.slots[0]?.renderer?.process.pid as number, 'SIGKILL');
    await recorder.until('released');
    await supervisor.stop();
    const [job] = await end();
    assert.deepEqual([job?.state, job?.crashes], ['queued', 0]);
  });
});

describe('a renderer that tells of a failure', () => {
  it('that may pass: counted, tried again later, then dead', async (context) => {
    const limits = { maxAttempts: 2, pollMs: 100 };
    const { enqueue, recorder, end } = await farm(context, 'failing', { options: limits });
    await enqueue({ fail: 'ffmpeg_failed' });
    const [first, second] = await recorder.times(2, 'failed');
    assert.equal(first?.args[2], 1_000);
    assert.equal(second?.args[2], null);
    const [job] = await end();
    assert.deepEqual([job?.state, job?.attempt, job?.crashes], ['dead', 2, 0]);
    assert.equal(job?.failure?.code, 'ffmpeg_failed');
    assert.equal(recorder.of('died').length, 0);
  });

  it('that cannot pass: dead at once', async (context) => {
    const { enqueue, recorder, end } = await farm(context, 'failing');
    await enqueue({ fail: 'words_do_not_fit' });
    await recorder.until('failed');
    const [job] = await end();
    assert.deepEqual([job?.state, job?.attempt, job?.failure?.code], ['dead', 1, 'words_do_not_fit']);
  });

  it('of a full disk: nothing is counted, and claims rest', async (context) => {
    const { enqueue, recorder, supervisor, end } = await farm(context, 'failing');
    await enqueue({ fail: 'no_space' });
    await recorder.until('released');
    assert.deepEqual(
      recorder.of('paused').map(({ args }) => args),
      [['no_space', true]],
    );
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'the disk is full' });
    const later = await enqueue();
    await recorder.times(2, 'state');
    const jobs = await end();
    assert.ok(jobs.every(({ state, attempt, crashes }) => state === 'queued' && attempt + crashes === 0));
    assert.ok(recorder.of('assigned').every(({ args }) => args[0].id !== later.id));
  });

  it('that it was stopped, though nobody did: counted, so that it cannot go on for ever', async (context) => {
    const { enqueue, recorder, end } = await farm(context, 'failing', { options: { maxAttempts: 1 } });
    await enqueue({ fail: 'aborted' });
    await recorder.until('failed');
    const [job] = await end();
    assert.deepEqual([job?.state, job?.attempt], ['dead', 1]);
  });
});
