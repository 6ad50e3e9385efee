/** What became of a job, as an operator reads it: every event with its attempt, its fence and its cause, and never a word of what was typed. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { failure } from '../../src/errors.js';
import { openStore } from '../../src/store/open.js';
import type { FailOptions } from '../../src/store/store.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { asked } from '../store/conformance/subject.js';
import { run } from './storyfarm.js';

const CRASH = failure('renderer_crashed', 'The renderer was ended by SIGSEGV.');
const POISON = failure('poison', 'The job ended 2 renderers, the last with renderer_crashed.');
const again: FailOptions = { failure: CRASH, retryInMs: 0, counts: 'crash' };

/** A store with one job, and the calls that are made on it. */
async function storeOf(t: TestContext) {
  const cwd = temporaryFolder(t);
  const store = await openStore(`sqlite:${join(cwd, 'var', 'storyfarm.db')}`);
  t.after(() => store.close());
  const { job } = await store.enqueue(asked());
  const claim = async () => {
    const [claimed] = await store.claim({ server: 'north', limit: 1, leaseMs: 60_000 });
    return claimed ?? assert.fail('nothing was due');
  };
  return { store, id: job.id, claim, history: (...args: string[]) => run(['history', ...args], { cwd }) };
}

it('tells every event of a job that is dead, and what its renderers died of', async (t) => {
  const { store, id, claim, history } = await storeOf(t);
  await store.fail(await claim(), again);
  await store.release(await claim());
  await store.fail(await claim(), { failure: POISON, retryInMs: null, counts: 'crash' });

  const { code, stdout, stderr } = await history(id);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(
    stdout,
    new RegExp(
      `^job +${id}\nstate +dead\ntemplate +birthday, version a{12}\npartner +acme\nfailures +0 .*, 2 renderers`,
    ),
  );
  const rows = stdout.split('\n').filter((line) => /^20\d\d-/.test(line));
  assert.deepEqual(
    rows.map((row) => row.split(/ +/).slice(1)),
    [
      ['enqueued'],
      ['claimed', '1', '1', 'north'],
      ['retried', '1', '1', 'north', 'renderer_crashed'],
      ['claimed', '2', '2', 'north'],
      ['released', '2', '2', 'north'],
      ['claimed', '2', '3', 'north'],
      ['dead', '2', '3', 'north', 'poison'],
    ],
  );
  for (const row of rows) assert.ok(row.length <= 80, row);
  assert.match(stdout, /\n\nfence 1: The renderer was ended by SIGSEGV\. \(renderer_crashed\)\n {2}-> /);
  assert.match(stdout, /\nfence 3: The job ended 2 renderers, .* \(poison\)\n {2}-> .*`storyfarm history JOB`/);

  const json = await history(id, '--json');
  const { events, ...job } = JSON.parse(json.stdout);
  assert.deepEqual(
    [job.id, job.state, job.template, job.version, job.partner, job.crashes, job.fence, job.failure],
    [id, 'dead', 'birthday', 'a'.repeat(64), 'acme', 2, 3, 'poison'],
  );
  assert.deepEqual(
    { ...events[2], at: 0 },
    { at: 0, event: 'retried', server: 'north', failure: CRASH, attempt: 1, fence: 1 },
  );
  const typed = Object.values(asked().request.words).flatMap((words) => [words, JSON.stringify(words).slice(1, -1)]);
  for (const words of typed) for (const said of [stdout, json.stdout]) assert.ok(!said.includes(words), words);
});

it('tells a cause once for all attempts that it ended, and how long a job waits', async (t) => {
  const { store, id, claim, history } = await storeOf(t);
  await store.fail(await claim(), again);
  await store.fail(await claim(), { ...again, retryInMs: 3_600_000 });
  const { stdout } = await history(id);
  assert.match(stdout, /^state +queued, due in (59|60) min$/m);
  assert.equal(stdout.split('SIGSEGV').length, 2);
  assert.match(stdout, /^fence 1, 2: /m);
});

it('shows the fence of an attempt that was withdrawn, and none of a job that nobody had', async (t) => {
  const { store, id, claim, history } = await storeOf(t);
  await claim();
  await store.cancel(id);
  const { job: other } = await store.enqueue(asked());
  await store.cancel(other.id);
  assert.match((await history(id)).stdout, /Z {2}cancelled +1 +1 +north$/m);
  assert.match((await history(other.id)).stdout, /Z {2}cancelled$/m);
});

it('of a job that is not there is refused with what to do', async (t) => {
  const { history } = await storeOf(t);
  for (const id of ['nobody', '0193', '']) {
    const { code, stdout, stderr } = await history(id);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^storyfarm: There is no job ".*"\. \(unknown_job\)\n {2}-> `storyfarm status` .*keepFailed/);
  }
});
