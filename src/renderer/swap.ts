/**
 * The swap path of a job: its words as slices in the films of its renditions. Words that were encoded before, for the same bubble of the same films, are taken from the phrase cache.
 */

import { closeSync, openSync, writevSync } from 'node:fs';
import { StoryfarmError } from '../errors.js';
import { drawPixels } from '../media/canvas.js';
import { isUnspliceable } from '../media/h264/bits.js';
import { fitOf, fpsOfRendition, matrixOf } from '../media/ladder.js';
import { boundsOfArea, inPixels, isDrawn } from '../media/splice/areas.js';
import { FILM_FILE, type Film } from '../media/splice/film.js';
import { inkOver } from '../media/splice/ink.js';
import { type PhraseRows, packRows, unpackRows } from '../media/splice/pack.js';
import type { Phrases } from '../media/splice/phrases.js';
import { areOf, type EncodedRows, encodeArea, spliceRows } from '../media/splice/splice.js';
import { version } from '../package.js';
import type { Overlay } from '../scene/scene.js';
import type { Rendition, Template } from '../template/format.js';
import type { LaidOutWords } from './words.js';

export interface SwapJob {
  readonly rendition: Rendition;
  readonly film: Film;
  readonly out: string;
}

/** Whether all words of a scene stand in bubbles that the film can take, or in such of which the rendition shows nothing. */
export function takes(
  film: Film,
  { scene }: Pick<LaidOutWords, 'scene'>,
  template: Template,
  rendition: Rendition,
): boolean {
  return scene.overlays.every(
    (overlay) => numberOf(film, overlay.bubble) >= 0 || !isDrawn(template, rendition, overlay),
  );
}

/** Writes the files of these renditions. Answers those that were made: where the words cannot be encoded or have no room, or the file would pass its cap, nothing is written. Rejects with `no_space` when the disk is full. */
export async function swap(
  words: LaidOutWords,
  template: Template,
  jobs: readonly SwapJob[],
  phrases: Phrases,
): Promise<readonly SwapJob[]> {
  const made: SwapJob[] = [];
  const encoded: PhraseRows[] = [];
  for (const overlay of words.scene.overlays) encoded.push(await phraseOf(overlay, words, template, jobs, phrases));
  for (const job of jobs) {
    const pieces = await unlessUnspliceable(() => piecesOf(job, encoded, template));
    const bytes = pieces?.reduce((sum, piece) => sum + piece.length, 0) ?? Number.POSITIVE_INFINITY;
    if (!pieces || bytes > (job.rendition.maxBytes ?? Number.POSITIVE_INFINITY)) continue;
    writePieces(job.out, pieces);
    made.push(job);
  }
  return made;
}

/** A film with the words in it; undefined when they are not encoded for it. Throws `not_spliceable` when they have no room. */
function piecesOf(
  { rendition, film }: SwapJob,
  encoded: readonly PhraseRows[],
  template: Template,
): Uint8Array[] | undefined {
  if (encoded.some((phrase) => !phrase.has(rendition.id))) return undefined;
  const rows = film.cuts.map((_, cut): EncodedRows => {
    const all = encoded.flatMap((phrase) => [...(phrase.get(rendition.id)?.get(cut) ?? [])]);
    return new Map(all);
  });
  return spliceRows(film, rows, fpsOfRendition(template, rendition).value);
}

/** One bubble's words in all films, but for those into which they cannot be encoded. */
async function phraseOf(
  overlay: Overlay,
  words: LaidOutWords,
  template: Template,
  jobs: readonly SwapJob[],
  phrases: Phrases,
): Promise<PhraseRows> {
  const films = jobs.map(({ film }) => film.description.files[FILM_FILE] ?? '');
  // Of equal films the words may still be drawn otherwise: style and shape are the template's.
  const key = ['rows', version, ...films, JSON.stringify(overlay)];
  const packed = phrases.get(key);
  const known = packed && unpackRows(packed);
  if (known && jobs.every((job) => isIn(known, job, overlay))) return known;
  const phrase = new Map<string, ReadonlyMap<number, EncodedRows>>();
  for (const job of jobs) {
    const rows = await unlessUnspliceable(() => encodeOverlay(overlay, words, template, job));
    if (rows) phrase.set(job.rendition.id, rows);
  }
  if (phrase.size === jobs.length) phrases.put(key, packRows(phrase));
  return phrase;
}

/** Whether what was kept has a bubble's words in a film. A cache is believed no more than anybody else. */
function isIn(phrase: PhraseRows, { rendition, film }: SwapJob, { bubble }: Overlay): boolean {
  const cuts = phrase.get(rendition.id);
  const number = numberOf(film, bubble);
  if (number < 0) return cuts?.size === 0;
  return cuts !== undefined && areOf(film, number, cuts);
}

const numberOf = (film: Film, bubble: string) => film.areas.findIndex((area) => area.bubble === bubble);

/** What is answered; undefined when it rejects with `not_spliceable`: then the re-encode path is to be taken. */
async function unlessUnspliceable<T>(work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isUnspliceable(error)) throw error;
    return undefined;
  }
}

/** One bubble's words in one film, by cut; none where nothing is shown of them. */
async function encodeOverlay(
  overlay: Overlay,
  words: LaidOutWords,
  template: Template,
  { rendition, film }: SwapJob,
): Promise<ReadonlyMap<number, EncodedRows>> {
  const number = numberOf(film, overlay.bubble);
  const area = film.areas[number];
  if (!area) {
    if (isDrawn(template, rendition, overlay)) throw new Error(`${overlay.bubble} is no area of the film`); // `takes` has been asked.
    return new Map();
  }
  const box = inPixels(boundsOfArea(area));
  const pixels = await drawPixels(overlay, words.layoutOf(overlay), fitOf(template, rendition).view, box);
  const inked = inkOver(area.still, pixels, matrixOf(rendition));
  const cuts = film.cuts.flatMap((at, cut) => (at.areas.includes(number) ? [{ at, cut }] : []));
  const { words: qp } = film.description.quality;
  return new Map(cuts.map(({ at, cut }) => [cut, encodeArea(area, inked, at, qp)]));
}

/** In one go: it only copies the pieces to the system's memory, which takes less than a turn through Node's pool of threads. */
function writePieces(path: string, pieces: Uint8Array[]): void {
  const file = openSync(path, 'w');
  try {
    writeAll((left) => writevSync(file, left), pieces);
  } finally {
    closeSync(file);
  }
}

/**
 * Writes on where a write ended early, as it does when the disk fills up; the next one tells why. `write` tells how many bytes it took. Throws `no_space` when nothing more is taken and no reason
 * given.
 */
export function writeAll(write: (pieces: Uint8Array[]) => number, pieces: readonly Uint8Array[]): void {
  let left = pieces.filter(({ length }) => length > 0);
  while (left.length > 0) {
    let taking = write([...left]);
    if (taking === 0) throw new StoryfarmError('no_space', 'The disk takes no more bytes, and says no reason.');
    left = left.flatMap((piece) => {
      const taken = Math.min(taking, piece.length);
      taking -= taken;
      return taken < piece.length ? [piece.subarray(taken)] : [];
    });
  }
}
