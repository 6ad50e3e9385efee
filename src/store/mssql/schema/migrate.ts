/**
 * Brings the tables up to date: by `storyfarm migrate` and never at opening, since the login of a service need not have the right to make tables, and several
 * machines share them.
 *
 * Each migration is one text and one transaction: it takes a lock that only migrations take, looks whether it is still to be done, does it, and notes it. So two who migrate at once
 * do it once, and one that breaks off leaves nothing. The texts can be given to whoever runs the database (`--plan`), and do the same there.
 */

import { StoryfarmError } from '../../../errors.js';
import type { Patience } from '../link/patience.js';
import { MIGRATIONS } from './migrations.js';

/** A migration that is to be done. */
export interface Step {
  readonly version: number;
  readonly text: string;
}

export const NEWEST = MIGRATIONS.length;

const quoted = (text: string): string => `N'${text.replaceAll("'", "''")}'`;

/** What waits for one of these waits for the other: milliseconds. */
const LOCK_MS = 60_000;

const hasTable = (s: string, table: string): string =>
  `EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = '${s}' AND TABLE_NAME = '${table}')`;

/** The text of one migration, counted from 1. */
export function migrationText(s: string, version: number): string {
  const statements = MIGRATIONS[version - 1]?.(s) ?? [];
  const makeSchema = `IF NOT EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME = '${s}')
  EXEC(${quoted(`CREATE SCHEMA ${s}`)});
IF NOT ${hasTable(s, 'migrations')}
  EXEC(${quoted(`CREATE TABLE ${s}.migrations (version int NOT NULL CONSTRAINT migrations_key PRIMARY KEY, applied_at datetime2(3) NOT NULL)`)});
`;
  // The last two for indexes of a part of the rows: not every tool that a script may be run with sets them.
  return `SET NOCOUNT ON; SET XACT_ABORT ON; SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON;
DECLARE @lock int;
BEGIN TRANSACTION;
EXEC @lock = sp_getapplock @Resource = 'storyfarm.${s}', @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = ${LOCK_MS};
IF @lock < 0 THROW 50001, 'Another migration is under way.', 1;
${version === 1 ? makeSchema : ''}IF NOT EXISTS (SELECT 1 FROM ${s}.migrations WHERE version = ${version})
BEGIN
${statements.map((statement) => `  EXEC(${quoted(statement)});`).join('\n')}
  INSERT INTO ${s}.migrations (version, applied_at) VALUES (${version}, SYSUTCDATETIME());
END;
COMMIT TRANSACTION;`;
}

/** What the database says of itself. */
export const standingText = (
  s: string,
): string => `SELECT CASE WHEN ${hasTable(s, 'migrations')} THEN 1 ELSE 0 END AS made,
  is_read_committed_snapshot_on AS snapshot FROM sys.databases WHERE name = DB_NAME();`;
export const versionText = (s: string): string => `SELECT COALESCE(MAX(version), 0) AS version FROM ${s}.migrations;`;

/** Fails in a database that behaves as one of before SQL Server 2016. Asked for, since what servers say of their level is not comparable. */
const jsonText = `SELECT n FROM OPENJSON('[{"n": 1}]') WITH (n int);`;

/** Which migrations are applied; 0 where there are no tables yet. Rejects with `config_invalid` for a database that cannot keep the store's promises. */
export async function versionOf(patience: Pick<Patience, 'send'>, s: string, name: string): Promise<number> {
  const [[standing] = []] = await patience.send(standingText(s), {}, false);
  if (Number(standing?.snapshot ?? 0) !== 1) {
    throw new StoryfarmError('config_invalid', `The database of the store ${name} lets readers wait for writers.`, {
      hint: 'Run ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON while nobody else uses the database (docs/sql-server.md).',
    });
  }
  await patience.send(jsonText, {}, false).catch((cause) => {
    if (!['config_invalid', 'internal'].includes(cause.code)) throw cause;
    throw new StoryfarmError('config_invalid', `The database of the store ${name} does not read JSON.`, {
      cause,
      hint: 'Run ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 130, or higher.',
    });
  });
  if (Number(standing?.made) !== 1) return 0;
  const [[row] = []] = await patience.send(versionText(s), {}, false);
  return Number(row?.version);
}

/** The migrations after `version`; rejects with `store_too_new` when there are some that are not known here. */
export function planOf(version: number, s: string, name: string): readonly Step[] {
  if (version > NEWEST)
    throw new StoryfarmError(
      'store_too_new',
      `The store ${name} has schema ${version}; this Storyfarm knows ${NEWEST}.`,
    );
  return MIGRATIONS.slice(version).map((_, index) => ({
    version: version + index + 1,
    text: migrationText(s, version + index + 1),
  }));
}

/** Throws unless the tables are just those that this Storyfarm works with. */
export function assertUpToDate(version: number, s: string, name: string): void {
  if (planOf(version, s, name).length === 0) return;
  throw new StoryfarmError('store_too_old', `The store ${name} has schema ${version}; this Storyfarm needs ${NEWEST}.`);
}
