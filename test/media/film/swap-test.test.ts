import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLACK, filled, leak, MOST, SwapTest, WHITE } from '../../../src/media/film/swap-test.js';
import { blankPlanes, type Planes } from '../../../src/media/planes.js';
import type { Area } from '../../../src/media/splice/areas.js';
import type { Film, StillArea } from '../../../src/media/splice/film.js';

const [WIDTH, HEIGHT] = [96, 80];

/** An L: 48 pixels wide, below it 32; and a square beside it that comes later. */
const ell: Area = {
  bubble: 'ell',
  window: { from: 2, to: 6 },
  rows: [
    { x: 1, y: 1, width: 3 },
    { x: 1, y: 2, width: 2 },
  ],
};
const square: Area = { bubble: 'square', window: { from: 4, to: 8 }, rows: [{ x: 4, y: 3, width: 1 }] };

function filmWith(...areas: Area[]): Film {
  const frames = [...new Set(areas.map(({ window }) => window.from))].sort((a, b) => a - b);
  const cuts = frames.map((frame) => ({
    frame,
    areas: areas.flatMap(({ window }, area) => (window.from <= frame && frame < window.to ? [area] : [])),
  }));
  return { areas, cuts } as unknown as Film;
}

type Leak = readonly [frame: number, plane: 'luma' | 'cb' | 'cr', x: number, y: number, by: number];

/** Ten frames of a film that does nothing wrong but what is planted, into the white copy or the black one. */
function errorsOf(film: Film, leaks: readonly Leak[], into: 'white' | 'black' = 'white') {
  const test = new SwapTest(film);
  for (let frame = 0; frame < 10; frame++) {
    const [white, black] = [WHITE, BLACK].map((colour): Planes => {
      const planes = blankPlanes(WIDTH, HEIGHT);
      for (const { window, rows } of film.areas) {
        if (frame < window.from || frame >= window.to) continue;
        for (const { x, y, width } of rows)
          for (const [plane, block, across] of [
            ['luma', 16, WIDTH],
            ['cb', 8, WIDTH / 2],
            ['cr', 8, WIDTH / 2],
          ] as const)
            for (let row = y * block; row < (y + 1) * block; row++)
              planes[plane].fill(colour[plane], row * across + x * block, row * across + (x + width) * block);
      }
      for (const [at, plane, x, y, by] of leaks) {
        const place = y * (plane === 'luma' ? WIDTH : WIDTH / 2) + x;
        if (at === frame && (colour === WHITE) === (into === 'white'))
          planes[plane][place] = (planes[plane][place] as number) + by;
      }
      return planes;
    }) as [Planes, Planes];
    test.take(white, black, frame);
  }
  return [...test.errors.values()];
}

const none = { inside: 0, outside: 0, after: 0 };

test('a film without fault has no errors', () => {
  assert.deepEqual(errorsOf(filmWith(ell, square), []), [none, none]);
});

test('a leak inside is found in either copy, away from the edge', () => {
  for (const into of ['white', 'black'] as const) {
    assert.deepEqual(errorsOf(filmWith(ell), [[5, 'luma', 40, 24, -7]], into), [{ ...none, inside: 7 }], into);
    assert.deepEqual(errorsOf(filmWith(ell), [[5, 'luma', 24, 40, 9]], into), [{ ...none, inside: 9 }], into);
  }
  // Where the two rows of the L meet is inside; near their edges deblocking may reach.
  assert.deepEqual(errorsOf(filmWith(ell), [[3, 'luma', 30, 32, 5]]), [{ ...none, inside: 5 }]);
  for (const [x, y] of [
    [18, 24],
    [61, 24],
    [30, 18],
    [56, 30],
    [46, 40],
  ] as const)
    assert.deepEqual(errorsOf(filmWith(ell), [[3, 'luma', x, y, -99]]), [none], `${x},${y}`);
});

