/** SQLite: many claimers at once, each with a handle of its own on the file. */

import { test } from 'node:test';
import { claimAll } from './claimers.js';
import { freshFile, opened } from './fixtures/place.js';

test('sixteen claimers at once: no job twice, none left, none of them starves', async (context) => {
  const file = await freshFile(context);
  const open = () => opened(context, file, { busyDeadlineMs: 60_000, checkIntegrity: false });
  const { ms, fewest, most } = await claimAll(open, { jobs: 2_000, each: 5 });
  context.diagnostic(`2,000 jobs claimed in ${Math.round(ms)} ms, ${fewest} to ${most} by each`);
});
