/**
 * Text as people count it: grapheme clusters, each with the one property that line breaking and drawing ask for. Clusters come from
 * `Intl.Segmenter`; its word breaks are not used because they differ between engines.
 */

import type { Face } from '../fonts.js';

/** `syllable`: a script whose words may, if need be, break between any two clusters (Hangul, Thai, Lao, Khmer, Burmese). */
export type ClusterKind = 'space' | 'newline' | 'emoji' | 'ideograph' | 'syllable' | 'digit' | 'letter' | 'mark';

export interface Cluster {
  readonly text: string;
  readonly kind: ClusterKind;
}

/** In these every character is a cluster, and the segmenter, which takes longer to make than words take to draw, is not needed. */
const PLAIN = /^[\n\x20-\x7e]*$/;
let segmenter: Intl.Segmenter | undefined;

/** Grapheme clusters. Needs quadratic memory in the length of the text: cap it before. */
export function graphemes(text: string): string[] {
  if (PLAIN.test(text)) return text.split('');
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

export function clustersOf(text: string, stack: readonly Face[]): Cluster[] {
  // In Korean text a Chinese character is a part of its word; among kana it is not.
  const korean = /\p{Script=Hangul}/u.test(text) && !/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text);
  return graphemes(text).map((cluster) => {
    const kind = kindOf(cluster, stack);
    return {
      text: cluster,
      kind: korean && kind === 'ideograph' && /^\p{Script=Han}/u.test(cluster) ? 'syllable' : kind,
    };
  });
}

const IDEOGRAPH =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\u3001-\u3020\u30fb\u30fc\uff01-\uff9f]/u;
const SYLLABLE = /^[\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

function kindOf(cluster: string, stack: readonly Face[]): ClusterKind {
  if (cluster === '\n') return 'newline';
  if (cluster === ' ' || cluster === '\u3000') return 'space';
  if (isEmoji(cluster, stack)) return 'emoji';
  if (SYLLABLE.test(cluster)) return 'syllable';
  if (IDEOGRAPH.test(cluster)) return 'ideograph';
  if (/^\p{Nd}/u.test(cluster)) return 'digit';
  return /^[\p{L}\p{M}]/u.test(cluster) ? 'letter' : 'mark';
}

const AS_EMOJI = /^\p{Emoji_Presentation}|\p{EMod}|\ufe0f|\u20e3|\u200d\p{Extended_Pictographic}|^\p{RI}/u;

/**
 * Whether a cluster is drawn by the emoji face. Asked for by the text itself, or else the only face that has it: decided from the coverage
 * tables, which are the same everywhere, so that an emoji newer than the engine's Unicode data is one as well.
 */
function isEmoji(cluster: string, stack: readonly Face[]): boolean {
  const point = cluster.codePointAt(0) as number;
  if (point < 0x80 && !cluster.includes('\u20e3')) return false;
  const drawnBy = (kind: Face['kind']) => stack.some((face) => face.kind === kind && face.coverage.has(point));
  return AS_EMOJI.test(cluster) || (drawnBy('emoji') && !drawnBy('text'));
}
