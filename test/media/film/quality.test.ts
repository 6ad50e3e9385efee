import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bestOf, isSteady, nextCrf, type Try } from '../../../src/media/film/quality.js';

interface Encoder {
  /** Bytes at rate factor 0, what no rate factor takes away, and steps that halve the rest. */
  readonly most: number;
  readonly fixed: number;
  readonly halving: number;
}

const encode = ({ most, fixed, halving }: Encoder, crf: number) => Math.round(fixed + most * 2 ** (-crf / halving));

function search(encoder: Encoder, first: number, goal: number, isSteadyAt: (crf: number) => boolean = () => true) {
  const tries: Try[] = [];
  for (let crf: number | undefined = first; crf !== undefined; crf = nextCrf(tries, goal))
    tries.push({ crf, bytes: encode(encoder, crf), isSteady: isSteadyAt(crf) });
  return { tries, best: bestOf(tries, goal) };
}

test('of any encoder the rate factor is found whose file is hardly larger than wanted, in at most four tries', () => {
  const encoders = fc.record({
    most: fc.integer({ min: 200_000, max: 20_000_000 }),
    fixed: fc.integer({ min: 0, max: 20_000 }),
    halving: fc.double({ min: 5, max: 8, noNaN: true }),
  });
  // What is wanted has a rate factor from 18 to 30, and the first guess is up to four steps off.
  const wanted = fc.double({ min: 18, max: 30, noNaN: true });
  const off = fc.integer({ min: -16, max: 16 }).map((quarters) => quarters / 4);
  fc.assert(
    fc.property(encoders, wanted, off, (encoder, at, away) => {
      const goal = encode(encoder, at);
      const { tries, best } = search(encoder, Math.round(at * 4) / 4 + away, goal);
      assert.ok(tries.length <= 4, `${tries.length} tries`);
      assert.ok(best);
      assert.ok(best.bytes <= goal * 1.03, `${best.bytes} of ${goal} bytes`);
      // Rate factors are tried in eighths, of which one is up to 2 % of the bytes.
      assert.ok(best.bytes >= goal * 0.94, `${best.bytes} of ${goal} bytes after ${tries.map(({ crf }) => crf)}`);
    }),
    { numRuns: 1000, seed: 1 },
  );
});

test('a first guess that fits is taken as it is', () => {
  const fitting = { crf: 23.5, bytes: 102_000, isSteady: true };
  assert.equal(nextCrf([fitting], 100_000), undefined);
  assert.equal(bestOf([fitting], 100_000), fitting);
});

test('what passes the bit rate of its level is made coarser, whatever its size', () => {
  const encoder = { most: 2_000_000, fixed: 0, halving: 6 };
  const goal = encode(encoder, 23);
  assert.equal(nextCrf([{ crf: 23, bytes: goal, isSteady: false }], goal), 25);
  const { best } = search(encoder, 23, goal, (crf) => crf >= 25);
  assert.ok(best && best.crf >= 25 && best.isSteady, JSON.stringify(best));
});

test('when nothing fits the smallest is the best; of what fits, the finest', () => {
  const tries = [
    { crf: 24, bytes: 300, isSteady: true },
    { crf: 30, bytes: 200, isSteady: true },
    { crf: 27, bytes: 250, isSteady: true },
  ];
  assert.equal(bestOf(tries, 100)?.crf, 30);
  assert.equal(bestOf(tries, 250)?.crf, 27);
  assert.equal(
    bestOf(
      tries.map((one) => ({ ...one, isSteady: one.crf === 24 })),
      1000,
    )?.crf,
    24,
  );
  assert.equal(bestOf([], 100), undefined);
});

test('no rate factor is tried twice, none out of range', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          crf: fc.integer({ min: 4, max: 192 }).map((q) => q / 4),
          bytes: fc.integer({ min: 1, max: 1e7 }),
          isSteady: fc.boolean(),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      fc.integer({ min: 1, max: 1e7 }),
      (tries, goal) => {
        const next = nextCrf(tries, goal);
        if (next === undefined) return;
        assert.ok(next >= 1 && next <= 48 && Number.isInteger(next * 8), `${next}`);
        assert.ok(!tries.some(({ crf }) => crf === next));
        assert.ok(tries.length < 4);
      },
    ),
  );
});

test('a buffer that never runs empty is steady', () => {
  const [fps, rate, room] = [25, 100_000, 100_000]; // 4,000 bits a frame; the buffer begins with 90,000.
  const frames = (bytes: number, count: number) => new Array<number>(count).fill(bytes);
  assert.ok(isSteady(frames(500, 1000), fps, rate, room), 'exactly its rate, for ever');
  assert.ok(isSteady([10_000, ...frames(500, 100)], fps, rate, room), 'a key frame that leaves a tenth');
  assert.ok(!isSteady([10_700, ...frames(500, 100)], fps, rate, room), 'a key frame that leaves nothing for words');
  assert.ok(!isSteady(frames(600, 200), fps, rate, room), 'a fifth too much, too long');
  assert.ok(isSteady(frames(600, 100), fps, rate, room), 'a fifth too much, for a while');
  // What is not read while the buffer is full is lost.
  assert.ok(!isSteady([...frames(0, 1000), 12_000], fps, rate, room));
});
