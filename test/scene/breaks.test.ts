import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AGAINST_RULES, breaksOf, NATURAL, WITHIN_SYLLABLES, WITHIN_WORD } from '../../src/scene/text/breaks.js';
import { clustersOf } from '../../src/scene/text/graphemes.js';
import { book } from './grid.js';

/** The text with | wherever a line may end at breaks of at most this strength. */
function broken(text: string, strength: number): string {
  const clusters = clustersOf(text, book.stack('sans'));
  const breaks = breaksOf(clusters);
  return clusters
    .map(
      (cluster, i) => `${cluster.text}${(breaks[i]?.strength ?? 9) <= strength && i < clusters.length - 1 ? '|' : ''}`,
    )
    .join('');
}

function table(strength: number, rows: readonly string[]): void {
  for (const expected of rows) {
    it(expected.replaceAll('\n', '\\n'), () => assert.equal(broken(expected.replaceAll('|', ''), strength), expected));
  }
}

describe('natural breaks', () => {
  describe('Korean words are kept whole, with their punctuation and emoji', () =>
    table(NATURAL, [
      '사랑하는 |엄마, |생일 |축하해요!',
      '10월 |3일 |오후 |2시',
      '정말 |고마웠어... |그래서',
      '안녕!|반가워~|또 |봐',
      '사랑해❤️ |보고싶어',
      '사랑해❤️|보고싶어',
      '🎉생일 |축하🎉',
      'ㅋㅋㅋㅋ |ㅠㅠ',
      '大韓民國은 |(참) |"좋은" |나라',
      '안녕하세요 ! |저는',
      '우리 |~ing',
    ]));

  describe('English', () =>
    table(NATURAL, [
      'Happy |birthday, |dear |"Anna"!',
      "It's |3.14 |or |well-|known |and/|or |e.g. |this",
      'Hello |(world) — |again',
      'no\u00a0break |here',
      '$5 |-5 |#1',
    ]));

  describe('Japanese and Chinese: no line starts with closing or ends with opening punctuation', () =>
    table(NATURAL, [
      'お|誕|生|日、|お|め|で|と|う。',
      '「元|気」|で|す|か？',
      'キャッ|チャー|は|ちょっ|と|人々',
      '祝|你|生|日|快|乐，|万|事|如|意！',
      'A|社|の|1番|は|10月|3日',
    ]));

  describe('right to left', () => table(NATURAL, ['كل |عام |وأنت |بخير، |نعم؟', 'יום |הולדת |שמח!']));

  describe('emoji are never split', () => table(NATURAL, ['👨‍👩‍👧‍👦|❤️‍🔥|🏳️‍🌈|👍🏽|🇰🇷|🇯🇵|🏴󠁧󠁢󠁥󠁮󠁧󠁿|1️⃣|😀']));

  describe('newlines', () => table(NATURAL, ['하나\n|둘 |셋\n|\n|넷']));
});

describe('breaks within Korean and Thai words', () =>
  table(WITHIN_SYLLABLES, ['생|일|축|하|해|요!', '고|마|워|❤️!!', 'LG|전|자 |Hello', 'เก่|ง |ไป|ไห|น', '第|1|回']));

describe('breaks within words', () => {
  describe('anywhere but at punctuation', () => table(WITHIN_WORD, ['W|o|r|d, |(a|b)', '3.|1|4', 'A|👍🏽|é|e\u0301']));
  describe('and as the last resort everywhere', () => table(AGAINST_RULES, ['!|!|! |(|a|)|。']));
});
