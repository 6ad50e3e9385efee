/**
 * Two farms on one store: work goes over from a farm that drains, and from one that is dead; jobs go where they can be rendered; lost files are made anew elsewhere. Written once, and run on each kind of
 * store.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../src/clock.js';
import type { Job } from '../../src/job.js';
import { openStorage } from '../../src/media/storage.js';
import type { JobStore } from '../../src/store/store.js';
import { Sweeper } from '../../src/supervisor/jobs/sweeper.js';
import { jobsIn } from '../media/storage/conformance.js';
import { noServer, sqlServer } from '../store/fixtures/sql-server.js';
import { behind } from './farm/behind.js';
import { heard, program } from './farm/doomed.js';
import { type Farm, type FarmOptions, farm, freshFolder } from './farm/farm.js';
import { assertGone } from './farm/gone.js';

const place = sqlServer();

interface Kind {
  readonly skip: string | false;
  /** Longer than a write takes there on a busy machine. */
  readonly leaseMs: number;
  /** The address of an empty one. */
  readonly open: (t: TestContext) => Promise<string>;
}

const STORES: Readonly<Record<string, Kind>> = {
  sqlite: {
    skip: false,
    leaseMs: 1_500,
    open: async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'storyfarm-shared-'));
      t.after(() => rm(folder, { recursive: true, force: true }));
      return `sqlite:${join(folder, 'jobs.db')}`;
    },
  },
  mssql: {
    skip: noServer ?? false,
    leaseMs: 10_000,
    open: async () => {
      await place.empty();
      return place.url;
    },
  },
};

/** A farm of this name on the store. */
const on = (t: TestContext, store: string, server: string, renderer: string, more: FarmOptions = {}) =>
  farm(t, renderer, {
    ...more,
    store,
    // One that is made for the test may have a busy machine.
    busyDeadlineMs: 60_000,
    isAnnounced: true,
    options: { server, slots: 1, pollMs: 1_000, ...more.options },
  });

/** What happened to a job, each with the server. */
const story = async (store: JobStore, { id }: Pick<Job, 'id'>): Promise<string> =>
  (await store.history(id)).map(({ event, server }) => (server === null ? event : `${event}@${server}`)).join(' ');

const rendered = ({ recorder }: Farm, { id }: Pick<Job, 'id'>) => recorder.until('rendered', (job) => job.id === id);

/** The servers of the store, in a few words. */
const standing = async (store: JobStore): Promise<string> =>
  (await store.servers())
    .map(({ name, state, slots, rendering }) => `${name} ${state} ${rendering}/${slots}`)
    .join(', ');

