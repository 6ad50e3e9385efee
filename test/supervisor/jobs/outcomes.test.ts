import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure, StoryfarmError } from '../../../src/errors.js';
import type { HistoryEntry } from '../../../src/job.js';
import type { Lease } from '../../../src/store/store.js';
import type { Entry } from '../../../src/supervisor/jobs/journal-lines.js';
import { Outcomes } from '../../../src/supervisor/jobs/outcomes.js';
import { job, recorder, StillClock, settled } from '../fakes.js';

type Answer = 'done' | Promise<'done'> | StoryfarmError;

const busy = new StoryfarmError('store_busy', 'Locked.');
const unknown = new StoryfarmError('internal', 'The connection broke.');
const fenced = new StoryfarmError('fenced', 'The lease was lost.');

/** Outcomes over a store that answers as it is told, and is done with everything after that. */
function writing(answers: Answer[], history: Partial<HistoryEntry>[] = [], earlier: Entry[] = []) {
  const calls: string[] = [];
  const answer = async (call: string) => {
    calls.push(call);
    const next = (await answers.shift()) ?? 'done';
    if (next !== 'done') throw next;
  };
  const store = {
    complete: ({ id }: Lease) => answer(`complete ${id}`),
    release: ({ id }: Lease) => answer(`release ${id}`),
    fail: async ({ id }: Lease, { counts }: { counts: string }) => {
      await answer(`fail ${id} ${counts}`);
      return job(id);
    },
    get: async (id: string) => job(id),
    history: async (id: string) => {
      calls.push(`history ${id}`);
      return history as HistoryEntry[];
    },
  };
  const clock = new StillClock();
  const told = recorder();
  const discarded = { fails: false };
  const kept = new Map(earlier.map((entry) => [entry.id, entry]));
  const journal = {
    entries: async () => [...kept.values()],
    keep: async (entry: Entry) => {
      const isNew = !kept.has(entry.id);
      kept.set(entry.id, entry);
      return isNew;
    },
    forget: async ({ id }: Lease) => void kept.delete(id),
  };
  const outcomes = new Outcomes(
    { maxAttempts: 3, maxCrashes: 3 },
    {
      store,
      clock,
      journal,
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
  return { outcomes, calls, clock, kinds, discarded, kept };
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

  it('is tried again after half a second to a second until the store has it, its lease kept meanwhile', async () => {
    const { outcomes, calls, clock, kinds } = writing([busy, busy]);
    outcomes.failed(job('a'), failure('ffmpeg_failed', 'No.'));
    await settled();
    clock.move(499);
    await settled();
    assert.deepEqual(calls, ['fail a attempt']);
    assert.equal(outcomes.leases.length, 1);
    clock.move(1);
    await settled();
    clock.move(1_000);
    await settled();
    assert.deepEqual(calls, ['fail a attempt', 'fail a attempt', 'fail a attempt', 'settled']);
    assert.deepEqual(kinds(), ['trouble', 'journalled', 'trouble', 'failed']);
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
    assert.deepEqual(kinds(), ['fenced', 'leaseLost']);
  });

  it('that is fenced off by itself was written: the answer had been lost', async () => {
    const { outcomes, calls, clock, kinds } = writing([unknown, fenced], [{ event: 'rendered', fence: 1 }]);
    outcomes.rendered(job('a'), result);
    await settled();
    clock.move(1_000);
    await settled();
    assert.deepEqual(calls, ['complete a', 'complete a', 'history a', 'settled']);
    assert.deepEqual(kinds(), ['trouble', 'journalled', 'rendered'], 'and its files stay');
  });

  it('in a hurry is tried once more at most, and then left to its lease', async () => {
    const { outcomes, calls, kinds, kept } = writing([busy, busy, busy, busy]);
    outcomes.rendered(job('a'), result);
    await settled();
    outcomes.hurry();
    await settled();
    assert.deepEqual(calls, ['complete a', 'complete a', 'settled']);
    outcomes.interrupted(job('b'));
    await settled();
    assert.deepEqual(calls.slice(3), ['discard b 1', 'release b', 'settled']);
    assert.deepEqual([outcomes.underWay, kinds()], [0, ['trouble', 'journalled', 'trouble', 'trouble']]);
    assert.deepEqual([...kept.keys()], ['a'], 'what is only given back needs no journal');
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

describe('the journal', () => {
  it('gets an outcome that the store does not take at once, until it does', async () => {
    const { outcomes, kinds, kept, clock } = writing([unknown]);
    let answer = () => {};
    const waits = new Promise<'done'>((resolve) => {
      answer = () => resolve('done');
    });
    const slow = writing([waits]);
    slow.outcomes.rendered(job('a'), result);
    await settled();
    slow.clock.move(249);
    assert.equal(slow.kept.size, 0);
    slow.clock.move(1);
    await settled();
    assert.deepEqual([...slow.kept.values()], [{ id: 'a', fence: 1, fate: { event: 'rendered', result } }]);
    answer();
    await settled();
    assert.deepEqual([slow.kept.size, slow.kinds()], [0, ['journalled', 'rendered']]);

    outcomes.crashed(job('b', { crashes: 2 }), cause);
    await settled();
    assert.equal(kept.get('b')?.fate.event, 'dead');
    clock.move(1_000);
    await settled();
    assert.deepEqual([kept.size, kinds()], [0, ['trouble', 'journalled', 'failed']]);
    assert.equal(clock.waiting, 0);
  });

  const earlier = (id: string): Entry => ({ id, fence: 1, fate: { event: 'rendered', result } });

  it('of an earlier life is written, told, and emptied', async () => {
    const { outcomes, calls, kinds, kept } = writing([], [], [earlier('a'), earlier('b')]);
    await outcomes.recover();
    assert.deepEqual(calls, ['complete a', 'complete b']);
    assert.deepEqual([kept.size, kinds()], [0, ['rendered', 'rendered']]);
  });

  it('of an earlier life that the fence refuses costs its files; one that was written before does not', async () => {
    const late = writing([fenced], [{ event: 'rescued', fence: 1 }], [earlier('a')]);
    await late.outcomes.recover();
    assert.deepEqual(late.calls, ['complete a', 'history a', 'discard a 1']);
    assert.deepEqual([late.kept.size, late.kinds()], [0, ['fenced', 'leaseLost']]);
    const known = writing([fenced], [{ event: 'rendered', fence: 1 }], [earlier('a')]);
    await known.outcomes.recover();
    assert.deepEqual(known.calls, ['complete a', 'history a']);
    assert.deepEqual([known.kept.size, known.kinds()], [0, ['rendered']]);
  });

  it('waits for a store that does not answer, and does not wait for one outcome that cannot be written', async () => {
    const { outcomes, kept, kinds } = writing([unknown, busy], [], [earlier('a'), earlier('b')]);
    await assert.rejects(outcomes.recover(), { code: 'store_busy' });
    assert.deepEqual([[...kept.keys()], kinds()], [['a', 'b'], ['trouble']]);
  });
});
