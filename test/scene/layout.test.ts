import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { layOut, type TextLayout } from '../../src/scene/layout.js';
import { type Box, boundsOf, type Shape } from '../../src/scene/scene.js';
import { graphemes } from '../../src/scene/text/graphemes.js';
import { roomOf } from '../../src/scene/text/room.js';
import { book, box, ellipse, measure, overlay } from './grid.js';

const lines = (layout: TextLayout) => layout.lines.map(({ text }) => text);
const set = (...args: Parameters<typeof overlay>) => layOut(overlay(...args), book, measure);
const fixed = (size: number) => ({ size: { min: size, max: size } });

describe('line breaks', () => {
  it('keeps Korean words whole', () => {
    assert.deepEqual(lines(set('사랑하는 엄마 생일 축하해요', box(80, 200), fixed(10))), [
      '사랑하는 엄마',
      '생일 축하해요',
    ]);
  });

  it('balances lines, without a word left over', () => {
    assert.deepEqual(lines(set('one two three four five six', box(110, 200), fixed(10))), [
      'one two three',
      'four five six',
    ]);
    assert.deepEqual(lines(set('하나 둘 셋 넷 다섯', box(65, 200), fixed(10))), ['하나 둘 셋', '넷 다섯']);
  });

  it('prefers to end a line where a clause ends', () => {
    assert.deepEqual(
      lines(set('엄마, 생일 축하해요! 항상 건강하세요', box(280, 112), { size: { min: 10, max: 40 } })),
      ['엄마, 생일 축하해요!', '항상 건강하세요'],
    );
  });

  it('keeps the newlines of the person, empty lines too', () => {
    assert.deepEqual(lines(set('하나\n둘 셋\n\n넷', box(300, 200))), ['하나', '둘 셋', '', '넷']);
  });

  it('refuses more lines than the bubble has', () => {
    assert.throws(() => set('1\n2\n3', box(300, 200), {}, 2), { code: 'words_do_not_fit' });
  });

  it('breaks a word only when nothing else fits or the gain is big', () => {
    assert.deepEqual(lines(set('생일축하합니다', box(140, 100))), ['생일축하합니다']);
    assert.deepEqual(lines(set('생일축하합니다', box(140, 100), { size: { min: 21, max: 40 } })), [
      '생일축하',
      '합니다',
    ]);
    assert.deepEqual(lines(set('사랑하는어머니생신축하드려요', box(140, 80))), ['사랑하는어머니', '생신축하드려요']);
    assert.deepEqual(lines(set('wonderful day', box(100, 60))), ['wonderful', 'day']);
    assert.deepEqual(lines(set('abcdefghijklmnopqrst', box(60, 60))), ['abcdefg', 'hijklmn', 'opqrst']);
  });

  it('breaks against the rules only what is nothing else', () => {
    assert.deepEqual(lines(set('!'.repeat(20), box(60, 60))), ['!!!!!!!', '!!!!!!!', '!!!!!!']);
  });

  it('never splits a cluster', () => {
    const emoji = '👨‍👩‍👧‍👦❤️‍🔥🏳️‍🌈👍🏽🇰🇷🏴󠁧󠁢󠁥󠁮󠁧󠁿1️⃣';
    const layout = set(emoji, box(40, 200), fixed(20), 7);
    assert.deepEqual(lines(layout), graphemes(emoji));
  });
});

