/** SQL Server: the texts, as far as they can be judged without a server. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { migrationText, planOf } from '../../../src/store/mssql/schema/migrate.js';
import { MIGRATIONS } from '../../../src/store/mssql/schema/migrations.js';
import { read, write } from '../../../src/store/mssql/texts/frame.js';
import { textsFor } from '../../../src/store/mssql/texts/texts.js';

const texts = Object.entries(textsFor('farm'));
const writes = texts.filter(([, text]) => text.includes('BEGIN TRANSACTION'));

test('a write locks the counter before it does anything, and answers after the commit', () => {
  const text = write('farm', { before: 'BEFORE;', body: 'BODY;', answer: 'ANSWER;', rings: 'RINGS' });
  assert.equal(
    text,
    `
SET NOCOUNT ON; SET XACT_ABORT ON; SET LOCK_TIMEOUT 2000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
DECLARE @now bigint, @revision bigint, @bell bigint;
BEFORE;
BEGIN TRANSACTION;
UPDATE farm.counter SET revision = revision + 1000, bell = bell + RINGS WHERE one = 1;
SELECT @revision = revision - 1000, @bell = bell, @now = DATEDIFF_BIG(millisecond, CAST('1970-01-01' AS datetime2), SYSUTCDATETIME()) FROM farm.counter WHERE one = 1;
BODY;
COMMIT TRANSACTION;
SELECT @bell AS bell;
ANSWER;`,
  );
});

test('a look takes no lock', () => {
  assert.equal(
    read('BODY;'),
    `
SET NOCOUNT ON; SET XACT_ABORT ON; SET LOCK_TIMEOUT 2000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
DECLARE @now bigint;
SET @now = DATEDIFF_BIG(millisecond, CAST('1970-01-01' AS datetime2), SYSUTCDATETIME());
BODY;`,
  );
});

describe('every text', () => {
  test('is portable: no MERGE, no hints, no CREATE OR ALTER, nothing of one server alone', () => {
    const all = [
      ...texts,
      ...MIGRATIONS.map((_, index) => [`migration ${index + 1}`, migrationText('farm', index + 1)] as const),
    ];
    for (const [name, text] of all)
      assert.doesNotMatch(
        text,
        /\bMERGE\b|CREATE OR ALTER|\bWITH\s*\((?!n int|id varchar|tag varchar)|MIN_ACTIVE_ROWVERSION|\bOUTPUT\b|\bIIF\b|\bLEAST\b/i,
        name,
      );
  });

  test('of a write is one transaction, answers from variables alone, and knows when it is sent again where that matters', () => {
    assert.equal(writes.length, 14);
    for (const [name, text] of writes) {
      assert.equal(text.match(/BEGIN TRANSACTION/g)?.length, 1, name);
      const [before = '', rest = ''] = text.split('BEGIN TRANSACTION;');
      assert.doesNotMatch(before, /farm\./, `${name} touches nothing before the lock`);
      const [, answer = ''] = rest.split('COMMIT TRANSACTION;');
      assert.doesNotMatch(answer, /farm\./, `${name} reads nothing after the commit`);
    }
    const marked = writes.filter(([, text]) => text.includes('@resent')).map(([name]) => name);
    assert.deepEqual(marked, ['enqueue', 'claim', 'end']);
  });

  test('of a look writes nothing', () => {
    for (const [name, text] of texts)
      if (!writes.some(([other]) => other === name)) assert.doesNotMatch(text, /INSERT|UPDATE|DELETE/, name);
  });

  test('stays in its schema', () => {
    for (const [name, text] of texts)
      for (const [, table] of text.matchAll(/\b(?:FROM|JOIN|INTO|UPDATE) ([a-z_]+\.[a-z_]+)/g))
        assert.match(table as string, /^farm\./, name);
  });
});

test('a migration is one transaction under a lock of its own, and does nothing twice', () => {
  const text = migrationText('farm', 1);
  assert.match(
    text,
    /^SET NOCOUNT ON; SET XACT_ABORT ON; SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON;\nDECLARE @lock int;\nBEGIN TRANSACTION;\nEXEC @lock = sp_getapplock @Resource = 'storyfarm.farm'/,
  );
  assert.match(
    text,
    /IF NOT EXISTS \(SELECT 1 FROM farm\.migrations WHERE version = 1\)\nBEGIN\n {2}EXEC\(N'CREATE TABLE farm\.jobs/,
  );
  assert.match(text, /VALUES \(''queued'', 0\)/);
  assert.match(
    text,
    / {2}INSERT INTO farm\.migrations \(version, applied_at\) VALUES \(1, SYSUTCDATETIME\(\)\);\nEND;\nCOMMIT TRANSACTION;$/,
  );
});

test('what is to be done: what comes after the version; a newer schema is refused', () => {
  assert.deepEqual(
    planOf(0, 'farm', 'name').map(({ version }) => version),
    MIGRATIONS.map((_, index) => index + 1),
  );
  assert.deepEqual(planOf(MIGRATIONS.length, 'farm', 'name'), []);
  assert.throws(() => planOf(MIGRATIONS.length + 1, 'farm', 'name'), { code: 'store_too_new' });
});
