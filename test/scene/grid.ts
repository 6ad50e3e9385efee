/** Fonts whose widths can be reckoned in the head: a cluster of Hangul, Han or kana is 1 em wide, an emoji 1.25, a space 0.25, anything else 0.5. */

import type { Coverage, Face, FontBook, Measure } from '../../src/scene/fonts.js';
import type { Overlay, Shape, TextStyle } from '../../src/scene/scene.js';
import { graphemes } from '../../src/scene/text/graphemes.js';

const EMOJI = /\p{Emoji_Presentation}|\u2764|\ufe0f|\u{1fae9}/u;
const WIDE = /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u30ff\uff01-\uff60]/u;

const covering = (has: (character: string) => boolean): Coverage => ({
  has: (point) => has(String.fromCodePoint(point)),
});
const face = (id: string, kind: Face['kind'], has: (character: string) => boolean): Face => ({
  id,
  family: `Grid ${id}`,
  kind,
  ascent: 0.9,
  descent: 0.2,
  coverage: covering(has),
});

const stack = [
  face('text', 'text', (character) => !EMOJI.test(character)),
  face('emoji', 'emoji', (character) => EMOJI.test(character)),
];

export const book: FontBook = { stack: () => stack };

export const widthOf = (cluster: string): number =>
  EMOJI.test(cluster) ? 1.25 : cluster === ' ' ? 0.25 : WIDE.test(cluster) ? 1 : 0.5;

export const measure: Measure = (text) => 100 * graphemes(text).reduce((sum, cluster) => sum + widthOf(cluster), 0);

export const box = (width: number, height: number): Shape => ({ kind: 'box', x: 0, y: 0, width, height, radius: 0 });
export const ellipse = (width: number, height: number): Shape => ({ kind: 'ellipse', x: 0, y: 0, width, height });

export function overlay(text: string, shape: Shape, style: Partial<TextStyle> = {}, maxLines = 4): Overlay {
  const plain: TextStyle = {
    font: 'sans',
    size: { min: 10, max: 40 },
    colour: '#222222',
    align: 'center',
    valign: 'middle',
    lineHeight: 1.25,
    padding: 0,
  };
  return { bubble: 'b', text, shape, style: { ...plain, ...style }, maxLines, start: 0, end: 1 };
}
