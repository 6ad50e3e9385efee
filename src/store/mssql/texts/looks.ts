/** What is only looked at. Each statement sees one moment, so that what belongs together is asked for in one. */

import { read } from './frame.js';
import { JOB, jobs } from './jobs.js';
import { inLane } from './lanes.js';

export const get = (s: string): string => read(`SELECT ${JOB} FROM ${jobs(s)} WHERE j.id = @id;`);

/** That it was enqueued is told by the job itself. */
export const history = (s: string): string =>
  read(`SELECT 0 AS revision, created_at AS noted_at, 'enqueued' AS event, 0 AS fence, NULL AS server, NULL AS failure FROM ${s}.jobs WHERE id = @id
UNION ALL
SELECT h.revision, h.noted_at, h.event, h.fence, h.server, h.failure FROM ${s}.jobs AS j JOIN ${s}.history AS h ON h.job = j.seq WHERE j.id = @id
ORDER BY revision;`);

/** The states' jobs, with the number of queued ones that are not due and the instant since which the first is; both from the lanes, whose heads are found in one step. */
export const counts = (s: string): string => {
  return read(`SELECT @now AS now, t.state, t.jobs,
  (SELECT COALESCE(SUM(c.jobs), 0) FROM ${s}.lanes AS l CROSS APPLY (SELECT COUNT(*) AS jobs FROM ${s}.jobs AS j WHERE ${inLane} AND j.run_at > @now) AS c) AS later,
  (SELECT MIN(c.run_at) FROM ${s}.lanes AS l CROSS APPLY (SELECT MIN(j.run_at) AS run_at FROM ${s}.jobs AS j WHERE ${inLane}) AS c) AS oldest
FROM ${s}.tally AS t;`);
};

/** Each half is read from the index that holds its jobs alone. */
export const shares = (s: string): string =>
  read(`SELECT partner, template, SUM(queued) AS queued, SUM(due) AS due, SUM(rendering) AS rendering FROM (
  SELECT partner, template, COUNT(*) AS queued, SUM(CASE WHEN run_at <= @now THEN 1 ELSE 0 END) AS due, 0 AS rendering
  FROM ${s}.jobs WHERE state = 'queued' GROUP BY partner, template
  UNION ALL
  SELECT partner, template, 0, 0, COUNT(*) FROM ${s}.jobs WHERE state = 'rendering' GROUP BY partner, template) AS part
GROUP BY partner, template ORDER BY partner, template;`);

export const recent = (s: string): string => read(`SELECT TOP (@limit) ${JOB} FROM ${jobs(s)} ORDER BY j.seq DESC;`);

/** The present revision first: a commit between the two statements then comes with the next call, instead of never. */
export const changes = (s: string): string =>
  read(`SELECT revision FROM ${s}.counter WHERE one = 1;
SELECT TOP (@limit) ${JOB} FROM ${jobs(s)} WHERE j.revision > @cursor ORDER BY j.revision;`);

export const outbox = (s: string): string =>
  read(`SELECT TOP (@limit) o.event_id, j.id AS job_id, j.partner, o.url, o.event, o.created_at, o.attempt
FROM ${s}.outbox AS o JOIN ${s}.jobs AS j ON j.seq = o.job WHERE o.due_at <= @now ORDER BY o.due_at, o.seq;`);

export const bell = (s: string): string => read(`SELECT bell FROM ${s}.counter WHERE one = 1;`);

/** Whether a callback is due that is not for one of `except`, and in how many milliseconds the next becomes due. */
export const anyCallback = (s: string): string =>
  read(`SELECT CASE WHEN EXISTS (SELECT 1 FROM ${s}.outbox AS o JOIN ${s}.jobs AS j ON j.seq = o.job
  WHERE o.due_at <= @now AND NOT EXISTS (SELECT 1 FROM OPENJSON(@except) AS e WHERE e.value = j.partner)) THEN 1 ELSE 0 END AS due,
  (SELECT MIN(o.due_at) - @now FROM ${s}.outbox AS o WHERE o.due_at > @now) AS next_in;`);
