/** Recording jobs: many in one transaction, each with the revision that becomes its `seq`. */

import { MOST_REQUIRED } from '../../../tags.js';
import { BINARY } from '../schema/migrations.js';
import { write } from './frame.js';
import { ANSWER_JOBS, DECLARE_JOBS, INTO_JOBS, JOB } from './jobs.js';
import { openLanes } from './lanes.js';
import { tally } from './move.js';

/** The tags of a requirement, apart. */
export const TAGS = Array.from({ length: MOST_REQUIRED }, (_, index) => `tag${index + 1}`);

/** Notes the tags of what these rows require, once. */
export const noteRequirements = (s: string, rows: string): string =>
  `IF EXISTS (SELECT 1 FROM ${rows} WHERE requires <> '') INSERT INTO ${s}.requirements (requires, tag)
SELECT DISTINCT a.requires, a.tag FROM (${TAGS.map((tag) => `SELECT requires, ${tag} AS tag FROM ${rows}`).join(' UNION ALL ')}) AS a
WHERE a.tag IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${s}.requirements AS q WHERE q.requires = a.requires);`;

/**
 * @items: the jobs, no idempotency key twice. Answers the moment; then for each whose key was known its place and what was asked for under it; then the jobs of those. A job that
 * is there under its own id was recorded by an earlier sending: it is as good as new.
 */
export const enqueue = (s: string): string =>
  write(s, {
    rings: '1',
    before: `DECLARE @asked TABLE (n int NOT NULL PRIMARY KEY, id varchar(64) ${BINARY} NOT NULL, template nvarchar(200) ${BINARY} NOT NULL,
  partner nvarchar(200) ${BINARY} NOT NULL, requires varchar(90) ${BINARY} NOT NULL, priority int NOT NULL, delay bigint NOT NULL, request nvarchar(max) NOT NULL, callback_url nvarchar(max) NULL,
  hash char(64) ${BINARY} NULL, fingerprint char(64) ${BINARY} NULL, ${TAGS.map((tag) => `${tag} varchar(20) ${BINARY} NULL`).join(', ')});
DECLARE @known TABLE (n int NOT NULL PRIMARY KEY, seq bigint NOT NULL, created bit NOT NULL, fingerprint char(64) ${BINARY} NULL);
${DECLARE_JOBS}
INSERT INTO @asked (n, id, template, partner, requires, priority, delay, request, callback_url, hash, fingerprint, ${TAGS.join(', ')})
SELECT n, id, template, partner, requires, priority, delay, request, callback_url, hash, fingerprint, ${TAGS.join(', ')} FROM OPENJSON(@items) WITH (n int, id varchar(64),
  template nvarchar(200), partner nvarchar(200), requires varchar(90), priority int, delay bigint, request nvarchar(max) AS JSON, callback_url nvarchar(max), hash char(64), fingerprint char(64),
  ${TAGS.map((tag) => `${tag} varchar(20)`).join(', ')});`,
    body: `IF @resent = 1 INSERT INTO @known (n, seq, created, fingerprint)
SELECT a.n, j.seq, 1, a.fingerprint FROM @asked AS a JOIN ${s}.jobs AS j ON j.id = a.id;
INSERT INTO @known (n, seq, created, fingerprint)
SELECT a.n, i.job, 0, i.fingerprint FROM @asked AS a JOIN ${s}.idempotency AS i ON i.hash = a.hash
WHERE NOT EXISTS (SELECT 1 FROM @known AS k WHERE k.n = a.n);
INSERT INTO ${s}.jobs (seq, id, template, partner, requires, priority, state, run_at, fence, attempt, crashes, progress, revision, created_at, erased)
SELECT @revision + a.n, a.id, a.template, a.partner, a.requires, a.priority, 'queued', @now + a.delay, 0, 0, 0, 0, @revision + a.n, @now, 0
FROM @asked AS a WHERE NOT EXISTS (SELECT 1 FROM @known AS k WHERE k.n = a.n);
INSERT INTO ${s}.payloads (job, request, callback_url)
SELECT @revision + a.n, a.request, a.callback_url FROM @asked AS a WHERE NOT EXISTS (SELECT 1 FROM @known AS k WHERE k.n = a.n);
INSERT INTO ${s}.idempotency (job, hash, fingerprint)
SELECT @revision + a.n, a.hash, a.fingerprint FROM @asked AS a WHERE a.hash IS NOT NULL AND NOT EXISTS (SELECT 1 FROM @known AS k WHERE k.n = a.n);
${noteRequirements(s, '@asked')}
${openLanes(s, '@asked AS m WHERE NOT EXISTS (SELECT 1 FROM @known AS k WHERE k.n = m.n)')}
${tally(s, "SELECT 'queued' AS state, 1 AS change FROM @asked AS a WHERE NOT EXISTS (SELECT 1 FROM @known AS k WHERE k.n = a.n)")}
${INTO_JOBS}
SELECT k.n, ${JOB} FROM @known AS k JOIN ${s}.jobs AS j ON j.seq = k.seq JOIN ${s}.payloads AS p ON p.job = j.seq;`,
    answer: `SELECT @now AS now;\nSELECT n, created, fingerprint FROM @known;\n${ANSWER_JOBS}`,
  });
