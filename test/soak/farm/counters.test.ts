import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Counters } from './counters.js';
import { parseMetrics, risingIn } from './scrape.js';

const TYPES = ['# TYPE jobs_total counter', '# TYPE stage_seconds histogram', '# TYPE handles_total gauge'];
const look = (life: number, ...series: readonly string[]) => ({ life, text: [...TYPES, ...series].join('\n') });
function fallenAfter(...looks: readonly ReturnType<typeof look>[]): readonly string[] {
  const counters = new Counters();
  for (const { life, text } of looks) counters.take({ scraped: parseMetrics(text), rising: risingIn(text) }, life);
  return counters.fallen;
}

describe('counters', () => {
  it('may stay and rise, and gauges may do as they like', () => {
    const first = look(1, 'jobs_total{outcome="dead"} 1', 'stage_seconds_sum 2.5', 'handles_total 4');
    const second = look(1, 'jobs_total{outcome="dead"} 1', 'stage_seconds_sum 3', 'handles_total 1');
    assert.deepEqual(fallenAfter(first, second), []);
  });

  it('begin anew with another life', () => {
    assert.deepEqual(fallenAfter(look(1, 'jobs_total 7'), look(2, 'jobs_total 1')), []);
  });

  it('that fall, or go, are told', () => {
    const first = look(1, 'jobs_total 7', 'stage_seconds_bucket{le="1"} 3');
    assert.deepEqual(fallenAfter(first, look(1, 'jobs_total 6')), [
      'counter fell: jobs_total from 7 to 6',
      'counter fell: stage_seconds_bucket{le="1"} from 3 to nothing',
    ]);
  });
});
