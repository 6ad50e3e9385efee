/**
 * Words as people type them: other ones for every job, the same ones for the same seed, in several languages and with emoji. What does not fit its bubble is
 * not taken; no bubble gets the same words twice, since Storyfarm would remember them.
 */

import type { Words } from '../../../../src/job.js';
import type { Fonts } from '../../../../src/media/fonts.js';
import type { Template } from '../../../../src/template/format.js';
import { checkWords } from '../../../../src/template/request.js';

type Wordsmith = () => Words;

const SAYINGS = [
  ['Happy birthday, {}!', 'Guess who, {}?', '{}, look up!', 'For you, {}', 'We miss you, {}', 'Big hug, {}!', 'Hi {}'],
  ['{} 생일 축하해!', '사랑해 {}', '{}, 보고 싶어', '힘내 {}!', '고마워, {}', '{} 최고!', '안녕 {}'],
  ['お誕生日おめでとう、{}', '{}、ありがとう', 'だいすき、{}', '{}、元気？', 'またね {}'],
  ['生日快乐，{}', '{}，加油！', '想你 {}', '谢谢你，{}'],
  ['Alles Gute, {}!', 'Schöne Grüße, {}', 'Für {} ♥', 'Danke, {}!'],
] as const;
const NAMES = [
  ['Ann', 'Ben', 'Cleo', 'Dan', 'Eve', 'Finn', 'Grace', 'Hal', 'Iris', 'Jo', 'Kim', 'Leo', 'Mia', 'Noor', 'Otis'],
  ['민준', '서연', '지우', '하은', '도윤', '수아', '예준', '지민', '은우', '할머니', '엄마', '아빠', '이모', '짝꿍'],
  ['さくら', 'はると', 'ゆい', 'そうた', 'あおい', 'けん'],
  ['小明', '丽丽', '妈妈', '奶奶', '阿华'],
  ['Jörg', 'Käthe', 'Oma', 'Zoë', 'Anke', 'Uwe'],
] as const;
const ENDINGS = ['', ' 🎂', ' ❤️', ' 🎉', ' 😘', ' 👋', ' ✨', ' 🐻', '!!', ' ~', ' 👨‍👩‍👧', ' 🇰🇷'] as const;

/** Two names and a number give enough to choose from for thousands of jobs, in small bubbles too. */
const MOST_TRIES = 5_000;

/** Answers, call by call, the words of one more job of the template. */
export function wordsmith(template: Template, fonts: Fonts, seed = 1): Wordsmith {
  const chance = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T;
  const used = new Map(template.bubbles.map(({ id }) => [id, new Set<string>()]));
  const say = () => {
    const locale = Math.floor(chance() * SAYINGS.length);
    const name = () => pick(NAMES[locale] ?? NAMES[0]);
    const who = pick([name(), `${name()} & ${name()}`, `${name()} ${Math.ceil(chance() * 99)}`]);
    return pick<string>(SAYINGS[locale] ?? SAYINGS[0]).replace('{}', who) + pick(ENDINGS);
  };
  const wordsFor = (bubble: Template['bubbles'][number]): string => {
    const known = used.get(bubble.id) ?? new Set();
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const judged = checkWords(bubble, say(), '', { fonts: fonts.book, measure: fonts.measure });
      if (judged.complaints.length > 0 || known.has(judged.text)) continue;
      known.add(judged.text);
      return judged.text;
    }
    throw new Error(`No more words fit the bubble "${bubble.id}" of ${template.id}.`);
  };
  return () => Object.fromEntries(template.bubbles.map((bubble) => [bubble.id, wordsFor(bubble)]));
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
