/**
 * The tables, as migrations: forward only, each applied once; the table `migrations` holds which have been. Never edit a migration that was released: add one.
 *
 * As in SQLite (sqlite/file/schema.ts) the queue row is narrow and what is bulky lies apart. `jobs` is clustered by `seq`, in the order of coming, so that it grows at its
 * end however many finished jobs are kept; what a claim reads is `jobs_queued`, which holds the jobs that wait and no others, lane by lane (turns.ts) and within a lane in the
 * order of claiming, with every column that a claim asks for. `lanes` holds each lane that has a job waiting, so that no claim has to look for them.
 *
 * `counter` is the one row that every writer updates first (texts/frame.ts). `revision` grows with every change of a job, and becomes visible in its order, since the row stays
 * locked until the commit; `bell` grows whenever something may have become claimable. A job's `seq` is the revision that made it.
 *
 * Portable T-SQL: no MERGE, one column for each ALTER TABLE ADD, and no IF EXISTS around objects: the migrations table says what is there. Names are compared byte by byte, whatever the
 * database's collation: in a usual one 'Acme' and 'acme' would be one partner. Idempotency keys lie there as hashes, since SQL Server takes 'key' and 'key ' for equal.
 */

/** For text that is compared. */
export const BINARY = 'COLLATE Latin1_General_BIN2';
/** Characters in the name of a partner, a template or a server. */
export const LONGEST_NAME = 200;

/** The name of a schema that needs no quotes. */
export const SCHEMA_NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** Statements, each run alone and all in one transaction. `s` is the schema. */
type Migration = (s: string) => readonly string[];

const first: Migration = (s) => [
  `CREATE TABLE ${s}.jobs (
  seq         bigint        NOT NULL CONSTRAINT jobs_key PRIMARY KEY,
  id          varchar(64)   ${BINARY} NOT NULL CONSTRAINT jobs_id UNIQUE,
  template    nvarchar(200) ${BINARY} NOT NULL,
  partner     nvarchar(200) ${BINARY} NOT NULL,
  priority    int           NOT NULL,
  state       varchar(10)   ${BINARY} NOT NULL
    CONSTRAINT jobs_state CHECK (state IN ('queued', 'rendering', 'rendered', 'delivered', 'dead', 'cancelled')),
  run_at      bigint        NOT NULL,
  fence       bigint        NOT NULL,
  lease_until bigint        NULL,
  ticket      varchar(36)   ${BINARY} NULL,
  server      nvarchar(200) ${BINARY} NULL,
  attempt     int           NOT NULL,
  crashes     int           NOT NULL,
  progress    float         NOT NULL,
  revision    bigint        NOT NULL CONSTRAINT jobs_revision UNIQUE,
  created_at  bigint        NOT NULL,
  started_at  bigint        NULL,
  finished_at bigint        NULL,
  erased      bit           NOT NULL,
  CONSTRAINT jobs_lease CHECK (lease_until IS NULL AND state <> 'rendering' OR lease_until IS NOT NULL AND state = 'rendering'),
  CONSTRAINT jobs_server CHECK (server IS NULL AND state NOT IN ('rendering', 'rendered', 'delivered')
    OR server IS NOT NULL AND state IN ('rendering', 'rendered', 'delivered')),
  CONSTRAINT jobs_end CHECK (finished_at IS NULL AND state IN ('queued', 'rendering')
    OR finished_at IS NOT NULL AND state NOT IN ('queued', 'rendering'))
)`,
  `CREATE INDEX jobs_queued ON ${s}.jobs (partner, template, priority, run_at, seq) WHERE state = 'queued'`,
  `CREATE INDEX jobs_rendering ON ${s}.jobs (partner, template, server, lease_until) WHERE state = 'rendering'`,
  `CREATE INDEX jobs_finished ON ${s}.jobs (state, finished_at, seq) INCLUDE (id, server) WHERE finished_at IS NOT NULL`,
  `CREATE INDEX jobs_words ON ${s}.jobs (finished_at, seq) WHERE erased = 0 AND finished_at IS NOT NULL`,

  `CREATE TABLE ${s}.payloads (
  job          bigint        NOT NULL CONSTRAINT payloads_key PRIMARY KEY
    CONSTRAINT payloads_job REFERENCES ${s}.jobs (seq) ON DELETE CASCADE,
  request      nvarchar(max) NOT NULL,
  callback_url nvarchar(max) NULL,
  result       nvarchar(max) NULL,
  failure      nvarchar(max) NULL
)`,

  `CREATE TABLE ${s}.history (
  job      bigint        NOT NULL CONSTRAINT history_job REFERENCES ${s}.jobs (seq) ON DELETE CASCADE,
  revision bigint        NOT NULL,
  noted_at bigint        NOT NULL,
  event    varchar(10)   ${BINARY} NOT NULL,
  fence    bigint        NOT NULL,
  server   nvarchar(200) ${BINARY} NULL,
  failure  nvarchar(max) NULL,
  CONSTRAINT history_key PRIMARY KEY (job, revision)
)`,

  // `hash` is of partner and key; `fingerprint` of what was asked, null once the words are erased.
  `CREATE TABLE ${s}.idempotency (
  job         bigint   NOT NULL CONSTRAINT idempotency_key PRIMARY KEY
    CONSTRAINT idempotency_job REFERENCES ${s}.jobs (seq) ON DELETE CASCADE,
  hash        char(64) ${BINARY} NOT NULL CONSTRAINT idempotency_hash UNIQUE,
  fingerprint char(64) ${BINARY} NULL
)`,

  // due_at is null once the row is settled: delivered or given up.
  `CREATE TABLE ${s}.outbox (
  seq        bigint        NOT NULL CONSTRAINT outbox_key PRIMARY KEY,
  event_id   varchar(64)   ${BINARY} NOT NULL CONSTRAINT outbox_event UNIQUE,
  job        bigint        NOT NULL CONSTRAINT outbox_job REFERENCES ${s}.jobs (seq) ON DELETE CASCADE,
  url        nvarchar(max) NOT NULL,
  event      varchar(10)   ${BINARY} NOT NULL,
  created_at bigint        NOT NULL,
  attempt    int           NOT NULL,
  due_at     bigint        NULL,
  delivered  bit           NOT NULL,
  ticket     varchar(36)   ${BINARY} NULL
)`,
  `CREATE INDEX outbox_due ON ${s}.outbox (due_at, seq) WHERE due_at IS NOT NULL`,
  `CREATE INDEX outbox_of ON ${s}.outbox (job)`,

  `CREATE TABLE ${s}.lanes (
  partner  nvarchar(200) ${BINARY} NOT NULL,
  template nvarchar(200) ${BINARY} NOT NULL,
  priority int           NOT NULL,
  CONSTRAINT lanes_key PRIMARY KEY (partner, template, priority)
)`,
  `CREATE TABLE ${s}.turns (
  partner nvarchar(200) ${BINARY} NOT NULL CONSTRAINT turns_key PRIMARY KEY,
  turn    bigint        NOT NULL
)`,
  `CREATE TABLE ${s}.limits (
  partner nvarchar(200) ${BINARY} NOT NULL CONSTRAINT limits_key PRIMARY KEY,
  most    int           NOT NULL CONSTRAINT limits_most CHECK (most >= 1)
)`,
  `CREATE TABLE ${s}.pauses (
  kind  varchar(10)   ${BINARY} NOT NULL CONSTRAINT pauses_kind CHECK (kind IN ('partner', 'template')),
  name  nvarchar(200) ${BINARY} NOT NULL,
  since bigint        NOT NULL,
  CONSTRAINT pauses_key PRIMARY KEY (kind, name)
)`,

  `CREATE TABLE ${s}.counter (
  one      int    NOT NULL CONSTRAINT counter_key PRIMARY KEY CONSTRAINT counter_one CHECK (one = 1),
  revision bigint NOT NULL,
  bell     bigint NOT NULL
)`,
  `INSERT INTO ${s}.counter (one, revision, bell) VALUES (1, 0, 0)`,
  // How many jobs are in each state: counting would read every row at every scrape of the metrics.
  `CREATE TABLE ${s}.tally (
  state varchar(10) ${BINARY} NOT NULL CONSTRAINT tally_key PRIMARY KEY,
  jobs  bigint      NOT NULL
)`,
  `INSERT INTO ${s}.tally (state, jobs)
   VALUES ('queued', 0), ('rendering', 0), ('rendered', 0), ('delivered', 0), ('dead', 0), ('cancelled', 0)`,
];

