/** What the log and the metrics make of what happens in a farm. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure } from '../../src/errors.js';
import type { Job } from '../../src/job.js';
import { createLog } from '../../src/log.js';
import { createMetrics } from '../../src/metrics.js';
import { observeWith } from '../../src/supervisor/observer.js';
import type { Renderer, Slot } from '../../src/supervisor/renderer/renderer.js';

const job = {
  id: 'a',
  state: 'rendering',
  attempt: 0,
  fence: 1,
  request: { template: { id: 't', version: 'v' }, cast: {}, words: { hello: 'a secret' } },
} as unknown as Job;

function watching() {
  const metrics = createMetrics();
  const lines: string[] = [];
  const log = createLog({ part: 'farm', level: 'trace', to: { write: (line: string) => void lines.push(line) } });
  return { observer: observeWith(log, metrics), metrics, lines };
}

const seat = (number: number, renderer?: Partial<Renderer>): Slot => ({
  number,
  renderer: renderer as Renderer | undefined,
  deaths: 0,
  emptyUntil: 0,
});

describe('the observer of a farm', () => {
  it('counts what ended, by outcome, reason and cause', async () => {
    const { observer, metrics } = watching();
    observer.rendered(job, { outputs: [], stages: { encode: 1_500 } });
    observer.failed(job, failure('ffmpeg_failed', 'No.'), 1_000);
    observer.failed(job, failure('poison', 'No.'), null);
    observer.recycled(0, 11, 'memory', 12);
    observer.died(1, 13, failure('renderer_silent', 'Silent.'));
    observer.leaseLost(job);
    observer.paused('no_space', true);
    const text = await metrics.text();
    for (const line of [
      'storyfarm_jobs_finished_total{outcome="rendered"} 1',
      'storyfarm_jobs_finished_total{outcome="dead"} 1',
      'storyfarm_attempts_failed_total{code="ffmpeg_failed"} 1',
      'storyfarm_attempts_failed_total{code="poison"} 1',
      'storyfarm_renderer_recycles_total{reason="memory"} 1',
      'storyfarm_renderer_restarts_total{cause="renderer_silent"} 1',
      'storyfarm_leases_lost_total 1',
      'storyfarm_claims_paused{reason="no_space"} 1',
      'storyfarm_stage_duration_seconds_sum{stage="encode"} 1.5',
    ]) {
      assert.ok(text.includes(`${line}\n`), line);
    }
    observer.paused('no_space', false);
    assert.match(await metrics.text(), /claims_paused\{reason="no_space"\} 0/);
  });

  it('shows every condition of the slots, those of none too, and their memory', async () => {
    const { observer, metrics } = watching();
    const busy = { phase: 'busy', memory: 100, growth: 7 } as const;
    observer.state([seat(0, busy), seat(1, { ...busy, phase: 'idle' }), seat(2)], undefined);
    const text = await metrics.text();
    assert.match(text, /slots\{condition="busy"\} 1\n/);
    assert.match(text, /slots\{condition="empty"\} 1\n/);
    assert.match(text, /slots\{condition="leaving"\} 0\n/);
    assert.match(text, /slot_memory_bytes\{slot="0"\} 100\n/);
    assert.match(text, /slot_memory_bytes\{slot="2"\} 0\n/);
    assert.match(text, /slot_growth_bytes\{slot="1"\} 7\n/);
    assert.doesNotMatch(text, /queue_jobs\{/, 'nobody has counted yet');
  });

  it('logs no words', () => {
    const { observer, lines } = watching();
    observer.assigned(job, 0);
    observer.rendered(job, { outputs: [], stages: {} });
    observer.failed(job, failure('poison', 'No.'), null);
    observer.released(job);
    observer.leaseLost(job);
    assert.equal(lines.length, 5);
    assert.ok(lines.every((line) => line.includes('"id":"a"') && !line.includes('secret')));
  });
});
