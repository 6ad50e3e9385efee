import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  isFull,
  type RecycleReason,
  type RendererFacts,
  reasonSpared,
  reasonToRecycle,
  spreadJobs,
} from '../../../src/supervisor/decisions/recycle.js';

const limits = { maxJobs: 100, maxMemory: 500, maxAgeMs: 1_000, minLifetimeMs: 0 };
const fresh: RendererFacts = {
  ...{ jobs: 0, jobLimit: 95, restingMemory: 0, baseMemory: 0, leak: 0, ageMs: 0 },
  ...{ openFiles: 30, baseFiles: 30, fileLimit: 100 },
};

describe('a renderer is due', () => {
  const cases: readonly [what: string, facts: Partial<RendererFacts>, reason: RecycleReason | undefined][] = [
    ['not when it has just begun', {}, undefined],
    ['not at its last job but one', { jobs: 94 }, undefined],
    ['at its last job', { jobs: 95 }, 'jobs'],
    ['not at its memory', { restingMemory: 500 }, undefined],
    ['past its memory', { restingMemory: 501 }, 'memory'],
    ['when one more job like the last will take it there', { restingMemory: 470, leak: 31 }, 'memory'],
    ['not when one more job will fit', { restingMemory: 470, leak: 30 }, undefined],
    ['at its age', { ageMs: 1_000 }, 'age'],
    ['not below 80 % of its files', { openFiles: 79 }, undefined],
    ['at 80 % of its files', { openFiles: 80 }, 'files'],
    ['not for files that nobody limits', { openFiles: 1e6, fileLimit: Number.POSITIVE_INFINITY }, undefined],
    ['for the most pressing reason', { jobs: 95, restingMemory: 600, ageMs: 1_000 }, 'memory'],
  ];
  for (const [what, facts, reason] of cases) {
    it(what, () => assert.equal(reasonToRecycle({ ...fresh, ...facts }, limits), reason));
  }
});

describe('a young renderer', () => {
  const strict = { ...limits, minLifetimeMs: 500 };
  const cases: readonly [what: string, facts: Partial<RendererFacts>, spared: boolean][] = [
    ['is spared when it was over its memory from the first job on', { restingMemory: 600, baseMemory: 590 }, true],
    ['is not when it has grown', { restingMemory: 600, baseMemory: 475 }, false],
    ['is spared when it needs its files from the beginning', { openFiles: 85, baseFiles: 80 }, true],
    ['is not when it has opened them since', { openFiles: 85, baseFiles: 60 }, false],
    ['is not when it has hardly a file left', { openFiles: 95, baseFiles: 90 }, false],
  ];
  for (const [what, facts, spared] of cases) {
    it(what, () => {
      const young = { ...fresh, ...facts, ageMs: 499 };
      const worn = facts.restingMemory ? 'memory' : 'files';
      assert.equal(reasonToRecycle(young, strict), spared ? undefined : worn);
      assert.equal(reasonSpared(young, strict), spared ? worn : undefined);
      assert.equal(isFull(young, strict), worn === 'memory' && !spared, 'and works on while it is spared');
      const grownUp = { ...young, ageMs: 500 };
      assert.deepEqual([reasonToRecycle(grownUp, strict), reasonSpared(grownUp, strict)], [worn, undefined]);
    });
  }

  it('is replaced for its jobs all the same', () => {
    assert.equal(reasonToRecycle({ ...fresh, restingMemory: 600, baseMemory: 600, jobs: 95 }, strict), 'jobs');
  });

  it('never grows by more than a quarter of the limit above what it needs', () => {
    const size = () => fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(size(), size(), size(), (maxMemory, baseMemory, restingMemory) => {
        const kept = reasonToRecycle({ ...fresh, baseMemory, restingMemory }, { ...strict, maxMemory }) === undefined;
        return !kept || restingMemory <= Math.max(maxMemory, baseMemory + maxMemory / 4);
      }),
    );
  });
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
