import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { decisions, FAULTS, type FaultName, isTimed, leaks, type Purpose, type Sayings, wishes } from './plan.js';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const timed = FAULTS.filter(isTimed);
const some = fc.subarray(timed, { minLength: 1 });
const first = (seed: number, allowed: readonly FaultName[], count: number) => {
  const drawn = decisions(seed, allowed);
  return Array.from({ length: count }, () => drawn.next().value);
};
/** Words that tell how often they were asked for. */
const counting = (): ((purpose: Purpose) => Sayings) => {
  let said = 0;
  const sayings = { say: () => ({ hello: `${++said}` }), casts: [{ ball: 'red' }, { ball: 'green' }] };
  return () => sayings;
};

describe('the decisions of a seed', () => {
  it('are the same every time', () => {
    fc.assert(
      fc.property(seeds, some, (seed, allowed) => assert.deepEqual(first(seed, allowed, 50), first(seed, allowed, 50))),
    );
  });

  it('do not depend on the order in which faults are named', () => {
    fc.assert(
      fc.property(seeds, some, (seed, allowed) =>
        assert.deepEqual(first(seed, allowed, 50), first(seed, [...allowed].reverse(), 50)),
      ),
    );
  });

  it('are of the faults that were asked for, and within their bounds', () => {
    fc.assert(
      fc.property(seeds, some, (seed, allowed) => {
        for (const { fault, pick, lastsMs } of first(seed, allowed, 100)) {
          assert.ok(allowed.includes(fault));
          assert.ok(pick >= 0 && pick < 1);
          assert.ok(lastsMs >= 0 && lastsMs <= 8_000);
        }
      }),
    );
  });

  it('are of every kind in the long run, and mostly kills', () => {
    const drawn = first(1, FAULTS, 10_000);
    for (const name of timed)
      assert.ok(
        drawn.some(({ fault }) => fault === name),
        name,
      );
    assert.ok(drawn.filter(({ fault }) => fault === 'kill').length > drawn.length / 2);
  });

  it('differ between seeds', () => assert.notDeepEqual(first(1, FAULTS, 50), first(2, FAULTS, 50)));

  it('are refused when there is nothing to choose from', () => {
    assert.throws(() => decisions(1, ['poison', 'leak']).next(), /no fault/);
  });
});

describe('the renderers of a seed that leak', () => {
  it('are the same every time, however many renderers there are', () => {
    fc.assert(
      fc.property(seeds, fc.nat(200), fc.nat(200), (seed, few, more) =>
        assert.deepEqual(leaks(seed, few), leaks(seed, few + more).slice(0, few)),
      ),
    );
  });

  it('are some of them, and others for another seed', () => {
    const drawn = leaks(1, 1_000).filter(Boolean).length;
    assert.ok(drawn > 200 && drawn < 400, `${drawn} of 1000`);
    assert.notDeepEqual(leaks(1, 50), leaks(2, 50));
  });
});

describe('the jobs of a seed', () => {
  it('are the same every time, with keys of their own', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 300 }), (seed, count) => {
        const made = wishes(seed, count, FAULTS, counting());
        assert.deepEqual(made, wishes(seed, count, FAULTS, counting()));
        assert.equal(new Set(made.map(({ key }) => key)).size, count);
      }),
    );
  });

  it('are there for every purpose in the long run, and mostly plain', () => {
    const made = wishes(1, 1_000, FAULTS, counting());
    const of = (purpose: Purpose) => made.filter((wish) => wish.purpose === purpose).length;
    for (const purpose of ['slow', 'cancelled', 'doomed', 'poison'] as const) assert.ok(of(purpose) > 1, purpose);
    assert.ok(of('plain') > 800);
  });

  it('are not poison when that was not asked for', () => {
    assert.ok(wishes(1, 1_000, ['kill'], counting()).every(({ purpose }) => purpose !== 'poison'));
  });

  it('say some words again', () => {
    const said = wishes(1, 1_000, FAULTS, counting()).map(({ words }) => words.hello);
    const different = new Set(said).size;
    assert.ok(different > 500 && different < 700, `${different} of 1000`);
  });
});
