/** `storyfarm import`, as an operator calls it: between two embedded stores, since it is the same for any that jobs can go to (test/store/moving.ts). */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { claimStore } from '../../src/cli/instance.js';
import { openStore } from '../../src/store/open.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { asked } from '../store/conformance/subject.js';
import { run, spawn } from './storyfarm.js';

/** An old store with so many jobs, and how it is moved. */
async function given(t: TestContext, jobs: number) {
  const cwd = temporaryFolder(t);
  const [from, to] = ['old.db', 'new.db'].map((name) => `sqlite:${join(cwd, name)}`) as [string, string];
  const old = await openStore(from);
  t.after(() => old.close());
  await Promise.all(Array.from({ length: jobs }, (_, n) => old.enqueue(asked({ idempotencyKey: `${n}` }))));
  const args = ['import', '--from', 'sqlite:old.db', '--store', 'sqlite:new.db'];
  return { cwd, old, from, to, args, import: (...more: string[]) => run([...args, ...more], { cwd }) };
}

test('import shows how far it is, and what came; called again it moves what is new', async (t) => {
  const { old, to, import: call } = await given(t, 3);
  await old.limit('acme', 2);
  const dry = await call('--dry-run');
  assert.deepEqual([dry.code, dry.stderr.includes('100 %')], [0, true], dry.stderr);
  assert.match(dry.stdout, /^from sqlite:\/.*old\.db\nto {3}sqlite:\/.*new\.db\n/);
  assert.match(
    dry.stdout,
    /^jobs +3 +0$[\s\S]*3 jobs would be moved, 0 are there already; with 1 limit and 0 pauses\. Nothing/m,
  );

  const first = await call();
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^jobs: 100 % 3 of 3$/m);
  assert.match(
    first.stdout,
    /^jobs +3 +3$[\s\S]*^idempotency keys +3 +3$[\s\S]*3 jobs were moved, 0 were there already/m,
  );
  assert.match(first.stdout, /move its files away\.\n$/);

  const { job } = await old.enqueue(asked());
  const again = await call('--json');
  const { moved, before, isDry, source, target } = JSON.parse(again.stdout);
  assert.deepEqual([moved, before, isDry, source, target], [1, 3, false, source, source]);
  const store = await openStore(to);
  t.after(() => store.close());
  assert.deepEqual((await store.recent(9))[0], job);
  assert.deepEqual(await store.limits(), [{ partner: 'acme', most: 2 }]);
});

test('import is refused while a farm uses the old store, which can still be counted', async (t) => {
  const { cwd, import: call } = await given(t, 1);
  const farm = claimStore(join(cwd, 'old.db'));
  t.after(() => farm.release());
  const { code, stdout, stderr } = await call();
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(
    stderr,
    /Another farm uses the store .*old\.db\. \(already_running\)\n {2}-> Stop the farm .*then call this again/,
  );
  assert.equal((await call('--dry-run')).code, 0);
  farm.release();
  assert.equal((await call()).code, 0);
});

test('import that is killed loses nothing, and doubles nothing when it is called again', async (t) => {
  const jobs = 2000;
  const { cwd, old, to, args, import: call } = await given(t, jobs);
  const child = spawn(args, { cwd });
  t.after(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  // When a part has come, and mostly not all.
  child.stderr?.once('data', () => child.kill('SIGKILL'));
  await ended;
  const second = await call('--json');
  const { moved, before, source, target } = JSON.parse(second.stdout);
  t.diagnostic(`${before} came before it was killed`);
  assert.deepEqual([moved + before, target], [jobs, source]);
  const store = await openStore(to);
  t.after(() => store.close());
  assert.deepEqual(await store.recent(jobs + 1), await old.recent(jobs + 1));
});

test('import that is interrupted says how it goes on', async (t) => {
  const { cwd, args } = await given(t, 2000);
  const child = spawn(args, { cwd });
  t.after(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr?.on('data', (text) => {
    if (stderr === '') child.kill('SIGINT');
    stderr += text;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 130);
  assert.match(stderr, /Interrupted\. \(aborted\)\n {2}-> What has come stays; call it again/);
});

test('import knows wrong addresses, and repeats no password', async (t) => {
  const { cwd, import: call } = await given(t, 1);
  const refusals = [
    [['--store', 'sqlite:old.db'], /Both addresses name the same store\. \(config_invalid\)\n {2}-> .*--store/],
    [['--from', 'sqlite:none.db'], /There is no store none\.db\. \(not_found\)/],
    [['--from', 'mssql://me:secret@host/farm'], /out of an embedded store only\. \(config_invalid\)/],
    [['--store', 'mssql://me:secret@host/farm?what=1'], /options that are not known: what/],
  ] as const;
  for (const [args, refusal] of refusals) {
    const { code, stdout, stderr } = await call(...args);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, refusal);
    assert.doesNotMatch(stderr, /secret/);
  }
  assert.match((await run(['import'], { cwd })).stderr, /--from <address>' not specified/);
});
