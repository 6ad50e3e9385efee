/**
 * Claiming and keeping leases.
 *
 * A claim is the order of turns.ts, carried out on the server: the due jobs at the head of each lane that nothing holds back, as many as may be taken; then one after the
 * other the one that comes first, with its partner's standing counted up each time. It is done there, and not by nextTurn here, since the store is locked meanwhile
 * (frame.ts); the conformance suite holds both to the same order.
 */

import { BINARY } from '../schema/migrations.js';
import { read, write } from './frame.js';
import { ANSWER_JOBS, DECLARE_JOBS, INTO_JOBS, JOB, jobs } from './jobs.js';
import { atWork, closeLanes, inLane, served, unlimited, unpaused } from './lanes.js';
import { tally } from './move.js';

/** How often the bell has rung, and whether a claim of a server with the tags of @items would find a job: for who waits for one, and for a farm that would otherwise compete for the lock with nothing to do. */
export const news = (s: string): string =>
  read(`SELECT bell, CASE WHEN EXISTS (SELECT 1 FROM ${s}.lanes AS l WHERE ${served(s)} AND ${unpaused(s)} AND ${unlimited(s)}
  AND EXISTS (SELECT 1 FROM ${s}.jobs AS j WHERE ${inLane} AND j.run_at <= @now)) THEN 1 ELSE 0 END AS due FROM ${s}.counter WHERE one = 1;`);

/** Takes up to @limit jobs for @server, which has the tags of @items. Answers them in the order of taking; when an earlier sending has taken some under @ticket, those. */
export const claim = (s: string): string =>
  write(s, {
    before: `DECLARE @open TABLE (seq bigint NOT NULL PRIMARY KEY, partner nvarchar(200) ${BINARY} NOT NULL, template nvarchar(200) ${BINARY} NOT NULL,
  priority int NOT NULL, requires varchar(90) ${BINARY} NOT NULL, run_at bigint NOT NULL);
DECLARE @standing TABLE (partner nvarchar(200) ${BINARY} NOT NULL PRIMARY KEY, rendering int NOT NULL, turn bigint NOT NULL, most int NULL);
DECLARE @taken TABLE (n int NOT NULL PRIMARY KEY, seq bigint NOT NULL, partner nvarchar(200) ${BINARY} NOT NULL, template nvarchar(200) ${BINARY} NOT NULL, priority int NOT NULL,
  requires varchar(90) ${BINARY} NOT NULL);
${DECLARE_JOBS}
DECLARE @n int, @seq bigint, @top int;`,
    body: `SET @n = 0;
IF @resent = 0 OR NOT EXISTS (SELECT 1 FROM ${s}.jobs AS j WHERE j.state = 'rendering' AND j.ticket = @ticket)
BEGIN
  INSERT INTO @open (seq, partner, template, priority, requires, run_at)
  SELECT head.seq, l.partner, l.template, l.priority, l.requires, head.run_at
  FROM ${s}.lanes AS l CROSS APPLY (SELECT TOP (@limit) j.seq, j.run_at FROM ${s}.jobs AS j WHERE ${inLane} AND j.run_at <= @now ORDER BY j.run_at, j.seq) AS head
  WHERE ${served(s)} AND ${unpaused(s)};
  INSERT INTO @standing (partner, rendering, turn, most)
  SELECT l.partner, ${atWork(s)}, COALESCE((SELECT turn FROM ${s}.turns AS t WHERE t.partner = l.partner), 0), (SELECT most FROM ${s}.limits AS m WHERE m.partner = l.partner)
  FROM (SELECT DISTINCT partner FROM @open) AS l;
  WHILE @n < @limit
  BEGIN
    SET @top = (SELECT MAX(o.priority) FROM @open AS o JOIN @standing AS p ON p.partner = o.partner WHERE p.most IS NULL OR p.rendering < p.most);
    IF @top IS NULL BREAK;
    SET @seq = (SELECT TOP (1) o.seq FROM @open AS o JOIN @standing AS p ON p.partner = o.partner WHERE p.most IS NULL OR p.rendering < p.most
      ORDER BY CASE WHEN o.priority + FLOOR((@now - o.run_at) / @ageing) > @top THEN @top ELSE o.priority + FLOOR((@now - o.run_at) / @ageing) END DESC,
        p.rendering, p.turn, o.run_at, o.seq);
    SET @n = @n + 1;
    INSERT INTO @taken (n, seq, partner, template, priority, requires) SELECT @n, seq, partner, template, priority, requires FROM @open WHERE seq = @seq;
    UPDATE @standing SET rendering = rendering + 1, turn = @revision + @n WHERE partner = (SELECT partner FROM @open WHERE seq = @seq);
    DELETE FROM @open WHERE seq = @seq;
  END;
  UPDATE j SET state = 'rendering', fence = j.fence + 1, lease_until = @now + @lease, ticket = @ticket, server = @server, progress = 0, started_at = @now,
    revision = @revision + t.n
  FROM ${s}.jobs AS j JOIN @taken AS t ON t.seq = j.seq WHERE j.state = 'queued';
  INSERT INTO ${s}.history (job, revision, noted_at, event, fence, server)
  SELECT j.seq, j.revision, @now, 'claimed', j.fence, j.server FROM ${s}.jobs AS j JOIN @taken AS t ON t.seq = j.seq WHERE j.state = 'rendering' AND j.ticket = @ticket;
  UPDATE t SET turn = p.turn FROM ${s}.turns AS t JOIN @standing AS p ON p.partner = t.partner;
  INSERT INTO ${s}.turns (partner, turn)
  SELECT p.partner, p.turn FROM @standing AS p WHERE p.turn > 0 AND NOT EXISTS (SELECT 1 FROM ${s}.turns AS t WHERE t.partner = p.partner);
  ${closeLanes(s, '@taken')}
  ${tally(s, "SELECT 'queued' AS state, -1 AS change FROM @taken UNION ALL SELECT 'rendering', 1 FROM @taken")}
END;
${INTO_JOBS}
SELECT 0, ${JOB} FROM ${jobs(s)} WHERE j.state = 'rendering' AND j.ticket = @ticket;`,
    answer: ANSWER_JOBS.replace('ORDER BY n', 'ORDER BY revision'),
  });

/** @items: leases with their progress. Answers the places of those that were lost. */
export const renew = (s: string): string =>
  write(s, {
    before: `DECLARE @kept TABLE (n int NOT NULL PRIMARY KEY, id varchar(64) ${BINARY} NOT NULL, fence bigint NOT NULL, progress float NOT NULL);
DECLARE @lost TABLE (n int NOT NULL PRIMARY KEY);
INSERT INTO @kept (n, id, fence, progress)
SELECT n, id, fence, progress FROM OPENJSON(@items) WITH (n int, id varchar(64), fence bigint, progress float);`,
    // An unchanged progress is no change of the job: whoever follows \`changes\` is not troubled with it.
    body: `UPDATE j SET lease_until = @now + @lease, progress = k.progress, revision = CASE WHEN j.progress = k.progress THEN j.revision ELSE @revision + k.n END
FROM ${s}.jobs AS j JOIN @kept AS k ON k.id = j.id WHERE j.fence = k.fence AND j.state = 'rendering';
INSERT INTO @lost (n) SELECT k.n FROM @kept AS k
WHERE NOT EXISTS (SELECT 1 FROM ${s}.jobs AS j WHERE j.id = k.id AND j.fence = k.fence AND j.state = 'rendering');`,
    answer: 'SELECT n FROM @lost ORDER BY n;',
  });
