/** SQLite only: the bell between processes, with a plain file as the log and the test as the database. */

import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Wake } from '../../src/store/sqlite/wake.js';
import { freshFile } from './fixtures/place.js';

/** A question whose answers are given in turn, the last one for ever; `asked(n)` resolves when it has been asked n times. */
function question(...answers: boolean[]) {
  let count = 0;
  let waiting: { readonly n: number; readonly resolve: () => void } | undefined;
  const ask = () => {
    const answer = answers[Math.min(count, answers.length - 1)] as boolean;
    count++;
    if (waiting !== undefined && count >= waiting.n) waiting.resolve();
    return answer;
  };
  const asked = (n: number) =>
    new Promise<void>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`asked ${count} times within 10 s, not ${n}`)), 10_000);
      const done = () => {
        clearTimeout(deadline);
        resolve();
      };
      if (count >= n) done();
      else waiting = { n, resolve: done };
    });
  return { ask, asked };
}

const turns = async () => {
  for (let n = 0; n < 3; n++) await new Promise(setImmediate);
};

test('another process wrote and a job is due: called', async (context) => {
  const log = await freshFile(context);
  await writeFile(log, '');
  const [changed, due] = [question(false, true), question(true)];
  const wake = new Wake(log, changed.ask, due.ask);
  context.after(() => wake.close());
  let calls = 0;
  wake.add(() => calls++);
  await appendFile(log, 'frames');
  await due.asked(1);
  await turns();
  assert.equal(calls, 1);
});

test('another process wrote and nothing is due: not called', async (context) => {
  const log = await freshFile(context);
  await writeFile(log, '');
  const [changed, due] = [question(false, true), question(false)];
  const wake = new Wake(log, changed.ask, due.ask);
  context.after(() => wake.close());
  let calls = 0;
  wake.add(() => calls++);
  await appendFile(log, 'frames');
  await due.asked(1);
  await turns();
  assert.equal(calls, 0);
});

test('the log grew but the commit is not visible yet: it looks again', async (context) => {
  const log = await freshFile(context);
  await writeFile(log, '');
  const [changed, due] = [question(false, false, false, false, true), question(true)];
  const wake = new Wake(log, changed.ask, due.ask);
  context.after(() => wake.close());
  let calls = 0;
  wake.add(() => calls++);
  await appendFile(log, 'frames');
  await due.asked(1);
  await turns();
  assert.equal(calls, 1);
});

test('a file that cannot be watched leaves the calls of this process', async (context) => {
  const wake = new Wake(
    `${await freshFile(context)}-missing`,
    () => false,
    () => true,
  );
  context.after(() => wake.close());
  let calls = 0;
  const end = wake.add(() => calls++);
  wake.soon();
  wake.soon();
  await turns();
  assert.equal(calls, 1, 'two commits of one turn are one call');
  end();
  wake.soon();
  await turns();
  assert.equal(calls, 1);
});
