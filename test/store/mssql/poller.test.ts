/** SQL Server: the question that stands for a bell. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextPause, PACE, Poller } from '../../../src/store/mssql/poller.js';

test('quick after the bell has rung, then ever slower, never slower than every two seconds', () => {
  let pause = 0;
  const pauses = [true, false, false, false, false, false, false, true].map((hasRung) => {
    ({ pause } = nextPause(PACE, pause, hasRung, 0.5));
    return pause;
  });
  assert.deepEqual(pauses, [250, 375, 562.5, 843.75, 1265.625, 1898.4375, 2000, 250]);
});

test('chance spreads the question over a quarter up and down; an idle machine asks less than once a second', () => {
  assert.equal(nextPause(PACE, 2000, false, 0).wait, 1500);
  assert.equal(nextPause(PACE, 2000, false, 0.999_999).wait.toFixed(0), '2500');
});

/** Asks in no time; `ask` answers in turn, the last one for ever. */
function polling(heard: number, ...bells: (number | Error)[]) {
  let asked = 0;
  let count = () => {};
  const ask = async () => {
    const bell = bells[Math.min(asked, bells.length - 1)] as number | Error;
    asked++;
    count();
    if (bell instanceof Error) throw bell;
    return bell;
  };
  const poller = new Poller(heard, { ask, pace: { quickest: 1, slowest: 1 } });
  // Its timers keep no process alive.
  const presence = setInterval(() => {}, 1000);
  const until = async (n: number) => {
    while (asked < n)
      await new Promise<void>((resolve) => {
        count = resolve;
      });
  };
  const end = () => {
    clearInterval(presence);
    poller.close();
  };
  return { poller, until, asked: () => asked, end };
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('calls when it rang on another machine, also between opening and listening, and not otherwise', async () => {
  const { poller, until, end } = polling(3, 3, 3, 4, 4, 4, 4);
  let calls = 0;
  poller.add(() => calls++);
  await until(2);
  await turn();
  assert.equal(calls, 0);
  await until(5);
  await turn();
  assert.equal(calls, 1);
  end();
  const missed = polling(3, 7);
  const called = new Promise<void>((resolve) => missed.poller.add(resolve));
  await called;
  missed.end();
});

test('what this process hears is told at once, once a turn, and is no news when asked', async () => {
  const { poller, until, asked, end } = polling(0, 2);
  let calls = 0;
  poller.add(() => calls++);
  poller.hear(1);
  poller.hear(2);
  poller.hear(2);
  await turn();
  assert.equal(calls, 1);
  await until(asked() + 2);
  await turn();
  assert.equal(calls, 1);
  end();
});

test('a store that does not answer is asked on', async () => {
  const { poller, end } = polling(0, new Error('away'), new Error('away'), 1);
  await new Promise<void>((resolve) => poller.add(resolve));
  end();
});

test('asks for nobody when nobody listens', async () => {
  const { poller, until, asked, end } = polling(0, 0);
  const one = poller.add(() => {});
  const other = poller.add(() => {});
  await until(1);
  one();
  await until(2);
  other();
  const before = asked();
  await turn();
  await turn();
  assert.ok(asked() <= before + 1, 'one that was under way');
  end();
});
