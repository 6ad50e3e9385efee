import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoryfarmError } from '../../src/errors.js';
import { createChanges, type JobListener } from '../../src/front/changes.js';
import type { Job } from '../../src/job.js';
import { recorded } from '../http/running.js';
import { jobLike } from './fixtures.js';
import { manualClock } from './manual-clock.js';

/** A store that counts how often it is asked, and a loop over it whose time stands still. */
function watched(isShared = false) {
  const jobs = new Map<string, Job>();
  const changed: Job[] = [];
  const asked = { changes: 0, gets: 0, watching: 0 };
  const trouble = { failing: false };
  let hint = () => {};
  const fail = () => {
    if (trouble.failing) throw new StoryfarmError('store_busy', 'Locked.');
  };
  const store = {
    isShared,
    async get(id: string) {
      asked.gets++;
      fail();
      return jobs.get(id);
    },
    async changes(cursor: string | null) {
      asked.changes++;
      fail();
      const from = cursor === null ? changed.length : Number(cursor);
      return { jobs: changed.slice(from), cursor: String(changed.length) };
    },
    watch(listener: () => void) {
      asked.watching++;
      hint = listener;
      return () => {
        asked.watching--;
        hint = () => {};
      };
    },
  };
  const put = (job: Job) => {
    jobs.set(job.id, job);
    changed.push(job);
  };
  const clock = manualClock();
  const parts = recorded(clock);
  const changes = createChanges({ store, clock, log: parts.log, pollMs: 250, random: () => 0.5 });
  return { changes, clock, asked, put, parts, hint: () => hint(), trouble };
}

/** A listener that keeps the states that it was shown. */
function listener(): JobListener & { readonly seen: (string | undefined)[] } {
  const seen: (string | undefined)[] = [];
  return Object.assign((job: Job | undefined) => void seen.push(job && `${job.id} ${job.state}`), { seen });
}

