import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Clock, systemClock } from '../../../src/clock.js';
import type { Job } from '../../../src/job.js';
import { openStorage } from '../../../src/media/storage.js';
import type { Lease, PublishedOptions } from '../../../src/store/store.js';
import { Sweeper, unwanted } from '../../../src/supervisor/jobs/sweeper.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { jobsIn } from '../../media/storage/conformance.js';
import { job, recorder, StillClock } from '../fakes.js';

const DAY = 86_400_000;
const standing = (state: Job['state'], fence: number): Job => job('a', { state, fence });
const leavings = (...fences: number[]) => ({ fences, changedAt: 0 });

/** Rests that take no time. */
const restless: Clock = {
  ...systemClock,
  after: (_ms, callback) => {
    const call = setImmediate(callback);
    return () => clearImmediate(call);
  },
};

describe('what nobody wants', () => {
  it('is every attempt but the one that is rendered, or is being rendered', () => {
    for (const state of ['rendering', 'rendered', 'delivered'] as const)
      assert.deepEqual(unwanted(leavings(1, 2, 3), standing(state, 3), 0), [1, 2]);
    for (const state of ['queued', 'dead', 'cancelled'] as const)
      assert.deepEqual(unwanted(leavings(1, 2), standing(state, 2), 0), [1, 2]);
  });

  it('is what the store does not know, when it is a day old', () => {
    assert.deepEqual(unwanted(leavings(1, 2), undefined, DAY), []);
    assert.deepEqual(unwanted(leavings(1, 2), undefined, DAY + 1), [1, 2]);
  });
});

/** A sweeper over a real folder and a store of a few jobs. */
function sweeping(t: TestContext, jobs: readonly Job[], clock: Clock = systemClock) {
  const storage = openStorage(temporaryFolder(t));
  const underWay: Lease[] = [];
  const told = recorder();
  const asked: unknown[] = [];
  const store = {
    isShared: true,
    get: async (id: string) => jobs.find((job) => job.id === id),
    // In pages as small as they may be.
    published: async ({ after, ...options }: PublishedOptions) => {
      asked.push(options);
      const done = jobs.filter(({ state }) => state === 'rendered' || state === 'delivered');
      const start = Number(after ?? 0);
      const page = done.slice(start, start + options.limit).map(({ id, fence }) => ({ id, fence, server: 'one' }));
      return { jobs: page, after: String(start + page.length) };
    },
  };
  const others: string[] = [];
  const sweeper = new Sweeper({
    store,
    server: 'one',
    storage,
    underWay: () => underWay,
    observer: told.observer,
    clock,
    others: [async () => others.push('swept')],
  });
  const lay = async (id: string, fence: number, isPublished: boolean) => {
    const begun = openStorage(join(storage.folder, '..'));
    await begun.begin({ id, fence });
    if (isPublished) await begun.publish({ id, fence });
  };
  const found = () => readdirSync(storage.folder, { recursive: true }).map(String).sort();
  return { sweeper, asked, storage, underWay, told, lay, found, others };
}