for (const [kind, { skip, leaseMs, open }] of Object.entries(STORES))
  describe(`two farms on one store: ${kind}`, () => {
    it('a farm that drains gives back at once what it has not begun, and others take it', { skip }, async (t) => {
      const address = await open(t);
      // The second job is claimed in the store, and the answer is still on its way when the farm begins to drain.
      let claims = 0;
      let arrive = () => {};
      let claimed = () => {};
      const isClaimed = new Promise<void>((resolve) => {
        claimed = resolve;
      });
      const through = (store: JobStore): JobStore =>
        behind(store, {
          claim: async (...args) => {
            const jobs = await store.claim(...args);
            // The first goes through.
            if (jobs.length === 0 || ++claims === 1) return jobs;
            claimed();
            await new Promise<void>((resolve) => {
              arrive = resolve;
            });
            return jobs;
          },
        });
      const one = await on(t, address, 'one', 'slow', { through, options: { slots: 2 } });
      const first = await one.enqueue();
      await one.recorder.until('assigned');
      const second = await one.enqueue();
      await isClaimed;
      const third = await one.enqueue();
      const drained = one.supervisor.drain();
      arrive();
      await one.recorder.until('released', ({ id }) => id === second.id);

      const two = await on(t, address, 'two', 'instant');
      await Promise.all([rendered(two, second), rendered(two, third)]);
      assert.equal((await two.store.get(first.id))?.state, 'rendering', 'what was begun goes on');
      assert.match(await standing(two.store), /^one draining \d\/2, two running \d\/1$/);
      await one.cue(first.id);
      await drained;
      assert.equal(await story(two.store, first), 'enqueued claimed@one rendered@one');
      assert.equal(await story(two.store, second), 'enqueued claimed@one released@one claimed@two rendered@two');
      assert.match(await standing(two.store), /^one gone 0\/2, two running/);
    });

    it('the jobs of a farm that is dead are taken over when their leases expire', { skip }, async (t) => {
      const address = await open(t);
      const two = await on(t, address, 'two', 'slow', { options: { slots: 2, leaseMs }, start: false });
      const jobs = await two.enqueueMany(2);
      const deadFolder = await freshFolder();
      t.after(() => rm(deadFolder, { recursive: true, force: true }));
      const doomed = program(t, deadFolder, 'slow', { slots: 2, leaseMs }, undefined, address);
      const started = await heard(doomed, 2, 'started');
      await heard(doomed, 2, 'working');
      await two.supervisor.start();
      doomed.child.kill('SIGKILL');
      await once(doomed.child, 'exit');
      await assertGone([doomed.child.pid as number, ...started.map((told) => ('pid' in told ? told.pid : 0))]);
      await two.cue('all');
      for (const job of jobs) {
        await rendered(two, job);
        assert.equal(await story(two.store, job), 'enqueued claimed@doomed rescued@doomed claimed@two rendered@two');
      }
    });

    it('jobs go to the farm that has what they require, and stand in the way of no others', { skip }, async (t) => {
      const address = await open(t);
      const one = await on(t, address, 'one', 'instant');
      const { request } = await one.enqueue();
      const routed = async (...requires: string[]) =>
        (await one.store.enqueue({ partner: 'test', request, requires })).job;
      const [fast, large] = [await routed('fast'), await routed('large')];
      const plain = await routed();
      await rendered(one, plain);
      assert.deepEqual(await one.store.needs(), [
        { requires: ['fast'], queued: 1 },
        { requires: ['large'], queued: 1 },
      ]);
      const two = await on(t, address, 'two', 'instant', { options: { tags: ['fast', 'other'] } });
      await rendered(two, fast);
      // As a reload does it.
      one.supervisor.reconfigure({ tags: ['large'] });
      await rendered(one, large);
      assert.deepEqual(
        (await one.store.servers()).map(({ name, tags }) => `${name}: ${tags}`),
        ['one: large', 'two: fast,other'],
      );
    });

    it(
      'files of a server that is lost are made anew elsewhere; when it comes back, it deletes its own',
      { skip },
      async (t) => {
        const address = await open(t);
        const one = await on(t, address, 'one', 'instant');
        const [lost, kept] = [await one.enqueue(), await one.enqueue()];
        await Promise.all([rendered(one, lost), rendered(one, kept)]);
        await one.supervisor.stop();
        const { store } = one;
        const two = await on(t, address, 'two', 'instant');
        await two.store.rerender(lost.id);
        await rendered(two, lost);
        assert.equal(
          await story(store, lost),
          'enqueued claimed@one rendered@one reopened@one claimed@two rendered@two',
        );
        const again = await store.get(lost.id);
        assert.deepEqual([again?.server, again?.fence], ['two', 2]);
        const sweep = async ({ dataFolder, recorder }: Farm, server: string) => {
          const storage = openStorage(dataFolder);
          const tools = { store, storage, server, observer: recorder.observer, clock: systemClock };
          await new Sweeper({ ...tools, underWay: () => [] }).round();
          return jobsIn(storage);
        };
        assert.deepEqual(await sweep(one, 'one'), [kept.id]);
        assert.deepEqual(await sweep(two, 'two'), [lost.id]);
        if (!store.isShared) return;
        assert.deepEqual(
          [one, two].map(({ recorder }) => recorder.of('missed').map(({ args }) => args[0])),
          [[[]], [[]]],
        );
        await openStorage(two.dataFolder).discard({ id: lost.id, fence: 2 });
        await sweep(two, 'two');
        assert.deepEqual(two.recorder.of('missed').at(-1)?.args, [[lost.id]]);
      },
    );
  });
