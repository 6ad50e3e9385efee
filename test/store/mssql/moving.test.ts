/** From an embedded store to SQL Server. Needs a server, but for what can be said of the texts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as texts from '../../../src/store/mssql/moving/texts.js';
import { openTarget } from '../../../src/store/open.js';
import { noServer, sqlServer } from '../fixtures/sql-server.js';
import { moving } from '../moving.js';

const place = sqlServer();

moving(
  'a store on SQL Server',
  Object.assign(
    async () => {
      await place.empty();
      const store = await place.open();
      return { store, open: () => openTarget(place.url), dispose: () => store.close() };
    },
    noServer === undefined ? {} : { skip: noServer },
  ),
);

test('the texts that move jobs are portable, stay in their schema, and write in one transaction', () => {
  for (const [name, text] of Object.entries(texts).map(([name, text]) => [name, text('farm')] as const)) {
    assert.doesNotMatch(text, /\bMERGE\b|CREATE OR ALTER|\bOUTPUT\b|\bIIF\b/i, name);
    for (const [, table] of text.matchAll(/\b(?:FROM|JOIN|INTO|UPDATE) ([a-z_]+\.[a-z_]+)/g))
      assert.match(table as string, /^farm\./, name);
    const isWrite = name === 'put' || name === 'hold';
    assert.equal(text.match(/BEGIN TRANSACTION/g)?.length ?? 0, isWrite ? 1 : 0, name);
    if (!isWrite) assert.doesNotMatch(text, /(INSERT INTO|UPDATE|DELETE) farm\./, name);
    else
      assert.doesNotMatch(
        text.split('BEGIN TRANSACTION')[0] ?? '',
        /farm\./,
        `${name} touches nothing before the lock`,
      );
  }
});
