/** Servers as they announce themselves, the jobs whose files they have, and what they must have to be given jobs. */

import { read, write } from './frame.js';
import { inLane } from './lanes.js';

/** @items: the one that announces itself. The bell does not ring. */
export const announce = (s: string): string =>
  write(s, {
    body: `DELETE FROM ${s}.servers WHERE name = @name;
INSERT INTO ${s}.servers (name, domain, version, ffmpeg, slots, rendering, state, tags, heard_at)
SELECT @name, domain, version, ffmpeg, slots, rendering, state, tags, @now FROM OPENJSON(@items) WITH (n int, domain nvarchar(2000), version nvarchar(200),
  ffmpeg nvarchar(500), slots int, rendering int, state varchar(10), tags nvarchar(max) AS JSON);`,
  });

export const forget = (s: string): string =>
  write(s, {
    before: 'DECLARE @known int;',
    body: `SET @known = (SELECT COUNT(*) FROM ${s}.servers WHERE name = @name);
DELETE FROM ${s}.servers WHERE name = @name;`,
    answer: 'SELECT @known AS known;',
  });

export const servers = (s: string): string =>
  read(
    `SELECT name, domain, version, ffmpeg, slots, rendering, state, tags, @now - heard_at AS silent FROM ${s}.servers ORDER BY name;`,
  );

export const published = (s: string): string =>
  read(`IF @server IS NULL SELECT TOP (@limit) seq, id, fence, server FROM ${s}.jobs
WHERE state IN ('rendered', 'delivered') AND finished_at IS NOT NULL AND seq > @cursor ORDER BY seq;
ELSE SELECT TOP (@limit) seq, id, fence, server FROM ${s}.jobs
WHERE state IN ('rendered', 'delivered') AND finished_at IS NOT NULL AND server = @server AND seq > @cursor ORDER BY seq;`);

export const needs = (s: string): string =>
  read(`SELECT l.requires, SUM(c.jobs) AS queued
FROM ${s}.lanes AS l CROSS APPLY (SELECT COUNT(*) AS jobs FROM ${s}.jobs AS j WHERE ${inLane}) AS c
WHERE l.requires <> '' GROUP BY l.requires ORDER BY l.requires;`);
