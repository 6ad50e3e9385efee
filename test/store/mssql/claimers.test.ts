/** SQL Server: many claimers at once. Needs a server. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enqueue, HOUR } from '../conformance/subject.js';
import { noServer, sqlServer } from '../fixtures/sql-server.js';

const place = sqlServer();
const CLAIMERS = 16;
const JOBS = 1600;

test(
  'sixteen claimers at once: no job twice, none left, none of them starves',
  { skip: noServer ?? false },
  async () => {
    await place.empty();
    const stores = await Promise.all(Array.from({ length: CLAIMERS }, () => place.open({ busyDeadlineMs: 60_000 })));
    try {
      await Promise.all(stores.flatMap((store) => Array.from({ length: JOBS / CLAIMERS }, () => enqueue(store))));
      const taken = await Promise.all(
        stores.map(async (store, n) => {
          const ids: string[] = [];
          for (;;) {
            const jobs = await store.claim({ server: `server ${n}`, limit: 5, leaseMs: HOUR });
            if (jobs.length === 0) return ids;
            ids.push(...jobs.map(({ id }) => id));
          }
        }),
      );
      assert.equal(new Set(taken.flat()).size, JOBS);
      assert.equal(taken.flat().length, JOBS);
      const fewest = Math.min(...taken.map(({ length }) => length));
      assert.ok(fewest >= JOBS / CLAIMERS / 4, `one claimer got ${fewest} of ${JOBS}`);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  },
);
