/**
 * Where a line may end. Each place between two clusters has a strength: how much it takes to break there. Layout begins with the
 * natural places only and goes on to stronger ones when words do not fit, or would fit only much smaller.
 *
 * The rules are our own, not the engine's, so that every browser and Node break alike: Korean words are kept whole (keep-all), ideographs
 * may part anywhere, no line starts with closing or ends with opening punctuation (kinsoku), a cluster is never split.
 */

import type { Cluster } from './graphemes.js';

export const NATURAL = 1; // After a space, between ideographs.
export const WITHIN_SYLLABLES = 2; // Inside a Korean or Thai word, or between a word and the emoji that follows it.
export const WITHIN_WORD = 3; // Inside any other word.
export const AGAINST_RULES = 4; // Before closing punctuation: only for what is nothing else, such as fifty exclamation marks.
export const NEVER = 5;

export interface Break {
  /** 0 where a line must end, NATURAL to AGAINST_RULES where it may, NEVER before a space. */
  readonly strength: number;
  /** What ending a line here costs, in the unit of unevenness: the square of the fraction of a line that is left empty. */
  readonly cost: number;
}

const MUST: Break = { strength: 0, cost: 0 };

const CLOSING =
  /^[\p{Pe}\p{Pf}!%,.:;?~\u00b0\u00b7\u2010\u2013\u2014\u2020-\u2022\u2025\u2026\u2030\u203c\u2047-\u2049\u2103\u2109\u3001\u3002\u3005\u301c\u309b-\u309e\u30fb-\u30fe\uff01\uff05\uff0c\uff0e\uff1a\uff1b\uff1f\uff5e\uff61\uff64\uff65\u060c\u061b\u061f\u06d4]/u;
const SMALL_KANA = /^[ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰ-ㇿｧ-ｰ]/u;
/** Thai and Lao vowels that lean on the consonant before them, and those that stand before the consonant they belong to. */
const TRAILING_VOWEL = /^[\u0e2f-\u0e33\u0e45\u0e46\u0eaf-\u0eb3\u0ec6]/u;
const LEADING_VOWEL = /^[\u0e40-\u0e44\u0ec0-\u0ec4]/u;
const OPENING = /^[\p{Ps}\p{Pi}\u00a1\u00bf]/u;
const GLUE = /^[\u00a0\u202f\u2060]/u;
/** Punctuation after which a Korean sentence goes on without a space. */
const PAUSE = /^[!,.?~\u2026]/u;
const CLAUSE_END = /^[!,.:;?~\u2026\u3001\u3002\uff01\uff0c\uff0e\uff1f\p{Pe}\p{Pf}]/u;

/** The break after each cluster, one for each; after a newline and after the last cluster a line must end. */
export function breaksOf(clusters: readonly Cluster[]): Break[] {
  return clusters.map((cluster, i) => {
    const next = clusters[i + 1];
    if (!next || cluster.kind === 'newline') return MUST;
    if (next.kind === 'newline') return { strength: NEVER, cost: 0 };
    const strength = strengthOf(clusters, i, cluster, next);
    return { strength, cost: costOf(strength, clusters, i, cluster, next) };
  });
}

function strengthOf(clusters: readonly Cluster[], i: number, a: Cluster, b: Cluster): number {
  if (b.kind === 'space') return NEVER;
  if (a.kind === 'space') return closes(clusters, i + 1) ? AGAINST_RULES : NATURAL;
  if (GLUE.test(a.text) || GLUE.test(b.text)) return AGAINST_RULES;
  if (closes(clusters, i + 1) || opens(clusters, i)) return AGAINST_RULES;
  if (a.kind === 'emoji') return b.kind === 'emoji' || followsWord(clusters, i) ? NATURAL : WITHIN_SYLLABLES;
  if (b.kind === 'emoji') return WITHIN_SYLLABLES;
  if (a.kind === 'ideograph' || b.kind === 'ideograph') return ideographStrength(a, b);
  if (b.kind === 'syllable' && PAUSE.test(a.text)) return NATURAL;
  if (a.kind === 'syllable' || b.kind === 'syllable') return WITHIN_SYLLABLES;
  const hyphenated =
    /^[-\u2010\u2013\u2014/]$/u.test(a.text) && b.kind === 'letter' && clusters[i - 1]?.kind === 'letter';
  return hyphenated ? NATURAL : WITHIN_WORD;
}

/** Numbers keep their unit, as in 3日, and their ordinal mark, as in 第3. */
function ideographStrength(a: Cluster, b: Cluster): number {
  const together =
    a.kind === 'digit' || (b.kind === 'digit' && a.text === '第') || a.kind === 'syllable' || b.kind === 'syllable';
  return together ? WITHIN_SYLLABLES : NATURAL;
}

/** Quotation marks of the typewriter open after a space and close after anything else. */
function isQuote(cluster: Cluster | undefined): boolean {
  return cluster?.text === '"' || cluster?.text === "'";
}

function startsWord(clusters: readonly Cluster[], i: number): boolean {
  const before = clusters[i - 1];
  return !before || before.kind === 'space' || before.kind === 'newline' || OPENING.test(before.text);
}

function closes(clusters: readonly Cluster[], i: number): boolean {
  const cluster = clusters[i] as Cluster;
  if (isQuote(cluster)) return !startsWord(clusters, i);
  const closing = CLOSING.test(cluster.text) || SMALL_KANA.test(cluster.text) || TRAILING_VOWEL.test(cluster.text);
  return closing && !(startsWord(clusters, i) && leadsWord(clusters, i));
}

/** Whether marks that usually close stand before a word, as in " ~ing", " .5" or " ...well"; " !" and a lone "~" close nonetheless. */
function leadsWord(clusters: readonly Cluster[], i: number): boolean {
  let after = i;
  while (CLOSING.test(clusters[after]?.text ?? '')) after++;
  const word = clusters[after];
  return word !== undefined && word.kind !== 'space' && word.kind !== 'newline';
}

function opens(clusters: readonly Cluster[], i: number): boolean {
  const cluster = clusters[i] as Cluster;
  if (isQuote(cluster)) return startsWord(clusters, i);
  return OPENING.test(cluster.text) || LEADING_VOWEL.test(cluster.text);
}

/** Whether the emoji at `i` belong to the word before them: then a line may end after them. */
function followsWord(clusters: readonly Cluster[], i: number): boolean {
  let first = i;
  while (clusters[first - 1]?.kind === 'emoji') first--;
  return !startsWord(clusters, first);
}

/**
 * A line ends best where a clause ends; an emoji after a space still belongs to the words before it. Japanese has no spaces: there a phrase
 * tends to begin where hiragana end and a Chinese character or katakana follows.
 */
function costOf(strength: number, clusters: readonly Cluster[], i: number, a: Cluster, b: Cluster): number {
  if (strength > NATURAL) return 0.02 * 4 ** strength;
  if (b.kind === 'emoji') return a.kind === 'emoji' ? 0.03 : 0.12;
  const last = a.kind === 'space' ? clusters[i - 1] : a;
  if (last && CLAUSE_END.test(last.text)) return 0;
  if (a.kind === 'space' || a.kind === 'emoji') return 0.03;
  const hiragana = (cluster: Cluster) => /^\p{Script=Hiragana}/u.test(cluster.text);
  return hiragana(a) && !hiragana(b) ? 0.03 : 0.08;
}
