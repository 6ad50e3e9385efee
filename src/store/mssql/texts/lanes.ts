/** Lanes (turns.ts) as the texts speak of them: who is in one, which are opened and closed, and from which a server may not take. */

/** The columns that make a lane; a row that has them says of which lane it is. */
export const LANE = ['partner', 'template', 'priority', 'requires'] as const;

const same = (one: string, other: string): string =>
  LANE.map((name) => `${one}.${name} = ${other}.${name}`).join(' AND ');
const of = (row: string): string => LANE.map((name) => `${row}.${name}`).join(', ');

/** Jobs `j` that wait in the lane `l`. */
export const inLane = `j.state = 'queued' AND ${same('j', 'l')}`;

/** Makes the lanes of these rows, where there are none. */
export const openLanes = (s: string, rows: string): string => `INSERT INTO ${s}.lanes (${LANE.join(', ')})
SELECT DISTINCT ${of('m')} FROM ${rows}
  AND NOT EXISTS (SELECT 1 FROM ${s}.lanes AS l WHERE ${same('l', 'm')});`;

/** Takes the lanes of these jobs away that have no job waiting. */
export const closeLanes = (s: string, rows: string): string => `DELETE l FROM ${s}.lanes AS l
WHERE EXISTS (SELECT 1 FROM ${rows} AS m WHERE ${same('m', 'l')})
  AND NOT EXISTS (SELECT 1 FROM ${s}.jobs AS j WHERE ${inLane});`;

/** Lanes `l` that no pause holds back. */
export const unpaused = (s: string): string => `NOT EXISTS (SELECT 1 FROM ${s}.pauses AS held
  WHERE held.kind = 'partner' AND held.name = l.partner OR held.kind = 'template' AND held.name = l.template)`;

/** Lanes `l` whose tags are all among @items. A requirement that is not noted (a table that was restored without it) is met by nobody. */
export const served = (
  s: string,
): string => `(l.requires = '' OR EXISTS (SELECT 1 FROM ${s}.requirements AS q WHERE q.requires = l.requires)
  AND NOT EXISTS (SELECT 1 FROM ${s}.requirements AS q WHERE q.requires = l.requires
    AND q.tag NOT IN (SELECT i.tag COLLATE Latin1_General_BIN2 FROM OPENJSON(@items) WITH (tag varchar(20)) AS i)))`;

/** Jobs of the partner of `l` that are rendering. */
export const atWork = (s: string): string =>
  `(SELECT COUNT(*) FROM ${s}.jobs AS w WHERE w.state = 'rendering' AND w.partner = l.partner)`;

/** Lanes `l` of partners that have not reached their limit. */
export const unlimited = (s: string): string =>
  `NOT EXISTS (SELECT 1 FROM ${s}.limits AS held WHERE held.partner = l.partner AND held.most <= ${atWork(s)})`;