describe('following changes', () => {
  it('asks nothing while nobody waits', async () => {
    const { clock, asked } = watched();
    await clock.advance(10_000);
    assert.deepEqual(asked, { changes: 0, gets: 0, watching: 0 });
  });

  it('asks once per interval, however many wait', async () => {
    const { changes, clock, asked, put } = watched();
    for (const id of ['a', 'b', 'c']) put(jobLike({ id }));
    const those = Array.from({ length: 300 }, (_, i) => {
      const one = listener();
      changes.follow('abc'.charAt(i % 3), one);
      return one;
    });
    await clock.advance(0);
    const before = asked.changes;
    await clock.advance(2500);
    assert.equal(asked.changes - before, 10);
    assert.equal(asked.gets, 300, 'each was read once, when he came');
    put(jobLike({ id: 'b', state: 'rendering' }));
    await clock.advance(250);
    assert.equal(those.filter(({ seen }) => seen.includes('b rendering')).length, 100);
    assert.equal(those.filter(({ seen }) => seen.includes('a rendering')).length, 0);
    await changes.close();
  });

  it('shows a newcomer the job as it stands, so that he misses nothing that happened before he was heard', async () => {
    const { changes, clock, put } = watched();
    put(jobLike({ id: 'a' }));
    const one = listener();
    const other = listener();
    changes.follow('a', one);
    await clock.advance(0);
    put(jobLike({ id: 'a', state: 'rendering' }));
    changes.follow('a', other);
    await clock.advance(250);
    assert.deepEqual(one.seen, ['a queued', 'a rendering']);
    assert.equal(other.seen[0], 'a rendering');
    await changes.close();
  });

  it('asks a shared store ever more slowly while nothing changes, sooner when somebody comes, and listens for no bell', async () => {
    const { changes, clock, asked, put } = watched(true);
    put(jobLike({ id: 'a' }));
    const [one, other] = [listener(), listener()];
    changes.follow('a', one);
    await clock.advance(60_000);
    assert.equal(asked.watching, 0);
    assert.ok(asked.changes < 40, `${asked.changes} looks in a minute`);
    changes.follow('a', other);
    await clock.advance(500);
    assert.deepEqual(other.seen, ['a queued']);
    await clock.advance(60_000);
    put(jobLike({ id: 'a', state: 'rendering' }));
    for (let waited = 0; waited < 2_000 && !one.seen.includes('a rendering'); waited += 50) await clock.advance(50);
    put(jobLike({ id: 'a', state: 'rendered' }));
    await clock.advance(250);
    assert.deepEqual(one.seen, ['a queued', 'a rendering', 'a rendered'], 'quickly after a change');
    await changes.close();
  });

  it('tells when the store has forgotten the job', async () => {
    const { changes, clock } = watched();
    const one = listener();
    changes.follow('gone', one);
    await clock.advance(0);
    assert.deepEqual(one.seen, [undefined]);
    await changes.close();
  });

  it('stops when the last has left, leaves no timer and no watch, and begins anew for the next', async () => {
    const { changes, clock, asked, put } = watched();
    put(jobLike({ id: 'a' }));
    const [one, other] = [listener(), listener()];
    const leave = changes.follow('a', one);
    const leaveToo = changes.follow('a', other);
    await clock.advance(0);
    leave();
    await clock.advance(250);
    assert.equal(asked.watching, 1);
    leaveToo();
    leaveToo();
    await clock.advance(0);
    assert.equal(asked.watching, 0);
    assert.equal(clock.waiting, 0);
    const before = asked.changes;
    await clock.advance(5000);
    assert.equal(asked.changes, before);
    changes.follow('a', one);
    await clock.advance(0);
    assert.equal(asked.watching, 1);
    await changes.close();
  });

  it('looks sooner after a hint, but is not driven by a storm of them', async () => {
    const { changes, clock, asked, put, hint } = watched();
    put(jobLike({ id: 'a' }));
    const one = listener();
    changes.follow('a', one);
    await clock.advance(0);
    const before = asked.changes;
    put(jobLike({ id: 'a', state: 'rendering' }));
    hint();
    await clock.advance(60);
    assert.deepEqual(one.seen, ['a queued', 'a rendering']);
    assert.equal(asked.changes - before, 1);
    for (let i = 0; i < 1000; i++) {
      hint();
      await clock.advance(1);
    }
    assert.ok(asked.changes - before <= 22, `${asked.changes - before} looks in 1.06 s`);
    await changes.close();
  });

  it('outlives a store that fails: asks ever more slowly, says so once, and misses nothing', async () => {
    const { changes, clock, asked, put, trouble, parts } = watched();
    put(jobLike({ id: 'a' }));
    const one = listener();
    changes.follow('a', one);
    await clock.advance(0);
    trouble.failing = true;
    put(jobLike({ id: 'a', state: 'rendering' }));
    const before = asked.changes;
    await clock.advance(60_000);
    assert.ok(asked.changes - before < 35, `${asked.changes - before} looks in a minute`);
    trouble.failing = false;
    await clock.advance(5000);
    assert.deepEqual(one.seen, ['a queued', 'a rendering']);
    assert.equal(parts.logged().split('does not say').length - 1, 1);
    await changes.close();
  });

  it('tells what had changed when it is closed, before its next look was due', async () => {
    const { changes, clock, put } = watched();
    put(jobLike({ id: 'a' }));
    const one = listener();
    changes.follow('a', one);
    await clock.advance(0);
    put(jobLike({ id: 'a', state: 'rendered' }));
    await changes.close();
    assert.deepEqual(one.seen, ['a queued', 'a rendered']);
    assert.equal(clock.waiting, 0);
  });

  it('calls nobody after it was closed', async () => {
    const { changes, clock, asked, put } = watched();
    put(jobLike({ id: 'a' }));
    const one = listener();
    changes.follow('a', one);
    await clock.advance(0);
    await changes.close();
    put(jobLike({ id: 'a', state: 'rendered' }));
    await clock.advance(1000);
    assert.deepEqual(one.seen, ['a queued']);
    assert.equal(asked.watching, 0);
    assert.equal(clock.waiting, 0);
  });
});
