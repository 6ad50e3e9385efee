/** SQL Server: the question that stands for a bell. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type News, Poller } from '../../../src/store/mssql/poller.js';

const due = (bell: number) => ({ bell, isDue: true });

/** Asks in no time; `ask` answers in turn, the last one for ever. */
function polling(heard: number, ...bells: (number | News | Error)[]) {
  let asked = 0;
  let count = () => {};
  const ask = async () => {
    const bell = bells[Math.min(asked, bells.length - 1)] as number | News | Error;
    asked++;
    count();
    if (bell instanceof Error) throw bell;
    return typeof bell === 'number' ? { bell, isDue: false } : bell;
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

test('a store that does not answer is asked on; when it does again it calls, since nobody knows what was missed', async () => {
  const { poller, asked, end } = polling(0, new Error('away'), new Error('away'), 0);
  await new Promise<void>((resolve) => poller.add(resolve));
  assert.equal(asked(), 3);
  end();
});

test('calls when something is due, though no bell has rung for it', async () => {
  const { poller, asked, end } = polling(1, 1, 1, due(1));
  await new Promise<void>((resolve) => poller.add(resolve));
  assert.equal(asked(), 3);
  end();
});

test('what is heard otherwise stands for a question of its own', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let asked = 0;
  const ask = async () => {
    asked++;
    return { bell: 0, isDue: false };
  };
  const poller = new Poller(0, { ask, random: () => 0.5 });
  poller.add(() => {});
  for (let n = 0; n < 100; n++) {
    context.mock.timers.tick(249);
    poller.hear(0);
  }
  assert.equal(asked, 0);
  context.mock.timers.tick(2_000);
  assert.equal(asked, 1);
  poller.close();
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
