import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Counters } from './counters.js';
import { parseMetrics } from './scrape.js';

interface Look {
  readonly life: number;
  readonly text: string;
}
const look = (life: number, ...series: readonly string[]): Look => ({ life, text: series.join('\n') });
function fallenAfter(...looks: readonly Look[]): readonly string[] {
  const counters = new Counters();
  for (const { life, text } of looks) counters.take(parseMetrics(text), life);
  return counters.fallen;
}

describe('counters', () => {
  it('may stay and rise, and gauges may do as they like', () => {
    const first = look(1, 'jobs_total{outcome="dead"} 1', 'stage_seconds_sum 2.5', 'slots{condition="busy"} 4');
    const second = look(1, 'jobs_total{outcome="dead"} 1', 'stage_seconds_sum 3', 'slots{condition="busy"} 1');
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
