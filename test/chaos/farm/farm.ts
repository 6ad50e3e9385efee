/** A real farm for one test: the SQLite store in a fresh folder, a supervisor, and a renderer: a fixture, or the real one. */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../../../src/clock.js';
import type { Job, JobRequest, Words } from '../../../src/job.js';
import { createLog } from '../../../src/log.js';
import { freeIn, markFolder } from '../../../src/media/disk.js';
import { openStorage } from '../../../src/media/storage.js';
import { createMetrics } from '../../../src/metrics.js';
import { openStore } from '../../../src/store/open.js';
import type { JobStore } from '../../../src/store/store.js';
import { openJournal } from '../../../src/supervisor/jobs/journal.js';
import { observeWith } from '../../../src/supervisor/observer.js';
import type { SupervisorOptions } from '../../../src/supervisor/options.js';
import { Supervisor, type SupervisorTools } from '../../../src/supervisor/supervisor.js';
import { mountDisk, type SmallDisk } from '../../fixtures/disk.js';
import { assertMonotonic, Noted } from './counters.js';
import { assertInvariants } from './invariants.js';
import { both, Recorder } from './recorder.js';
import type { TemplateOf } from './whole.js';

/** Limits so wide that none is met by accident; each test narrows the one that it is about. */
export const WIDE: SupervisorOptions = {
  server: 'here',
  slots: 2,
  standby: 0,
  leaseMs: 60_000,
  pollMs: 30_000,
  meterMs: 100,
  bootMs: 30_000,
  silentMs: 30_000,
  stallMs: 30_000,
  graceMs: 10_000,
  maxJobs: 1_000_000,
  maxMemory: 8e9,
  maxMemoryHard: 16e9,
  maxAgeMs: 1e9,
  minLifetimeMs: 0,
  maxAttempts: 3,
  maxCrashes: 3,
  drainMs: 30_000,
};

export interface FarmOptions {
  readonly options?: Partial<SupervisorOptions>;
  readonly oomKills?: SupervisorTools['oomKills'];
  readonly busyDeadlineMs?: number;
  /** To stand between the supervisor and the store. */
  readonly through?: (store: JobStore) => SupervisorTools['store'];
  /** Bytes of a small disk that is mounted in its place: the whole data folder, or the folder of jobs. Needs the right to mount. */
  readonly disk?: { readonly bytes: number; readonly at: 'data' | 'jobs' };
  /** The time as the farm is told it; default: as it is. */
  readonly clock?: Clock;
  /** Where an earlier life has been; default: a fresh folder. It is deleted in any case. */
  readonly dataFolder?: string;
  /** Address of the store; default: one of its own in the data folder. */
  readonly store?: string;
  /** Announce it to the others on its store; default false. */
  readonly isAnnounced?: boolean;
  /** Start it at once; default true. */
  readonly start?: boolean;
}

/** What is forked as a renderer, given the data folder. */
export type RendererKind = (dataFolder: string) => {
  readonly module: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly discard?: SupervisorTools['discard'];
  readonly isPrepared?: SupervisorTools['isPrepared'];
  readonly sweepEditions?: SupervisorTools['sweepEditions'];
  /** Of one that makes real files: by which template. */
  readonly templateOf?: TemplateOf;
};

export interface EndOptions {
  /** Processes beside those that the farm has told of. */
  readonly pids?: readonly number[];
  /** Whether all seats have to be taken again, by renderers that have booted, before the farm is ended; default true. Not asked of a farm that is ending already. */
  readonly isStaffed?: boolean;
}

/** One of test/fixtures/renderers; `megabytes` is for those that eat memory. */
export const fixture =
  (name: string, megabytes?: number): RendererKind =>
  (dataFolder) => ({
    module: fileURLToPath(new URL(`../../fixtures/renderers/${name}.js`, import.meta.url)),
    args: { dataFolder, heartbeatMs: 100, megabytes },
  });

export class Farm {
  readonly recorder = new Recorder();
  readonly ids: string[] = [];
  readonly dataFolder: string;
  readonly store: JobStore;
  readonly supervisor: Supervisor;
  readonly disk: SmallDisk | undefined;
  readonly #templateOf: TemplateOf | undefined;
  readonly #counters: Noted;

