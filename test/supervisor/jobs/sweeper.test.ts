import assert from 'node:assert/strict';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../src/clock.js';
import type { Job } from '../../../src/job.js';
import { openStorage } from '../../../src/media/storage.js';
import type { Lease } from '../../../src/store/store.js';
import { Sweeper, unwanted } from '../../../src/supervisor/jobs/sweeper.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { jobsIn } from '../../media/storage/conformance.js';
import { job, recorder, StillClock } from '../fakes.js';

const DAY = 86_400_000;
const standing = (state: Job['state'], fence: number): Job => job('a', { state, fence });
const leavings = (...fences: number[]) => ({ fences, changedAt: 0 });

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
function sweeping(t: TestContext, jobs: readonly Job[], clock = systemClock) {
  const storage = openStorage(temporaryFolder(t));
  const underWay: Lease[] = [];
  const told = recorder();
  const store = { get: async (id: string) => jobs.find((job) => job.id === id) };
  const others: string[] = [];
  const sweeper = new Sweeper({
    store,
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
  return { sweeper, storage, underWay, told, lay, found, others };
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
    const sweeper = new Sweeper({ store: { get }, storage, underWay: () => [], observer: told.observer, clock });
    sweeper.start();
    await told.until('trouble', (what) => what === 'sweeping');
    while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.move(3_600_000);
    await told.until('swept');
    await sweeper.stop();
    assert.deepEqual(await jobsIn(storage), []);
  });
});
