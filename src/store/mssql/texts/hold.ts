/** What holds jobs back, and what was told to partners. */

import { BINARY } from '../schema/migrations.js';
import { read, write } from './frame.js';
import { tally } from './move.js';

export const limits = (s: string): string => read(`SELECT partner, most FROM ${s}.limits ORDER BY partner;`);
export const pauses = (s: string): string => read(`SELECT kind, name, since FROM ${s}.pauses ORDER BY since;`);

export const limit = (s: string): string =>
  write(s, {
    rings: '1',
    body: `DELETE FROM ${s}.limits WHERE partner = @partner;
IF @most IS NOT NULL INSERT INTO ${s}.limits (partner, most) VALUES (@partner, @most);`,
  });

export const pause = (s: string): string =>
  write(s, {
    body: `IF NOT EXISTS (SELECT 1 FROM ${s}.pauses WHERE kind = @kind AND name = @name)
INSERT INTO ${s}.pauses (kind, name, since) VALUES (@kind, @name, @now);`,
  });

export const resume = (s: string): string =>
  write(s, { rings: '1', body: `DELETE FROM ${s}.pauses WHERE kind = @kind AND name = @name;` });

/**
 * Takes due callbacks and keeps them from others for @hold. `except` is a JSON list of partners. Sent again it takes others: those of the first time come back when their hold is over.
 */
export const claimCallbacks = (s: string): string =>
  write(s, {
    before: `DECLARE @held TABLE (seq bigint NOT NULL PRIMARY KEY, due_at bigint NOT NULL, event_id varchar(64) ${BINARY} NOT NULL, job_id varchar(64) ${BINARY} NOT NULL,
  partner nvarchar(200) ${BINARY} NOT NULL, url nvarchar(max) NOT NULL, event varchar(10) ${BINARY} NOT NULL, created_at bigint NOT NULL, attempt int NOT NULL);`,
    body: `INSERT INTO @held (seq, due_at, event_id, job_id, partner, url, event, created_at, attempt)
SELECT TOP (@limit) o.seq, o.due_at, o.event_id, j.id, j.partner, o.url, o.event, o.created_at, o.attempt FROM ${s}.outbox AS o JOIN ${s}.jobs AS j ON j.seq = o.job
WHERE o.due_at <= @now AND NOT EXISTS (SELECT 1 FROM OPENJSON(@except) AS e WHERE e.value = j.partner) ORDER BY o.due_at, o.seq;
UPDATE o SET due_at = @now + @hold FROM ${s}.outbox AS o JOIN @held AS h ON h.seq = o.seq;`,
    answer: 'SELECT event_id, job_id, partner, url, event, created_at, attempt FROM @held ORDER BY due_at, seq;',
  });

/** Notes how telling event @event_id went, once for each @ticket. A job that was rendered becomes delivered. */
export const settle = (s: string): string =>
  write(s, {
    before: `DECLARE @told TABLE (seq bigint NOT NULL PRIMARY KEY, fence bigint NOT NULL, server nvarchar(200) ${BINARY} NULL);`,
    body: `IF @delivered = 1 INSERT INTO @told (seq, fence, server)
SELECT j.seq, j.fence, j.server FROM ${s}.outbox AS o JOIN ${s}.jobs AS j ON j.seq = o.job
WHERE o.event_id = @event_id AND o.due_at IS NOT NULL AND o.event = 'rendered' AND j.state = 'rendered';
UPDATE ${s}.outbox SET attempt = attempt + 1, delivered = @delivered, due_at = @now + @retry_in, ticket = @ticket
WHERE event_id = @event_id AND due_at IS NOT NULL AND (ticket IS NULL OR ticket <> @ticket);
UPDATE j SET state = 'delivered', revision = @revision + 1 FROM ${s}.jobs AS j JOIN @told AS t ON t.seq = j.seq;
INSERT INTO ${s}.history (job, revision, noted_at, event, fence, server) SELECT seq, @revision + 1, @now, 'delivered', fence, server FROM @told;
${tally(s, "SELECT 'rendered' AS state, -1 AS change FROM @told UNION ALL SELECT 'delivered', 1 FROM @told")}`,
  });
