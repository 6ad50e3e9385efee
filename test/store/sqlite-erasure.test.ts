/** SQLite only: what is erased or purged is in the file and in the log no more; and what was erased keeps its place. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openDatabase } from '../../src/store/sqlite/file/database.js';
import type { JobStore } from '../../src/store/store.js';
import { asked, rendering, result } from './conformance/subject.js';
import { freshFile, opened } from './fixtures/place.js';

const SECRET = '아무도 모르게 사랑해';

for (const [what, forget] of Object.entries({
  erased: async (store: JobStore, _ids: readonly string[]) => store.eraseWords(0, 1000),
  purged: async (store: JobStore, ids: readonly string[]) => store.purge(ids),
})) {
  test(`words that were ${what} are found in no file of the store, while it is open`, async (context) => {
    const file = await freshFile(context);
    const store = await opened(context, file);
    const ids: string[] = [];
    for (let n = 0; n < 60; n++) {
      // Some are longer than a page, and lie on pages of their own.
      const words = { hello: `${n} ${SECRET} `.repeat(n % 10 === 0 ? 300 : 1) };
      const job = await rendering(store, { request: { ...asked().request, words }, idempotencyKey: `key ${n}` });
      await store.complete(job, result);
      ids.push(job.id);
    }
    const found = async () => {
      const contents = await Promise.all([file, `${file}-wal`].map((path) => readFile(path)));
      return contents.some((bytes) => bytes.includes(SECRET));
    };
    assert.equal(await found(), true, 'they were there');
    assert.equal(await forget(store, ids), 60);
    assert.equal(await found(), false);
  });
}

test('what finished within one millisecond is told in its order, words erased or not', async (context) => {
  const file = await freshFile(context);
  const store = await opened(context, file);
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) {
    const job = await rendering(store);
    await store.complete(job, result);
    ids.push(job.id);
  }
  assert.equal(await store.eraseWords(0, 2), 2);
  const database = await openDatabase(file, 1000);
  database.prepare('UPDATE jobs SET finished_at = (SELECT min(finished_at) FROM jobs)').run();
  database.close();
  for (const limit of [1, 3, 4]) {
    const found = await store.purgeable({ state: 'rendered', olderThanMs: 0, limit });
    assert.deepEqual(
      found.map(({ id }) => id),
      ids.slice(0, limit),
    );
  }
});
