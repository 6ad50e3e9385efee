import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { HistoryEntry } from '../../../src/job.js';
import type { Purpose } from '../plan.js';
import { balance, type Facts, type JobFacts, spread } from './ledger.js';

const at = (event: HistoryEntry['event'], fence = 1, time = 0) => ({ at: time, event, fence });
const rendered = (id: string): JobFacts => ({
  ...{ id, state: 'delivered', failure: undefined, partner: 'amber' },
  history: [at('enqueued', 0), at('claimed'), at('rendered'), at('delivered')],
});
const dead = (id: string, failure: JobFacts['failure']): JobFacts => ({
  ...{ id, state: 'dead', failure, partner: 'amber' },
  history: [at('enqueued', 0), at('claimed'), at('dead')],
});
const cancelled = (id: string): JobFacts => ({
  ...{ id, state: 'cancelled', failure: undefined, partner: 'amber' },
  history: [at('enqueued', 0), at('cancelled', 0)],
});
const queued = (id: string): JobFacts => ({
  id,
  state: 'queued',
  failure: undefined,
  partner: 'amber',
  history: [at('enqueued', 0)],
});

/** Books of these jobs, each of them asked for and accepted once. */
function facts(jobs: readonly JobFacts[], more: Partial<Facts> = {}, purpose: Purpose = 'plain'): Facts {
  const answered = jobs.map(({ id }) => ({ key: `k${id}`, purpose, ids: [id], refusal: undefined }));
  const told = new Map(jobs.map(({ id }) => [id, new Set([`e${id}`])] as const));
  return {
    ...{ told, asked: jobs.length, answered, jobs, hits: [], goneMs: [], resumedMs: [], isInterrupted: false },
    ...{ orphans: [], strays: [], broken: [], troubles: [] },
    ...more,
  };
}