describe('size', () => {
  it('is the largest whole number that fits', () => {
    assert.equal(set('가나다라', box(103, 400)).size, 25); // 4 em in 103.
    assert.equal(set('가', box(400, 33)).size, 30); // 0.9 + 0.2 em in 33.
    assert.equal(set('가', box(400, 400)).size, 40);
  });

  it('may be smaller for the sake of better lines, by less than an eighth', () => {
    const wholeWords = (text: string, layout: TextLayout) => lines(layout).join(' ') === text.replaceAll('\n', ' ');
    fc.assert(
      fc.property(words, shapes, (text, shape) => {
        const layout = attempt(text, shape, 6);
        if (!layout || !wholeWords(text, layout)) return;
        for (let size = Math.ceil(layout.size / 0.87); size <= 40; size++) {
          const larger = tried(overlay(text, shape, fixed(size), 6));
          assert.ok(!larger || !wholeWords(text, larger), `${size} would fit, ${layout.size} was taken`);
        }
      }),
    );
  });

  it('that fits means that every smaller one fits', () => {
    fc.assert(
      fc.property(words, shapes, (text, shape) => {
        const layout = attempt(text, shape, 6);
        for (let size = 6; size < (layout?.size ?? 0); size++) assert.ok(fits(text, shape, size), `size ${size}`);
      }),
      { numRuns: 60 },
    );
  });

  it('fails below the smallest', () => {
    assert.throws(() => set('가'.repeat(200), box(50, 50)), { code: 'words_do_not_fit' });
    assert.throws(() => set('가', box(50, 5)), { code: 'words_do_not_fit' });
  });

  it('counts half the outline as padding', () => {
    const stroke = { colour: '#ffffff', width: 10 };
    assert.equal(set('가나다라', box(110, 400), { stroke }).size, 25);
  });
});

describe('places', () => {
  it('centres the block in the middle, by ascent and descent', () => {
    const { size, lines } = set('가\n나', box(100, 200), fixed(20));
    const [first, last] = [lines[0]?.baseline ?? 0, lines[1]?.baseline ?? 0];
    assert.equal(last - first, 25);
    assert.equal(first - 0.9 * size, 200 - (last + 0.2 * size));
  });

  it('aligns at the edges that are asked for', () => {
    const top = set('가\n나다', box(100, 200), { ...fixed(20), align: 'right', valign: 'top', padding: 7 });
    assert.deepEqual(
      top.lines.map(({ x, width }) => x + width),
      [93, 93],
    );
    assert.equal(top.lines[0]?.baseline, 7 + 18);
    const bottom = set('가\n나다', box(100, 200), { ...fixed(20), align: 'left', valign: 'bottom', padding: 7 });
    assert.deepEqual(
      bottom.lines.map(({ x }) => x),
      [7, 7],
    );
    assert.equal(bottom.lines[1]?.baseline, 200 - 7 - 4);
  });

  it('slides to the middle of a curved shape until there is room', () => {
    const { lines } = set('가나다', ellipse(200, 200), { ...fixed(20), valign: 'top' });
    const baseline = lines[0]?.baseline ?? 0;
    assert.ok(baseline > 18 && baseline < 50, `baseline ${baseline}`);
  });
});

describe('runs', () => {
  it('give each emoji a run of its own, with the families for emoji', () => {
    const [line] = set('생일 🎂🎉 축하', box(400, 100), fixed(20)).lines;
    assert.deepEqual(
      line?.runs.map(({ text, kind }) => [text, kind]),
      [
        ['생일 ', 'text'],
        ['🎂', 'emoji'],
        ['🎉', 'emoji'],
        [' 축하', 'text'],
      ],
    );
  });

  it('stand from left to right in the order in which they are seen', () => {
    const [line] = set('שלום abc 🎂 123', box(400, 100), fixed(20)).lines;
    assert.deepEqual(
      line?.runs.map(({ text, rightToLeft }) => [text, rightToLeft]),
      [
        ['abc ', false],
        ['🎂', false],
        [' 123', false],
        ['שלום ', true],
      ],
    );
  });

  it('take their direction from their own paragraph', () => {
    const { lines } = set('abc!\nשלום!', box(400, 100), fixed(20));
    assert.deepEqual(
      lines.map(({ runs }) => runs.map(({ rightToLeft }) => rightToLeft)),
      [[false], [true]],
    );
  });

  it('join without gaps', () => {
    fc.assert(
      fc.property(words, (text) => {
        for (const line of attempt(text, box(300, 200), 6)?.lines ?? []) {
          let pen = line.x;
          for (const run of line.runs) {
            assert.ok(Math.abs(run.x - pen) < 1e-9);
            pen += run.width;
          }
          assert.ok(Math.abs(pen - line.x - line.width) < 1e-9);
        }
      }),
    );
  });
});