/** Servers; what jobs require, as a part of their lane; finished jobs by whose files they are. */
const second: Migration = (s) => [
  `ALTER TABLE ${s}.jobs ADD requires varchar(90) ${BINARY} NOT NULL CONSTRAINT jobs_requires DEFAULT ''`,
  `DROP INDEX jobs_queued ON ${s}.jobs`,
  `CREATE INDEX jobs_queued ON ${s}.jobs (partner, template, priority, requires, run_at, seq) WHERE state = 'queued'`,
  `CREATE INDEX jobs_files ON ${s}.jobs (server, seq) INCLUDE (id, fence, state) WHERE finished_at IS NOT NULL`,
  `ALTER TABLE ${s}.lanes ADD requires varchar(90) ${BINARY} NOT NULL CONSTRAINT lanes_requires DEFAULT ''`,
  `ALTER TABLE ${s}.lanes DROP CONSTRAINT lanes_key`,
  `ALTER TABLE ${s}.lanes ADD CONSTRAINT lanes_key PRIMARY KEY (partner, template, priority, requires)`,

  // The tags that each requirement stands for. There are few, and they stay.
  `CREATE TABLE ${s}.requirements (
  requires varchar(90) ${BINARY} NOT NULL,
  tag      varchar(20) ${BINARY} NOT NULL,
  CONSTRAINT requirements_key PRIMARY KEY (requires, tag)
)`,

  // `tags` is a list in JSON.
  `CREATE TABLE ${s}.servers (
  name      nvarchar(200)  ${BINARY} NOT NULL CONSTRAINT servers_key PRIMARY KEY,
  domain    nvarchar(2000) NULL,
  version   nvarchar(200)  NOT NULL,
  ffmpeg    nvarchar(500)  NULL,
  slots     int            NOT NULL,
  rendering int            NOT NULL,
  state     varchar(10)    ${BINARY} NOT NULL CONSTRAINT servers_state CHECK (state IN ('running', 'draining', 'gone')),
  tags      nvarchar(max)  NOT NULL,
  heard_at  bigint         NOT NULL
)`,
];

export const MIGRATIONS: readonly Migration[] = [first, second];
