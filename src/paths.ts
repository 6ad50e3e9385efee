/**
 * Which way the renditions of a job were made (docs/rendering.md), told in the same words wherever somebody asks: by `storyfarm render`, in the farm's log, in `storyfarm status`.
 *
 * The difference is hundreds of times the CPU, and nothing about the files shows it. So every result says it, and for the expensive way why the other was not possible.
 */

/** `swap`: the words were put into the rendition's film; `re-encode`: every frame was encoded; `reuse`: the file is that of an equal earlier job. */
export const PATHS = ['swap', 're-encode', 'reuse'] as const;
export type Path = (typeof PATHS)[number];

export interface TakenPath {
  readonly path: Path;
  /** Why a rendition was encoded though words could be put into films: a sentence, without anything that was typed. */
  readonly reason?: string | undefined;
}

/** By the rendition's id. */
export type Paths = Readonly<Record<string, TakenPath>>;

/** The reasons that a film would take away. */
export const NOT_PREPARED = 'Its film is not prepared.';
export const TORN = 'Its film was torn or of another version; it was deleted, to be made again.';
export const DAMAGED = 'What was prepared was damaged; it was deleted, with its films, to be made again.';
const WANTING: ReadonlySet<string | undefined> = new Set([NOT_PREPARED, TORN, DAMAGED]);

/** Whether a job was expensive for want of a film that can be made. */
export function lacksFilms(paths: Paths): boolean {
  return Object.values(paths).some(({ reason }) => WANTING.has(reason));
}

/** In one word: `mixed` when the renditions took different paths. */
export function pathOf(paths: Paths): Path | 'mixed' {
  const [first, ...others] = new Set(Object.values(paths).map(({ path }) => path));
  return first === undefined || others.length > 0 ? 'mixed' : first;
}

/** The reasons, each with the renditions that it is about: `large, small: Its film is not prepared.` */
export function reasonsOf(paths: Paths): string[] {
  const renditions = new Map<string, string[]>();
  for (const [id, { reason }] of Object.entries(paths))
    if (reason !== undefined) renditions.set(reason, [...(renditions.get(reason) ?? []), id]);
  return [...renditions].map(([reason, ids]) => `${ids.join(', ')}: ${reason}`);
}
