/** The texts by which jobs come in as they were (../../moving.ts). Each may be sent twice: what is there is passed over. */

import { BINARY } from '../schema/migrations.js';
import { noteRequirements, TAGS } from '../texts/enqueue.js';
import { read, write } from '../texts/frame.js';
import { openLanes } from '../texts/lanes.js';
import { tally } from '../texts/move.js';

/** What OPENJSON reads of a job, in the order of the columns. */
const JOB = `id varchar(64), template nvarchar(200), partner nvarchar(200), requires varchar(90), priority int, state varchar(10), run_at bigint, fence bigint, server nvarchar(200), attempt int,
  crashes int, progress float, created_at bigint, started_at bigint, finished_at bigint, erased bit, request nvarchar(max) AS JSON, callback_url nvarchar(max),
  result nvarchar(max) AS JSON, failure nvarchar(max) AS JSON, hash char(64), fingerprint char(64), ${TAGS.map((tag) => `${tag} varchar(20)`).join(', ')}`;
const COLUMNS = [...JOB.matchAll(/(\w+) (?:n?varchar|char|bigint|int|float|bit)/g)].map(([, name]) => name).join(', ');

/** Those of @items, places with ids, that are not there. */
export const missing = (s: string): string =>
  read(`SELECT i.n FROM OPENJSON(@items) WITH (n int, id varchar(64)) AS i
WHERE NOT EXISTS (SELECT 1 FROM ${s}.jobs AS j WHERE j.id = i.id COLLATE Latin1_General_BIN2) ORDER BY i.n;`);

/** How much there is of the jobs of @items. */
export const amounts = (s: string): string => {
  const of = (table: string) => `(SELECT COUNT(*) FROM ${s}.${table} AS t JOIN @jobs AS j ON j.seq = t.job)`;
  return read(`DECLARE @jobs TABLE (seq bigint NOT NULL PRIMARY KEY);
INSERT INTO @jobs (seq) SELECT j.seq FROM OPENJSON(@items) WITH (id varchar(64)) AS i JOIN ${s}.jobs AS j ON j.id = i.id COLLATE Latin1_General_BIN2;
SELECT (SELECT COUNT(*) FROM @jobs) AS jobs, ${of('history')} AS events, ${of('outbox')} AS callbacks, ${of('idempotency')} AS keys;`);
};