describe('a round of the sweeper', () => {
  it('leaves results and what is under way, and tells what it deletes', async (t) => {
    const jobs = [
      job('done', { state: 'rendered', fence: 2 }),
      job('queued', { state: 'queued', fence: 5 }),
      job('stopping', { state: 'cancelled', fence: 1 }),
    ];
    const { sweeper, storage, underWay, told, lay, found, others } = sweeping(t, jobs);
    underWay.push({ id: 'stopping', fence: 1 });
    await lay('done', 2, true);
    // An attempt that came late, with an older fence.
    await lay('done', 1, true);
    await lay('queued', 5, false);
    await lay('stopping', 1, false);
    await lay('young', 1, true);
    await lay('old', 1, true);
    utimesSync(join(storage.folder, 'old'), 0, 0);
    assert.equal(await sweeper.round(), 3);
    assert.deepEqual(found(), ['done', 'done/2', 'stopping', 'stopping/.1.part', 'young', 'young/1']);
    assert.deepEqual(
      told
        .of('swept')
        .map(({ args }) => args.join(' '))
        .sort(),
      ['attempt done/1', 'attempt old/1', 'attempt queued/5'],
    );
    assert.deepEqual(others, ['swept']);
    assert.equal(await sweeper.round(), 0);
  });

  it('misses the files of finished jobs of this server, and of no others', async (t) => {
    const many = Array.from({ length: 120 }, (_, number) => job(`j${number}`, { state: 'rendered', fence: 2 }));
    const { sweeper, storage, asked, told, lay } = sweeping(
      t,
      [...many, job('waits', { state: 'queued', fence: 1 })],
      restless,
    );
    for (const { id } of many) await lay(id, 2, true);
    await sweeper.round();
    await storage.discard({ id: 'j7', fence: 2 });
    await storage.discard({ id: 'j111', fence: 2 });
    // An older attempt is not what was published.
    await lay('j111', 1, true);
    await sweeper.round();
    assert.deepEqual(
      told.of('missed').map(({ args }) => args[0]),
      [[], ['j7', 'j111']],
    );
    assert.deepEqual(asked[0], { server: 'one', limit: 50 });
  });

  it('misses no files of a job that was purged or rendered again since it was looked for', async (t) => {
    const now = [job('again', { state: 'rendered', fence: 3 }), job('waits', { state: 'queued', fence: 2 })];
    const then = ['again', 'waits', 'purged'].map((id) => ({ id, fence: 2, server: 'one' }));
    const [told, storage] = [recorder(), openStorage(temporaryFolder(t))];
    mkdirSync(storage.folder);
    const asked: unknown[] = [];
    const sweeper = new Sweeper({
      store: {
        isShared: false,
        get: async (id) => now.find((job) => job.id === id),
        published: async (options) => {
          asked.push(options);
          return { jobs: then, after: '3' };
        },
      },
      ...{ server: 'one', storage, underWay: () => [] },
      ...{ observer: told.observer, clock: systemClock },
    });
    await sweeper.round();
    assert.deepEqual(told.of('missed')[0]?.args[0], []);
    assert.deepEqual(asked, [{ after: null, limit: 50 }], 'a server alone has the files of all');
  });

  it('goes on after an attempt that cannot be deleted', async (t) => {
    const jobs = ['a', 'b'].map((id) => job(id, { state: 'dead' }));
    const { sweeper, storage, told, lay } = sweeping(t, jobs);
    for (const { id } of jobs) await lay(id, 1, false);
    const { discard } = storage;
    let refusals = 1;
    storage.discard = (attempt) => (refusals-- > 0 ? Promise.reject(new Error('It is held.')) : discard(attempt));
    assert.equal(await sweeper.round(), 1);
    assert.equal(told.of('trouble').length, 1);
    assert.equal((await jobsIn(storage)).length, 1);
  });

  it('rests between steps, and ends in the middle when it is stopped', async (t) => {
    const clock = new StillClock();
    const { sweeper, lay, found, others } = sweeping(t, [], clock);
    for (let number = 0; number < 60; number++) await lay(`job-${number}`, 1, false);
    sweeper.start();
    while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    await sweeper.stop();
    assert.deepEqual([others.length, clock.waiting], [0, 0]);
    assert.equal(found().length, 120);
  });

  it('comes again after an hour, also when the store did not answer', async (t) => {
    const clock = new StillClock();
    const storage = openStorage(temporaryFolder(t));
    await storage.begin({ id: 'a', fence: 1 });
    const told = recorder();
    const answers = [new Error('locked'), job('a', { state: 'dead', fence: 1 })];
    const get = async () => {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const published = async () => ({ jobs: [], after: '' });
    const store = { get, published, isShared: false };
    const sweeper = new Sweeper({ store, server: 'one', storage, underWay: () => [], observer: told.observer, clock });
    sweeper.start();
    await told.until('trouble', (what) => what === 'sweeping');
    while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.move(3_600_000);
    await told.until('swept');
    await sweeper.stop();
    assert.deepEqual(await jobsIn(storage), []);
  });
});
