/** `storyfarm backup`, as an operator calls it. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/open.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { asked } from '../store/conformance/subject.js';
import { run } from './storyfarm.js';

test('backup copies the store in use, tells what it did, and does not replace a copy unasked', async (t) => {
  const cwd = temporaryFolder(t);
  const store = await openStore(`sqlite:${join(cwd, 'var', 'storyfarm.db')}`);
  t.after(() => store.close());
  await store.enqueue(asked());

  const first = await run(['backup', 'copy.db'], { cwd });
  assert.deepEqual([first.code, first.stderr], [0, '']);
  assert.match(first.stdout, /^\/.*\/copy\.db: 1 job, [\d.]+ kB\n$/);

  const { job } = await store.enqueue(asked());
  const refused = await run(['backup', 'copy.db'], { cwd });
  assert.deepEqual([refused.code, refused.stdout], [2, '']);
  assert.match(refused.stderr, /copy\.db is there already\. \(config_invalid\)\n {2}-> .*--replace/);

  const second = await run(['backup', 'copy.db', '--replace', '--json'], { cwd });
  const { jobs, file } = JSON.parse(second.stdout);
  assert.deepEqual([second.code, jobs, file], [0, 2, join(cwd, 'copy.db')]);
  const copy = await openStore(`sqlite:${file}`);
  t.after(() => copy.close());
  assert.deepEqual(await copy.get(job.id), job);
});

test('backup of SQL Server, and of a store that is not there, is refused with what to do', async (t) => {
  const cwd = temporaryFolder(t);
  const mssql = await run(['backup', 'copy.db', '--store', 'mssql://sa:secret@host/farm'], { cwd });
  assert.equal(mssql.code, 2);
  assert.match(mssql.stderr, /-> .*BACKUP DATABASE/);
  assert.doesNotMatch(mssql.stderr, /secret/);
  const none = await run(['backup', 'copy.db'], { cwd });
  assert.equal(none.code, 2);
  assert.match(none.stderr, /There is no store .*storyfarm\.db\. \(not_found\)/);
});
