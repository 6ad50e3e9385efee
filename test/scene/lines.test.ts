import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { awkwardness, divide, type Unit } from '../../src/scene/text/lines.js';

const units = (...widths: number[]): Unit[] =>
  widths.map((width, i) => ({ width, space: 0.25, cost: 0, must: i === widths.length - 1 }));

describe('divide', () => {
  it('fills lines alike instead of one after the other', () => {
    assert.deepEqual(divide(units(2, 2, 2, 2), [7, 7]), [2, 4]);
    assert.deepEqual(divide(units(1, 1, 1, 3, 3, 3), [7, 7]), [4, 6]);
  });

  it('fills lines by the room that each has', () => {
    assert.deepEqual(divide(units(2, 2, 2, 2, 2, 2), [3, 9, 6]), [1, 4, 6]);
  });

  it('lets a line end where it must, and only there if it can', () => {
    const [a, b, c, d] = units(1, 1, 1, 1) as [Unit, Unit, Unit, Unit];
    assert.deepEqual(divide([a, { ...b, must: true }, c, d], [9, 9]), [2, 4]);
    assert.equal(divide([a, { ...b, must: true }, c, d], [9]), undefined);
  });

  it('ends a line where it costs least', () => {
    const dear = units(2, 2, 2).map((unit, i) => ({ ...unit, cost: i === 0 ? 0.5 : 0 }));
    assert.deepEqual(divide(dear, [6, 6]), [2, 3]);
    assert.deepEqual(
      divide(
        dear.map((unit, i) => ({ ...unit, cost: i === 1 ? 0.5 : 0 })),
        [6, 6],
      ),
      [1, 3],
    );
  });

  it('keeps the spaces between, not after, words within the room', () => {
    assert.deepEqual(divide(units(2, 2), [4.25]), [2]);
    assert.equal(divide(units(2, 2), [4.24]), undefined);
  });

  it('is not possible with a word wider than every line, or fewer words than lines', () => {
    assert.equal(divide(units(5), [4, 4]), undefined);
    assert.equal(divide(units(1), [4, 4]), undefined);
  });

  const words = fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 5 })), {
    minLength: 1,
    maxLength: 9,
  });
  const rooms = fc.array(fc.integer({ min: 4, max: 20 }), { minLength: 1, maxLength: 4 });

  it('is the cheapest of all divisions, and there is one exactly when any fits', () => {
    fc.assert(
      fc.property(words, rooms, (given, room) => {
        const made = given.map(
          ([width, cost], i): Unit => ({ width, space: 1, cost: cost / 20, must: i === given.length - 1 }),
        );
        const all = divisions(made.length, room.length).filter((ends) => costOf(made, ends, room) < Infinity);
        const ends = divide(made, room);
        assert.equal(ends !== undefined, all.length > 0);
        if (ends) {
          const least = Math.min(...all.map((other) => costOf(made, other, room)));
          assert.ok(Math.abs(costOf(made, ends, room) - least) < 1e-9);
        }
      }),
    );
  });
});

describe('awkwardness', () => {
  it('is 0 for lines that are filled alike', () => {
    assert.equal(awkwardness(units(2, 2), [1, 2], [4, 4]), 0);
    assert.ok(Math.abs(awkwardness(units(2, 4), [1, 2], [4, 8])) < 1e-12);
  });

  it('grows with unevenness and with dear line ends', () => {
    const uneven = awkwardness(units(2, 4), [1, 2], [4, 4]);
    const dear = awkwardness(
      units(2, 4).map((unit) => ({ ...unit, cost: 0.1 })),
      [1, 2],
      [4, 4],
    );
    assert.ok(uneven > 0 && Math.abs(dear - uneven - 0.1) < 1e-12);
  });
});

/** Every way to cut `count` words into so many lines of at least one word: the index after each line's last word. */
function divisions(count: number, lines: number, from = 0): number[][] {
  if (lines === 1) return from < count ? [[count]] : [];
  const all: number[][] = [];
  for (let end = from + 1; end < count; end++)
    for (const rest of divisions(count, lines - 1, end)) all.push([end, ...rest]);
  return all;
}

function costOf(all: readonly Unit[], ends: readonly number[], rooms: readonly number[]): number {
  return ends.reduce((sum, end, i) => {
    const line = all.slice(ends[i - 1] ?? 0, end);
    const width = line.reduce((total, unit) => total + unit.width, 0) + line.length - 1;
    const room = rooms[i] as number;
    const last = line.at(-1) as Unit;
    return width > room ? Infinity : sum + (1 - width / room) ** 2 + (last.must ? 0 : last.cost);
  }, 0);
}
