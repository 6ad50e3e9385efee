import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bidiLevels, isRightToLeft, visualOrder } from '../../src/scene/text/bidi.js';
import { clustersOf } from '../../src/scene/text/graphemes.js';
import { book } from './grid.js';

const levelsOf = (text: string) => bidiLevels(clustersOf(text, book.stack('sans')));

/** As in UAX #9's own examples capitals stand for Hebrew letters. Brackets are mirrored later, when they are drawn. */
const hebrew = (text: string) =>
  text.replace(/[A-Z]/g, (letter) => String.fromCodePoint(0x05d0 + letter.charCodeAt(0) - 65));
const latin = (text: string) =>
  text.replace(/[\u05d0-\u05ea]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0x05d0 + 65));

function seen(text: string): string {
  const clusters = clustersOf(hebrew(text), book.stack('sans'));
  const levels = bidiLevels(clusters);
  return latin(
    visualOrder(clusters.map((cluster, i) => ({ text: cluster.text, level: levels[i] as number })))
      .map(({ text }) => text)
      .join(''),
  );
}

describe('the order in which letters are seen', () => {
  for (const [read, expected] of [
    ['car means CAR.', 'car means RAC.'],
    ['CAR means car', 'means car RAC'],
    ['MEANS 123 CAR', 'RAC 123 SNAEM'],
    ['HELLO abc 😀 def BYE', 'EYB abc 😀 def OLLEH'],
    ['HELLO 😀 BYE', 'EYB 😀 OLLEH'],
    ['hello ABC 😀 DEF bye', 'hello FED 😀 CBA bye'],
    ['PRICE 10.50$!', '!10.50$ ECIRP'],
    ['he said "AB (12) CD"', 'he said "DC )12( BA"'],
    ['A (b) C', 'C )b( A'],
    ['A-1+2', '1+2-A'],
  ] as const) {
    it(read, () => assert.equal(seen(read), expected));
  }
});

describe('levels', () => {
  it('follow the first letter of the paragraph', () => {
    assert.deepEqual(levelsOf('1 a א'), [0, 0, 0, 0, 1]);
    assert.deepEqual(levelsOf('1 א a'), [2, 1, 1, 1, 2]);
  });

  it('of European digits after Arabic letters are those of Arabic digits', () => {
    assert.deepEqual(levelsOf('ع 1-2'), [1, 1, 2, 1, 2]);
    assert.deepEqual(levelsOf('א 1-2'), [1, 1, 2, 2, 2]);
  });

  it('are 0 where nothing reads from the right', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '가', '1', ' ', '(', ')', '😀', '!', '-', '%') }), (text) => {
        assert.ok(!isRightToLeft(clustersOf(text, book.stack('sans'))));
        assert.ok(levelsOf(text).every((level) => level === 0));
      }),
    );
  });
});

describe('visual order', () => {
  it('loses nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 })), (levels) => {
        const items = levels.map((level, i) => ({ level, i }));
        const ordered = visualOrder(items);
        assert.deepEqual(
          ordered.map(({ i }) => i).sort((a, b) => a - b),
          items.map(({ i }) => i),
        );
      }),
    );
  });
});