test('a leak of colour inside is found in either copy, from five pixels of luma on', () => {
  for (const plane of ['cb', 'cr'] as const) {
    for (const into of ['white', 'black'] as const)
      assert.deepEqual(errorsOf(filmWith(ell), [[5, plane, 20, 12, -7]], into), [{ ...none, inside: 7 }], into);
    assert.deepEqual(errorsOf(filmWith(ell), [[3, plane, 15, 16, 5]]), [{ ...none, inside: 5 }], 'where rows meet');
    assert.deepEqual(errorsOf(filmWith(ell), [[3, plane, 10, 12, 5]]), [{ ...none, inside: 5 }], 'two samples in');
    for (const [x, y] of [
      [9, 12],
      [30, 12],
      [15, 9],
      [28, 15],
      [23, 20],
    ] as const)
      assert.deepEqual(errorsOf(filmWith(ell), [[3, plane, x, y, -80]]), [none], `${x},${y}`);
  }
});

test('a leak outside is found from five pixels on, in chroma too', () => {
  assert.deepEqual(errorsOf(filmWith(ell), [[3, 'luma', 68, 20, 30]]), [{ ...none, outside: 30 }]);
  assert.deepEqual(errorsOf(filmWith(ell), [[3, 'luma', 67, 20, 30]]), [none]);
  assert.deepEqual(errorsOf(filmWith(ell), [[2, 'luma', 0, 79, -4]]), [{ ...none, outside: 4 }]);
  for (const plane of ['cb', 'cr'] as const) {
    assert.deepEqual(errorsOf(filmWith(ell), [[3, plane, 34, 10, 20]]), [{ ...none, outside: 20 }], plane);
    assert.deepEqual(errorsOf(filmWith(ell), [[3, plane, 33, 10, 20]]), [none], plane);
  }
});

test('a ghost is found after the window, wherever it is', () => {
  assert.deepEqual(errorsOf(filmWith(ell), [[6, 'luma', 40, 24, 17]]), [{ ...none, after: 17 }]);
  assert.deepEqual(errorsOf(filmWith(ell), [[9, 'cr', 47, 39, 17]], 'black'), [{ ...none, after: 17 }]);
  assert.deepEqual(errorsOf(filmWith(ell), [[1, 'luma', 40, 24, 17]]), [none], 'nothing was put in before');
});

test('of two bubbles only the guilty one fails inside; both answer for what is beside them', () => {
  const film = filmWith(ell, square);
  assert.deepEqual(errorsOf(film, [[4, 'luma', 72, 56, -8]]), [none, { ...none, inside: 8 }]);
  assert.deepEqual(errorsOf(film, [[5, 'luma', 90, 4, 8]]), [
    { ...none, outside: 8 },
    { ...none, outside: 8 },
  ]);
  // The first is gone, the second still there: both may have left it.
  assert.deepEqual(errorsOf(film, [[7, 'luma', 24, 24, 8]]), [
    { ...none, after: 8 },
    { ...none, after: 8 },
  ]);
  assert.deepEqual(errorsOf(film, [[3, 'luma', 72, 56, 8]]), [{ ...none, outside: 8 }, none], 'before the second');
});

test('what passes its bound is told as a reason', () => {
  assert.equal(leak({ inside: MOST.inside, outside: MOST.outside, after: MOST.after }), undefined);
  assert.match(leak({ ...none, inside: 3 }) ?? '', /would not keep their colours.*up to 3 of 256/);
  assert.match(leak({ ...none, outside: 13 }) ?? '', /would leak: beside the bubble.*up to 13 of 256/);
  assert.match(leak({ ...none, after: 17 }) ?? '', /ghost.*up to 17 of 256/);
});

test('an area is filled with one colour, in all of its rows', () => {
  const { planes, rows } = filled({ ...ell, still: blankPlanes(48, 32) } as StillArea, WHITE);
  assert.deepEqual(rows, [true, true]);
  assert.ok(planes.luma.every((value) => value === 235) && planes.luma.length === 48 * 32);
  assert.ok(planes.cb.every((value) => value === 90) && planes.cr.every((value) => value === 166));
});
