/**
 * Fonts as far as layout must know them: which faces a stack has, in which order, how high they stand, and what they can draw.
 *
 * What can be drawn is read from a table built out of the font files, never found by measuring: both a browser and Node quietly borrow a
 * system font for a character that no given face has, and then the two would differ.
 */

import { StoryfarmError } from '../errors.js';

export interface Coverage {
  /** Whether the font has a glyph for a code point. */
  has(point: number): boolean;
}

export interface Face {
  readonly id: string;
  /** The CSS family name under which the file is registered, in Node and in the page alike. */
  readonly family: string;
  readonly kind: 'text' | 'emoji';
  /** Above the baseline, as a fraction of the font size, from the font file. */
  readonly ascent: number;
  /** Below the baseline, positive, as a fraction of the font size. */
  readonly descent: number;
  readonly coverage: Coverage;
}

export interface FontBook {
  /** The faces of a stack in the order in which they are asked for a glyph; the first is a text face. Throws `font_missing` for an unknown name. */
  stack(name: string): readonly Face[];
}

/** The advance width of `text` in pixels. `font` is a CSS font at 100 px, kerning normal, geometric precision. */
export type Measure = (text: string, font: string) => number;

/** What fonts/manifest.json says, as far as it matters here. */
export interface FontManifest {
  readonly format: 1;
  readonly stacks: Readonly<Record<string, readonly string[]>>;
  readonly fonts: readonly {
    readonly id: string;
    readonly family: string;
    readonly kind: 'text' | 'emoji';
    readonly metrics: { readonly unitsPerEm: number; readonly ascent: number; readonly descent: number };
    /** Ranges as readCoverage takes them. */
    readonly coverage: string;
  }[];
}

export function fontBook(manifest: FontManifest): FontBook {
  const faces = new Map(
    manifest.fonts.map(({ id, family, kind, metrics, coverage }): [string, Face] => {
      const [ascent, descent] = [metrics.ascent / metrics.unitsPerEm, metrics.descent / metrics.unitsPerEm];
      return [id, { id, family, kind, ascent, descent, coverage: readCoverage(coverage) }];
    }),
  );
  const faceOf = (id: string, stack: string) => {
    const face = faces.get(id);
    if (!face) throw new StoryfarmError('font_missing', `The font stack "${stack}" names the unknown font "${id}".`);
    return face;
  };
  const stacks = new Map(
    Object.entries(manifest.stacks).map(([name, ids]) => [name, ids.map((id) => faceOf(id, name))]),
  );
  return {
    stack(name) {
      const stack = stacks.get(name);
      if (!stack) throw new StoryfarmError('font_missing', `There is no font stack "${name}".`);
      return stack;
    },
  };
}

/**
 * Reads a coverage table: ascending ranges separated by commas, each `gap` or `gap+more` in base 36. Skip `gap` code points after the range
 * before (at first: from U+0000), then 1 + `more` code points are covered. "w+2m,1" is U+0020 to U+007E and U+0080. It is read when it is first asked: most words need only the first face.
 */
export function readCoverage(ranges: string): Coverage {
  let edges: Uint32Array | undefined;
  return {
    has(point) {
      edges ??= edgesOf(ranges);
      let low = 0;
      let high = edges.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((edges[middle] as number) <= point) low = middle + 1;
        else high = middle;
      }
      return low % 2 === 1;
    },
  };
}

/** Every second number starts a range, the one after it is the first point no longer in it. */
function edgesOf(ranges: string): Uint32Array {
  const parsed =
    ranges === '' ? [] : ranges.split(',').map((range) => range.split('+').map((n) => Number.parseInt(n, 36)));
  const edges = new Uint32Array(parsed.length * 2);
  let next = 0;
  for (const [i, [gap = 0, more = 0]] of parsed.entries()) {
    edges[2 * i] = next + gap;
    next += gap + more + 1;
    edges[2 * i + 1] = next;
  }
  return edges;
}

/** Drawn by nobody: joiners, variation selectors, line ends. They ask for no glyph. */
const INVISIBLE = /\n|\u200c|\u200d|\ufe0e|\ufe0f/;

/** The characters of `text` that no face of the stack has, each once, in the order of their first appearance. */
export function missingGlyphs(text: string, stack: readonly Face[]): readonly string[] {
  const missing = new Set<string>();
  for (const character of text) {
    if (INVISIBLE.test(character)) continue;
    const point = character.codePointAt(0) as number;
    if (!stack.some((face) => face.coverage.has(point))) missing.add(character);
  }
  return [...missing];
}

const ZERO_WIDTH_JOINER = 0x200d;

export interface Families {
  readonly text: string;
  readonly emoji: string;
}

const families = new WeakMap<readonly Face[], Families>();

/** The CSS family lists of a stack: for text all faces in order; for one emoji a text face that knows the joiner, then the emoji face. */
export function familiesOf(stack: readonly Face[]): Families {
  const known = families.get(stack) ?? listFamilies(stack);
  families.set(stack, known);
  return known;
}

function listFamilies(stack: readonly Face[]): Families {
  const list = (faces: readonly Face[]) => faces.map((face) => `"${face.family}"`).join(', ');
  // With the emoji face in front or alone, or behind a text face without the joiner, Node splits sequences such as a heart on fire.
  const joining = stack.filter((face) => face.kind === 'text' && face.coverage.has(ZERO_WIDTH_JOINER)).slice(0, 1);
  return { text: list(stack), emoji: list([...joining, ...stack.filter((face) => face.kind === 'emoji')]) };
}

/** A measure that remembers up to `limit` answers: people use the same words again and again. */
export function remembering(measure: Measure, limit = 20_000): Measure {
  let recent = new Map<string, number>();
  let older = new Map<string, number>();
  return (text, font) => {
    const key = `${font}\n${text}`;
    const known = recent.get(key) ?? older.get(key);
    const width = known ?? measure(text, font);
    if (!recent.has(key)) recent.set(key, width);
    if (recent.size > limit / 2) {
      older = recent;
      recent = new Map();
    }
    return width;
  };
}
