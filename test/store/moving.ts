/** What src/store/moving.ts promises, as tests for any store that jobs can be moved into. They come out of an embedded store in which everything has happened that can. */

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Amounts, LARGEST_PUT, move, type Target } from '../../src/store/moving.js';
import { openSource } from '../../src/store/open.js';
import { connect } from '../../src/store/sqlite/connection.js';
import type { JobStore } from '../../src/store/store.js';
import { asked, claimOne, enqueue, giveUp, HOUR, rejectsWith, result, retry } from './conformance/subject.js';
import { freshFile, opened } from './fixtures/place.js';

export interface Destination {
  /** A handle on the empty store. */
  readonly store: JobStore;
  readonly open: () => Promise<Target>;
  readonly dispose: () => Promise<void>;
}
export interface OpenDestination {
  (): Promise<Destination>;
  readonly skip?: string;
}

const CALLBACK = { callbackUrl: 'https://acme.example/told' };

/** Jobs in every state, with everything that can hang on them. Answers their ids by what they are; `rendering` is taken back when they are moved. */
async function fill(store: JobStore): Promise<Readonly<Record<string, string>>> {
  const made: Record<string, string> = {};
  const claimed = async (name: string, fields: Parameters<typeof asked>[0] = {}) => {
    const { id } = await enqueue(store, { priority: 9, idempotencyKey: name, ...CALLBACK, ...fields });
    made[name] = id;
    return claimOne(store, 'west');
  };
  await store.complete(await claimed('erased'), result);
  await store.eraseWords(0, 10);
  await store.complete(await claimed('delivered'), result);
  const [told] = (await store.outbox(10)).filter(({ jobId }) => jobId === made.delivered);
  await store.settle(told?.eventId ?? '', { retryInMs: 0 });
  await store.settle(told?.eventId ?? '', 'delivered');
  await store.fail(await claimed('dead'), giveUp);
  await store.settle((await store.outbox(10)).find(({ jobId }) => jobId === made.dead)?.eventId ?? '', {
    retryInMs: null,
  });
  await store.complete(await claimed('rendered'), result);
  made.cancelled = (await enqueue(store, CALLBACK)).id;
  await store.cancel(made.cancelled);
  await store.fail(await claimed('later', { priority: 8 }), { ...retry, retryInMs: HOUR });
  await store.release(await claimed('released', { priority: 7 }));
  await store.renew([{ ...(await claimed('rendering')), progress: 0.5 }], HOUR);
  made.delayed = (await enqueue(store, { delayMs: HOUR, requires: ['big', 'arabic'] })).id;
  for (const [n, partner] of ['many', 'many', 'Many', 'few'].entries())
    made[`waiting ${n}`] = (await enqueue(store, { partner, priority: n % 2, idempotencyKey: `key ${n}` })).id;
  await store.limit('many', 3);
  await store.pause({ template: 'birthday' });
  await store.pause({ partner: 'few' });
  return made;
}

/** All that can be seen of a store, without what is its own. */
async function picture(store: JobStore) {
  const jobs = [...(await store.recent(1000))].reverse();
  const histories = await Promise.all(jobs.map(({ id }) => store.history(id)));
  const { byState, due } = await store.counts();
  return {
    ...{ jobs, histories, byState, due, outbox: await store.outbox(1000), shares: await store.shares() },
    ...{ limits: await store.limits(), pauses: await store.pauses() },
  };
}

/** Ends after so many of its writes, before or after the last was done. */
function breaking(target: Target, after: number, isDone: boolean): Target {
  let puts = 0;
  return putting(target, async (records) => {
    const isLast = ++puts === after;
    if (!isLast || isDone) await target.put(records);
    if (isLast) throw new Error('The plug was pulled.');
  });
}

/** The same, with another way to write. */
const putting = (target: Target, put: Target['put']): Target => ({
  ...{ name: target.name, put, missing: (ids) => target.missing(ids), amounts: (ids) => target.amounts(ids) },
  ...{ hold: (holds) => target.hold(holds), close: () => target.close() },
});

