import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure, StoryfarmError } from '../../../src/errors.js';
import type { HistoryEntry } from '../../../src/job.js';
import type { Lease } from '../../../src/store/store.js';
import { Outcomes } from '../../../src/supervisor/jobs/outcomes.js';
import { job, recorder, StillClock, settled } from '../fakes.js';

type Answer = 'done' | StoryfarmError;

const busy = new StoryfarmError('store_busy', 'Locked.');
const unknown = new StoryfarmError('internal', 'The connection broke.');
const fenced = new StoryfarmError('fenced', 'The lease was lost.');

/** Outcomes over a store that answers as it is told, and is done with everything after that. */
function writing(answers: Answer[], history: Partial<HistoryEntry>[] = []) {
  const calls: string[] = [];
  const answer = async (call: string) => {
    calls.push(call);
    const next = answers.shift() ?? 'done';
    if (next !== 'done') throw next;
  };
  const store = {
    complete: ({ id }: Lease) => answer(`complete ${id}`),
    release: ({ id }: Lease) => answer(`release ${id}`),
    fail: async ({ id }: Lease, { counts }: { counts: string }) => {
      await answer(`fail ${id} ${counts}`);
      return job(id);
    },
    history: async (id: string) => {
      calls.push(`history ${id}`);
      return history as HistoryEntry[];
    },
  };
  const clock = new StillClock();
  const told = recorder();
  const discarded = { fails: false };
  const outcomes = new Outcomes(
    { maxAttempts: 3, maxCrashes: 3 },
    {
      store,
      clock,
      observer: told.observer,
      random: () => 0,
      settled: () => calls.push('settled'),
      discard: async ({ id, fence }) => {
        calls.push(`discard ${id} ${fence}`);
        if (discarded.fails) throw new Error('It is read-only.');
      },
    },
  );
  const kinds = () => told.all.map(({ kind }) => kind);
  return { outcomes, calls, clock, kinds, discarded };
}

const result = { outputs: [], stages: {} };
const cause = failure('renderer_crashed', 'It ended.');

describe('an outcome', () => {
  it('is written once and told', async () => {
    const { outcomes, calls, kinds } = writing([]);
    outcomes.rendered(job('a'), result);
    assert.deepEqual([outcomes.underWay, outcomes.leases], [1, [{ id: 'a', fence: 1 }]]);
    await settled();
    assert.deepEqual(calls, ['complete a', 'settled']);
    assert.deepEqual(kinds(), ['rendered']);
    assert.deepEqual([outcomes.underWay, outcomes.leases], [0, []]);
  });

  it('of a renderer that died or was stopped is written after its leavings are deleted', async () => {
    const { outcomes, calls, kinds } = writing([]);
    outcomes.crashed(job('a'), cause);
    outcomes.interrupted(job('b'));
    await settled();
    assert.deepEqual(
      calls.filter((call) => call.includes(' a')),
      ['discard a 1', 'fail a crash'],
    );
    assert.deepEqual(
      calls.filter((call) => call.includes(' b')),
      ['discard b 1', 'release b'],
    );
    assert.deepEqual(kinds().sort(), ['failed', 'released']);
  });

  it('is written all the same when its leavings cannot be deleted', async () => {
    const { outcomes, calls, kinds, discarded } = writing([]);
    discarded.fails = true;
    outcomes.interrupted(job('a'));
    await settled();
    assert.deepEqual(calls, ['discard a 1', 'release a', 'settled']);
    assert.deepEqual(kinds(), ['trouble', 'released']);
  });

  it('is tried again every second until the store has it, its lease kept meanwhile', async () => {
    const { outcomes, calls, clock, kinds } = writing([busy, busy]);
    outcomes.failed(job('a'), failure('ffmpeg_failed', 'No.'));
    await settled();
    clock.move(999);
    await settled();
    assert.deepEqual(calls, ['fail a attempt']);
    assert.equal(outcomes.leases.length, 1);
    clock.move(1);
    await settled();
    clock.move(1_000);
    await settled();
    assert.deepEqual(calls, ['fail a attempt', 'fail a attempt', 'fail a attempt', 'settled']);
    assert.deepEqual(kinds(), ['trouble', 'trouble', 'failed']);
  });

  it('that is fenced off is written off, and what it left deleted', async () => {
    const { outcomes, calls, kinds } = writing(
      [fenced],
      [
        { event: 'rendered', fence: 2 },
        { event: 'rescued', fence: 1 },
      ],
    );
    outcomes.rendered(job('a'), result);
    await settled();
    assert.deepEqual(calls, ['complete a', 'history a', 'discard a 1', 'settled']);
    assert.deepEqual(kinds(), ['leaseLost']);
  });

  it('that is fenced off by itself was written: the answer had been lost', async () => {
    const { outcomes, calls, clock, kinds } = writing([unknown, fenced], [{ event: 'rendered', fence: 1 }]);
    outcomes.rendered(job('a'), result);
    await settled();
    clock.move(1_000);
    await settled();
    assert.deepEqual(calls, ['complete a', 'complete a', 'history a', 'settled']);
    assert.deepEqual(kinds(), ['trouble', 'rendered'], 'and its files stay');
  });

  it('in a hurry is tried once more at most, and then left to its lease', async () => {
    const { outcomes, calls, kinds } = writing([busy, busy, busy, busy]);
    outcomes.rendered(job('a'), result);
    await settled();
    outcomes.hurry();
    await settled();
    assert.deepEqual(calls, ['complete a', 'complete a', 'settled']);
    outcomes.interrupted(job('b'));
    await settled();
    assert.deepEqual(calls.slice(3), ['discard b 1', 'release b', 'settled']);
    assert.deepEqual([outcomes.underWay, kinds()], [0, ['trouble', 'trouble', 'trouble']]);
  });

  it('of a lost attempt is not written at all', async () => {
    const { outcomes, calls, kinds } = writing([]);
    outcomes.lost(job('a', { fence: 7 }));
    assert.deepEqual(outcomes.leases, []);
    await settled();
    assert.deepEqual(calls, ['discard a 7', 'settled']);
    assert.deepEqual(kinds(), ['leaseLost']);
  });
});
