/** Forgetting: finished jobs as a whole, or their words alone. */

import { BINARY } from '../schema/migrations.js';
import { read, write } from './frame.js';
import { tally } from './move.js';

export const purgeable = (s: string): string =>
  read(`SELECT TOP (@limit) id, server FROM ${s}.jobs WHERE state = @state AND finished_at IS NOT NULL AND finished_at <= @now - @age
  AND (@server IS NULL OR server IS NULL OR server = @server) ORDER BY finished_at, seq;`);

/** @items: ids. What hangs on a job goes with it. */
export const purge = (s: string): string =>
  write(s, {
    before: `DECLARE @gone TABLE (seq bigint NOT NULL PRIMARY KEY, state varchar(10) ${BINARY} NOT NULL);
DECLARE @ids TABLE (id varchar(64) ${BINARY} NOT NULL PRIMARY KEY);
INSERT INTO @ids (id) SELECT DISTINCT id FROM OPENJSON(@items) WITH (id varchar(64));`,
    body: `INSERT INTO @gone (seq, state) SELECT j.seq, j.state FROM ${s}.jobs AS j JOIN @ids AS i ON i.id = j.id WHERE j.finished_at IS NOT NULL;
DELETE j FROM ${s}.jobs AS j JOIN @gone AS g ON g.seq = j.seq;
${tally(s, 'SELECT state, -1 AS change FROM @gone')}`,
    answer: 'SELECT COUNT(*) AS purged FROM @gone;',
  });

/** It counts as no change of the job: its revision stays. */
export const eraseWords = (s: string): string =>
  write(s, {
    before: 'DECLARE @old TABLE (seq bigint NOT NULL PRIMARY KEY);',
    body: `INSERT INTO @old (seq) SELECT TOP (@limit) seq FROM ${s}.jobs WHERE erased = 0 AND finished_at IS NOT NULL AND finished_at <= @now - @age ORDER BY finished_at, seq;
UPDATE p SET request = JSON_MODIFY(p.request, '$.words', JSON_QUERY('{}')) FROM ${s}.payloads AS p JOIN @old AS o ON o.seq = p.job;
UPDATE i SET fingerprint = NULL FROM ${s}.idempotency AS i JOIN @old AS o ON o.seq = i.job;
UPDATE j SET erased = 1 FROM ${s}.jobs AS j JOIN @old AS o ON o.seq = j.seq;`,
    answer: 'SELECT COUNT(*) AS erased FROM @old;',
  });
