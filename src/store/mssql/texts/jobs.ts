/** A job as texts answer it. */

import { BINARY } from '../schema/migrations.js';

const COLUMNS = [
  ...['seq', 'id', 'state', 'partner', 'requires', 'priority', 'attempt', 'crashes', 'fence', 'progress', 'server'],
  ...['revision', 'created_at', 'run_at', 'started_at', 'finished_at', 'request', 'result', 'failure'],
];

export const JOB = COLUMNS.map((name) => (/^(request|result|failure)$/.test(name) ? `p.${name}` : `j.${name}`)).join(
  ', ',
);

export const jobs = (s: string): string => `${s}.jobs AS j JOIN ${s}.payloads AS p ON p.job = j.seq`;

/** Jobs as they stand inside a transaction, to be answered after it; `n` says whose they are. */
export const DECLARE_JOBS = `DECLARE @jobs TABLE (n int NOT NULL, seq bigint NOT NULL, id varchar(64) ${BINARY} NOT NULL, state varchar(10) ${BINARY} NOT NULL,
  partner nvarchar(200) ${BINARY} NOT NULL, requires varchar(90) ${BINARY} NOT NULL, priority int NOT NULL, attempt int NOT NULL, crashes int NOT NULL, fence bigint NOT NULL, progress float NOT NULL,
  server nvarchar(200) ${BINARY} NULL, revision bigint NOT NULL, created_at bigint NOT NULL, run_at bigint NOT NULL, started_at bigint NULL,
  finished_at bigint NULL, request nvarchar(max) NOT NULL, result nvarchar(max) NULL, failure nvarchar(max) NULL);`;
export const INTO_JOBS = `INSERT INTO @jobs (n, ${COLUMNS.join(', ')})`;
export const ANSWER_JOBS = `SELECT n, ${COLUMNS.join(', ')} FROM @jobs ORDER BY n;`;