  constructor(
    dataFolder: string,
    store: JobStore,
    renderer: RendererKind,
    { options, through, oomKills, isAnnounced = false, clock = systemClock }: FarmOptions,
    disk?: SmallDisk,
  ) {
    this.dataFolder = dataFolder;
    this.store = store;
    this.disk = disk;
    const { module, args, discard, isPrepared, sweepEditions, templateOf } = renderer(dataFolder);
    this.#templateOf = templateOf;
    const metrics = createMetrics();
    this.#counters = new Noted(metrics);
    const counting = observeWith(createLog({ part: 'test', level: 'fatal' }), metrics);
    this.supervisor = new Supervisor(
      { ...WIDE, ...options },
      {
        store: through?.(store) ?? store,
        program: { module, args: [JSON.stringify(args)] },
        discard: discard ?? ((attempt) => openStorage(dataFolder).discard(attempt)),
        journal: openJournal(dataFolder),
        free: disk && (() => freeIn(join(dataFolder, 'jobs'))),
        // What was counted is there when a test hears of it.
        observer: both(counting, this.recorder.observer, { state: () => this.#counters.note() }),
        clock,
        isPrepared,
        sweepEditions,
        oomKills,
        about: isAnnounced ? () => ({ domain: null, version: 'test', ffmpeg: null }) : undefined,
        // Delays and spreads as short as they can be.
        random: () => 0,
      },
    );
  }

  // As arrows, so that a test can take out those that it uses.

  readonly enqueue = (words: Words = {}): Promise<Job> =>
    this.enqueueRequest({ template: { id: 'none', version: '0'.repeat(64) }, cast: {}, words });

  readonly enqueueRequest = async (request: JobRequest): Promise<Job> => {
    const { job } = await this.store.enqueue({ partner: 'test', request });
    this.ids.push(job.id);
    return job;
  };

  readonly enqueueMany = (count: number, words: Words = {}): Promise<Job[]> =>
    Promise.all(Array.from({ length: count }, () => this.enqueue(words)));

  /** Lets the `slow` renderer finish a job, or all. */
  readonly cue = (id: string): Promise<void> => writeFile(join(this.dataFolder, 'cues', id), '');

  /** What happened to a job, in a few words. */
  readonly events = async (id: string): Promise<string> =>
    (await this.store.history(id)).map(({ event }) => event).join(' ');

  /** Waits until all seats are taken, drains, then holds the farm against all invariants. Answers the jobs as they ended. */
  readonly end = async ({ pids = [], isStaffed = true }: EndOptions = {}): Promise<Job[]> => {
    if (isStaffed && this.supervisor.mode === 'running')
      await this.recorder.holds('all seats are taken', () => this.isStaffed);
    await this.supervisor.drain();
    const { store, dataFolder, ids } = this;
    const scrapes = await this.#counters.texts();
    assert.equal(this.#rendered(scrapes), this.recorder.of('rendered').length, 'each rendered job was counted');
    const all = [...this.recorder.pids, ...pids];
    return assertInvariants({ store, dataFolder, ids, pids: all, templateOf: this.#templateOf, scrapes });
  };

  /** Whether there are as many seats as were asked for, and in each a renderer that can work. */
  get isStaffed(): boolean {
    const { slots, options } = this.supervisor;
    return slots.length === options.slots && slots.every(({ renderer }) => renderer && renderer.phase !== 'booting');
  }

  #rendered(scrapes: readonly string[]): number {
    return assertMonotonic(scrapes).get('storyfarm_jobs_finished_total{outcome="rendered"}') ?? 0;
  }
}

/** A farm that is gone when the test ends, however it ends. */
export async function farm(
  context: { after(end: () => Promise<void>): void },
  renderer: string | RendererKind,
  options: FarmOptions = {},
): Promise<Farm> {
  const dataFolder = options.dataFolder ?? (await freshFolder());
  const ends = [() => rm(dataFolder, { recursive: true, force: true })];
  // In reverse, and as far as it came: what is opened last is closed first.
  context.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const { busyDeadlineMs, disk } = options;
  const jobs = join(dataFolder, 'jobs');
  if (disk?.at === 'jobs') await mkdir(jobs);
  const mounted = disk && mountDisk(disk.at === 'jobs' ? jobs : dataFolder, disk.bytes);
  if (mounted) ends.push(async () => mounted.unmount());
  await mkdir(join(dataFolder, 'cues'), { recursive: true });
  if (mounted) await markFolder(jobs);
  const store = await openStore(
    options.store ?? storeIn(dataFolder),
    busyDeadlineMs === undefined ? {} : { busyDeadlineMs },
  );
  ends.push(() => store.close());
  const made = new Farm(
    dataFolder,
    store,
    typeof renderer === 'string' ? fixture(renderer) : renderer,
    options,
    mounted,
  );
  ends.push(() => made.supervisor.stop());
  if (options.start !== false) await made.supervisor.start();
  return made;
}

export const storeIn = (dataFolder: string): string => `sqlite:${join(dataFolder, 'jobs.db')}`;

/** The caller removes it. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-farm-'));
  await mkdir(join(folder, 'cues'));
  return folder;
}

/** From now on the `unfit` renderer cannot boot, until it is mended. */
export const breakBoots = (dataFolder: string): Promise<void> => writeFile(join(dataFolder, 'broken'), '');
export const mendBoots = (dataFolder: string): Promise<void> => rm(join(dataFolder, 'broken'));