describe('every layout', () => {
  it('has all the words, in their order', () => {
    fc.assert(
      fc.property(words, shapes, (text, shape) => {
        const layout = attempt(text, shape, 6);
        if (layout) assert.equal(lines(layout).join('').replaceAll(' ', ''), text.replace(/[ \n]/g, ''));
      }),
    );
  });

  it('has every line within the shape at its height, beyond the padding', () => {
    fc.assert(
      fc.property(words, shapes, fc.integer({ min: 0, max: 12 }), (text, shape, padding) => {
        const layout = attempt(text, shape, 6, padding);
        const bounds: Box = boundsOf(shape);
        for (const { x, width, baseline } of layout?.lines ?? []) {
          const { size } = layout as TextLayout;
          const free = roomOf(shape, padding).between(baseline - 0.85 * size, baseline + 0.2 * size);
          assert.ok(free && x >= free.left - 1 / 64 && x + width <= free.right + 1 / 64);
          assert.ok(baseline - 0.9 * size >= bounds.y + padding - 1e-6);
          assert.ok(baseline + 0.2 * size <= bounds.y + bounds.height - padding + 1e-6);
        }
      }),
    );
  });

  it('is the same whatever the length of the unit', () => {
    fc.assert(
      fc.property(words, shapes, fc.constantFrom(2, 3, 10), (text, shape, unit) => {
        const small = tried(overlay(text, shape, fixed(15)));
        const large = tried(overlay(text, enlarged(shape, unit), fixed(15 * unit)));
        assert.deepEqual(small && lines(small), large && lines(large));
      }),
    );
  });

  it('measures at 100 px only, and no oftener for a wide range of sizes', () => {
    let asked = 0;
    const counting = (text: string, font: string) => {
      assert.match(font, /^100px "/);
      asked++;
      return measure(text, font);
    };
    layOut(overlay('사랑하는 엄마 생일 축하해요', box(300, 100), fixed(20)), book, counting);
    const few = asked;
    layOut(overlay('사랑하는 엄마 생일 축하해요', box(300, 100), { size: { min: 6, max: 400 } }), book, counting);
    assert.ok(asked - few <= few + 2, `${asked - few} measurements after ${few}`);
  });

  it('is refused unread when the text is endless', () => {
    assert.throws(() => set('가'.repeat(100_000), box(300, 100)), { code: 'words_too_long' });
  });
});

const words = fc
  .array(
    fc.constantFrom(
      '사랑하는',
      '엄마',
      '생일축하합니다',
      'a',
      'wonderful',
      'day!',
      '❤️',
      '🎂🎉',
      '(참)',
      '日本語。',
      'ㅋㅋㅋㅋ',
      '\n',
    ),
    {
      minLength: 1,
      maxLength: 14,
    },
  )
  .map((parts) =>
    parts
      .join(' ')
      .replace(/ ?\n ?/g, '\n')
      .trim(),
  )
  .filter((text) => text !== '');

const length = fc.integer({ min: 60, max: 400 });
const shapes: fc.Arbitrary<Shape> = fc
  .tuple(fc.constantFrom('box', 'ellipse', 'hexagon'), length, length)
  .map(([kind, width, height]) => {
    if (kind === 'box') return box(width, height);
    if (kind === 'ellipse') return ellipse(width, height);
    const [w, h] = [width, height];
    return {
      kind: 'polygon',
      points: [
        [w / 4, 0],
        [(3 * w) / 4, 0],
        [w, h / 2],
        [(3 * w) / 4, h],
        [w / 4, h],
        [0, h / 2],
      ],
    };
  });

function enlarged(shape: Shape, by: number): Shape {
  if (shape.kind === 'polygon')
    return { kind: 'polygon', points: shape.points.map(([x, y]) => [x * by, y * by] as const) };
  return { ...shape, x: shape.x * by, y: shape.y * by, width: shape.width * by, height: shape.height * by };
}

function tried(asked: ReturnType<typeof overlay>): TextLayout | undefined {
  try {
    return layOut(asked, book, measure);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'words_do_not_fit');
    return undefined;
  }
}

function attempt(text: string, shape: Shape, min: number, padding = 0): TextLayout | undefined {
  return tried(overlay(text, shape, { size: { min, max: 40 }, padding }, 6));
}

function fits(text: string, shape: Shape, size: number): boolean {
  return tried(overlay(text, shape, fixed(size), 6)) !== undefined;
}
