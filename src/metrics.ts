/**
 * The numbers that a part of Storyfarm shows at /metrics, all named and described here, in one registry per process.
 *
 * Problem: dashboards and alerts are written against names, so a name must be found in one place and mean one thing everywhere. Every part is
 * given the same object and touches only what is its own. A renderer has no registry: the supervisor counts for it, so that counters never
 * fall when a renderer ends.
 *
 * A gauge that nobody has set is not shown: the front does not claim an empty queue because it never looked.
 */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { JOB_STATES, type JobState } from './job.js';

export interface Metrics {
  /** Requests answered. `route` is the pattern (`/v1/jobs/:id`), or `unmatched`. */
  readonly httpRequests: Counter<'route' | 'method' | 'status'>;
  /** Seconds from the first byte of a request to the last byte of its answer. Event streams are not measured. */
  readonly httpRequestDuration: Histogram<'route' | 'method' | 'status'>;
  /** People who wait on an event stream now. */
  readonly eventStreams: Gauge;

  /** Jobs in the store by state. */
  readonly queueJobs: Gauge<'state'>;
  /** Queued jobs that could be claimed now. */
  readonly queueDue: Gauge;
  /** Seconds that the oldest due job has waited. */
  readonly queueOldestDue: Gauge;

  /** Jobs whose rendering ended on this server; `outcome` is `rendered`, `dead` or `cancelled`. */
  readonly jobsFinished: Counter<'outcome'>;
  /** Attempts that did not succeed and were counted, by error code: failures that the renderer told, and its deaths. */
  readonly attemptsFailed: Counter<'code'>;
  /** Seconds of wall time by stage of an attempt: `prepare`, `fill`, `draw`, `swap`, `encode`, `verify`, `publish`. */
  readonly stageDuration: Histogram<'stage'>;
  /** Renditions that were made, by path: `swap`, `re-encode` or `reuse`. */
  readonly renditions: Counter<'path'>;
  /** Editions that were prepared beside the jobs; `outcome` is `prepared`, `failed` (and will be tried again) or `given_up`. */
  readonly preparations: Counter<'outcome'>;
  /** Fraction of the edition that is being prepared, 0 to 1; not shown while none is. */
  readonly preparationProgress: Gauge;
  /** Renderers replaced as planned, by reason: `jobs`, `memory`, `files`, `age` or `request`. */
  readonly recycles: Counter<'reason'>;
  /** Renderers replaced after a death, by cause (an error code such as `renderer_crashed`). */
  readonly restarts: Counter<'cause'>;
  /** Bytes of the whole process tree of a slot. */
  readonly slotMemory: Gauge<'slot'>;
  /** Bytes of it between jobs when the renderer there had done its first one. */
  readonly slotBase: Gauge<'slot'>;
  /** Bytes that the renderer in a slot leaks with every job, as estimated over its life. */
  readonly slotLeak: Gauge<'slot'>;
  /** Jobs that the renderer in a slot was given. */
  readonly slotJobs: Gauge<'slot'>;
  /** File descriptors of the renderer in a slot. */
  readonly slotFiles: Gauge<'slot'>;
  /** Seconds of all slots together, and those of them in which a slot was of no use to jobs, by reason: `start`, `planned` or `unplanned`. */
  readonly slotSeconds: Counter;
  readonly slotSecondsLost: Counter<'reason'>;
  /** Standbys that could take a seat at once. */
  readonly standbys: Gauge;
  /** Jobs that may be rendered at the same time: the number of slots, or less while the machine lacks memory. */
  readonly concurrency: Gauge;
  /** Seconds from the start of a renderer's process until it is ready. */
  readonly bootDuration: Histogram;
  /** Slots by condition: `booting`, `idle`, `busy` and so on. */
  readonly slots: Gauge<'condition'>;
  /** Attempts whose lease was lost: their results were written off. */
  readonly leasesLost: Counter;
  /** Outcomes that the store refused under their fence: they came too late, and their files were deleted. */
  readonly outcomesFenced: Counter;
  /** Outcomes that were kept in the journal, since the store did not take them at once. */
  readonly outcomesJournalled: Counter;
  /** Calls to partners that were settled; `outcome` is `delivered`, `retried` (and will be tried again) or `given_up`. */
  readonly callbacks: Counter<'partner' | 'outcome'>;
  /** Seconds that such a call took. */
  readonly callbackDuration: Histogram<'partner'>;
  /** Times that a shared store was asked again, by reason: `deadlock`, `lock_timeout`, `away`, `unknown`; `rebuilt`: all connections to it were given up. */
  readonly storeRetries: Counter<'reason'>;
  /** Folders that the sweeper deleted; `what` is `attempt`, `edition` or `render`. */
  readonly swept: Counter<'what'>;
  /** Finished jobs of this server whose files are gone, as the sweeper found at its last look. */
  readonly filesMissing: Gauge;
  /** 1 while no jobs are claimed, else 0; by reason, such as `no_space`. */
  readonly claimsPaused: Gauge<'reason'>;

  /** The registry's content in the Prometheus text format. */
  text(): Promise<string>;
  /** The media type of `text`. */
  readonly contentType: string;
}

/**
 * The distribution of the event loop's lag is measured by a timer that rings 100 times a second: 0.6 % of a core in a process that has nothing else to do, three times
 * what an idle farm may cost. The lag at the moment of the scrape (`nodejs_eventloop_lag_seconds`) costs nothing and is kept.
 */
