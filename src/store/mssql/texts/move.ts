/**
 * A job leaves its state: one text for every way in which an attempt ends (rendered, dead, retried, released, rescued), for cancelling and for reopening. Row, payload, history, callback,
 * lanes and tally move together.
 */

import { BINARY } from '../schema/migrations.js';
import { REVISIONS, write } from './frame.js';
import { ANSWER_JOBS, DECLARE_JOBS, INTO_JOBS, JOB } from './jobs.js';
import { closeLanes, openLanes } from './lanes.js';

/** What moves: `was` and `becomes` are states, `n` is its place among the changes of this write. */
const DECLARE_MOVED = `DECLARE @moved TABLE (n int NOT NULL PRIMARY KEY, seq bigint NOT NULL, event varchar(10) ${BINARY} NOT NULL, was varchar(10) ${BINARY} NOT NULL,
  becomes varchar(10) ${BINARY} NOT NULL, fence bigint NOT NULL, server nvarchar(200) ${BINARY} NULL, partner nvarchar(200) ${BINARY} NOT NULL,
  template nvarchar(200) ${BINARY} NOT NULL, priority int NOT NULL, requires varchar(90) ${BINARY} NOT NULL, attempts int NOT NULL, crashes int NOT NULL, retry_in bigint NULL,
  result nvarchar(max) NULL, failure nvarchar(max) NULL, event_id varchar(64) ${BINARY} NULL);`;
const INTO_MOVED = `INSERT INTO @moved (n, seq, event, was, becomes, fence, server, partner, template, priority, requires, attempts, crashes, retry_in, result, failure, event_id)`;

/** Does to the jobs what @moved says of them. */
const move = (s: string): string => `
UPDATE j SET state = m.becomes, revision = @revision + m.n, lease_until = NULL, ticket = NULL,
  run_at = CASE WHEN m.event = 'retried' THEN @now + m.retry_in WHEN m.event = 'reopened' THEN @now
    WHEN m.event IN ('released', 'rescued') AND j.run_at > @now THEN @now ELSE j.run_at END,
  server = CASE WHEN m.event = 'rendered' THEN j.server ELSE NULL END,
  progress = CASE WHEN m.event = 'rendered' THEN 1 WHEN m.becomes = 'queued' THEN 0 ELSE j.progress END,
  started_at = CASE WHEN m.becomes = 'queued' THEN NULL ELSE j.started_at END,
  finished_at = CASE WHEN m.becomes = 'queued' THEN NULL ELSE @now END,
  attempt = CASE WHEN m.event = 'reopened' THEN 0 ELSE j.attempt + m.attempts END, crashes = CASE WHEN m.event = 'reopened' THEN 0 ELSE j.crashes + m.crashes END
FROM ${s}.jobs AS j JOIN @moved AS m ON m.seq = j.seq;
UPDATE p SET result = m.result, failure = NULL FROM ${s}.payloads AS p JOIN @moved AS m ON m.seq = p.job WHERE m.event = 'rendered';
UPDATE p SET failure = m.failure FROM ${s}.payloads AS p JOIN @moved AS m ON m.seq = p.job WHERE m.event IN ('retried', 'dead');
UPDATE p SET result = NULL FROM ${s}.payloads AS p JOIN @moved AS m ON m.seq = p.job WHERE m.event = 'reopened';
UPDATE o SET due_at = NULL FROM ${s}.outbox AS o JOIN @moved AS m ON m.seq = o.job WHERE m.event = 'reopened';
INSERT INTO ${s}.history (job, revision, noted_at, event, fence, server, failure)
SELECT seq, @revision + n, @now, event, fence, server, failure FROM @moved;
INSERT INTO ${s}.outbox (seq, event_id, job, url, event, created_at, attempt, due_at, delivered)
SELECT @revision + m.n, m.event_id, m.seq, p.callback_url, m.event, @now, 0, @now, 0 FROM @moved AS m JOIN ${s}.payloads AS p ON p.job = m.seq
WHERE m.becomes <> 'queued' AND p.callback_url IS NOT NULL;
${openLanes(s, "@moved AS m WHERE m.becomes = 'queued'")}
${closeLanes(s, '@moved')}
${tally(s, 'SELECT was AS state, -1 AS change FROM @moved UNION ALL SELECT becomes, 1 FROM @moved')}`;

/** Counts a state's jobs anew by these changes. */
export const tally = (s: string, changes: string): string => `UPDATE t SET jobs = t.jobs + c.change
FROM ${s}.tally AS t JOIN (SELECT state, SUM(change) AS change FROM (${changes}) AS each GROUP BY state) AS c ON c.state = t.state;`;

