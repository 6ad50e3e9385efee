/**
 * A farm as a process of its own, with the observer that a real one has: a supervisor over a fixture or the real renderer. Its argument is a Plan in JSON.
 *
 * It tells its parent when it has begun, when a renderer is ready, a hundred jobs at a time how many are rendered and committed, and, where renderers tell of it, when each
 * order came to them.
 */

import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/clock.js';
import type { JobResult } from '../../../src/job.js';
import { createLog } from '../../../src/log.js';
import { createMetrics } from '../../../src/metrics.js';
import { openStore } from '../../../src/store/open.js';
import type { ClaimOptions, JobStore, Lease } from '../../../src/store/store.js';
import { openJournal } from '../../../src/supervisor/jobs/journal.js';
import { observeWith } from '../../../src/supervisor/observer.js';
import type { SupervisorOptions } from '../../../src/supervisor/options.js';
import { Supervisor } from '../../../src/supervisor/supervisor.js';
import { fixture } from '../../chaos/farm/farm.js';
import { realRenderer } from '../../chaos/farm/real.js';

export interface Plan {
  readonly dataFolder: string;
  /** Address of the store; default: an embedded one in the data folder. */
  readonly store?: string;
  /** One of test/fixtures/renderers, or `real`. */
  readonly renderer: string;
  readonly options: Partial<SupervisorOptions>;
  readonly isTelling?: boolean;
  /** Takes the time of each claim and each completion, and tells when it is asked. */
  readonly isTimed?: boolean;
}

export type Told =
  | { readonly kind: 'begun' }
  | { readonly kind: 'booted' | 'assigned' }
  /** `at`: milliseconds on the machine's monotonic clock. */
  | { readonly kind: 'rendered'; readonly jobs: number; readonly at: number }
  | { readonly kind: 'came'; readonly id: string; readonly at: number }
  | ({ readonly kind: 'times' } & Times);

/** Milliseconds of each call, of those that found something. */
export interface Times {
  readonly claim: number[];
  readonly complete: number[];
}

/** As a farm has them that was not configured. */
const USUAL: SupervisorOptions = {
  ...{ server: 'bench', slots: 2, standby: 1, leaseMs: 30_000, pollMs: 1_000, meterMs: 1_000, drainMs: 0 },
  ...{ bootMs: 60_000, silentMs: 15_000, stallMs: 120_000, maxAttempts: 3, maxCrashes: 3 },
  ...{ maxJobs: 500, maxMemory: 512e6, maxMemoryHard: 3e9, maxAgeMs: 6 * 3_600_000, minLifetimeMs: 30_000 },
};
const HEARTBEAT_MS = 3_000;
/** A server compiles each text once, which takes seconds on a busy machine. */
const BUSY_MS = 30_000;
const EVERY = 100;

const plan: Plan = JSON.parse(process.argv[2] ?? '{}');
const { dataFolder, renderer, options, isTelling = false } = plan;
const tell = (told: Told) => void process.send?.(told);

const log = createLog({ part: 'bench', level: 'info', to: createWriteStream('/dev/null') });
const observer = observeWith(log, createMetrics());
const { rendered, line, booted, assigned } = observer;
let jobs = 0;
Object.assign(observer, {
  booted: (...args: Parameters<typeof booted>) => {
    booted(...args);
    tell({ kind: 'booted' });
  },
  assigned: (...args: Parameters<typeof assigned>) => {
    assigned(...args);
    if (jobs === 0) tell({ kind: 'assigned' });
  },
  rendered: (...args: Parameters<typeof rendered>) => {
    rendered(...args);
    jobs++;
    if (jobs % EVERY === 0) tell({ kind: 'rendered', jobs, at: Number(process.hrtime.bigint()) / 1e6 });
  },
  line: (slot: number, text: string) => {
    const [id, nanoseconds] = text.split(' ');
    if (isTelling && id && nanoseconds) tell({ kind: 'came', id, at: Number(nanoseconds) / 1e6 });
    else line(slot, text);
  },
});

process.on('disconnect', () => process.exit());
const store = await openStore(plan.store ?? `sqlite:${join(dataFolder, 'jobs.db')}`, { busyDeadlineMs: BUSY_MS });
const times: Times = { claim: [], complete: [] };
process.on('message', () => tell({ kind: 'times', ...times }));
if (plan.isTimed) takeTimes(store);
const { module, args, discard } = (renderer === 'real' ? realRenderer : fixture(renderer))(dataFolder);
const supervisor = new Supervisor(
  { ...USUAL, ...options },
  {
    store,
    program: {
      module,
      args: [JSON.stringify({ ...args, heartbeatMs: HEARTBEAT_MS, ...(isTelling ? { isTelling } : {}) })],
    },
    discard: discard ?? (async () => {}),
    journal: openJournal(dataFolder),
    observer,
    clock: systemClock,
  },
);
await supervisor.start();
tell({ kind: 'begun' });

/** By its own name, since a store's methods are its own. */
function takeTimes(store: JobStore): void {
  const [claim, complete] = [store.claim.bind(store), store.complete.bind(store)];
  Object.assign(store, {
    async claim(options: ClaimOptions) {
      const start = performance.now();
      const jobs = await claim(options);
      if (jobs.length > 0) times.claim.push(performance.now() - start);
      return jobs;
    },
    async complete(lease: Lease, result: JobResult) {
      const start = performance.now();
      await complete(lease, result);
      times.complete.push(performance.now() - start);
    },
  });
}
