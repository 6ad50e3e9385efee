/** Leases lost and kept: a job that was withdrawn, taken over or left behind, and a store that is locked when it matters. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { failure, StoryfarmError } from '../../src/errors.js';
import { openStorage } from '../../src/media/storage.js';
import { connect } from '../../src/store/sqlite/connection.js';
import type { JobStore } from '../../src/store/store.js';
import { openJournal } from '../../src/supervisor/jobs/journal.js';
import { heard, program } from './farm/doomed.js';
import { farm, WIDE } from './farm/farm.js';
import { assertGone } from './farm/gone.js';

describe('an attempt whose lease is lost', () => {
  it('to a cancellation is stopped, writes nothing, and leaves no files', async (context) => {
    const { enqueue, recorder, store, events, end } = await farm(context, 'slow', { options: { slots: 1 } });
    const { id } = await enqueue();
    await recorder.until('assigned');
    await store.cancel(id);
    await recorder.until('leaseLost');
    assert.equal(await events(id), 'enqueued claimed cancelled');
    const next = await enqueue();
    await recorder.until('assigned', (job) => job.id === next.id);
    assert.equal(recorder.of('died').length, 0, 'the same renderer goes on');
    await store.cancel(next.id);
    await recorder.times(2, 'leaseLost');
    const jobs = await end();
    assert.ok(jobs.every(({ state }) => state === 'cancelled'));
  });

  it("to another server is stopped; the job is the other one's", async (context) => {
    const { enqueue, recorder, store, events, end, dataFolder } = await farm(context, 'slow', {
      options: { slots: 1 },
    });
    const { id } = await enqueue();
    await recorder.until('assigned');
    // Its seat is taken, so that it does not claim the job again itself.
    await store.rescue({ server: WIDE.server });
    const [taken] = await store.claim({ server: 'there', limit: 1, leaseMs: 60_000 });
    assert.equal(taken?.id, id);
    await recorder.until('leaseLost');
    const files = openStorage(dataFolder);
    const lease = { id, fence: taken?.fence as number };
    await files.begin(lease);
    await files.publish(lease);
    await store.complete(lease, { outputs: [], stages: {} });
    assert.equal(await events(id), 'enqueued claimed rescued claimed rendered');
    const [job] = await end();
    assert.deepEqual([job?.state, job?.server, job?.fence], ['rendered', 'there', 2]);
  });

  it('and finishes too late: its published files are deleted, and those of the other stay', async (context) => {
    const { enqueue, recorder, store, cue, end, dataFolder } = await farm(context, 'slow', {
      options: { slots: 1 },
      // Renewals never say that a lease is lost, as if the answer came too late.
      through: (store) =>
        Object.assign(Object.create(store), {
          renew: async () => [],
        }),
    });
    const { id } = await enqueue();
    await recorder.until('assigned');
    await store.rescue({ server: WIDE.server });
    const [taken] = await store.claim({ server: 'there', limit: 1, leaseMs: 60_000 });
    const files = openStorage(dataFolder);
    const lease = { id, fence: taken?.fence as number };
    await files.begin(lease);
    await files.publish(lease);
    await store.complete(lease, { outputs: [], stages: {} });
    await cue(id);
    await recorder.until('leaseLost');
    assert.deepEqual(
      recorder.of('fenced').map(({ args }) => args[0].fence),
      [1],
    );
    assert.equal(recorder.of('rendered').length, 0);
    const [job] = await end();
    assert.deepEqual([job?.state, job?.server], ['rendered', 'there']);
  });

  it('and does not stop: its renderer is killed, and the job is not blamed', async (context) => {
    const options = { slots: 1, graceMs: 300 };
    const { enqueue, recorder, store, end } = await farm(context, 'deaf', { options });
    const { id } = await enqueue({ is: 'endless' });
    await recorder.until('assigned');
    await store.cancel(id);
    const { args } = await recorder.until('died');
    assert.equal(args[2].code, 'aborted');
    await recorder.until('leaseLost');
    const [job] = await end();
    assert.deepEqual([job?.state, job?.crashes], ['cancelled', 0]);
  });
});

describe('leases', () => {
  it('are kept while a job takes longer than one', async (context) => {
    const options = { leaseMs: 1_200, slots: 1 };
    const { enqueue, recorder, cue, events, end } = await farm(context, 'slow', { options });
    const { id } = await enqueue();
    await recorder.times(5, 'state');
    await cue(id);
    await recorder.until('rendered');
    assert.equal(await events(id), 'enqueued claimed rendered');
    await end();
  });

  it('of its last life are taken back at the start; those of others when they have expired', async (context) => {
    const options = { leaseMs: 1_000 };
    const { enqueueMany, recorder, supervisor, store, events, end } = await farm(context, 'instant', {
      options,
      start: false,
    });
    await enqueueMany(3);
    const mine = await store.claim({ server: WIDE.server, limit: 1, leaseMs: 3_600_000 });
    const good = await store.claim({ server: 'there', limit: 1, leaseMs: 3_600_000 });
    const expired = await store.claim({ server: 'there', limit: 1, leaseMs: 0 });
    await supervisor.start();
    await recorder.times(2, 'rendered');
    for (const job of [...mine, ...expired]) {
      assert.equal(await events(job.id), 'enqueued claimed rescued claimed rendered');
    }
    for (const job of good) {
      assert.equal(await events(job.id), 'enqueued claimed');
      await store.release(job);
    }
    await end();
  });
});

describe('a store that does not answer', () => {
  it('when an outcome has to be written: it is written later, and meanwhile others are told that no jobs are taken', async (context) => {
    const { enqueueMany, recorder, supervisor, store, cue, dataFolder, end } = await farm(context, 'slow', {
      options: { slots: 2, pollMs: 100 },
      busyDeadlineMs: 200,
    });
    const [first, second] = await enqueueMany(3);
    await recorder.times(2, 'assigned');
    const unlock = lock(dataFolder);
    await cue(first?.id as string);
    process.kill(pidOf(second?.id as string, recorder), 'SIGKILL');
    await recorder.times(2, 'trouble', (what) => what.startsWith('writing the outcome'));
    await recorder.until('trouble', (what) => what === 'claiming jobs');
    assert.deepEqual(supervisor.readiness(), { ready: false, reason: 'the store does not answer' });
    assert.equal((await store.get(first?.id as string))?.state, 'rendering');
    unlock();
    await recorder.until('rendered', (job) => job.id === first?.id);
    await recorder.until('failed', (job) => job.id === second?.id);
    await cue('all');
    await recorder.times(3, 'rendered');
    assert.deepEqual(supervisor.readiness(), { ready: true, reason: 'at work' });
    const jobs = await end();
    assert.deepEqual(
      jobs.map(({ crashes }) => crashes),
      [0, 1, 0],
    );
  });

  it('to the end: the farm ends all the same, and its next life takes the jobs back', async (context) => {
    const made = await farm(context, 'slow', { options: { slots: 1 }, busyDeadlineMs: 200 });
    const { enqueue, recorder, supervisor, store, dataFolder, events, end } = made;
    const { id } = await enqueue();
    await recorder.until('assigned');
    const unlock = lock(dataFolder);
    await supervisor.stop();
    unlock();
    assert.equal(await events(id), 'enqueued claimed');
    assert.equal(await store.rescue({ server: WIDE.server }), 1);
    await end();
  });

  it('for much longer than leases: renders go on, what is rendered is journalled, and all of it is written', async (context) => {
    const made = await farm(context, 'slow', { options: { leaseMs: 1_000 }, busyDeadlineMs: 200 });
    const { enqueueMany, recorder, dataFolder, cue, events, end } = made;
    const [first, second] = await enqueueMany(2);
    await recorder.times(2, 'assigned');
    const unlock = lock(dataFolder);
    const lockedAt = performance.now();
    await cue(first?.id as string);
    await recorder.until('journalled', (job) => job.id === first?.id);
    assert.equal((await openJournal(dataFolder).entries()).length, 1);
    for (let failed = 1; performance.now() - lockedAt < 2_000; failed++)
      await recorder.times(failed, 'trouble', (what) => what === 'keeping leases');
    await cue(second?.id as string);
    await recorder.times(2, 'journalled');
    unlock();
    await recorder.times(2, 'rendered');
    for (const job of [first, second]) assert.equal(await events(job?.id as string), 'enqueued claimed rendered');
    assert.equal(recorder.of('died').length + recorder.of('leaseLost').length, 0);
    await end();
    assert.deepEqual(await openJournal(dataFolder).entries(), []);
  });

  it('and that other servers use too, for longer than a lease: attempts are given up, and made again', async (context) => {
    const options = { leaseMs: 1_500, slots: 1 };
    const through = (store: JobStore): JobStore => Object.assign(Object.create(store), { isShared: true });
    const { enqueue, recorder, dataFolder, cue, events, end } = await farm(context, 'slow', {
      options,
      busyDeadlineMs: 200,
      through,
    });
    const { id } = await enqueue();
    await recorder.until('assigned');
    const unlock = lock(dataFolder);
    await recorder.until('leaseLost');
    assert.equal(recorder.of('died').length, 0, 'it was told to stop, and did');
    unlock();
    await cue(id);
    await recorder.until('rendered');
    assert.equal(await events(id), 'enqueued claimed rescued claimed rendered');
    await end();
  });

  it('to the end of the supervisor: the next one writes what is rendered, and does not render it again', async (context) => {
    const made = await farm(context, 'slow', { options: { server: 'doomed' }, start: false, busyDeadlineMs: 200 });
    const { enqueueMany, recorder, supervisor, dataFolder, cue, events, end } = made;
    const [first, second] = await enqueueMany(2);
    const { pids, unlock } = await killedWith(context, dataFolder, [first?.id as string], cue);

    await assert.rejects(supervisor.start(), { code: 'store_busy' }, 'nothing is done without the store');
    assert.equal((await openJournal(dataFolder).entries()).length, 1);
    unlock();
    await supervisor.start();
    await recorder.until('rendered', (job) => job.id === first?.id);
    await cue('all');
    await recorder.until('rendered', (job) => job.id === second?.id);
    assert.ok(recorder.of('assigned').every(({ args }) => args[0].id !== first?.id));
    assert.equal(await events(first?.id as string), 'enqueued claimed rendered');
    assert.equal(await events(second?.id as string), 'enqueued claimed rescued claimed rendered');
    await end({ pids });
    assert.deepEqual(await openJournal(dataFolder).entries(), []);
  });

  it('to the end of the supervisor, and another server was quicker: the fence refuses, and the files are deleted', async (context) => {
    const made = await farm(context, 'slow', { options: { server: 'doomed' }, start: false });
    const { enqueueMany, recorder, supervisor, store, dataFolder, cue, events, end } = made;
    const [first, second] = await enqueueMany(2);
    const { pids, unlock } = await killedWith(context, dataFolder, [first?.id as string, second?.id as string], cue);
    unlock();
    await store.rescue({ server: 'doomed' });
    const [taken] = await store.claim({ server: 'there', limit: 1, leaseMs: 60_000 });
    await store.fail(taken ?? assert.fail(), {
      failure: failure('words_do_not_fit', 'No.'),
      retryInMs: null,
      counts: 'attempt',
    });
    // The other one is nobody's: queued, and its old result as stale.
    await supervisor.start();
    await recorder.times(2, 'fenced');
    await cue('all');
    await recorder.until('rendered');
    assert.equal(await events(taken?.id as string), 'enqueued claimed rescued claimed dead');
    const jobs = await end({ pids });
    assert.deepEqual(jobs.map(({ state }) => state).sort(), ['dead', 'rendered']);
    assert.deepEqual(await openJournal(dataFolder).entries(), []);
  });

  it("after it has written: the outcome is looked up, not taken for another's", async (context) => {
    let isLost = false;
    const { enqueueMany, recorder, end } = await farm(context, 'failing', {
      options: { pollMs: 100 },
      through: (store) => {
        /** Does it, and then says that it does not know. */
        const unknown =
          <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
          async (...args: A): Promise<T> => {
            const answer = await call.apply(store, args);
            isLost = !isLost;
            if (isLost) throw new StoryfarmError('internal', 'The connection broke.');
            return answer;
          };
        const doubtful: Partial<JobStore> = {
          complete: unknown(store.complete),
          fail: unknown(store.fail),
          release: unknown(store.release),
        };
        return Object.assign(Object.create(store), doubtful);
      },
    });
    await enqueueMany(4);
    await enqueueMany(4, { fail: 'too_large' });
    await recorder.times(4, 'rendered');
    await recorder.times(4, 'failed');
    const jobs = await end();
    assert.equal(recorder.of('leaseLost').length, 0);
    assert.deepEqual(jobs.map(({ state }) => state).sort(), [...Array(4).fill('dead'), ...Array(4).fill('rendered')]);
  });
});

