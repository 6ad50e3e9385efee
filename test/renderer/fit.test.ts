import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bestOf, nextCrf, type Try, WORST_CRF } from '../../src/renderer/fit.js';

/** Tries until there is nothing better to try, of a clip whose bytes at a rate factor are given. */
function search(room: number, bytesAt: (crf: number) => number): readonly Try[] {
  const tries: Try[] = [{ crf: 23, bytes: bytesAt(23) }];
  for (let crf = nextCrf(tries, room); crf !== undefined; crf = nextCrf(tries, room)) {
    assert.ok(crf > 23 && crf <= WORST_CRF, `${crf}`);
    assert.ok(!tries.some((other) => other.crf === crf), `${crf} again`);
    assert.ok(Math.abs(crf * 10 - Math.round(crf * 10)) < 1e-9, `${crf} is no step`);
    tries.push({ crf, bytes: bytesAt(crf) });
  }
  return tries;
}

const halving = (bytes: number, slope: number) => (crf: number) => Math.round(bytes * 2 ** ((23 - crf) / slope));

test('what fits at once is tried no further', () => {
  assert.equal(nextCrf([{ crf: 23, bytes: 1000 }], 1000), undefined);
  assert.equal(nextCrf([{ crf: 23, bytes: 10 }], 1000), undefined, 'finer than usual is not asked for');
});

test('the next try is aimed a little below the room', () => {
  // Twice the room, less the share of 0.96 that is aimed at: 1.06 halvings of 6.2 steps.
  assert.equal(nextCrf([{ crf: 23, bytes: 2000 }], 1000), 29.6);
  // Known by two tries: 4 steps halve it.
  assert.equal(
    nextCrf(
      [
        { crf: 23, bytes: 2000 },
        { crf: 25, bytes: 1414 },
      ],
      1000,
    ),
    27.3,
  );
});

test('a clip that answers as most do is fitted by the second encode, within a tenth of the room', () => {
  for (const slope of [5.6, 6, 6.5]) {
    for (const times of [1.02, 1.2, 1.5]) {
      const tries = search(1_000_000, halving(1_000_000 * times, slope));
      const best = bestOf(tries, 1_000_000);
      assert.ok(tries.length === 2 && best && best.bytes >= 900_000, `${slope}, ${times}: ${JSON.stringify(tries)}`);
    }
  }
});

test('a clip at the bit rate of its level hardly answers at first, and is fitted all the same', () => {
  // As the smallest rendition of snow-post does, at level 1b.
  const bytesAt = (crf: number) => Math.min(halving(210_000, 5.4)(crf), 167_000 - (crf - 23) * 5_000);
  for (const room of [120_000, 128_000, 140_000, 150_000, 160_000]) {
    const tries = search(room, bytesAt);
    assert.ok(tries.length <= 4 && (bestOf(tries, room)?.bytes ?? 0) > 0.9 * room, JSON.stringify(tries));
  }
});

test('any clip that can fit does, in five encodes at most and near the room; what cannot is told', () => {
  const slope = fc.double({ min: 4, max: 14, noNaN: true });
  const times = fc.double({ min: 1.01, max: 6, noNaN: true });
  fc.assert(
    fc.property(slope, times, (slope, times) => {
      const room = 400_000;
      const bytesAt = halving(room * times, slope);
      const tries = search(room, bytesAt);
      assert.ok(tries.length <= 5, JSON.stringify(tries));
      const best = bestOf(tries, room);
      if (best) {
        const atWorst = tries.some(({ crf }) => crf === WORST_CRF);
        assert.ok(best.bytes >= 0.85 * room || atWorst, JSON.stringify(tries));
      } else assert.ok(bytesAt(WORST_CRF) > 0.75 * room, `${JSON.stringify(tries)}, ${bytesAt(WORST_CRF)} at worst`);
    }),
    { numRuns: 1000 },
  );
});

test('a clip that does not answer is tried at the worst quality, then given up', () => {
  const tries = search(1000, (crf) => (crf < WORST_CRF ? 1100 : 1050));
  assert.equal(tries.at(-1)?.crf, WORST_CRF);
  assert.ok(tries.length <= 5, `${tries.length}`);
  assert.equal(bestOf(tries, 1000), undefined);
  assert.equal(
    bestOf(
      search(1000, (crf) => (crf < WORST_CRF ? 1100 : 700)),
      1000,
    )?.crf,
    WORST_CRF,
  );
});

test('a cap that sound alone passes is hopeless', () => {
  assert.equal(nextCrf([{ crf: 23, bytes: 5000 }], -100), undefined);
  assert.equal(nextCrf([{ crf: 23, bytes: 5000 }], 0), undefined);
  assert.equal(nextCrf([{ crf: 23, bytes: 5000 }], 10), undefined, 'far beyond what can be watched');
});
