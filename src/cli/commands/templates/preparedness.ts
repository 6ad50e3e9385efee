/**
 * How far the casts of a template are prepared, for people: which way words take, per rendition and bubble, why, and what to do about it. A job takes the swap path only where a film is whole, so
 * every film is looked at to its last byte.
 */

import type { StoryfarmError } from '../../../errors.js';
import type { Cast, TemplateRef } from '../../../job.js';
import type { Editions } from '../../../media/prepare/editions.js';
import { isDrawn } from '../../../media/splice/areas.js';
import { conditionOf } from '../../../media/splice/condition.js';
import type { FilmDescription } from '../../../media/splice/film.js';
import type { Bubble, Rendition, Template } from '../../../template/format.js';
import { castText } from '../../installed.js';
import { table } from '../../table.js';

export interface Prepared {
  readonly cast: Cast;
  /** Whether its footage is laid out; without films. */
  readonly prepared: boolean;
  readonly films: readonly FilmDescription[];
  /** Films that are there and not what was prepared. The next job deletes them, and they are made again. */
  readonly torn: readonly Fault[];
  /** Films that this user may not read. */
  readonly unreadable: readonly Fault[];
}

interface Fault {
  readonly rendition: string;
  /** Begins small and has no full stop. */
  readonly reason: string;
}

export async function preparedness(
  editions: Pick<Editions, 'find'>,
  ref: TemplateRef,
  cast: Cast,
): Promise<Omit<Prepared, 'cast'>> {
  const edition = await editions.find(ref, cast);
  const films: FilmDescription[] = [];
  const faults = { torn: [] as Fault[], unreadable: [] as Fault[] };
  if (!edition) return { prepared: false, films, ...faults };
  for (const rendition of edition.template.ladder) {
    const owner = { edition: edition.name, rendition: rendition.id };
    const condition = await conditionOf(edition.film(rendition), owner);
    if (condition.state === 'whole') films.push(condition.description);
    else if (condition.state !== 'none')
      faults[condition.state].push({ rendition: rendition.id, reason: condition.reason });
  }
  return { prepared: true, films, ...faults };
}

/** Whether there is a film of which there is something to tell. */
export const hasFilms = ({ films, torn, unreadable }: Prepared): boolean =>
  films.length + torn.length + unreadable.length > 0;

export function editionText({ ladder }: Template, edition: Prepared): string {
  const { prepared, films, torn, unreadable } = edition;
  if (films.length === ladder.length) return 'prepared';
  const named = (what: string, faults: readonly Fault[]) =>
    faults.length > 0 ? `; ${what}: ${faults.map(({ rendition }) => rendition).join(', ')}` : '';
  if (hasFilms(edition))
    return `${films.length} of ${ladder.length} films prepared${named('torn', torn)}${named('not readable', unreadable)}`;
  return prepared ? 'laid out; no films yet' : 'not prepared';
}

/** Which way words take, per rendition and bubble, and why; with the figures of the swap test. */
export function pathsTable(template: Template, { cast, films, torn, unreadable }: Prepared): string {
  const { bubbles, ladder } = template;
  const rows = ladder.map((rendition) => {
    const film = films.find((each) => each.rendition === rendition.id);
    const takes = (bubble: string) => film?.areas.some((area) => area.bubble === bubble);
    const isShown = (bubble: Bubble) => isDrawn(template, rendition, bubble);
    const paths = bubbles.map((bubble) => (takes(bubble.id) ? 'swap' : isShown(bubble) ? 're-encode' : 'not shown'));
    return [rendition.id, ...paths, ...(film && film.areas.length > 0 ? figures(film, rendition) : ['', '', ''])];
  });
  const head = [castText(cast), ...bubbles.map(({ id }) => id), 'errors in / out / after', 'size', 'SSIM'];
  const reasons = [
    ...films.flatMap(({ rendition, refused }) =>
      refused.map(({ bubble, reason }) => `  ${rendition} ${bubble}: ${reason}`),
    ),
    ...torn.map(({ rendition, reason }) => `  ${rendition}: the film is torn and will be made again: ${reason}.`),
    ...unreadable.map(({ rendition, reason }) => `  ${rendition}: ${reason}. See who owns it in the data folder.`),
  ];
  return [table(head, rows), ...reasons].join('\n');
}

export const LEGEND = `size, SSIM: against a file of the re-encode path without words; where that is
over its cap, and would be encoded again, the film's share of the cap.`;

function figures({ swapTest, blank }: FilmDescription, { maxBytes = Number.POSITIVE_INFINITY }: Rendition): string[] {
  const { inside, outside, after } = swapTest;
  const { bytes, ssim, reencoded } = blank;
  const compared =
    reencoded.bytes > maxBytes
      ? [`${Math.round((bytes / maxBytes) * 100)} % of cap`, '']
      : [percent(bytes / reencoded.bytes - 1), signed((ssim - reencoded.ssim).toFixed(4))];
  return [`${inside} / ${outside} / ${after}`, ...compared];
}

/** What would make jobs cheap that are not. `call` is what `templates prepare` takes. */
export function remedy(
  { ladder }: Template,
  casts: readonly Prepared[],
  call: string,
  obstacle: StoryfarmError | undefined,
): string[] {
  if (obstacle) return [`${obstacle.message}\n  -> ${obstacle.hint}`];
  const open = casts.filter(({ films }) => films.length < ladder.length);
  if (open.length === 0) return [];
  const which =
    open.length === casts.length ? 'No cast has all films' : `${open.length} of ${casts.length} casts lack films`;
  const what = open.some(({ films }) => films.length > 0) ? 'every frame of renditions without one' : 'every frame';
  return [
    `${which}: jobs encode ${what}, at hundreds of times the CPU.
  -> \`storyfarm templates prepare ${call}\`
     makes them now (-c ROLE=CHARACTER: of some casts); a running farm makes
     those of the casts that jobs ask for, beside its work.`,
  ];
}

const signed = (number: string) => (number.startsWith('-') ? number : `+${number}`);
const percent = (share: number) => `${signed((share * 100).toFixed(1))} %`;
