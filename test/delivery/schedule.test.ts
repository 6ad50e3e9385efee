/** What follows from an answer. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAUSES, settlementOf } from '../../src/delivery/schedule.js';

const DAY = 86_400_000;

describe('after a call', () => {
  it('any success delivers', () => {
    for (const status of [200, 201, 204, 299]) assert.equal(settlementOf({ status }, 0, 0), 'delivered');
  });

  it('anything else is tried again, ever later, eleven times in about three days, then given up', () => {
    for (const answer of [{ status: 302 }, { status: 404 }, { status: 500 }, { failure: 'ECONNREFUSED' }]) {
      const pauses = PAUSES.map((_, attempt) => settlementOf(answer, attempt, 0));
      assert.deepEqual(
        pauses,
        PAUSES.map((retryInMs) => ({ retryInMs })),
      );
      assert.deepEqual(settlementOf(answer, PAUSES.length, 0), { retryInMs: null });
    }
    assert.deepEqual(
      [...PAUSES].sort((a, b) => a - b),
      PAUSES,
    );
    const days = PAUSES.reduce((sum, pause) => sum + pause) / DAY;
    assert.ok(days > 3 && days < 3.5, `${days} days`);
  });

  it('what failed together comes back apart, within a fifth', () => {
    assert.deepEqual(settlementOf({ status: 500 }, 0, 0.5), { retryInMs: 5_500 });
    assert.deepEqual(settlementOf({ status: 500 }, 1, 0.999), { retryInMs: 71_988 });
  });

  it('410 is for good', () => {
    assert.deepEqual(settlementOf({ status: 410 }, 0, 0), { retryInMs: null });
  });

  it('a server that asks for time is given it, a day at most, and never less than the pause', () => {
    assert.deepEqual(settlementOf({ status: 503, retryAfterMs: 120_000 }, 0, 0), { retryInMs: 120_000 });
    assert.deepEqual(settlementOf({ status: 429, retryAfterMs: 1 }, 0, 0), { retryInMs: 5_000 });
    assert.deepEqual(settlementOf({ status: 503, retryAfterMs: 1e12 }, 0, 0), { retryInMs: DAY });
  });
});
