/** Waiting for a store that is away. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whenStoreAnswers } from '../../src/cli/waiting.js';
import { type ErrorCode, StoryfarmError } from '../../src/errors.js';
import { recorded } from '../http/running.js';
import { StillClock, settled } from '../supervisor/fakes.js';

/** Work that fails in turn, then succeeds; the clock moves on by itself. */
function waiting(...failures: readonly ErrorCode[]) {
  const clock = new StillClock();
  const parts = recorded();
  const leaving = new AbortController();
  let tries = 0;
  const work = async () => {
    const code = failures[tries++];
    if (code) throw new StoryfarmError(code, 'No.');
    return 'done';
  };
  const tools = { about: { store: 'mssql://h' }, clock, log: parts.log, signal: leaving.signal, random: () => 0.5 };
  const done = whenStoreAnswers(work, tools);
  return { done, clock, leaving, tries: () => tries, said: (text: string) => parts.logged().split(text).length - 1 };
}

test('is asked until it answers, ever more slowly up to a second; the log says so ever more rarely', async () => {
  const { done, clock, tries, said } = waiting(...Array<ErrorCode>(8).fill('store_busy'), 'outcome_unknown');
  await settled();
  const waits: number[] = [];
  for (let waited = 0; tries() < 10; waited++) {
    const before = tries();
    clock.move(1);
    await settled();
    if (tries() > before) {
      waits.push(waited + 1);
      waited = -1;
    }
  }
  assert.deepEqual(await done, { value: 'done' });
  assert.deepEqual(waits, [250, 375, 563, 844, 1000, 1000, 1000, 1000, 1000]);
  assert.deepEqual([said('waiting for it'), said('the store answers')], [4, 1]);
});

test('one that answers at once is not spoken of', async () => {
  const { done, said } = waiting();
  assert.deepEqual(await done, { value: 'done' });
  assert.deepEqual([said('waiting for it'), said('the store answers')], [0, 0]);
});

for (const code of ['config_invalid', 'store_too_old', 'store_too_new', 'store_corrupt'] as const)
  test(`what waiting cannot mend ends it: ${code}`, async () => {
    await assert.rejects(waiting(code).done, { code });
    const later = waiting('store_busy', code);
    await settled();
    later.clock.move(250);
    await assert.rejects(later.done, { code });
  });

test('whoever is to leave waits no longer', async () => {
  const { done, leaving, clock, tries } = waiting('store_busy', 'store_busy');
  await settled();
  leaving.abort();
  assert.equal(await done, undefined);
  assert.deepEqual([tries(), clock.waiting], [1, 0]);
});