/**
 * @items: how jobs end, no job twice; `event` is rendered, dead, retried or released, under a lease, or cancelled or reopened, under none (`fence` is null). The bell rings when one waits again, or may have made room under its partner's limit. Answers the places (`n`) of those that held good, then
 * the jobs of those that failed or were to be cancelled or reopened,. What an earlier sending has written is found in the history, under its fence.
 */
export const end = (s: string): string =>
  write(s, {
    rings: `CASE WHEN @requeues = 1 OR EXISTS (SELECT 1 FROM ${s}.limits) THEN 1 ELSE 0 END`,
    before: `DECLARE @ends TABLE (n int NOT NULL PRIMARY KEY, id varchar(64) ${BINARY} NOT NULL, fence bigint NULL, event varchar(10) ${BINARY} NOT NULL,
  attempts int NOT NULL, crashes int NOT NULL, retry_in bigint NULL, result nvarchar(max) NULL, failure nvarchar(max) NULL, event_id varchar(64) ${BINARY} NOT NULL);
DECLARE @good TABLE (n int NOT NULL PRIMARY KEY);
${DECLARE_MOVED}
${DECLARE_JOBS}
INSERT INTO @ends (n, id, fence, event, attempts, crashes, retry_in, result, failure, event_id)
SELECT n, id, fence, event, attempts, crashes, retry_in, result, failure, event_id FROM OPENJSON(@items) WITH (n int, id varchar(64), fence bigint,
  event varchar(10), attempts int, crashes int, retry_in bigint, result nvarchar(max) AS JSON, failure nvarchar(max) AS JSON, event_id varchar(64));`,
    body: `${INTO_MOVED}
SELECT e.n, j.seq, e.event, j.state, CASE WHEN e.event IN ('retried', 'released', 'reopened') THEN 'queued' ELSE e.event END, j.fence, j.server, j.partner, j.template,
  j.priority, j.requires, e.attempts, e.crashes, e.retry_in, e.result, e.failure, e.event_id
FROM @ends AS e JOIN ${s}.jobs AS j ON j.id = e.id
WHERE e.fence = j.fence AND j.state = 'rendering' OR e.event = 'cancelled' AND j.state IN ('queued', 'rendering')
  OR e.event = 'reopened' AND j.state IN ('rendered', 'delivered') AND j.erased = 0;
INSERT INTO @good (n) SELECT n FROM @moved;
IF @resent = 1 INSERT INTO @good (n)
SELECT e.n FROM @ends AS e JOIN ${s}.jobs AS j ON j.id = e.id WHERE NOT EXISTS (SELECT 1 FROM @moved AS m WHERE m.n = e.n)
  AND EXISTS (SELECT 1 FROM ${s}.history AS h WHERE h.job = j.seq AND h.event = e.event AND (h.fence = e.fence OR e.event = 'cancelled' OR e.event = 'reopened' AND j.state IN ('queued', 'rendering')));
${move(s)}
${INTO_JOBS}
SELECT e.n, ${JOB} FROM @ends AS e JOIN ${s}.jobs AS j ON j.id = e.id JOIN ${s}.payloads AS p ON p.job = j.seq
WHERE e.event IN ('dead', 'retried', 'cancelled', 'reopened');`,
    answer: `SELECT n FROM @good ORDER BY n;\n${ANSWER_JOBS}`,
  });

/** Takes back what @server renders, or, without one, what has expired; at most as many as there are revisions. Answers how many. */
export const rescue = (s: string): string =>
  write(s, {
    // Where nothing is being rendered there is nothing to rescue, and a bell would have all machines ask sooner.
    rings: `CASE WHEN EXISTS (SELECT 1 FROM ${s}.jobs AS j WHERE j.state = 'rendering' AND (@server IS NULL OR j.server = @server)) THEN 1 ELSE 0 END`,
    before: DECLARE_MOVED,
    body: `${INTO_MOVED}
SELECT TOP (${REVISIONS}) ROW_NUMBER() OVER (ORDER BY j.seq), j.seq, 'rescued', j.state, 'queued', j.fence, j.server, j.partner, j.template, j.priority, j.requires, 0, 0, NULL, NULL, NULL, NULL
FROM ${s}.jobs AS j WHERE j.state = 'rendering' AND (@server IS NULL AND j.lease_until <= @now OR j.server = @server) ORDER BY j.seq;
${move(s)}`,
    answer: 'SELECT COUNT(*) AS rescued FROM @moved;',
  });
