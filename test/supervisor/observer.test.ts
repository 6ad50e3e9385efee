/** What the log and the metrics make of what happens in a farm. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure } from '../../src/errors.js';
import type { Job } from '../../src/job.js';
import { createLog } from '../../src/log.js';
import { createMetrics } from '../../src/metrics.js';
import { DAMAGED, NOT_PREPARED, TORN } from '../../src/paths.js';
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
  emptyFor: 'start',
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
    const busy = { phase: 'busy', memory: 100, baseMemory: 50, leak: 7, jobs: 3, openFiles: 20 } as const;
    observer.state([seat(0, busy), seat(1, { ...busy, phase: 'idle' }), seat(2)], undefined);
    const text = await metrics.text();
    assert.match(text, /slots\{condition="busy"\} 1\n/);
    assert.match(text, /slots\{condition="empty"\} 1\n/);
    assert.match(text, /slots\{condition="leaving"\} 0\n/);
    assert.match(text, /slot_memory_bytes\{slot="0"\} 100\n/);
    assert.match(text, /slot_memory_bytes\{slot="2"\} 0\n/);
    assert.match(text, /slot_base_bytes\{slot="1"\} 50\n/);
    assert.match(text, /slot_leak_bytes_per_job\{slot="1"\} 7\n/);
    assert.match(text, /slot_jobs\{slot="1"\} 3\n/);
    assert.match(text, /slot_open_files\{slot="1"\} 20\n/);
    assert.doesNotMatch(text, /queue_jobs\{/, 'nobody has counted yet');
  });

  it('adds up where the time of the slots goes, in seconds', async () => {
    const { observer, metrics } = watching();
    const now = { standbys: 1, concurrency: 2 };
    observer.capacity({ slots: 2_000, lost: { start: 500, planned: 0, unplanned: 250 } }, now);
    observer.capacity({ slots: 2_000, lost: { start: 0, planned: 1, unplanned: 250 } }, now);
    const text = await metrics.text();
    for (const line of [
      'slot_seconds_total 4',
      'slot_seconds_lost_total{reason="start"} 0.5',
      'slot_seconds_lost_total{reason="planned"} 0.001',
      'slot_seconds_lost_total{reason="unplanned"} 0.5',
      'standbys 1',
      'concurrency 2',
    ])
      assert.ok(text.includes(`storyfarm_${line}\n`), line);
  });

  it('says which option is too low when a renderer is spared', () => {
    const { observer, lines } = watching();
    observer.spared(1, 11, 'memory');
    observer.spared(1, 11, 'files');
    assert.match(lines[0] ?? '', /Raise maxMemory/);
    assert.match(lines[1] ?? '', /ulimit -n/);
  });

  it('says what ends a pause of claims', () => {
    const { observer, lines } = watching();
    for (const reason of ['no_space', 'storage', 'bucket', 'request']) observer.paused(reason, true);
    observer.paused('storage', false);
    const hints = lines.map((line) => JSON.parse(line).hint);
    for (const [index, hint] of [/diskFloor/, /jobs\/\.storyfarm/, /storyfarm doctor/, /storyfarm resume/].entries())
      assert.match(hints[index], hint);
    assert.equal(hints[4], undefined);
    observer.paused('bucket', true, { message: 'No.', hint: 'Mend it.' });
    const { detail, hint } = JSON.parse(lines.at(-1) ?? '');
    assert.deepEqual([detail, hint], ['No.', 'Mend it.']);
  });

  it('tells which paths a job took and, of the expensive one, why', async () => {
    const { observer, metrics, lines } = watching();
    const reason = 'Its film is not prepared.';
    const [swap, encoded] = [{ path: 'swap' }, { path: 're-encode', reason }] as const;
    observer.rendered(job, { outputs: [], stages: {}, paths: { large: encoded, medium: swap, small: encoded } });
    observer.rendered(job, { outputs: [], stages: {}, paths: { large: swap } });
    const [mixed, swapped] = lines.map((line) => JSON.parse(line));
    assert.deepEqual([mixed.path, mixed.why], ['mixed', [`large, small: ${reason}`]]);
    assert.deepEqual([swapped.path, swapped.why], ['swap', undefined]);
    const text = await metrics.text();
    assert.match(text, /storyfarm_renditions_total\{path="swap"\} 2\n/);
    assert.match(text, /storyfarm_renditions_total\{path="re-encode"\} 2\n/);
  });

  it('warns when an edition was damaged, and of nothing else that a film would take away', () => {
    const { observer, lines } = watching();
    for (const reason of [TORN, NOT_PREPARED, DAMAGED])
      observer.rendered(job, { outputs: [], stages: {}, paths: { large: { path: 're-encode', reason } } });
    const told = lines.map((line) => JSON.parse(line));
    assert.deepEqual(
      told.filter(({ level }) => level === 'warn').map(({ template, msg }) => [template, msg]),
      [['t', 'a damaged edition was deleted with its films']],
    );
    assert.equal(told.length, 4);
  });

  it('tells how far a preparation is: to the metrics always, to the log by quarters', async () => {
    const { observer, metrics, lines } = watching();
    const edition = { template: { id: 't', version: 'v' }, cast: { who: 'girl' } };
    const shown = async () => /^storyfarm_preparation_progress (.+)$/m.exec(await metrics.text())?.[1];
    const endings = [
      () => observer.prepared(edition, 1_000),
      () => observer.notPrepared(edition, failure('ffmpeg_failed', 'No.'), false),
      () => observer.preparationStopped(edition),
    ];
    for (const end of endings) {
      lines.length = 0;
      observer.preparing(edition);
      assert.equal(await shown(), '0');
      for (const fraction of [0.1, 0.24, 0.26, 0.4, 0.8, 0.9]) observer.preparationProgress(edition, fraction);
      assert.equal(await shown(), '0.9');
      observer.preparationProgress(edition, 1);
      end();
      assert.equal(await shown(), undefined, 'nothing is being prepared');
      const percents = lines.map((line) => JSON.parse(line).percent);
      assert.deepEqual(percents, [undefined, 25, 75, undefined]);
    }
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
