/** SQL Server: a store that is away when it is opened, with a server that answers as the test says. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, Link } from '../../../src/store/mssql/link/pool.js';
import { openMssqlStore } from '../../../src/store/mssql/mssql.js';
import { NEWEST } from '../../../src/store/mssql/schema/migrate.js';

const URL = 'mssql://farm:secret@db.example/videos';
const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { name: 'ConnectionError', code: 'ESOCKET' });
const login = () =>
  Object.assign(new Error('Login failed.'), { name: 'ConnectionError', code: 'ELOGIN', number: 18456 });

/** A server of one row that answers everything, and the texts that reached it. */
function server(version = NEWEST) {
  const state: { thrown: (() => Error) | undefined; readonly texts: string[] } = { thrown: refused, texts: [] };
  const row = { made: 1, snapshot: 1, n: 1, version, bell: 5, due: 0 };
  const link: Link = {
    async send(text): Promise<Answer> {
      if (state.thrown) throw state.thrown();
      state.texts.push(text);
      return [[row]];
    },
    rebuild() {},
    async close() {},
  };
  return {
    state,
    open: (mayBeAway?: boolean) =>
      openMssqlStore(URL, { busyDeadlineMs: 1_000, ...(mayBeAway && { mayBeAway }) }, () => link),
  };
}

test('it is not opened, unless that is wanted; then it says that it is away, until it answers', async () => {
  const { state, open } = server();
  await assert.rejects(open(), { code: 'store_busy' });
  const store = await open(true);
  await assert.rejects(store.ping(), { code: 'store_busy' });
  state.thrown = undefined;
  await Promise.all([store.ping(), store.ping()]);
  const { length } = state.texts;
  await store.ping();
  assert.equal(state.texts.length, length + 1, 'what it must be is asked once');
  await store.close();
});

test('what it would have been refused for is told by the calls', async () => {
  const { state, open } = server(NEWEST + 1);
  const store = await open(true);
  state.thrown = undefined;
  await assert.rejects(store.ping(), { code: 'store_too_new' });
  await assert.rejects(store.get('x'), { code: 'store_too_new' });
  await store.close();
});

test('a mistake is none that passes: it is refused', async () => {
  const { state, open } = server();
  state.thrown = login;
  await assert.rejects(open(true), { code: 'config_invalid' });
  state.thrown = refused;
  const store = await open(true);
  state.thrown = login;
  await assert.rejects(store.ping(), { code: 'config_invalid' });
  await store.close();
});
