import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Line } from './keeper.js';
import { Seats } from './seats.js';

const line = (ms: number, msg: string, more: object = {}): Line => ({ time: new Date(ms).toISOString(), msg, ...more });
const ready = (ms: number, slot: number, renderer: number) => line(ms, 'renderer ready', { slot, renderer });
const died = (ms: number, slot: number, renderer: number) =>
  line(ms, 'The renderer ended by SIGKILL.', { slot, renderer, code: 'renderer_crashed' });
const assigned = (ms: number, slot: number, id: string, fence = 1) =>
  line(ms, 'job assigned', { slot, job: { id, fence } });
const seatsAfter = (...lines: readonly Line[]) => {
  const seats = new Seats();
  for (const each of lines) seats.hear(each);
  return seats;
};

describe('seats as the log tells them', () => {
  it('know which attempt a kill hit, and when another was ready', () => {
    const seats = seatsAfter(ready(1, 0, 100), ready(1, 1, 101), assigned(5, 0, 'a'), assigned(6, 1, 'b'));
    seats.killed(100, 10);
    for (const each of [died(12, 0, 100), ready(350, 0, 102)]) seats.hear(each);
    assert.deepEqual(seats.hits, [{ at: 10, slot: 0, attempt: { id: 'a', fence: 1 }, refilledAt: 350 }]);
    assert.equal(seats.rendererIn(0), 102);
  });

  for (const end of ['job rendered', 'job failed, will be tried again', 'job dead', 'job given back', 'lease lost'])
    it(`hit no attempt after "${end}"`, () => {
      const seats = seatsAfter(ready(1, 0, 100), assigned(5, 0, 'a'), line(7, end, { job: { id: 'a', fence: 1 } }));
      seats.killed(100, 10);
      assert.equal(seats.hits[0]?.attempt, undefined);
    });

  it('keep an attempt when an earlier one of the same job ends', () => {
    const late = line(7, 'lease lost', { job: { id: 'a', fence: 1 } });
    const seats = seatsAfter(ready(1, 0, 100), assigned(5, 0, 'a', 2), late);
    seats.killed(100, 10);
    assert.deepEqual(seats.hits[0]?.attempt, { id: 'a', fence: 2 });
  });

  it('know standbys, and when one takes a seat', () => {
    const seats = seatsAfter(ready(1, 0, 100), line(2, 'standby ready', { slot: -1, renderer: 200 }));
    seats.killed(100, 10);
    for (const each of [died(12, 0, 100), line(13, 'standby seated', { slot: 0, renderer: 200 })]) seats.hear(each);
    assert.deepEqual([seats.rendererIn(0), seats.hits[0]?.refilledAt], [200, 13]);
  });

  it('follow a recycling', () => {
    const recycled = line(9, 'renderer recycled', { slot: 0, renderer: 100, standby: 200, reason: 'jobs' });
    const seats = seatsAfter(
      ready(1, 0, 100),
      ready(8, 0, 200),
      recycled,
      line(20, 'renderer gone', { slot: 0, renderer: 100 }),
    );
    assert.equal(seats.rendererIn(0), 200);
  });

  it('note nothing of processes that have no seat, and nothing of a farm that is gone', () => {
    const seats = seatsAfter(ready(1, 0, 100));
    seats.killed(999, 10);
    assert.equal(seats.hits.length, 0);
    seats.killed(100, 11);
    seats.forget();
    seats.hear(ready(900, 0, 300));
    assert.equal(seats.hits[0]?.refilledAt, undefined);
  });
});