export function moving(name: string, open: OpenDestination): void {
  const skip = { skip: open.skip ?? false };
  const on = (sentence: string, body: (given: Given) => Promise<void>) =>
    test(sentence, skip, async (context) => {
      const destination = await open();
      try {
        await body({ ...destination, ...(await origin(context)) });
      } finally {
        await destination.dispose();
      }
    });

  describe(`jobs are moved into ${name}`, () => {
    on(
      'as they were, with all that hangs on them; what was being rendered waits again',
      async ({ file, from, store, open }) => {
        const made = await fill(from);
        // What holds jobs back was held since; no claim comes in between.
        const before = await picture(from);
        const rendering = await from.history(made.rendering ?? '');
        const moved = await moveAll(file, open);
        assert.deepEqual([moved.moved, moved.before, moved.target], [before.jobs.length, 0, moved.source]);
        assert.equal(moved.source.events, before.histories.flat().length - before.jobs.length + 1);
        assert.equal(moved.source.keys, 11);
        assert.equal(moved.source.callbacks, 5);
        const after = await picture(store);
        const job = after.jobs.find(({ id }) => id === made.rendering);
        assert.deepEqual(
          [job?.state, job?.fence, job?.progress, job?.server, job?.startedAt, job?.attempt],
          ['queued', 1, 0, null, null, 0],
        );
        const history = await store.history(made.rendering ?? '');
        assert.deepEqual(history.slice(0, -1), rendering);
        assert.deepEqual([history.at(-1)?.event, history.at(-1)?.server], ['rescued', 'west']);
        await from.rescue('expired');
        await from.rescue({ server: 'west' });
        const { jobs, histories, ...rest } = await picture(from);
        const isSame = (id: string) => id !== made.rendering;
        assert.deepEqual(
          after.jobs.filter(({ id }) => isSame(id)),
          jobs.filter(({ id }) => isSame(id)),
        );
        assert.deepEqual(
          after.histories.filter((_, n) => isSame(after.jobs[n]?.id ?? '')),
          histories.filter((_, n) => isSame(jobs[n]?.id ?? '')),
        );
        const { jobs: _, histories: __, ...others } = after;
        assert.deepEqual(others, rest);
      },
    );

    on(
      'and go on there: claimed in their order under a higher fence, known by their keys, delivered',
      async ({ file, from, store, open }) => {
        const made = await fill(from);
        await moveAll(file, open);
        const key = (idempotencyKey: string, fields = {}) =>
          store.enqueue(asked({ idempotencyKey, priority: 9, ...CALLBACK, ...fields }));
        assert.deepEqual([(await key('rendered')).job.id, (await key('rendered')).created], [made.rendered, false]);
        await rejectsWith('idempotency_conflict', key('rendered', { callbackUrl: 'https://else.example/' }));
        assert.equal((await key('erased', { callbackUrl: 'https://else.example/' })).job.id, made.erased);
        await store.resume({ template: 'birthday' });
        await store.resume({ partner: 'few' });
        await from.rescue({ server: 'west' });
        await from.resume({ template: 'birthday' });
        await from.resume({ partner: 'few' });
        const order = async (each: JobStore) =>
          (await each.claim({ server: 'east', limit: 20, leaseMs: HOUR })).map(({ id, fence }) => [id, fence]);
        assert.deepEqual(await order(store), await order(from));
        const [told] = (await store.outbox(10)).filter(({ jobId }) => jobId === made.rendered);
        await store.settle(told?.eventId ?? '', 'delivered');
        assert.equal((await store.get(made.rendered ?? ''))?.state, 'delivered');
        assert.equal(await store.purge(Object.values(made)), 5);
      },
    );

    on(
      'whole or not at all: wherever it breaks off, the next run brings the rest, and nothing twice',
      async ({ file, from, store, open }) => {
        const jobs = LARGEST_PUT * 2 + 10;
        await Promise.all(
          Array.from({ length: jobs }, (_, n) => enqueue(from, { partner: `p${n % 3}`, idempotencyKey: `${n}` })),
        );
        for (const [after, isDone, has] of [
          [1, false, 0],
          [1, true, LARGEST_PUT],
          [1, false, LARGEST_PUT],
          [1, true, LARGEST_PUT * 2],
        ] as const) {
          await assert.rejects(
            moveAll(file, async () => breaking(await open(), after, isDone)),
            /plug/,
          );
          assert.equal((await store.counts()).byState.queued, has);
        }
        // One that came and was finished in the meantime is not brought again.
        const job = await claimOne(store);
        await store.complete(job, result);
        const { moved, before, source, target } = await moveAll(file, open);
        assert.deepEqual([moved, before], [10, LARGEST_PUT * 2]);
        assert.deepEqual({ ...target, events: 0 }, { ...source, events: 0 } satisfies Amounts);
        const { byState } = await store.counts();
        assert.deepEqual([byState.queued, byState.rendered], [jobs - 1, 1]);
        const ids = (each: JobStore) => each.recent(1000).then((all) => all.map(({ id }) => id));
        assert.deepEqual(await ids(store), await ids(from));
        const again = await moveAll(file, open);
        assert.deepEqual([again.moved, again.before], [0, jobs]);
      },
    );

    on(
      'beside those that are there, whose keys, limits and pauses stay as they are',
      async ({ file, from, store, open }) => {
        const [old, there] = [
          await enqueue(from, { idempotencyKey: 'k' }),
          await enqueue(store, { idempotencyKey: 'k' }),
        ];
        await from.limit('acme', 3);
        await store.limit('acme', 5);
        await store.pause({ partner: 'acme' });
        const [since] = await store.pauses();
        await from.pause({ partner: 'acme' });
        await moveAll(file, open);
        assert.deepEqual((await store.recent(9)).map(({ id }) => id).sort(), [old.id, there.id].sort());
        assert.equal((await store.enqueue(asked({ idempotencyKey: 'k' }))).job.id, there.id);
        assert.deepEqual([await store.limits(), await store.pauses()], [[{ partner: 'acme', most: 5 }], [since]]);
      },
    );

    on('and only counted when it is dry', async ({ file, from, store, open }) => {
      await fill(from);
      const before = await picture(store);
      const source = await openSource(`sqlite:${file}`);
      const target = await open();
      try {
        const { moved, source: all, target: has } = await move(source, target, { isDry: true });
        assert.deepEqual([moved, has.jobs], [all.jobs, 0]);
        // Nobody is kept from writing.
        await enqueue(from);
      } finally {
        await source.close();
        await target.close();
      }
      assert.deepEqual(await picture(store), before);
    });

    on('while nobody can write into the old store, and everybody can afterwards', async ({ file, from, open }) => {
      await enqueue(from);
      const other = connect(file, { timeout: 0 });
      const source = await openSource(`sqlite:${file}`);
      const target = await open();
      try {
        let met = '';
        const asking = putting(target, async (records) => {
          try {
            other.exec('BEGIN IMMEDIATE');
          } catch (error) {
            met = (error as { code: string }).code;
          }
          await target.put(records);
        });
        await move(source, asking);
        assert.equal(met, 'SQLITE_BUSY');
      } finally {
        await source.close();
        await target.close();
      }
      other.exec('BEGIN IMMEDIATE; ROLLBACK');
      other.close();
    });
  });
}

interface Given extends Destination {
  /** The store that jobs come out of. */
  readonly from: JobStore;
  readonly file: string;
}

async function origin(context: TestContext): Promise<{ readonly file: string; readonly from: JobStore }> {
  const file = await freshFile(context);
  return { file, from: await opened(context, file) };
}

async function moveAll(file: string, open: () => Promise<Target>) {
  const source = await openSource(`sqlite:${file}`);
  const target = await open();
  try {
    return await move(source, target);
  } finally {
    await source.close();
    await target.close();
  }
}
