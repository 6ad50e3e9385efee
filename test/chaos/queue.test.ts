/** What must go on while something else goes on without end: claims while old jobs are forgotten, and jobs of low priority beside urgent ones. */

import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { retain } from '../../src/store/retention.js';
import { connect } from '../../src/store/sqlite/connection.js';
import type { JobStore } from '../../src/store/store.js';
import { farm } from './farm/farm.js';

const DAY = 86_400_000;

describe('forgetting old jobs', () => {
  it('holds no claim up for more than a batch, and leaves what is waiting or at work', async (context) => {
    let purges = 0;
    /** Batches that were purged while a claim waited, by claim; and how long each claim took. */
    const waits: { readonly batches: number; readonly ms: number; readonly busy: boolean }[] = [];
    let isForgetting = false;
    const through = (store: JobStore): JobStore =>
      Object.assign(Object.create(store), {
        claim: async (options: Parameters<JobStore['claim']>[0]) => {
          const [from, batches, busy] = [performance.now(), purges, isForgetting];
          const jobs = await store.claim(options);
          if (jobs.length > 0) waits.push({ batches: purges - batches, ms: performance.now() - from, busy });
          return jobs;
        },
      });
    const made = await farm(context, 'slow', { options: { slots: 1 }, through, start: false });
    const { enqueueMany, recorder, supervisor, store, dataFolder, ids, events, cue, end } = made;
    const old = await enqueueMany(4_000);
    for (let done = 0; done < old.length; done += 500) {
      const claimed = await store.claim({ server: 'there', limit: 500, leaseMs: 60_000 });
      await Promise.all(claimed.map((lease) => store.complete(lease, { outputs: [], stages: {} })));
    }
    const database = connect(join(dataFolder, 'jobs.db'));
    database.exec(`UPDATE jobs SET finished_at = finished_at - ${40 * DAY}`);
    database.close();
    for (const { id } of old.slice(0, 200)) mkdirSync(join(dataFolder, 'jobs', id, '1'), { recursive: true });
    ids.length = 0;
    await supervisor.start();
    const [present] = await enqueueMany(1);
    await recorder.until('assigned');
    const others = await enqueueMany(60);
    // One after the other, so that claims come all the time.
    await cue(present?.id as string);
    const forgetting = (async () => {
      isForgetting = true;
      const deleteFiles = async (jobs: readonly { readonly id: string }[]) => {
        for (const { id } of jobs) rmSync(join(dataFolder, 'jobs', id), { recursive: true, force: true });
        return jobs.map(({ id }) => id);
      };
      const counting: JobStore = Object.assign(Object.create(store), {
        purge: async (some: readonly string[]) => {
          const count = await store.purge(some);
          purges++;
          return count;
        },
      });
      const ages = { jobsMs: DAY, failedMs: DAY, wordsMs: DAY };
      const forgotten = await retain(ages, { store: counting, deleteFiles });
      isForgetting = false;
      return forgotten;
    })();
    for (const { id } of others) await cue(id);
    const { jobs } = await forgetting;
    await recorder.times(61, 'rendered');
    assert.deepEqual([jobs, purges], [old.length, old.length / 200]);
    assert.ok(waits.some(({ busy }) => busy));
    for (const { batches } of waits) assert.ok(batches <= 1, `${batches} batches went before a claim`);
    tell(
      context,
      'a claim while jobs are forgotten',
      waits.filter(({ busy }) => busy),
    );
    tell(
      context,
      'a claim at other times',
      waits.filter(({ busy }) => !busy),
    );
    for (const id of ids) assert.equal(await events(id), 'enqueued claimed rendered');
    await end();
  });
});

describe('a job of low priority', () => {
  it('beside an endless stream of urgent ones is rendered when it has waited for its time, and not at the end of the stream', async (context) => {
    const ageingMs = 200;
    const through = (store: JobStore): JobStore =>
      Object.assign(Object.create(store), {
        claim: (options: Parameters<JobStore['claim']>[0]) => store.claim({ ...options, ageingMs }),
      });
    const { store, ids, recorder, end } = await farm(context, 'instant', { options: { slots: 1 }, through });
    const request = { template: { id: 'none', version: '0'.repeat(64) }, cast: {}, words: {} };
    const ask = async (priority: number) => {
      const { job } = await store.enqueue({ partner: 'test', request, priority });
      ids.push(job.id);
      return job;
    };
    await Promise.all(Array.from({ length: 5 }, () => ask(3)));
    const low = await ask(0);
    const isDone = () => recorder.of('rendered').some(({ args: [{ id }] }) => id === low.id);
    // Five are always there: for each that is taken another comes.
    while (!isDone()) {
      assert.ok(ids.length < 20_000, 'its turn never comes');
      await ask(3);
      const taken = recorder.of('assigned').length;
      await recorder.holds('another job is taken', () => recorder.of('assigned').length > taken || isDone());
    }
    const waited = recorder.of('assigned').findIndex(({ args: [{ id }] }) => id === low.id);
    const jobs = await end();
    const { runAt, startedAt } = jobs.find(({ id }) => id === low.id) ?? assert.fail();
    const passed = recorder.of('assigned').slice(0, waited);
    context.diagnostic(`${passed.length} urgent jobs before it, in ${(startedAt ?? 0) - runAt} ms`);
    // Three priorities are three times the time; who came later than that did not pass it.
    for (const { args } of passed)
      assert.ok(args[0].runAt - runAt <= 3 * ageingMs, `${args[0].runAt - runAt} ms later`);
  });
});

function tell(context: { diagnostic(text: string): void }, what: string, waits: readonly { readonly ms: number }[]) {
  const times = waits.map(({ ms }) => ms).sort((one, other) => one - other);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(1);
  context.diagnostic(`${what}: median ${at(0.5)} ms, p99 ${at(0.99)} ms (${times.length})`);
}
