/**
 * The tables, as migrations: forward only, each applied once in a transaction; `user_version` counts how many have been. Never edit a migration
 * that was released: add one.
 *
 * The queue row (`jobs`) is narrow, since claims and renewals rewrite it often; what is bulky or written once (`payloads`, `history`) lies apart. The partial
 * indexes hold only the rows that wait or render, so that claim and rescue cost the same however many finished jobs are kept; and the one of those that
 * wait is in lanes (turns.ts), whose first jobs are found without reading the others.
 *
 * `counter.revision` grows with every change of a job. SQLite has one writer at a time, so revisions become visible in their order: a reader
 * that has seen one has seen all before it.
 */

export const APPLICATION_ID = 0x53746661; // "Stfa", in the file's header

const first = `
CREATE TABLE jobs (
  seq         INTEGER PRIMARY KEY,
  id          TEXT    NOT NULL UNIQUE,
  template    TEXT    NOT NULL,
  partner     TEXT    NOT NULL,
  priority    INTEGER NOT NULL,
  state       TEXT    NOT NULL CHECK (state IN ('queued', 'rendering', 'rendered', 'delivered', 'dead', 'cancelled')),
  run_at      INTEGER NOT NULL,
  fence       INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER,
  server      TEXT,
  attempt     INTEGER NOT NULL DEFAULT 0,
  crashes     INTEGER NOT NULL DEFAULT 0,
  progress    REAL    NOT NULL DEFAULT 0,
  revision    INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  started_at  INTEGER,
  finished_at INTEGER,
  CHECK ((lease_until IS NOT NULL) = (state = 'rendering')),
  CHECK ((server IS NOT NULL) = (state IN ('rendering', 'rendered', 'delivered'))),
  CHECK ((finished_at IS NOT NULL) = (state IN ('rendered', 'delivered', 'dead', 'cancelled')))
) STRICT;
CREATE UNIQUE INDEX jobs_revision ON jobs (revision);
CREATE INDEX jobs_queued ON jobs (priority DESC, run_at, seq) WHERE state = 'queued';
CREATE INDEX jobs_rendering ON jobs (lease_until) WHERE state = 'rendering';

CREATE TABLE payloads (
  job          INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
  request      TEXT NOT NULL,
  callback_url TEXT,
  result       TEXT,
  failure      TEXT
) STRICT;

CREATE TABLE history (
  job      INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
  revision INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  event    TEXT    NOT NULL,
  fence    INTEGER NOT NULL,
  server   TEXT,
  failure  TEXT,
  PRIMARY KEY (job, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
  job         INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
  partner     TEXT NOT NULL,
  key         TEXT NOT NULL,
  fingerprint TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX idempotency_key ON idempotency (partner, key);

-- due_at is null once the row is settled: delivered or given up.
CREATE TABLE outbox (
  seq        INTEGER PRIMARY KEY,
  event_id   TEXT    NOT NULL UNIQUE,
  job        INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
  url        TEXT    NOT NULL,
  event      TEXT    NOT NULL CHECK (event IN ('rendered', 'dead', 'cancelled')),
  created_at INTEGER NOT NULL,
  attempt    INTEGER NOT NULL DEFAULT 0,
  due_at     INTEGER,
  delivered  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at, seq) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_job ON outbox (job);

CREATE TABLE counter (only INTEGER PRIMARY KEY CHECK (only = 1), revision INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES (1, 0);

-- How many jobs are in each state, kept by triggers: counting would read every row at every scrape of the metrics.
CREATE TABLE tally (state TEXT PRIMARY KEY, jobs INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO tally VALUES ('queued', 0), ('rendering', 0), ('rendered', 0), ('delivered', 0), ('dead', 0), ('cancelled', 0);
CREATE TRIGGER tally_insert AFTER INSERT ON jobs BEGIN
  UPDATE tally SET jobs = jobs + 1 WHERE state = NEW.state;
END;
CREATE TRIGGER tally_update AFTER UPDATE OF state ON jobs BEGIN
  UPDATE tally SET jobs = jobs - 1 WHERE state = OLD.state;
  UPDATE tally SET jobs = jobs + 1 WHERE state = NEW.state;
END;
CREATE TRIGGER tally_delete AFTER DELETE ON jobs BEGIN
  UPDATE tally SET jobs = jobs - 1 WHERE state = OLD.state;
END;
`;

/** Turns, limits, pauses; finished jobs by age. */
const second = `
DROP INDEX jobs_queued;
CREATE INDEX jobs_queued ON jobs (partner, template, priority, run_at, seq) WHERE state = 'queued';
DROP INDEX jobs_rendering;
CREATE INDEX jobs_rendering ON jobs (partner) WHERE state = 'rendering';

CREATE TABLE turns (partner TEXT PRIMARY KEY, turn INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE limits (partner TEXT PRIMARY KEY, most INTEGER NOT NULL CHECK (most >= 1)) STRICT, WITHOUT ROWID;
CREATE TABLE pauses (
  kind  TEXT    NOT NULL CHECK (kind IN ('partner', 'template')),
  name  TEXT    NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- 1 once the words are no longer there.
ALTER TABLE jobs ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
CREATE INDEX jobs_finished ON jobs (state, erased, finished_at, seq) WHERE finished_at IS NOT NULL;
`;

/** Servers; what jobs require, as a part of their lane (turns.ts); finished jobs by whose files they are. */
const third = `
ALTER TABLE jobs ADD COLUMN requires TEXT NOT NULL DEFAULT '';
DROP INDEX jobs_queued;
CREATE INDEX jobs_queued ON jobs (partner, template, priority, requires, run_at, seq) WHERE state = 'queued';
CREATE INDEX jobs_files ON jobs (server, seq) WHERE finished_at IS NOT NULL;

-- \`tags\` is a list in JSON.
CREATE TABLE servers (
  name      TEXT PRIMARY KEY,
  domain    TEXT,
  version   TEXT    NOT NULL,
  ffmpeg    TEXT,
  slots     INTEGER NOT NULL,
  rendering INTEGER NOT NULL,
  state     TEXT    NOT NULL CHECK (state IN ('running', 'draining', 'gone')),
  tags      TEXT    NOT NULL,
  heard_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

export const MIGRATIONS: readonly string[] = [first, second, third];
