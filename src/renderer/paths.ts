/** Which path each rendition of a job took and, where it was the expensive one, why: the sentences (those on which others act are in ../paths.ts), and which of them is true. They name bubbles, never what stands in them. */

import type { Output } from '../job.js';
import type { FilmDescription } from '../media/splice/film.js';
import { DAMAGED, NOT_PREPARED, type Paths, type TakenPath } from '../paths.js';
import type { Rendition, Template } from '../template/format.js';

export const TORN_AND_KEPT =
  'Its film is torn, of another version or not readable, and cannot be taken away. See who owns it in the data folder.';
export const NO_ROOM = 'With these words its film would pass its cap or its level.';

/** Why words in these bubbles cannot be put into the film that is described so, or into that which is not there. */
export function refusalOf(description: FilmDescription | undefined, bubbles: readonly string[]): string {
  if (!description) return NOT_PREPARED;
  const { areas, refused } = description;
  const bubble = bubbles.find((id) => !areas.some((area) => area.bubble === id));
  if (bubble === undefined) return 'Its film takes no words.';
  const reason = refused.find((each) => each.bubble === bubble)?.reason ?? 'The film has no place for it.';
  return `Bubble "${bubble}" cannot be swapped: ${reason}`;
}

/** What was made from films and, with the reasons, what was not. That an edition was damaged, and is gone with its films, is told before anything about a film. */
export function pathsOf({ ladder }: Template, slow: ReadonlyMap<Rendition, string>, wasDamaged: boolean): Paths {
  const taken = (reason: string | undefined): TakenPath =>
    reason === undefined ? { path: 'swap' } : { path: 're-encode', reason: wasDamaged ? DAMAGED : reason };
  return Object.fromEntries(ladder.map((rendition) => [rendition.id, taken(slow.get(rendition))]));
}

/** Of files that are an earlier job's. */
export function reusedPaths(outputs: readonly Output[]): Paths {
  const videos = outputs.filter(({ mediaType }) => mediaType === 'video/mp4');
  return Object.fromEntries(videos.map(({ rendition }) => [rendition, { path: 'reuse' }]));
}
