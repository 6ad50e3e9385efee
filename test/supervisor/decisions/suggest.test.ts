import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type RecycleHistory, suggest } from '../../../src/supervisor/decisions/suggest.js';

const usual: RecycleHistory = {
  ...{ renderers: 3, base: 100e6, leak: 1e6, bootSeconds: 0.5, jobSeconds: 0.1, budget: 3e9 },
};

describe('a suggestion', () => {
  it('lets a renderer pay for its boot, or double', () => {
    const { maxJobs, maxMemory, steps } = suggest(usual);
    // 0.5 s of boot are half a percent of 1,000 jobs of 0.1 s, but 1 GB holds (800 - 100) of 1 MB.
    assert.deepEqual([maxJobs, maxMemory], [700, 1_008e6]);
    assert.equal(steps.length, 6);
    assert.match(steps.at(-1) ?? '', /not memory enough: recycling will cost 0\.7 %/);
    assert.deepEqual(suggest({ ...usual, jobSeconds: 1, leak: 0.5e6 }), {
      maxJobs: 200,
      maxMemory: 256e6,
      steps: [
        'a boot takes 0.50 s, a job 1.000 s: from 100 jobs on, boots cost less than 0.5 %',
        'a renderer rests at 100 MB after its first job and leaks 500.0 kB with every job: it has doubled after 200 jobs',
        '3000 MB for 3 renderers is 1000 MB for each: room for 1400 jobs',
        'maxJobs = the greater of 100 and 200, at most 1400: 200',
        'maxMemory = (100 MB + 200 × 500.0 kB) × 1.25: 256 MB',
      ],
    });
  });

  it('without a leak is ten thousand jobs', () => {
    const { maxJobs, maxMemory } = suggest({ ...usual, leak: 0 });
    assert.deepEqual([maxJobs, maxMemory], [10_000, 128e6]);
  });

  it('always has a job to do, and room for all its jobs below its memory', () => {
    const above = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    fc.assert(
      fc.property(above(1e6, 1e9), above(0, 1e8), above(0.01, 10), above(0.001, 100), (base, leak, boot, job) => {
        const { maxJobs, maxMemory } = suggest({ ...usual, base, leak, bootSeconds: boot, jobSeconds: job });
        return Number.isInteger(maxJobs) && maxJobs >= 1 && maxJobs <= 10_000 && maxMemory > base + leak * maxJobs;
      }),
    );
  });
});
