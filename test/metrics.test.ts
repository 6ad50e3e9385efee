import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics, showQueue } from '../src/metrics.js';

describe('the metrics', () => {
  it('describe each of their own, and those of the process', async () => {
    const text = await createMetrics().text();
    const names = [...text.matchAll(/^# HELP (storyfarm_\w+) .+$/gm)].map(([, name]) => name);
    assert.deepEqual(names.sort(), [
      'storyfarm_attempts_failed_total',
      'storyfarm_callback_duration_seconds',
      'storyfarm_callbacks_total',
      'storyfarm_claims_paused',
      'storyfarm_concurrency',
      'storyfarm_files_missing_jobs',
      'storyfarm_http_event_streams',
      'storyfarm_http_request_duration_seconds',
      'storyfarm_http_requests_total',
      'storyfarm_jobs_finished_total',
      'storyfarm_leases_lost_total',
      'storyfarm_outcomes_fenced_total',
      'storyfarm_outcomes_journalled_total',
      'storyfarm_preparation_progress',
      'storyfarm_preparations_total',
      'storyfarm_queue_due_jobs',
      'storyfarm_queue_jobs',
      'storyfarm_queue_oldest_due_seconds',
      'storyfarm_renderer_boot_seconds',
      'storyfarm_renderer_recycles_total',
      'storyfarm_renderer_restarts_total',
      'storyfarm_renditions_total',
      'storyfarm_slot_base_bytes',
      'storyfarm_slot_jobs',
      'storyfarm_slot_leak_bytes_per_job',
      'storyfarm_slot_memory_bytes',
      'storyfarm_slot_open_files',
      'storyfarm_slot_seconds_lost_total',
      'storyfarm_slot_seconds_total',
      'storyfarm_slots',
      'storyfarm_stage_duration_seconds',
      'storyfarm_standbys',
      'storyfarm_store_retries_total',
      'storyfarm_swept_total',
    ]);
    assert.match(text, /^nodejs_eventloop_lag_seconds /m);
    assert.doesNotMatch(text, /eventloop_lag_p99/, 'which costs an idle process more than all the rest');
    assert.match(text, /^process_resident_memory_bytes /m);
  });

  it('show no gauge that nobody has set', async () => {
    const text = await createMetrics().text();
    assert.doesNotMatch(
      text,
      /^storyfarm_(queue|slot(?!_seconds_total)|standbys|concurrency|claims|preparation_|http_event)\w* /m,
    );
  });

  it('show the queue in every state, and seconds', async () => {
    const metrics = createMetrics();
    const byState = { queued: 3, rendering: 2, rendered: 1, delivered: 0, dead: 0, cancelled: 0 };
    showQueue(metrics, { byState, due: 2, oldestDueMs: 1500 });
    const text = await metrics.text();
    assert.match(text, /^storyfarm_queue_jobs\{state="queued"\} 3$/m);
    assert.match(text, /^storyfarm_queue_jobs\{state="dead"\} 0$/m);
    assert.match(text, /^storyfarm_queue_due_jobs 2$/m);
    assert.match(text, /^storyfarm_queue_oldest_due_seconds 1.5$/m);
  });

  it('of two parts in one process are apart', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.leasesLost.inc();
    assert.match(await one.text(), /^storyfarm_leases_lost_total 1$/m);
    assert.match(await other.text(), /^storyfarm_leases_lost_total 0$/m);
  });
});
