/**
 * Words to be put into the films: what people type, in several languages (the benchmark's wordsmith), and in between what is rarer and harder. Emoji alone, Arabic, as much as
 * a bubble takes, only some of the bubbles, none but those that must have words. The same seed gives the same sets.
 */

import type { Words } from '../../src/job.js';
import type { Fonts } from '../../src/media/fonts.js';
import type { Bubble, Template } from '../../src/template/format.js';
import { checkWords } from '../../src/template/request.js';
import { generator, wordsmith } from '../bench/render/contents/words.js';

export interface WordSet {
  readonly kind: string;
  readonly words: Words;
}

const EMOJI = ['🎂', '❤️', '🎉', '😘', '👋', '✨', '🐻', '👨‍👩‍👧', '🇰🇷', '🌈', '🍓', '👍🏽'];
const ARABIC = ['عيد ميلاد سعيد', 'أحبك', 'مرحبا يا صديقي', 'شكرا جزيلا', 'كل عام وأنتم بخير', 'سلام', 'مبروك 123'];
const LONG = [
  'Wir',
  '생일을',
  'congratulate',
  'おめでとう',
  'très',
  '축하합니다',
  'WWWW',
  '你们',
  'fröhlich',
  'ill.',
  '—',
  '100%',
];

/** What is built of pieces, for how many sets in turn. The first set has the fewest words. */
const KINDS = ['empty', 'typed', 'long', 'typed', 'emoji', 'sparse', 'typed', 'arabic', 'typed', 'long'] as const;

export function wordSets(template: Template, fonts: Fonts, count: number, seed: number): WordSet[] {
  const typed = wordsmith(template, fonts, seed);
  const chance = generator(seed);
  const grow = (bubble: Bubble, pieces: readonly string[], most: number): string => {
    let text = '';
    for (let n = 0; n < most; n++) {
      const longer = `${text} ${pieces[Math.floor(chance() * pieces.length)]}`.trim();
      const { complaints } = checkWords(bubble, longer, '', { fonts: fonts.book, measure: fonts.measure });
      if (complaints.length === 0) text = longer;
    }
    return text;
  };
  return Array.from({ length: count }, (_, number) => {
    const kind =
      number >= KINDS.length && number % KINDS.length === 0 ? 'sparse' : (KINDS[number % KINDS.length] ?? 'typed');
    const usual = typed();
    const wordsFor = (bubble: Bubble): string => {
      const own = usual[bubble.id] ?? '';
      const isLeft = kind === 'empty' || (kind === 'sparse' && chance() < 0.5);
      if (isLeft) return bubble.limits.required ? own : '';
      if (kind === 'emoji') return grow(bubble, EMOJI, 1 + Math.floor(chance() * 6)) || own;
      if (kind === 'arabic') return grow(bubble, ARABIC, 1 + Math.floor(chance() * 3)) || own;
      return kind === 'long' ? grow(bubble, LONG, 40) || own : own;
    };
    return { kind, words: Object.fromEntries(template.bubbles.map((bubble) => [bubble.id, wordsFor(bubble)])) };
  });
}