/** @items: jobs, at most as many as there are revisions; @history and @outbox: what hangs on them, each with the place of its job. */
export const put = (s: string): string =>
  write(s, {
    rings: '1',
    before: `DECLARE @given TABLE (n int NOT NULL PRIMARY KEY, id varchar(64) ${BINARY} NOT NULL, template nvarchar(200) ${BINARY} NOT NULL, partner nvarchar(200) ${BINARY} NOT NULL,
  requires varchar(90) ${BINARY} NOT NULL, priority int NOT NULL, state varchar(10) ${BINARY} NOT NULL, run_at bigint NOT NULL, fence bigint NOT NULL, server nvarchar(200) ${BINARY} NULL, attempt int NOT NULL,
  crashes int NOT NULL, progress float NOT NULL, created_at bigint NOT NULL, started_at bigint NULL, finished_at bigint NULL, erased bit NOT NULL,
  request nvarchar(max) NOT NULL, callback_url nvarchar(max) NULL, result nvarchar(max) NULL, failure nvarchar(max) NULL, hash char(64) ${BINARY} NULL,
  fingerprint char(64) ${BINARY} NULL, ${TAGS.map((tag) => `${tag} varchar(20) ${BINARY} NULL`).join(', ')});
DECLARE @past TABLE (job int NOT NULL, n int NOT NULL, noted_at bigint NOT NULL, event varchar(10) ${BINARY} NOT NULL, fence bigint NOT NULL, server nvarchar(200) ${BINARY} NULL,
  failure nvarchar(max) NULL, PRIMARY KEY (job, n));
DECLARE @told TABLE (job int NOT NULL, n int NOT NULL PRIMARY KEY, event_id varchar(64) ${BINARY} NOT NULL, url nvarchar(max) NOT NULL, event varchar(10) ${BINARY} NOT NULL,
  created_at bigint NOT NULL, attempt int NOT NULL, due_at bigint NULL, delivered bit NOT NULL);
DECLARE @fresh TABLE (n int NOT NULL PRIMARY KEY);
INSERT INTO @given (n, ${COLUMNS}) SELECT n, ${COLUMNS} FROM OPENJSON(@items) WITH (n int, ${JOB});
INSERT INTO @past (job, n, noted_at, event, fence, server, failure) SELECT job, n, noted_at, event, fence, server, failure FROM OPENJSON(@history)
  WITH (job int, n int, noted_at bigint, event varchar(10), fence bigint, server nvarchar(200), failure nvarchar(max) AS JSON);
INSERT INTO @told (job, n, event_id, url, event, created_at, attempt, due_at, delivered) SELECT job, n, event_id, url, event, created_at, attempt, due_at, delivered
  FROM OPENJSON(@outbox) WITH (job int, n int, event_id varchar(64), url nvarchar(max), event varchar(10), created_at bigint, attempt int, due_at bigint, delivered bit);`,
    body: `INSERT INTO @fresh (n) SELECT g.n FROM @given AS g WHERE NOT EXISTS (SELECT 1 FROM ${s}.jobs AS j WHERE j.id = g.id);
INSERT INTO ${s}.jobs (seq, id, template, partner, requires, priority, state, run_at, fence, server, attempt, crashes, progress, revision, created_at, started_at, finished_at, erased)
SELECT @revision + g.n, g.id, g.template, g.partner, g.requires, g.priority, g.state, g.run_at, g.fence, g.server, g.attempt, g.crashes, g.progress, @revision + g.n, g.created_at,
  g.started_at, g.finished_at, g.erased FROM @given AS g JOIN @fresh AS f ON f.n = g.n;
INSERT INTO ${s}.payloads (job, request, callback_url, result, failure)
SELECT @revision + g.n, g.request, g.callback_url, g.result, g.failure FROM @given AS g JOIN @fresh AS f ON f.n = g.n;
INSERT INTO ${s}.idempotency (job, hash, fingerprint)
SELECT @revision + g.n, g.hash, g.fingerprint FROM @given AS g JOIN @fresh AS f ON f.n = g.n
WHERE g.hash IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${s}.idempotency AS i WHERE i.hash = g.hash);
INSERT INTO ${s}.history (job, revision, noted_at, event, fence, server, failure)
SELECT @revision + p.job, p.n, p.noted_at, p.event, p.fence, p.server, p.failure FROM @past AS p JOIN @fresh AS f ON f.n = p.job;
INSERT INTO ${s}.outbox (seq, event_id, job, url, event, created_at, attempt, due_at, delivered)
SELECT @revision + t.n, t.event_id, @revision + t.job, t.url, t.event, t.created_at, t.attempt, t.due_at, t.delivered FROM @told AS t JOIN @fresh AS f ON f.n = t.job;
${noteRequirements(s, '@given')}
${openLanes(s, "@given AS m JOIN @fresh AS f ON f.n = m.n WHERE m.state = 'queued'")}
${tally(s, 'SELECT g.state, 1 AS change FROM @given AS g JOIN @fresh AS f ON f.n = g.n')}`,
  });

/** @items: limits and pauses, for those that have none. */
export const hold = (s: string): string =>
  write(s, {
    before: `DECLARE @held TABLE (n int NOT NULL PRIMARY KEY, kind varchar(10) ${BINARY} NOT NULL, name nvarchar(200) ${BINARY} NOT NULL, most int NULL, since bigint NULL);
INSERT INTO @held (n, kind, name, most, since) SELECT n, kind, name, most, since FROM OPENJSON(@items) WITH (n int, kind varchar(10), name nvarchar(200), most int, since bigint);`,
    body: `INSERT INTO ${s}.limits (partner, most) SELECT h.name, h.most FROM @held AS h WHERE h.most IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM ${s}.limits AS l WHERE l.partner = h.name);
INSERT INTO ${s}.pauses (kind, name, since) SELECT h.kind, h.name, h.since FROM @held AS h WHERE h.since IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM ${s}.pauses AS p WHERE p.kind = h.kind AND p.name = h.name);`,
  });
