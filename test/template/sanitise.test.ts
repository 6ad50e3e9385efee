import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sanitise } from '../../src/template/sanitise.js';

const PLENTY = 10_000;
const clean = (text: string) => sanitise(text, PLENTY).text;
const codes = (text: string, maxUnits = PLENTY) => sanitise(text, maxUnits).removed.map(({ code }) => code);

describe('what nobody misses goes silently', () => {
  for (const [what, text, expected] of [
    ['line ends of other systems', 'a\r\nb\rc\u2028d\u0085e\vf', 'a\nb\nc\nd\ne\nf'],
    ['tabs and typographic spaces', 'a\tb\u2003c\u202fd', 'a b c d'],
    ['but not the no-break and the ideographic space', 'a\u00a0b\u3000c', 'a\u00a0b\u3000c'],
    ['blanks at the ends of lines, empty lines at the ends of the text', ' \n a \u3000\n\n b \n\n', 'a\n\nb'],
    ['decomposed letters', '\u1112\u1161\u11ab\u1100\u1173\u11af e\u0301', '한글 é'],
    [
      'soft hyphens, byte order marks, zero width spaces, direction marks',
      '\ufeffa\u00adb\u200bc\u200ed\u2060e',
      'abcde',
    ],
    ['variation selectors that select nothing', 'a\ufe0f 漢\u{e0100} 1\ufe0f ❤\ufe0e', 'a 漢 1 ❤'],
    ['keycaps that enclose nothing', 'a\u20e3', 'a'],
    ['joiners that join nothing', 'a\u200db 가\u200c나 😀\u200d', 'ab 가나 😀'],
  ] as const) {
    it(what, () => {
      assert.equal(clean(text), expected);
      assert.deepEqual(codes(text), []);
    });
  }
});

describe('honest text is left alone', () => {
  for (const text of [
    '사랑해요, 엄마! ㅋㅋㅋ ^^ ~♥',
    '👨‍👩‍👧‍👦 ❤️‍🔥 🏳️‍🌈 👍🏽 🇰🇷 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣ #️⃣ 👩🏻‍❤️‍💋‍👩🏿 👁️‍🗨️ 🧑‍⚕️ ☺️ 🐻‍❄️ 🏴‍☠️',
    'می‌خواهم السَّلَامُ عَلَيْكُمْ',
    'क्‍ष',
    'שָׁלוֹם Việt Nam ệ',
    'สุขสันต์วันเกิดนะคะ',
    '日本語「こんにちは」',
  ]) {
    it(text, () => {
      assert.equal(clean(text), text.normalize('NFC'));
      assert.deepEqual(codes(text), []);
    });
  }
});

describe('what somebody put there is taken out and named', () => {
  for (const [what, text, expected] of [
    ['control characters', 'a\0b\u001bc\u009fd\u007f', 'abcd'],
    ['directional overrides and isolates', 'a\u202eb\u202c\u2066c\u2069', 'abc'],
    ['private use', 'a\ue000b\u{f0000}c', 'abc'],
    ['unassigned code points and noncharacters', 'a\u0378b\uffffc\u{1ffff}', 'abc'],
    ['lone surrogates', 'a\ud83db\ude00c', 'abc'],
    ['hidden tags', 'a\u{e0068}\u{e0069}\u{e007f}b\u{e0001}', 'ab'],
    ['annotations', 'a\ufff9b\ufffac\ufffb', 'abc'],
    ['stacks of marks', `a${'\u0300'.repeat(9)}b`, `à${'\u0300'.repeat(3)}b`],
    ['chains of joined emoji', Array(9).fill('👩').join('\u200d'), Array(5).fill('👩').join('\u200d')],
  ] as const) {
    it(what, () => {
      assert.equal(clean(text), expected);
      assert.ok(codes(text).length > 0 && codes(text).every((code) => code === 'control_characters'));
    });
  }

  it('an emoji that this engine does not know stays', () => {
    assert.equal(clean('a\u{1faf9}\u{1fadf}'), 'a\u{1faf9}\u{1fadf}');
    assert.deepEqual(codes('\u{1fbff}\u{1fadf}'), ['control_characters']);
  });
});

describe('endless text', () => {
  it('is cut to the length that is read, never through a pair', () => {
    assert.deepEqual(sanitise('abcdef', 4), {
      text: 'abcd',
      removed: [{ code: 'words_too_long', detail: '6 UTF-16 units; at most 4 are read.' }],
    });
    assert.equal(sanitise('a😀b', 2).text, 'a');
    assert.deepEqual(codes('a😀b', 2), ['words_too_long']);
    assert.deepEqual(codes('abcd', 4), []);
  });

  for (const [what, text] of [
    ['100,000 letters', '가'.repeat(100_000)],
    ['2,000 marks on one letter', `a${'\u0301'.repeat(2_000)}`],
    ['100,000 marks of alternating classes', `a${'\u0316\u0301'.repeat(50_000)}`],
    ['100,000 joiners', 'ع\u200d'.repeat(50_000)],
    ['a chain of 30,000 emoji', '👩\u200d'.repeat(30_000)],
    ['100,000 spaces', `a${' '.repeat(99_998)}b`],
    ['100,000 newlines', `a${'\n '.repeat(49_998)}b`],
    ['100,000 tags', '\u{e0068}'.repeat(50_000)],
    ['100,000 lone surrogates', '\ud83d'.repeat(100_000)],
  ] as const) {
    it(`${what} take less than a second, read whole or cut`, () => {
      const started = performance.now();
      sanitise(text, 100_000);
      assert.ok(sanitise(text, 1_000).text.length <= 1_000);
      assert.ok(performance.now() - started < 1_000, `${performance.now() - started} ms`);
    });
  }
});

describe('sanitised text', () => {
  const nasty = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        'a',
        '가',
        '1',
        '#',
        'ع',
        'क',
        '😀',
        '❤',
        '👩',
        '🏴',
        ' ',
        '\n',
        '\r',
        '\t',
        '\u200d',
        '\u200c',
        '\ufe0f',
        '\ufe0e',
        '\u20e3',
      ),
      fc.constantFrom(
        '\u0301',
        '\u0316',
        '\u064e',
        '\u1100',
        '\u1161',
        '\ud83d',
        '\ude00',
        '\u202e',
        '\ue000',
        '\u{e0067}',
        '\u{e007f}',
        '🏽',
        '🇰',
        '\u3000',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
  });

  it('is what sanitising it again gives, without objections', () => {
    fc.assert(
      fc.property(nasty, (text) => assert.deepEqual(sanitise(clean(text), PLENTY), { text: clean(text), removed: [] })),
      { numRuns: 3000 },
    );
  });

  it('is well-formed, in NFC, with at most four marks in a row, and nothing invisible that turns text', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const result = clean(text);
        assert.doesNotMatch(result, /\p{Cs}/u);
        assert.equal(result, result.normalize('NFC'));
        assert.doesNotMatch(result, /(?:(?![\ufe0e\ufe0f\u20e3])\p{M}){5}/u);
        assert.doesNotMatch(result, /[\u202a-\u202e\u2066-\u2069\p{Co}\p{Cs}]|(?!\n)\p{Cc}/u);
        assert.doesNotMatch(result, / $|^ |^\n|\n$/);
      }),
      { numRuns: 1000 },
    );
  });
});
