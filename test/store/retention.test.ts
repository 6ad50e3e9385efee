/** The round of forgetting, on a real store and with files that are only noted. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Ages, retain } from '../../src/store/retention.js';
import type { Purgeable } from '../../src/store/store.js';
import { asked, enqueue, HOUR, present, rendering, result } from './conformance/subject.js';
import { freshFile, opened } from './fixtures/place.js';

const NONE: Ages = { jobsMs: HOUR, failedMs: HOUR, wordsMs: HOUR };

/** A store with 450 cancelled jobs and a rendered one, and a disk that refuses some. */
async function filled(context: TestContext, refuses: (id: string) => boolean = () => false) {
  const store = await opened(context, await freshFile(context));
  const rendered = await rendering(store);
  await store.complete(rendered, result);
  const jobs = await Promise.all(Array.from({ length: 450 }, () => enqueue(store)));
  await Promise.all(jobs.map(({ id }) => store.cancel(id)));
  const deleted: string[] = [];
  const deleteFiles = async (found: readonly Purgeable[]) => {
    for (const { id } of found) assert.ok(await store.get(id), 'files go before rows');
    const gone = found.map(({ id }) => id).filter((id) => !refuses(id));
    deleted.push(...gone);
    return gone;
  };
  return { store, rendered, jobs, deleted, deleteFiles };
}

test('by age of each kind, in batches, files before rows', async (context) => {
  const { store, rendered, jobs, deleted, deleteFiles } = await filled(context);
  const tools = { store, deleteFiles };
  assert.deepEqual(await retain(NONE, tools), { words: 0, jobs: 0, kept: 0 });
  assert.deepEqual(await retain({ ...NONE, failedMs: 0 }, tools), { words: 0, jobs: 450, kept: 0 });
  assert.deepEqual(new Set(deleted), new Set(jobs.map(({ id }) => id)));
  assert.deepEqual((await present(store, rendered.id)).request, asked().request);
  assert.deepEqual(await retain({ ...NONE, wordsMs: 0 }, tools), { words: 1, jobs: 0, kept: 0 });
  assert.deepEqual((await present(store, rendered.id)).request.words, {});
  assert.deepEqual(await retain({ ...NONE, jobsMs: 0 }, tools), { words: 0, jobs: 1, kept: 0 });
  assert.deepEqual(await store.recent(1), []);
});

test('a job whose files cannot be deleted is kept, and does not stand before the others', async (context) => {
  let stuck = new Set<string>();
  const { store, jobs, deleteFiles } = await filled(context, (id) => stuck.has(id));
  stuck = new Set(jobs.slice(0, 250).map(({ id }) => id));
  const first = await retain({ ...NONE, failedMs: 0 }, { store, deleteFiles });
  assert.deepEqual([first.jobs, first.kept], [0, 200], 'a disk that deletes nothing is left in peace');
  stuck = new Set(jobs.slice(0, 150).map(({ id }) => id));
  assert.deepEqual(await retain({ ...NONE, failedMs: 0 }, { store, deleteFiles }), { words: 0, jobs: 300, kept: 150 });
  assert.equal((await store.counts()).byState.cancelled, 150);
  stuck.clear();
  assert.deepEqual(await retain({ ...NONE, failedMs: 0 }, { store, deleteFiles }), { words: 0, jobs: 150, kept: 0 });
});

test('ends after the present batch when it is told to', async (context) => {
  const { store, deleteFiles } = await filled(context);
  const stop = new AbortController();
  const slow = async (found: readonly Purgeable[]) => {
    stop.abort();
    return deleteFiles(found);
  };
  const { jobs } = await retain({ ...NONE, failedMs: 0 }, { store, deleteFiles: slow, signal: stop.signal });
  assert.equal(jobs, 200);
  assert.equal((await store.counts()).byState.cancelled, 250);
});
