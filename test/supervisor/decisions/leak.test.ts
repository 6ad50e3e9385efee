import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { leakPerJob, type Rest, withRest } from '../../../src/supervisor/decisions/leak.js';

const lived = (jobs: number, memoryAfter: (job: number) => number): readonly Rest[] => {
  let rests: readonly Rest[] = [];
  for (let job = 1; job <= jobs; job++) rests = withRest(rests, { jobs: job, bytes: memoryAfter(job) });
  return rests;
};

describe('the leak of a renderer', () => {
  it('is not known after three jobs', () => {
    assert.equal(leakPerJob(lived(3, (job) => job * 10)), 0);
    assert.equal(leakPerJob(lived(4, (job) => job * 10)), 10);
  });

  it('is the slope of any line, however many jobs it is', () => {
    const line = (jobs: number, base: number, slope: number) => leakPerJob(lived(jobs, (job) => base + slope * job));
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 3_000 }),
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 0, max: 1e8 }),
        (jobs, base, slope) => line(jobs, base, slope) === slope,
      ),
      { numRuns: 50 },
    );
  });

  it('is not moved by a fourth of wild points', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 15, maxLength: 15 }), (wild) => {
        const leak = leakPerJob(lived(60, (job) => (job % 4 === 0 ? (wild[job / 4 - 1] ?? 0) : 1e8 + 1e6 * job)));
        return leak > 0.5e6 && leak < 1.5e6;
      }),
    );
  });

  it('shows through the teeth of a garbage collector', () => {
    const leak = leakPerJob(lived(500, (job) => 80e6 + 0.1e6 * job + 2e6 * (job % 10)));
    assert.ok(Math.abs(leak - 0.1e6) < 0.02e6, `${leak} bytes a job`);
  });

  it('is none when memory falls, or stays after a step', () => {
    assert.equal(leakPerJob(lived(30, (job) => 1e9 - job)), 0);
    assert.equal(leakPerJob(lived(30, (job) => (job < 8 ? 5e7 : 9e7))), 0);
  });
});

describe('the points that are kept', () => {
  it('are never more than 60, evenly apart, from the first to about the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5_000 }), (jobs) => {
        const kept = lived(jobs, () => 1).map((rest) => rest.jobs);
        const apart = (kept[1] ?? 0) - (kept[0] ?? 0);
        const even = kept.every((job, index) => index === 0 || job - (kept[index - 1] ?? 0) === apart);
        return kept.length <= 60 && even && kept[0] === 1 && jobs - (kept.at(-1) ?? 0) < 2 * apart;
      }),
    );
  });

  it('are the same when nothing was added, so that nothing is estimated anew', () => {
    const rests = lived(100, () => 1);
    assert.equal(withRest(rests, { jobs: (rests.at(-1)?.jobs ?? 0) + 1, bytes: 1 }), rests);
  });
});
