/** SQL Server: how often a text is sent, with a driver that answers as the test says. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from '../../../src/store/mssql/link/patience.js';
import type { Answer, Values } from '../../../src/store/mssql/link/pool.js';

const said = (number: number) =>
  Object.assign(new Error(`said ${number}`), { name: 'RequestError', code: 'EREQUEST', number });
const silent = () => Object.assign(new Error('silence'), { name: 'RequestError', code: 'ETIMEOUT' });
const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { name: 'ConnectionError', code: 'ESOCKET' });
const login = () => Object.assign(new Error('Login failed.'), { name: 'ConnectionError', code: 'ELOGIN' });
const GOOD: Answer = [[{ answer: 1 }]];

/** Answers in turn, the last one for ever. */
function scripted(...answers: (Answer | Error)[]) {
  const sent: Values[] = [];
  const given: number[] = [];
  const retried: string[] = [];
  let [rebuilt, now] = [0, 0];
  const link = {
    send: async (_text: string, values: Values, ms: number) => {
      given.push(ms);
      const answer = answers[Math.min(sent.length, answers.length - 1)] as Answer | Error;
      sent.push(values);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    rebuild: () => void rebuilt++,
    close: async () => {},
  };
  const patience = (deadlineMs = 60_000) =>
    new Patience({
      link,
      name: 'mssql://h',
      deadlineMs,
      retried: (why) => retried.push(why),
      random: () => 0,
      pause: async () => {},
      now: () => now,
    });
  const wait = (ms: number) => {
    now += ms;
  };
  return { sent, given, retried, patience, rebuilds: () => rebuilt, wait };
}

test('what is answered is sent once', async () => {
  const { sent, patience, retried } = scripted(GOOD);
  assert.equal(await patience().send('text', { id: 'x' }, true), GOOD);
  assert.deepEqual(sent, [{ id: 'x', resent: false }]);
  assert.deepEqual(retried, []);
});

test('a look is given no mark', async () => {
  const { sent, patience } = scripted(silent(), GOOD);
  await patience().send('text', { id: 'x' }, false);
  assert.deepEqual(sent, [{ id: 'x' }, { id: 'x' }]);
});

for (const [number, why] of [
  [1205, 'deadlock'],
  [1222, 'lock_timeout'],
] as const)
  test(`${why}: sent again as for the first time, at most five times, and counted`, async () => {
    const some = scripted(said(number), said(number), GOOD);
    assert.equal(await some.patience().send('text', {}, true), GOOD);
    assert.deepEqual(some.sent, [{ resent: false }, { resent: false }, { resent: false }]);
    assert.deepEqual(some.retried, [why, why]);
    const many = scripted(said(number));
    await assert.rejects(many.patience().send('text', {}, true), { code: 'store_busy' });
    assert.equal(many.sent.length, 6);
    assert.equal(many.retried.length, 5);
  });

test('no answer: sent again with the mark, which stays until the end', async () => {
  const { sent, patience } = scripted(silent(), said(1205), refused(), GOOD);
  assert.equal(await patience().send('text', {}, true), GOOD);
  assert.deepEqual(sent, [{ resent: false }, { resent: true }, { resent: true }, { resent: true }]);
});

test('no answer until the deadline: outcome_unknown, whatever came last; of a look: busy', async () => {
  const { patience } = scripted(silent(), refused());
  await assert.rejects(patience(0).send('text', {}, true), { code: 'outcome_unknown' });
  const look = scripted(silent());
  await assert.rejects(look.patience(0).send('text', {}, false), { code: 'store_busy' });
});

test('never sent until the deadline: busy, nothing was written', async () => {
  const { patience } = scripted(refused());
  await assert.rejects(patience(0).send('text', {}, true), { code: 'store_busy' });
});

test('what the server refuses is not tried again', async () => {
  const { sent, patience } = scripted(said(547));
  await assert.rejects(patience().send('text', {}, true), { code: 'internal' });
  assert.equal(sent.length, 1);
});

test('a login that fails is a mistake at first, and a server that starts once it was let in', async () => {
  await assert.rejects(scripted(login()).patience().send('text', {}, true), { code: 'config_invalid' });
  const { sent, patience } = scripted(GOOD, login(), GOOD);
  const known = patience();
  await known.send('text', {}, true);
  await known.send('text', {}, true);
  assert.equal(sent.length, 3);
});

test('with a failure all connections are given up, and not again before they are old', async () => {
  const { retried, patience, rebuilds, wait } = scripted(silent(), silent(), refused(), GOOD, silent());
  const known = patience(1_000);
  await known.send('text', {}, true);
  assert.equal(rebuilds(), 1);
  wait(3_999);
  await assert.rejects(known.send('text', {}, true, 0));
  assert.equal(rebuilds(), 1);
  wait(1);
  await assert.rejects(known.send('text', {}, true, 0));
  assert.equal(rebuilds(), 2);
  assert.equal(retried.filter((why) => why === 'rebuilt').length, 2);
  const busy = scripted(said(1205), GOOD);
  await busy.patience().send('text', {}, true);
  assert.equal(busy.rebuilds(), 0, 'a server that answers is there');
});

test('a try gets half of the deadline; over connections that are new since a failure a text is not broken off at its end', async () => {
  const { given, patience, wait } = scripted(GOOD, silent(), silent(), GOOD, GOOD, GOOD);
  const known = patience(1_000);
  await known.send('text', {}, true);
  await known.send('text', {}, true);
  await known.send('another', {}, true);
  wait(4_000);
  await known.send('text', {}, true);
  assert.deepEqual(given, [500, 500, 4_000, 4_000, 4_000, 500]);
});

test('a driver that does not come to an end is waited for until the deadline only', async () => {
  const link = { send: () => new Promise<never>(() => {}), rebuild: () => {}, close: async () => {} };
  const patience = new Patience({ link, name: 'mssql://h', deadlineMs: 50 });
  await assert.rejects(patience.send('text', {}, true), { code: 'outcome_unknown' });
  await assert.rejects(patience.send('text', {}, false, 20), { code: 'store_busy' });
});
