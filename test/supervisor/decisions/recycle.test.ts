import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type RecycleReason,
  type RendererFacts,
  reasonToRecycle,
  spreadJobs,
} from '../../../src/supervisor/decisions/recycle.js';

const limits = { maxJobs: 100, maxMemory: 500, maxAgeMs: 1_000 };
const young: RendererFacts = { jobs: 0, jobLimit: 95, restingMemory: 0, growth: 0, ageMs: 0 };

describe('a renderer is due', () => {
  const cases: readonly [what: string, facts: Partial<RendererFacts>, reason: RecycleReason | undefined][] = [
    ['not when it has just begun', {}, undefined],
    ['not at its last job but one', { jobs: 94 }, undefined],
    ['at its last job', { jobs: 95 }, 'jobs'],
    ['not at its memory', { restingMemory: 500 }, undefined],
    ['past its memory', { restingMemory: 501 }, 'memory'],
    ['when one more job like the last will take it there', { restingMemory: 470, growth: 31 }, 'memory'],
    ['not when one more job will fit', { restingMemory: 470, growth: 30 }, undefined],
    ['at its age', { ageMs: 1_000 }, 'age'],
    ['for the most pressing reason', { jobs: 95, restingMemory: 600, ageMs: 1_000 }, 'memory'],
  ];
  for (const [what, facts, reason] of cases) {
    it(what, () => assert.equal(reasonToRecycle({ ...young, ...facts }, limits), reason));
  }
});

describe('the spread of jobs', () => {
  it('takes up to a tenth off, and leaves at least one job', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (maxJobs, random) => {
          const limit = spreadJobs(maxJobs, random);
          return Number.isInteger(limit) && limit >= 1 && limit <= maxJobs && limit >= maxJobs * 0.9;
        },
      ),
    );
  });

  it('does spread', () => {
    assert.deepEqual(
      [0, 0.5, 0.999].map((random) => spreadJobs(500, random)),
      [500, 475, 451],
    );
  });
});
