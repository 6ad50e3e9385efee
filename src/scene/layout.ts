/**
 * Where each letter of a bubble stands.
 *
 * Problem: the page that a person types into and the renderer that makes the video must break lines and choose sizes alike, to the letter, at
 * every rendition's size, and the result must look as if a typographer had set it. Engines differ in word breaks, in rounding and in fallback.
 *
 * Solution: words are laid out once, in design units. Widths are measured at one fixed size (100 px), rounded to 1/64 px and scaled by
 * arithmetic, so that breaks cannot depend on the scale; everything else here is arithmetic on those few numbers. In order:
 *   1. clusters and the places where a line may end (text/graphemes.ts, text/breaks.ts);
 *   2. for each number of lines the largest whole size at which the words fit into the shape (text/room.ts, text/frame.ts), and at that size their
 *      most even division (text/lines.ts);
 *   3. of these the largest, or one a little smaller whose lines fall better. First with whole words only: words are broken only when nothing
 *      else fits, or when the gain in size is big;
 *   4. runs: an emoji is a run of its own, text between emoji is one; in the order in which they are seen (text/bidi.ts).
 *
 * What it does not do: vertical text, hyphenation, justification, dictionaries for Thai or Japanese.
 */

import { StoryfarmError } from '../errors.js';
import type { FontBook, Measure } from './fonts.js';
import type { Overlay, TextStyle } from './scene.js';
import { visualOrder } from './text/bidi.js';
import { AGAINST_RULES, NATURAL, WITHIN_SYLLABLES, WITHIN_WORD } from './text/breaks.js';
import { type Frame, frameOf, type Place, placesOf } from './text/frame.js';
import { awkwardness, divide } from './text/lines.js';
import { type RunKind, runsOf, unitsOf, type Words, type WordUnit, wordsOf } from './text/words.js';

/** What one fillText call draws. */
export interface Run {
  readonly text: string;
  readonly kind: RunKind;
  /** Left edge and advance width, design units. */
  readonly x: number;
  readonly width: number;
  readonly rightToLeft: boolean;
}

export interface Line {
  /** The words of the line in the order of reading. */
  readonly text: string;
  readonly x: number;
  readonly width: number;
  readonly baseline: number;
  /** From left to right. */
  readonly runs: readonly Run[];
}

/** Laid-out words, in design units. */
export interface TextLayout {
  /** Font size, a whole number. */
  readonly size: number;
  readonly lines: readonly Line[];
  /** CSS family lists for the two kinds of runs. */
  readonly families: Readonly<Record<RunKind, string>>;
}

/** Longer text is refused unread: segmenting needs quadratic memory. UTF-16 units. */
const LONGEST = 20_000;

/** How far line breaks may go, and how much larger the type must become to justify the next step. */
const LICENCES = [
  { strength: NATURAL, gain: 1 },
  { strength: WITHIN_SYLLABLES, gain: 2 },
  { strength: WITHIN_WORD, gain: 3 },
  { strength: AGAINST_RULES, gain: 4 },
] as const;

/**
 * Lays out the words of one bubble. The text must have been through the sanitiser. Throws `words_do_not_fit` when they do not fit even at the
 * smallest size, `words_too_long` beyond 20,000 UTF-16 units, `font_missing` for an unknown font stack.
 */
export function layOut(overlay: Overlay, fonts: FontBook, measure: Measure): TextLayout {
  if (overlay.text.length > LONGEST)
    throw new StoryfarmError('words_too_long', `${overlay.text.length} UTF-16 units are too many.`);
  const { style, maxLines } = overlay;
  const stack = fonts.stack(style.font);
  const words = wordsOf(trimmed(overlay.text), stack, measure);
  const frame = frameOf(overlay, stack);
  let best: Setting | undefined;
  let parts = 0;
  for (const { strength, gain } of LICENCES) {
    const units = unitsOf(words, strength);
    const from = best ? Math.ceil(best.size * gain) : style.size.min;
    if (units.length > parts && from <= style.size.max) best = choose(units, frame, from, maxLines) ?? best;
    parts = units.length;
  }
  while (best) {
    const lines = compose(words, best, style.align);
    if (lines) return { size: best.size, lines, families: words.families };
    best = best.size > style.size.min ? set(best.units, frame, best.size - 1, best.places.length) : undefined;
  }
  throw new StoryfarmError(
    'words_do_not_fit',
    `The words do not fit the bubble "${overlay.bubble}" even at size ${style.size.min}.`,
  );
}

