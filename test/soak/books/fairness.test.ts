import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { HistoryEntry } from '../../../src/job.js';
import { sharesOf } from './fairness.js';

type Event = HistoryEntry['event'];
const job = (partner: string, ...events: readonly (readonly [Event, number])[]) => ({
  partner,
  state: events.at(-1)?.[0] === 'rendered' ? ('rendered' as const) : ('queued' as const),
  history: events.map(([event, at]) => ({ event, at, fence: 0 })),
});
/** Waits from the beginning to `at`. */
const backlog = (partner: string, at: number) => job(partner, ['enqueued', 0], ['claimed', at], ['rendered', at]);

it('shares are counted while every partner has a job waiting, and no longer', () => {
  const shares = sharesOf([
    job('a', ['enqueued', 0], ['claimed', 0], ['rendered', 9_000]),
    job('b', ['enqueued', 0], ['claimed', 1_000], ['rendered', 3_000]),
    backlog('a', 5_000),
    backlog('b', 4_000),
  ]);
  assert.deepEqual(shares, { seconds: { a: 4, b: 2 }, contended: 4, unevenness: 1 / 3 });
});

it('an attempt that was given back holds its slot until then, and waits again', () => {
  const shares = sharesOf([
    job('a', ['enqueued', 0], ['claimed', 0], ['released', 1_000], ['claimed', 3_000], ['rendered', 4_000]),
    backlog('a', 4_000),
    job('b', ['enqueued', 0], ['claimed', 0], ['rendered', 2_000]),
    backlog('b', 4_000),
  ]);
  assert.deepEqual(shares?.seconds, { a: 2, b: 2 });
  assert.equal(shares?.unevenness, 0);
});

it('one partner alone, or none that had to wait, shares with nobody', () => {
  assert.equal(sharesOf([backlog('a', 1)]), undefined);
  assert.equal(
    sharesOf([backlog('a', 1_000), job('b', ['enqueued', 2_000], ['claimed', 2_000], ['rendered', 3_000])]),
    undefined,
  );
});
