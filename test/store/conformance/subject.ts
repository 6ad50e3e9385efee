/** What the suite is given, and the few words it speaks in. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ErrorCode, failure } from '../../../src/errors.js';
import type { HistoryEntry, Job, JobResult } from '../../../src/job.js';
import type { Announcement, FailOptions, JobStore, Lease, NewJob } from '../../../src/store/store.js';

export interface Subject {
  readonly store: JobStore;
  /** Another handle on the same data, as another process would have; left out by a store that has no other place than its process. */
  readonly reopen?: () => Promise<JobStore>;
  /** Closes what is open and removes the data. */
  readonly dispose: () => Promise<void>;
}
export interface Open {
  (): Promise<Subject>;
  /** Why there is none to be opened: every test is skipped visibly. */
  readonly skip?: string;
}

/** How each test is registered. */
export const skipOf = ({ skip }: Open): { readonly skip: string | false } => ({ skip: skip ?? false });

/** A test on an empty store. */
export function on(open: Open, sentence: string, body: (store: JobStore) => Promise<void>): void {
  test(sentence, skipOf(open), async () => {
    const { store, dispose } = await open();
    try {
      await body(store);
    } finally {
      await dispose();
    }
  });
}

/** A test on two handles of one empty store; skipped visibly where there is no second. */
export function onTwo(open: Open, sentence: string, body: (one: JobStore, other: JobStore) => Promise<void>): void {
  test(sentence, skipOf(open), async (context: TestContext) => {
    const { store, reopen, dispose } = await open();
    try {
      if (reopen === undefined) return context.skip('this store has one handle only');
      const other = await reopen();
      try {
        await body(store, other);
      } finally {
        await other.close();
      }
    } finally {
      await dispose();
    }
  });
}

export const HOUR = 3_600_000;

export function asked(fields: Partial<NewJob> = {}): NewJob {
  return {
    partner: 'acme',
    request: {
      template: { id: 'birthday', version: 'a'.repeat(64) },
      cast: { singer: 'cat', guest: 'dog' },
      words: { hello: '생일 축하해! 🎂', bye: '"quotes" \\ and\nlines' },
    },
    ...fields,
  };
}

export const result: JobResult = {
  outputs: [
    {
      rendition: 'large',
      file: 'large.mp4',
      bytes: 812_345,
      width: 1280,
      height: 720,
      frames: 300,
      duration: 10,
      mediaType: 'video/mp4',
    },
    {
      rendition: 'poster',
      file: 'poster.jpg',
      bytes: 40_000,
      width: 1280,
      height: 720,
      frames: 1,
      duration: 0,
      mediaType: 'image/jpeg',
    },
  ],
  stages: { fill: 1.5, encode: 2100 },
};

/** What a server says of itself. */
export const said = (fields: Partial<Announcement> = {}): Announcement => ({
  name: 'one',
  domain: 'https://one.example',
  version: '1.2.3',
  ffmpeg: '5.1.9',
  slots: 4,
  rendering: 3,
  state: 'running',
  tags: ['fast', 'large'],
  ...fields,
});

export const broken = failure('ffmpeg_failed', 'ffmpeg ended with 1.');
export const retry: FailOptions = { failure: broken, retryInMs: 0, counts: 'attempt' };
export const giveUp: FailOptions = { failure: broken, retryInMs: null, counts: 'attempt' };

export async function enqueue(store: JobStore, fields: Partial<NewJob> = {}): Promise<Job> {
  return (await store.enqueue(asked(fields))).job;
}

/** Claims exactly one job. */
export async function claimOne(store: JobStore, server = 'one', leaseMs = HOUR): Promise<Job> {
  const [job, ...more] = await store.claim({ server, limit: 1, leaseMs });
  assert.ok(job, 'a job was due');
  assert.equal(more.length, 0);
  return job;
}

/** Enqueues and claims one job in an otherwise empty queue. */
export async function rendering(store: JobStore, fields: Partial<NewJob> = {}): Promise<Job> {
  await store.enqueue(asked(fields));
  return claimOne(store);
}

export async function present(store: JobStore, id: string): Promise<Job> {
  const job = await store.get(id);
  assert.ok(job, `job ${id} exists`);
  return job;
}

export async function events(store: JobStore, id: string): Promise<HistoryEntry['event'][]> {
  return (await store.history(id)).map(({ event }) => event);
}

export async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, { name: 'StoryfarmError', code });
}

/** Every write of an attempt, with the lease it names. */
export const WRITES: Readonly<Record<string, (store: JobStore, lease: Lease) => Promise<unknown>>> = {
  release: (store, lease) => store.release(lease),
  complete: (store, lease) => store.complete(lease, result),
  'fail with a retry': (store, lease) => store.fail(lease, retry),
  'fail for good': (store, lease) => store.fail(lease, giveUp),
};

/** The ways a lease is lost. Each is given a rendering job and leaves its lease stale. */
export const LOSSES: Readonly<Record<string, (store: JobStore, job: Job) => Promise<unknown>>> = {
  released: (store, job) => store.release(job),
  completed: (store, job) => store.complete(job, result),
  retried: (store, job) => store.fail(job, retry),
  dead: (store, job) => store.fail(job, giveUp),
  cancelled: (store, job) => store.cancel(job.id),
  rescued: (store) => store.rescue({ server: 'one' }),
  'rescued and claimed again': async (store) => {
    await store.rescue({ server: 'one' });
    await claimOne(store, 'other');
  },
};

/** Resolves at the first call of a listener that was added now. The deadline also keeps the process alive, which a store does not. */
export function awakened(store: JobStore): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error('The listener was not called within 10 s.')), 10_000);
    const end = store.watch(() => {
      clearTimeout(deadline);
      end();
      resolve();
    });
  });
}
