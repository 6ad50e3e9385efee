import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  afterBootFailure,
  BOOTS_WELL,
  mayBoot,
  restartDelay,
  retryDelay,
} from '../../../src/supervisor/decisions/backoff.js';

const chance = () => fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the delay before a crashed renderer is replaced', () => {
  it('is none the first time, and then doubles from 50 ms to 5 s', () => {
    const most = [1, 2, 3, 4, 8, 9, 20].map((deaths) => restartDelay(deaths, 1));
    assert.deepEqual(most, [0, 50, 100, 200, 3_200, 5_000, 5_000]);
    assert.equal(restartDelay(3, 0), 50, 'at least half');
  });

  it('is 0.5 s at most when somebody else killed it', () => {
    const most = [1, 2, 5, 6, 20].map((deaths) => restartDelay(deaths, 1, true));
    assert.deepEqual(most, [0, 50, 400, 500, 500]);
  });

  it('never falls with one more death of the same chance', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), chance(), (deaths, random) => {
        const delay = restartDelay(deaths, random);
        return delay >= 0 && delay <= 5_000 && restartDelay(deaths + 1, random) >= delay;
      }),
    );
  });
});

describe('the breaker of boots', () => {
  it('opens for 0.5 s, and twice as long with each failure after that, up to 30 s', () => {
    let boots = BOOTS_WELL;
    const waits: number[] = [];
    for (let now = 0; waits.length < 9; now = boots.notBefore) {
      boots = afterBootFailure(boots, now, 1);
      waits.push(boots.notBefore - now);
    }
    assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('takes failures at the same time for one', () => {
    const first = afterBootFailure(BOOTS_WELL, 1_000, 0);
    assert.deepEqual(first, { failures: 1, notBefore: 1_250 });
    assert.deepEqual(afterBootFailure(first, 1_100, 0.7), first);
    assert.equal(afterBootFailure(first, 1_250, 0).failures, 2);
  });

  it('lets any number boot while all is well, and one after a failure', () => {
    assert.equal(mayBoot(BOOTS_WELL, 0, 7), true);
    const open = { failures: 1, notBefore: 500 };
    assert.deepEqual([mayBoot(open, 499, 0), mayBoot(open, 500, 0), mayBoot(open, 500, 1)], [false, true, false]);
  });
});

describe('the delay before a failed job is tried again', () => {
  const may = { retryable: true };

  it('is 2 s at most, then 8 s, and never above 5 min', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 9].map((attempt) => retryDelay(may, attempt, 100, 1)),
      [2_000, 8_000, 32_000, 128_000, 300_000, 300_000],
    );
  });

  it('is none when it was the last attempt, or trying again cannot help', () => {
    assert.equal(retryDelay(may, 1, 3, 0), 4_000);
    assert.equal(retryDelay(may, 2, 3, 0), null);
    assert.equal(retryDelay({ retryable: false }, 0, 3, 0), null);
  });

  it('spreads over its upper half', () => {
    fc.assert(
      fc.property(fc.nat(20), chance(), (attempt, random) => {
        const most = retryDelay(may, attempt, 100, 1) as number;
        const delay = retryDelay(may, attempt, 100, random) as number;
        return delay >= most / 2 && delay <= most;
      }),
    );
  });
});