const SELDOM_MS = 3_600_000;
/** From a cached answer (1 ms) to a request that waited for a locked store (10 s). */
const HTTP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** From a server in the same house to one that is given up. */
const CALL_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];
/** From a fixture to a machine that swaps. */
const BOOT_SECONDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
/** From a fill or a swap (milliseconds) to the encoding of a long ladder on a busy machine (5 min). */
const STAGE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320];

/** A registry of its own with every metric of Storyfarm and those of the process (CPU, memory, event loop). */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: SELDOM_MS });
  for (const name of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'])
    registry.removeSingleMetric(`nodejs_eventloop_lag_${name}_seconds`);

  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `storyfarm_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) => {
    const made = new Gauge<L>({ name: `storyfarm_${name}`, help, labelNames, registers });
    // prom-client begins a gauge without labels at 0; nobody has measured anything yet.
    if (labelNames.length === 0) made.remove();
    return made;
  };
  const seconds = <L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]) =>
    new Histogram<L>({ name: `storyfarm_${name}`, help, labelNames, buckets, registers });

  const request = ['route', 'method', 'status'] as const;
  return {
    httpRequests: counter(
      'http_requests_total',
      'HTTP requests answered, by route pattern, method and status.',
      request,
    ),
    httpRequestDuration: seconds(
      'http_request_duration_seconds',
      'Time to answer an HTTP request.',
      request,
      HTTP_SECONDS,
    ),
    eventStreams: gauge('http_event_streams', 'Open event streams.'),

    queueJobs: gauge('queue_jobs', 'Jobs in the store by state.', ['state']),
    queueDue: gauge('queue_due_jobs', 'Queued jobs that could be claimed now.'),
    queueOldestDue: gauge('queue_oldest_due_seconds', 'Time that the oldest due job has waited.'),

    jobsFinished: counter('jobs_finished_total', 'Jobs whose rendering ended on this server, by outcome.', ['outcome']),
    attemptsFailed: counter('attempts_failed_total', 'Attempts that failed and were counted, by error code.', ['code']),
    stageDuration: seconds('stage_duration_seconds', 'Wall time of a stage of an attempt.', ['stage'], STAGE_SECONDS),
    renditions: counter('renditions_total', 'Renditions made, by the path that was taken.', ['path']),
    preparations: counter('preparations_total', 'Editions prepared beside the jobs, by outcome.', ['outcome']),
    preparationProgress: gauge(
      'preparation_progress',
      'Fraction of the edition that is being prepared beside the jobs.',
    ),
    recycles: counter('renderer_recycles_total', 'Renderers replaced as planned, by reason.', ['reason']),
    restarts: counter('renderer_restarts_total', 'Renderers replaced after a death, by cause.', ['cause']),
    slotMemory: gauge('slot_memory_bytes', 'Memory of the process tree in a slot.', ['slot']),
    slotBase: gauge('slot_base_bytes', 'Memory at rest of the renderer in a slot after its first job.', ['slot']),
    slotLeak: gauge('slot_leak_bytes_per_job', 'Memory that the renderer in a slot leaks with every job.', ['slot']),
    slotJobs: gauge('slot_jobs', 'Jobs that the renderer in a slot was given.', ['slot']),
    slotFiles: gauge('slot_open_files', 'File descriptors of the renderer in a slot.', ['slot']),
    slotSeconds: counter('slot_seconds_total', 'Time of all slots together.'),
    slotSecondsLost: counter('slot_seconds_lost_total', 'Time in which slots were of no use to jobs, by reason.', [
      'reason',
    ]),
    standbys: gauge('standbys', 'Standbys that could take a seat at once.'),
    concurrency: gauge('concurrency', 'Jobs that may be rendered at the same time.'),
    bootDuration: seconds('renderer_boot_seconds', 'Time until a renderer is ready.', [], BOOT_SECONDS),
    slots: gauge('slots', 'Slots by condition.', ['condition']),
    leasesLost: counter('leases_lost_total', 'Attempts whose lease was lost.'),
    outcomesFenced: counter('outcomes_fenced_total', 'Outcomes that the store refused under their fence.'),
    outcomesJournalled: counter(
      'outcomes_journalled_total',
      'Outcomes that the store did not take at once, kept in the journal meanwhile.',
    ),
    callbacks: counter('callbacks_total', 'Calls to partners, by partner and outcome.', ['partner', 'outcome']),
    callbackDuration: seconds('callback_duration_seconds', 'Time of a call to a partner.', ['partner'], CALL_SECONDS),
    storeRetries: counter('store_retries_total', 'Times that a shared store was asked again, by reason.', ['reason']),
    swept: counter('swept_total', 'Folders that nobody wanted and the sweeper deleted.', ['what']),
    filesMissing: gauge('files_missing_jobs', 'Finished jobs of this server whose files are gone.'),
    claimsPaused: gauge('claims_paused', '1 while no jobs are claimed, by reason.', ['reason']),

    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** Sets the queue's gauges from what the store counted; milliseconds become seconds here. */
export function showQueue(
  metrics: Pick<Metrics, 'queueJobs' | 'queueDue' | 'queueOldestDue'>,
  counts: { readonly byState: Readonly<Record<JobState, number>>; readonly due: number; readonly oldestDueMs: number },
): void {
  for (const state of JOB_STATES) metrics.queueJobs.set({ state }, counts.byState[state]);
  metrics.queueDue.set(counts.due);
  metrics.queueOldestDue.set(counts.oldestDueMs / 1000);
}
