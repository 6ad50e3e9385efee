/** SQL Server: many claimers at once. Needs a server. */

import { test } from 'node:test';
import { claimAll } from '../claimers.js';
import { noServer, sqlServer } from '../fixtures/sql-server.js';

const place = sqlServer();

test(
  'sixteen claimers at once: no job twice, none left, none of them starves',
  { skip: noServer ?? false },
  async (context) => {
    await place.empty();
    const { ms, fewest, most } = await claimAll(() => place.open({ busyDeadlineMs: 60_000 }), {
      jobs: 20_000,
      each: 50,
    });
    context.diagnostic(`20,000 jobs claimed in ${Math.round(ms)} ms, ${fewest} to ${most} by each`);
  },
);