/** Blanks at the ends of lines would shift centred words. */
function trimmed(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.join('\n').trim();
}

/** Which words stand in which place at a size. */
interface Setting {
  readonly size: number;
  readonly units: readonly WordUnit[];
  readonly places: readonly Place[];
  /** For each line the index after its last unit. */
  readonly ends: readonly number[];
}

/** What a smaller size costs, in the unit of awkwardness, for the square of the fraction that is lost; and the most that may be lost. */
const LOSS = 8;
const MOST_LOST = 0.12;

/** The best setting of at least size `from`: the largest, or one hardly smaller with fewer or better lines. Arithmetic only. */
function choose(units: readonly WordUnit[], frame: Frame, from: number, maxLines: number): Setting | undefined {
  const fewest = units.filter(({ must }) => must).length;
  const counts = Array.from({ length: Math.max(0, maxLines - fewest + 1) }, (_, i) => fewest + i);
  const settings = counts
    .map((count) => largest(from, frame.style.size.max, (size) => set(units, frame, size, count)))
    .filter((setting) => setting !== undefined);
  const size = Math.max(...settings.map((setting) => setting.size));
  const penalty = (setting: Setting) =>
    awkwardness(units, setting.ends, roomsOf(setting)) + LOSS * (1 - setting.size / size) ** 2;
  return settings
    .filter((setting) => setting.size >= size * (1 - MOST_LOST))
    .map((setting) => ({ setting, penalty: penalty(setting) }))
    .sort((a, b) => a.penalty - b.penalty)[0]?.setting;
}

/** The words at a size in so many lines; undefined when they do not fit. */
function set(units: readonly WordUnit[], frame: Frame, size: number, count: number): Setting | undefined {
  for (const places of placesOf(frame, size, count)) {
    const ends = divide(units, roomsOf({ size, places }));
    if (ends) return { size, units, places, ends };
  }
  return undefined;
}

/** The room of each line in em. */
function roomsOf({ size, places }: Pick<Setting, 'size' | 'places'>): number[] {
  return places.map(({ left, right }) => (right - left) / size);
}

/** The result for the largest whole number in [from, to] that has one: what fits at a size fits at every smaller one. */
function largest<T>(from: number, to: number, attempt: (size: number) => T | undefined): T | undefined {
  let [low, high] = [from, to];
  let best: T | undefined;
  while (low <= high) {
    const middle = Math.ceil((low + high) / 2);
    const result = attempt(middle);
    best = result ?? best;
    if (result) low = middle + 1;
    else high = middle - 1;
  }
  return best;
}

/** The lines with their runs; undefined when one, measured as a whole, is wider than its words one by one (kerning across spaces) and too wide. */
function compose(words: Words, { size, units, places, ends }: Setting, align: TextStyle['align']): Line[] | undefined {
  const lines = places.map((place, i) =>
    composeLine(words, units.slice(ends[i - 1] ?? 0, ends[i]), place, align, size),
  );
  const fit = lines.every(({ width }, i) => width <= (places[i] as Place).right - (places[i] as Place).left + 1 / 64);
  return fit ? lines : undefined;
}

function composeLine(
  words: Words,
  units: readonly WordUnit[],
  place: Place,
  align: TextStyle['align'],
  size: number,
): Line {
  const [from, to] = [units[0]?.from ?? 0, units.at(-1)?.to ?? 0];
  const runs = visualOrder(runsOf(words, from, to));
  const width = runs.reduce((sum, run) => sum + run.width, 0) * size;
  const spare = place.right - place.left - width;
  const x = place.left + (align === 'left' ? 0 : align === 'right' ? spare : spare / 2);
  let pen = x;
  const placed = runs.map(({ text, kind, level, width }): Run => {
    const run = { text, kind, x: pen, width: width * size, rightToLeft: level % 2 === 1 };
    pen += run.width;
    return run;
  });
  const text = words.clusters.slice(from, to).map((cluster) => cluster.text);
  return { text: text.join(''), x, width, baseline: place.baseline, runs: placed };
}