describe('books', () => {
  it('balance when every job has ended once, and account for each', () => {
    const kinds = fc.array(fc.constantFrom('rendered', 'poison', 'cancelled'), { maxLength: 30 });
    fc.assert(
      fc.property(kinds, (states) => {
        const jobs = states.map((state, number) => {
          const id = `${number}`;
          return state === 'rendered' ? rendered(id) : state === 'poison' ? dead(id, 'poison') : cancelled(id);
        });
        const ledger = balance(facts(jobs, {}, 'poison'));
        assert.ok(ledger.balances, ledger.findings.join());
        assert.equal(ledger.accepted, ledger.delivered + ledger.dead + ledger.cancelled);
        assert.equal(ledger.dead, states.filter((state) => state === 'poison').length);
      }),
    );
  });

  /** Each of these keeps them from balancing, and is counted under its name. */
  const one = rendered('1');
  const answer = { key: 'k', purpose: 'plain' as const, ids: ['1'], refusal: undefined };
  const faults: readonly (readonly [string, Facts, Partial<ReturnType<typeof balance>>])[] = [
    ['a job that is not in the store', { ...facts([one]), jobs: [] }, { lost: 1, accepted: 1, delivered: 0 }],
    ['a job that never ends', facts([queued('1')]), { lost: 1 }],
    ['a job that ended twice', facts([{ ...one, history: [...one.history, at('rendered', 2)] }]), { duplicates: 1 }],
    [
      'a job that two had at a time',
      facts([{ ...one, history: [at('enqueued', 0), at('claimed'), at('claimed', 2), at('rendered', 2)] }]),
      { duplicates: 1 },
    ],
    [
      'a fence that was given twice',
      facts([{ ...one, history: [at('claimed'), at('released'), at('claimed'), at('rendered')] }]),
      { duplicates: 1 },
    ],
    ['a job that ended and goes on', facts([{ ...one, state: 'queued' }]), { duplicates: 1, lost: 1 }],
    [
      'a key that made two jobs',
      facts([one, rendered('2')], { answered: [{ ...answer, ids: ['1', '2'] }], asked: 2 }),
      { duplicates: 1, accepted: 1 },
    ],
    ['a job that nobody asked for', facts([one, rendered('2')], { answered: [answer], asked: 1 }), { duplicates: 1 }],
    [
      'a refused request',
      facts([], { answered: [{ ...answer, ids: [], refusal: '422' }] }),
      { refused: 1, accepted: 0 },
    ],
    ['an innocent that was taken for poison', facts([dead('1', 'poison')]), { harmed: 1, dead: 1 }],
    ['an innocent that died', facts([dead('1', 'ffmpeg_failed')]), { harmed: 1, dead: 1 }],
    ['a process that is left', facts([one], { orphans: ['7 node'] }), { orphans: 1 }],
    ['a file that is left', facts([one], { strays: ['jobs/2'] }), { strayFiles: 1 }],
    ['a file that is not whole', facts([one], { broken: ['1/large.mp4'] }), { broken: 1 }],
    ['a partner who was not told', facts([one], { told: new Map() }), { untold: 1 }],
    [
      'a partner who was told by two events',
      facts([one], { told: new Map([['1', new Set(['a', 'b'])]]) }),
      { duplicates: 1 },
    ],
    ['a job that was told of, and stays rendered', facts([{ ...one, state: 'rendered' }]), { untold: 0 }],
    ['a service that does not end', facts([one], { troubles: ['it was killed'] }), {}],
  ];
  for (const [what, of, wanted] of faults)
    it(`do not balance with ${what}`, () => {
      const ledger = balance(of);
      assert.equal(ledger.balances, false);
      assert.deepEqual({ ...ledger, ...wanted }, ledger);
      assert.ok(ledger.findings.length > 0);
    });

  it('take the death of a job that was made to die as it was meant', () => {
    const ledger = balance(facts([dead('1', 'unknown_template')], { answered: [{ ...answer, purpose: 'doomed' }] }));
    assert.ok(ledger.balances);
    assert.deepEqual(ledger.deaths, { unknown_template: 1 });
  });

  it('hold queued jobs for unfinished, and not for lost, when the run was interrupted', () => {
    const ledger = balance(facts([queued('1'), rendered('2')], { isInterrupted: true }));
    assert.deepEqual([ledger.balances, ledger.unfinished, ledger.lost], [true, 1, 0]);
  });

  it('take a job that was made by a request without an answer for asked for', () => {
    assert.ok(balance(facts([one, rendered('2')], { answered: [answer], asked: 2, isInterrupted: true })).balances);
  });

  it('tell from the history how long a job whose renderer was killed could not be claimed', () => {
    const history = [
      at('enqueued', 0),
      at('claimed', 1, 900),
      at('retried', 1, 1_020),
      at('claimed', 2),
      at('rendered', 2),
    ];
    const hit = { at: 1_000, slot: 0, attempt: { id: '1', fence: 1 }, refilledAt: 1_300 };
    const none = { at: 1_000, slot: 0, attempt: undefined, refilledAt: undefined };
    const { requeue, refill } = balance(facts([{ ...one, history }], { hits: [hit, none] }));
    assert.deepEqual(requeue, { count: 1, p50: 20, p99: 20, most: 20 });
    assert.deepEqual(refill, { count: 1, p50: 300, p99: 300, most: 300 });
  });
});

describe('a spread', () => {
  it('is of values that were there, in their order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1 }), (values) => {
        const { p50, p99, most, count } = spread(values) ?? assert.fail();
        assert.ok(values.includes(p50) && values.includes(p99));
        assert.equal(most, Math.max(...values));
        assert.ok(p50 <= p99 && p99 <= most);
        assert.equal(count, values.length);
        assert.ok(values.filter((value) => value <= p50).length >= values.length / 2);
      }),
    );
  });

  it('is nothing of nothing', () => assert.equal(spread([]), undefined));
});