/** Holds the write lock of the store, as another process would. */
function lock(dataFolder: string): () => void {
  const database = connect(join(dataFolder, 'jobs.db'));
  database.exec('BEGIN IMMEDIATE');
  return () => {
    database.exec('ROLLBACK');
    database.close();
  };
}

/** A farm of its own process that rendered these jobs while the store was locked, and then was killed. The store still is locked. */
async function killedWith(
  context: TestContext,
  dataFolder: string,
  ids: readonly string[],
  cue: (id: string) => Promise<void>,
): Promise<{ readonly pids: number[]; readonly unlock: () => void }> {
  const doomed = program(context, dataFolder, 'slow');
  const started = await heard(doomed, 2, 'started');
  await heard(doomed, 2, 'working');
  const unlock = lock(dataFolder);
  for (const id of ids) await cue(id);
  await heard(doomed, ids.length, 'journalled');
  doomed.child.kill('SIGKILL');
  await once(doomed.child, 'exit');
  const pids = [doomed.child.pid as number, ...started.map((told) => ('pid' in told ? told.pid : 0))];
  await assertGone(pids);
  return { pids, unlock };
}

function pidOf(id: string, recorder: Awaited<ReturnType<typeof farm>>['recorder']): number {
  const slot = recorder.of('assigned').find(({ args: [job] }) => job.id === id)?.args[1];
  return recorder.of('booted').find(({ args }) => args[0] === slot)?.args[1] as number;
}
