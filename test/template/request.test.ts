import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoryfarmError } from '../../src/errors.js';
import type { FontBook } from '../../src/scene/fonts.js';
import { checkRequest, type RequestInput } from '../../src/template/request.js';
import { template } from './sample.js';

/** Has everything but hieroglyphs. */
const fonts: FontBook = {
  stack: () => [
    {
      id: 'f',
      family: 'F',
      kind: 'text',
      ascent: 1,
      descent: 0.2,
      coverage: { has: (point) => point < 0x13000 || point > 0x1343f },
    },
  ],
};
const measure = (text: string) => 100 * text.length;

const check = (input: RequestInput) => checkRequest(template(), input, fonts);

function refusal(input: RequestInput, withMeasure = false): StoryfarmError {
  try {
    checkRequest(template(), input, fonts, withMeasure ? measure : undefined);
  } catch (error) {
    assert.ok(error instanceof StoryfarmError);
    return error;
  }
  return assert.fail('was accepted');
}

function refusedFor(code: string, pointer: string, input: RequestInput, detail?: RegExp): void {
  const error = refusal(input, code === 'words_do_not_fit');
  assert.equal(error.code, code);
  assert.deepEqual(
    error.complaints.map((complaint) => [complaint.code, complaint.pointer]),
    [[code, pointer]],
  );
  assert.match(error.complaints[0]?.detail ?? '', detail ?? /./);
}

describe('what is accepted', () => {
  it('comes back complete: the first character of each role that is not given, words sanitised', () => {
    assert.deepEqual(check({ words: { hello: ' 안녕\r\n하세요 ', bye: 'e\u0301' } }), {
      cast: { hero: 'bear', guest: 'dog' },
      words: { hello: '안녕\n하세요', bye: 'é' },
    });
    assert.deepEqual(check({ cast: { hero: 'cat' }, words: { hello: 'a' } }).cast, { hero: 'cat', guest: 'dog' });
  });

  it('leaves out bubbles without words', () => {
    assert.deepEqual(check({ words: { hello: 'a' } }).words, { hello: 'a' });
    assert.deepEqual(check({ words: { hello: 'a', bye: ' \n ' } }).words, { hello: 'a' });
  });

  it('counts characters as people do, newlines not at all', () => {
    const family = '👨‍👩‍👧‍👦';
    assert.equal(
      check({ words: { hello: `${family.repeat(10)}\n${'é'.repeat(10)}` } }).words.hello?.split('\n').length,
      2,
    );
  });
});

describe('what is refused, with code and pointer', () => {
  const hello = 'Hello';
  it('required words', () => {
    refusedFor('missing_words', '/words/hello', { words: {} });
    refusedFor('missing_words', '/words/hello', { words: { hello: ' \u200b\n' } });
  });
  it('an unknown bubble, role or character', () => {
    refusedFor('unknown_bubble', '/words/a~1b', { words: { hello, 'a/b': 'x' } });
    refusedFor('unknown_bubble', '/words/toString', { words: { hello, toString: 'x' } as never });
    refusedFor('unknown_role', '/cast/villain', { cast: { villain: 'bear' }, words: { hello } });
    refusedFor('unknown_character', '/cast/hero', { cast: { hero: 'dog' }, words: { hello } }, /bear, cat/);
  });
  it('too many characters', () => {
    refusedFor('words_too_long', '/words/hello', { words: { hello: 'a'.repeat(21) } }, /^21 characters; at most 20/);
    refusedFor('words_too_long', '/words/bye', { words: { hello, bye: '가'.repeat(81) } });
  });
  it('100,000 characters, 2,000 marks: at once', () => {
    const started = performance.now();
    refusedFor('words_too_long', '/words/hello', { words: { hello: '가'.repeat(100_000) } });
    refusedFor('words_too_long', '/words/hello', { words: { hello: `a${'\u0301'.repeat(2_000)}` } });
    assert.ok(performance.now() - started < 200);
  });
  it('control characters, overrides, stacked marks', () => {
    refusedFor('control_characters', '/words/hello', { words: { hello: 'a\u0007' } }, /control/);
    refusedFor('control_characters', '/words/hello', { words: { hello: 'a\u202e' } }, /override/);
    refusedFor('control_characters', '/words/hello', { words: { hello: `a${'\u0301'.repeat(6)}` } }, /marks/);
  });
  it('with a hint that holds for whatever of these it is', () => {
    for (const text of ['a\u0007', `a${'\u0301'.repeat(6)}`]) {
      const { hint } = refusal({ words: { hello: text } });
      assert.match(hint, /^Remove the characters that the message names, or all but a few of the marks/);
    }
  });
  it('characters that no font has, by name', () => {
    refusedFor('missing_glyphs', '/words/bye', { words: { hello, bye: 'a𓀀b𓀀' } }, /^No font has "𓀀" \(U\+13000\)\.$/u);
  });
  it('more lines than the bubble has', () => {
    refusedFor('words_do_not_fit', '/words/hello', { words: { hello: '1\n2\n3' } }, /3 lines; at most 2/);
  });
  it('words that do not fit, when there is a measure', () => {
    const words = { hello: 'W'.repeat(20), bye: 'W'.repeat(80) };
    assert.doesNotThrow(() => check({ words }));
    refusedFor('words_do_not_fit', '/words/bye', { words }, /do not fit/);
  });
  it('everything at once, as invalid_request', () => {
    const error = refusal({ cast: { hero: 'x', who: 'y' }, words: { bye: '\u0000', nobody: 'z' } });
    assert.equal(error.code, 'invalid_request');
    assert.deepEqual(error.complaints.map(({ pointer }) => pointer).sort(), [
      '/cast/hero',
      '/cast/who',
      '/words/bye',
      '/words/hello',
      '/words/nobody',
    ]);
  });
});

it('words that a prototype has are not taken for given ones', () => {
  const error = refusal({ cast: Object.create({ hero: 'x' }), words: Object.create({ hello: 'x' }) });
  assert.deepEqual(
    error.complaints.map(({ pointer }) => pointer),
    ['/words/hello'],
  );
});
