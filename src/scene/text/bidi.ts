/**
 * The order in which the clusters of a line are seen: the implicit part of the Unicode Bidirectional Algorithm (UAX #9, rules P2 to L2).
 *
 * The canvas orders the letters inside a run by itself; but emoji are runs of their own, so the order of runs has to be found here. Explicit
 * embeddings, overrides and isolates never come this far: the sanitiser takes them out. A cluster has the class of its first character.
 */

import type { Cluster } from './graphemes.js';

type BidiClass = 'L' | 'R' | 'AL' | 'EN' | 'AN' | 'ES' | 'ET' | 'CS' | 'WS' | 'ON';

const RIGHT = /^[\p{Script=Hebrew}\p{Script=Nko}\p{Script=Samaritan}]/u;
const ARABIC = /^[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
const PAIRS = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
  ['〈', '〉'],
  ['《', '》'],
  ['「', '」'],
  ['『', '』'],
  ['【', '】'],
]);

export function isRightToLeft(clusters: readonly Cluster[]): boolean {
  return clusters.some(({ text }) => RIGHT.test(text) || ARABIC.test(text));
}

function classOf({ text, kind }: Cluster): BidiClass {
  if (kind === 'emoji') return 'ON';
  if (kind === 'space') return 'WS';
  if (/^[\u0660-\u0669\u066b\u066c\u06dd]/.test(text)) return 'AN';
  if (/^[0-9\u06f0-\u06f9\uff10-\uff19]/.test(text)) return 'EN';
  if (/^[+\-\u2212\uff0b\uff0d]/.test(text)) return 'ES';
  if (/^[,./:\u00a0\u060c\u202f\uff0c\uff0e\uff0f\uff1a]/.test(text)) return 'CS';
  if (/^[#%\u00b0\u00b1\u066a\u2030\u2031\u2032\u2033\uff03\uff05\p{Sc}]/u.test(text)) return 'ET';
  if (/^[\p{L}\p{M}\p{Nl}\p{Nd}]/u.test(text)) return RIGHT.test(text) ? 'R' : ARABIC.test(text) ? 'AL' : 'L';
  return 'ON';
}

/** The embedding level of each cluster of a paragraph: odd reads from the right. The base direction is that of the first letter. */
export function bidiLevels(paragraph: readonly Cluster[]): number[] {
  const classes = paragraph.map(classOf);
  const first = classes.find((c) => c === 'L' || c === 'R' || c === 'AL');
  const base = first === 'R' || first === 'AL' ? 1 : 0;
  const sor: BidiClass = base === 1 ? 'R' : 'L';
  resolveNumbers(classes, sor);
  resolveBrackets(classes, paragraph, sor);
  resolveNeutrals(classes, sor);
  const odd = { L: 1, EN: 1, AN: 1 } as Partial<Record<BidiClass, number>>;
  const even = { R: 1, EN: 2, AN: 2 } as Partial<Record<BidiClass, number>>;
  return classes.map((c) => base + ((base === 1 ? odd : even)[c] ?? 0));
}

/** Rules W2 to W7. */
function resolveNumbers(classes: BidiClass[], sor: BidiClass): void {
  let strong: BidiClass = sor;
  for (const [i, c] of classes.entries()) {
    if (c === 'L' || c === 'R' || c === 'AL') strong = c;
    if (c === 'EN' && strong === 'AL') classes[i] = 'AN'; // W2
  }
  for (const [i, c] of classes.entries()) if (c === 'AL') classes[i] = 'R'; // W3
  for (const [i, c] of classes.entries()) {
    const [before, after] = [classes[i - 1], classes[i + 1]];
    if ((c === 'ES' || c === 'CS') && before === 'EN' && after === 'EN') classes[i] = 'EN'; // W4
    if (c === 'CS' && before === 'AN' && after === 'AN') classes[i] = 'AN';
  }
  for (let i = 0; i < classes.length; i++) {
    if (classes[i] !== 'ET') continue;
    let end = i;
    while (classes[end] === 'ET') end++;
    const touches = classes[i - 1] === 'EN' || classes[end] === 'EN';
    classes.fill(touches ? 'EN' : 'ON', i, end); // W5
    i = end - 1;
  }
  strong = sor;
  for (const [i, c] of classes.entries()) {
    if (c === 'ES' || c === 'CS') classes[i] = 'ON'; // W6
    if (c === 'L' || c === 'R') strong = c;
    if (c === 'EN' && strong === 'L') classes[i] = 'L'; // W7
  }
}

const directionOf = (c: BidiClass | undefined): 'L' | 'R' | undefined =>
  c === 'L' ? 'L' : c === 'R' || c === 'EN' || c === 'AN' ? 'R' : undefined;

/** Rule N0: both brackets of a pair take the direction of what they hold. */
function resolveBrackets(classes: BidiClass[], paragraph: readonly Cluster[], sor: BidiClass): void {
  const open: { closer: string; at: number }[] = [];
  const pairs: [number, number][] = [];
  for (const [i, { text }] of paragraph.entries()) {
    if (classes[i] !== 'ON') continue;
    const closer = PAIRS.get(text);
    if (closer) open.push({ closer, at: i });
    const match = open.findLastIndex((bracket) => bracket.closer === text);
    if (match < 0) continue;
    pairs.push([(open[match] as { at: number }).at, i]);
    open.length = match;
  }
  for (const [from, to] of pairs.sort(([a], [b]) => a - b)) {
    const inside = classes.slice(from + 1, to).map(directionOf);
    const context = classes.slice(0, from).map(directionOf).findLast(Boolean) ?? sor;
    const other = sor === 'L' ? 'R' : 'L';
    const direction = inside.includes(sor as 'L' | 'R')
      ? sor
      : inside.includes(other)
        ? context === other
          ? other
          : sor
        : undefined;
    if (direction) classes[from] = classes[to] = direction;
  }
}

/** Rules N1 and N2. */
function resolveNeutrals(classes: BidiClass[], sor: BidiClass): void {
  for (let i = 0; i < classes.length; i++) {
    if (directionOf(classes[i])) continue;
    let end = i;
    while (end < classes.length && !directionOf(classes[end])) end++;
    const before = directionOf(classes[i - 1]) ?? sor;
    const after = directionOf(classes[end]) ?? sor;
    classes.fill(before === after ? before : sor, i, end);
    i = end - 1;
  }
}

/** Rule L2: the items of a line, given in the order of reading, in the order from left to right. */
export function visualOrder<T extends { readonly level: number }>(items: readonly T[]): T[] {
  const ordered = [...items];
  const highest = Math.max(0, ...ordered.map(({ level }) => level));
  for (let level = highest; level > 0; level--) {
    for (let i = 0; i < ordered.length; i++) {
      if ((ordered[i] as T).level < level) continue;
      let end = i;
      while (end < ordered.length && (ordered[end] as T).level >= level) end++;
      ordered.splice(i, end - i, ...ordered.slice(i, end).reverse());
      i = end;
    }
  }
  return ordered;
}
