/**
 * The frame of every write: one text that is sent at once, and is one transaction.
 *
 * Problem: several machines write at the same time, to a server whose kind of locks we do not choose. Claims have to keep to one order and to limits that count over all
 * machines; `changes` must miss nothing, though commits do not come in the order in which numbers were drawn; and writers must not wait for one another in a circle.
 *
 * Solution: every writer first updates the one row of `counter`, and so waits for the writer before, whose row is locked until its commit: in any database that knows
 * transactions, without a hint. Then it is alone. What it reads stays as it is, numbers become visible in their order, and nobody holds what the first one waits for.
 * What is written at about the same time shares a transaction (gather.ts), since commits come one after the other.
 *
 * The lock is never held while a machine thinks: a text carries all that it needs, decides on the server, and commits before it answers. A machine that is
 * stopped in the middle of a claim so holds nobody up, and no answer is being read while the row is locked.
 *
 * A text may be sent again when nobody knows what became of it (link/patience.ts), then with @resent: it looks for what it would have left before it does it. Every write is
 * either the same when done twice, or leaves a mark of its own: its history, its id, its ticket.
 *
 * Settings that matter are made by each text and not by each connection: a pool hands connections on as they were left.
 */

/** Revisions that each write is given; so many changes it may make. What is left over is a gap, which troubles nobody. */
export const REVISIONS = 1000;

/** Milliseconds since the epoch on the database's clock. */
export const NOW = `DATEDIFF_BIG(millisecond, CAST('1970-01-01' AS datetime2), SYSUTCDATETIME())`;

/** Readers see what is committed, each statement as of one moment (READ_COMMITTED_SNAPSHOT), and wait for nobody. */
const SETTINGS =
  'SET NOCOUNT ON; SET XACT_ABORT ON; SET LOCK_TIMEOUT 2000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;';

export interface Write {
  /** Declarations, and what can be done before anybody has to wait. */
  readonly before?: string;
  /** Statements of the transaction. They have @now, and @revision: the last one that was given away. */
  readonly body: string;
  /** What is answered after the commit and after the bell, out of variables. */
  readonly answer?: string;
  /** How often the bell rings: SQL. */
  readonly rings?: string;
}

export const write = (s: string, { before = '', body, answer = '', rings = '0' }: Write): string => `
${SETTINGS}
DECLARE @now bigint, @revision bigint, @bell bigint;
${before}
BEGIN TRANSACTION;
UPDATE ${s}.counter SET revision = revision + ${REVISIONS}, bell = bell + ${rings} WHERE one = 1;
SELECT @revision = revision - ${REVISIONS}, @bell = bell, @now = ${NOW} FROM ${s}.counter WHERE one = 1;
${body}
COMMIT TRANSACTION;
SELECT @bell AS bell;
${answer}`;

export const read = (body: string): string => `
${SETTINGS}
DECLARE @now bigint;
SET @now = ${NOW};
${body}`;
