import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Face, familiesOf, fontBook, missingGlyphs, readCoverage, remembering } from '../../src/scene/fonts.js';

/** What scripts/fonts.mjs writes. */
function encode(points: readonly number[]): string {
  let next = 0;
  const ranges: string[] = [];
  for (let i = 0; i < points.length; ) {
    const start = points[i] as number;
    let end = start;
    while (points[i + 1] === end + 1) {
      end++;
      i++;
    }
    i++;
    const gap = (start - next).toString(36);
    ranges.push(end === start ? gap : `${gap}+${(end - start).toString(36)}`);
    next = end + 1;
  }
  return ranges.join(',');
}

const face = (family: string, kind: Face['kind'], characters: string): Face => {
  const points = new Set(Array.from(characters, (character) => character.codePointAt(0)));
  return { id: family, family, kind, ascent: 1, descent: 0.2, coverage: { has: (point) => points.has(point) } };
};

describe('coverage', () => {
  it('reads the documented example', () => {
    const coverage = readCoverage('w+2m,1');
    const covered = Array.from({ length: 200 }, (_, point) => point).filter((point) => coverage.has(point));
    assert.deepEqual([covered[0], covered.at(-2), covered.at(-1), covered.length], [0x20, 0x7e, 0x80, 96]);
  });

  it('covers nothing when it is empty', () => {
    assert.equal(readCoverage('').has(0), false);
  });

  it('has exactly the points it was made of', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 1 }), (given) => {
        const points = [...given].sort((a, b) => a - b);
        const coverage = readCoverage(encode(points));
        for (let point = 0; point <= 402; point++)
          assert.equal(coverage.has(point), given.includes(point), `point ${point}`);
      }),
    );
  });
});

describe('font book', () => {
  const entry = { kind: 'text' as const, metrics: { unitsPerEm: 2000, ascent: 1900, descent: 500 }, coverage: 'w+2m' };
  const book = fontBook({
    format: 1,
    stacks: { sans: ['b', 'a'] },
    fonts: [
      { id: 'a', family: 'A', ...entry },
      { id: 'b', family: 'B', ...entry },
    ],
  });

  it('gives the faces of a stack in its order, heights as fractions', () => {
    const [first, second] = book.stack('sans');
    assert.deepEqual([first?.family, second?.family, first?.ascent, first?.descent], ['B', 'A', 0.95, 0.25]);
  });

  it('refuses an unknown stack, and a stack of unknown fonts', () => {
    assert.throws(() => book.stack('serif'), { code: 'font_missing' });
    assert.throws(() => fontBook({ format: 1, stacks: { sans: ['c'] }, fonts: [] }), { code: 'font_missing' });
  });
});

describe('missing glyphs', () => {
  const stack = [face('T', 'text', 'ab \u0301'), face('E', 'emoji', '😀❤')];

  it('names each character once, in order, and asks for no joiner, selector or newline', () => {
    assert.deepEqual(missingGlyphs('a\nzb yz ❤\ufe0f\u200d😀', stack), ['z', 'y']);
  });

  it('takes characters beyond the first plane whole', () => {
    assert.deepEqual(missingGlyphs('𓀀', stack), ['𓀀']);
  });
});

describe('families', () => {
  it('puts the first text face with the joiner before the emoji face', () => {
    const stack = [
      face('Hand', 'text', 'a'),
      face('Sans', 'text', 'a\u200d'),
      face('Arabic', 'text', '\u200d'),
      face('Emoji', 'emoji', '😀'),
    ];
    assert.deepEqual(familiesOf(stack), { text: '"Hand", "Sans", "Arabic", "Emoji"', emoji: '"Sans", "Emoji"' });
  });
});

describe('remembering', () => {
  it('measures each text and font once', () => {
    const asked: string[] = [];
    const measure = remembering((text, font) => asked.push(`${text} ${font}`));
    for (const font of ['A', 'B']) for (let i = 0; i < 3; i++) measure('word', font);
    assert.deepEqual(asked, ['word A', 'word B']);
  });

  it('keeps what is used and forgets the rest', () => {
    let asked = 0;
    const measure = remembering((text) => {
      if (text === 'often') asked++;
      return text.length;
    }, 10);
    for (let i = 0; i < 1000; i++) {
      assert.equal(measure('often', 'A'), 5);
      assert.equal(measure(`seldom ${i}`, 'A'), `seldom ${i}`.length);
    }
    assert.equal(asked, 1);
    let again = 0;
    const small = remembering(() => again++, 10);
    for (let i = 0; i < 100; i++) small(`word ${i}`, 'A');
    small('word 0', 'A');
    assert.equal(again, 101);
  });
});
