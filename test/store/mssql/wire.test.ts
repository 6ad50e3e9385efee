/** SQL Server: the driver on a wire that breaks, with a server of a few lines at its end. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parseAddress } from '../../../src/store/mssql/address.js';
import { Patience } from '../../../src/store/mssql/link/patience.js';
import { Pool } from '../../../src/store/mssql/link/pool.js';
import { type Reply, tdsServer, wireTo } from '../fixtures/tds.js';

/** Milliseconds: whoever gets no answer is cut off soon. */
const SOON = 150;

async function connected(context: TestContext, reply: (text: string) => Reply = () => ({ answer: 7 })) {
  const wire = await wireTo(context, await tdsServer(context, reply));
  const { driver, name } = parseAddress(`mssql://farm:secret@127.0.0.1:${wire.port}/videos?encrypt=false`);
  const quick = { ...driver, options: { ...driver.options, cancelTimeout: SOON, connectTimeout: SOON * 5 } };
  const link = new Pool(quick);
  context.after(() => link.close());
  const retried: string[] = [];
  const patience = new Patience({ link, name, deadlineMs: 20_000, tryMs: SOON, retried: (why) => retried.push(why) });
  return { wire, link, retried, patience, ask: (text = 'SELECT 7') => patience.send(text, { limit: 1 }, true) };
}

test('asks and is answered, over connections that are used again', async (context) => {
  const { ask, wire } = await connected(context);
  assert.deepEqual(
    (await ask()).map((rows) => [...rows]),
    [[{ answer: 7 }]],
  );
  const { made } = wire;
  await ask();
  await ask();
  assert.equal(wire.made, made);
});

test('a half-open connection: it is given up, and another one is answered', async (context) => {
  const { ask, wire, retried } = await connected(context);
  await ask();
  wire.cut();
  assert.equal((await ask())[0]?.[0]?.answer, 7);
  assert.ok(retried.includes('unknown'), `${retried}`);
});

test('a pool of half-open connections, and a network that is away: all are given up, and it goes on by itself', async (context) => {
  const { ask, wire, retried } = await connected(context);
  await Promise.all([ask(), ask(), ask(), ask()]);
  wire.cut(true);
  const waiting = Promise.all([ask(), ask(), ask(), ask()]);
  while (!retried.includes('rebuilt')) await new Promise(setImmediate);
  wire.mend();
  for (const answer of await waiting) assert.equal(answer[0]?.[0]?.answer, 7);
});

test('a server that hangs up in the middle: sent again, marked', async (context) => {
  const texts: string[] = [];
  const { ask, retried } = await connected(context, (text) => (texts.push(text) === 1 ? 'hang up' : { answer: 7 }));
  await ask('SELECT 1');
  assert.deepEqual(retried, ['rebuilt', 'unknown']);
  assert.equal(texts.length, 2);
  assert.notEqual(texts[0], texts[1], 'the mark');
});

test('a deadlock by its number: sent again', async (context) => {
  let times = 0;
  const { ask, retried } = await connected(context, () => (times++ < 2 ? { error: 1205 } : { answer: 7 }));
  await ask();
  assert.deepEqual(retried, ['deadlock', 'deadlock']);
});

test('a server that is silent is asked no longer than the deadline', async (context) => {
  const { link } = await connected(context, () => 'silence');
  const short = new Patience({ link, name: 'mssql://h', deadlineMs: 2 * SOON, tryMs: SOON });
  await assert.rejects(short.send('SELECT 1', {}, true), { code: 'outcome_unknown' });
});

test('nobody there: busy, nothing was written', async (context) => {
  const { driver } = parseAddress('mssql://farm:secret@127.0.0.1:1/videos?encrypt=false');
  const link = new Pool(driver);
  context.after(() => link.close());
  const short = new Patience({ link, name: 'mssql://h', deadlineMs: SOON });
  await assert.rejects(short.send('SELECT 1', {}, true), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'store_busy');
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
});
