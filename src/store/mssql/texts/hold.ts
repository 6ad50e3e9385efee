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
