import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { drawPixels } from '../../../src/media/canvas.js';
import { loadFonts } from '../../../src/media/fonts.js';
import { fitOf } from '../../../src/media/ladder.js';
import {
  type Area,
  areasOf,
  boundsOfArea,
  codedSize,
  collide,
  cutsOf,
  MACROBLOCK,
} from '../../../src/media/splice/areas.js';
import { extentOf } from '../../../src/media/splice/extent.js';
import { familiesOf } from '../../../src/scene/fonts.js';
import type { TextLayout } from '../../../src/scene/layout.js';
import type { Overlay, Shape } from '../../../src/scene/scene.js';
import { renditionOf, templateOf } from '../../fixtures/clip.js';

const families = familiesOf(loadFonts().book.stack('sans'));

/** A letter in an outline so broad that ink fills the whole shape. */
function flood(shape: Shape): { overlay: Overlay; layout: TextLayout } {
  const style = { ...{ font: 'sans', size: { min: 10, max: 10 }, colour: '#000000', lineHeight: 1, padding: 0 } };
  const stroke = { colour: '#000000', width: 5000 };
  return {
    overlay: {
      ...{ bubble: 'one', text: 'I', shape, maxLines: 1, start: 0, end: 1 },
      style: { ...style, stroke, align: 'left', valign: 'top' },
    },
    layout: {
      ...{ size: 10, families },
      lines: [
        {
          ...{ text: 'I', x: 0, width: 5, baseline: 10 },
          runs: [{ text: 'I', kind: 'text', x: 0, width: 5, rightToLeft: false }],
        },
      ],
    },
  };
}

const even = (min: number, max: number) => fc.integer({ min: min / 2, max: max / 2 }).map((half) => half * 2);
const part = (min: number) => fc.double({ min, max: 1, noNaN: true });

/** Shapes anywhere within a design, to fractions of a unit. */
function shapes(width: number, height: number): fc.Arbitrary<Shape> {
  const frame = fc.tuple(part(0.05), part(0.05), part(0), part(0)).map(([w, h, x, y]) => ({
    ...{ width: w * width, height: h * height },
    ...{ x: x * (1 - w) * width, y: y * (1 - h) * height },
  }));
  const corner = fc.tuple(part(0), part(0)).map(([x, y]): [number, number] => [x * width, y * height]);
  return fc.oneof(
    frame.map((box): Shape => ({ kind: 'box', radius: 0, ...box })),
    fc.tuple(frame, part(0)).map(([box, round]): Shape => ({ kind: 'box', radius: round * 50, ...box })),
    frame.map((box): Shape => ({ kind: 'ellipse', ...box })),
    fc.array(corner, { minLength: 3, maxLength: 7 }).map((points): Shape => ({ kind: 'polygon', points })),
  );
}

const placed = fc.record({ width: even(100, 400), height: even(100, 400) }).chain((design) =>
  fc.record({
    design: fc.constant(design),
    shape: shapes(design.width, design.height),
    // Of the same form, or with bars at the sides or above and below.
    frame: fc.oneof(fc.constant(design), fc.record({ width: even(64, 300), height: even(64, 300) })),
  }),
);

test('every pixel of ink lies within the rows of its bubble, whatever shape, scale and bars', async () => {
  let inked = 0;
  await fc.assert(
    fc.asyncProperty(placed, async ({ design, shape, frame }) => {
      const bubbles = [{ id: 'one', start: 0, end: 1, shape }];
      const template = templateOf({ ...design, fps: '25', duration: 1, bubbles, rendition: frame });
      const rendition = renditionOf(template);
      const [area] = areasOf(template, rendition);
      const { overlay, layout } = flood(shape);
      const coded = codedSize(frame);
      const box = { x: 0, y: 0, width: coded.width * MACROBLOCK, height: coded.height * MACROBLOCK };
      const { rgba } = await drawPixels(overlay, layout, fitOf(template, rendition).view, box);
      for (let pixel = 0; pixel < box.width * box.height; pixel++) {
        const alpha = rgba[pixel * 4 + 3] as number;
        if (alpha > 0) inked++;
        // An edge of less than a 16th of a pixel may be cut off; the canvas samples four lines a pixel, so it may draw a quarter there.
        if (alpha <= 64) continue;
        const [x, y] = [pixel % box.width, Math.floor(pixel / box.width)];
        if (x >= frame.width || y >= frame.height) continue;
        const row = area?.rows.find((span) => span.y === Math.floor(y / MACROBLOCK));
        const isCovered = row && x >= row.x * MACROBLOCK && x < (row.x + row.width) * MACROBLOCK;
        assert.ok(isCovered, `ink of ${alpha} at ${x},${y}`);
      }
    }),
    // Shrinking draws for minutes.
    { numRuns: 120, endOnFailure: true },
  );
  assert.ok(inked > 100_000, `${inked} pixels of ink`);
});

const areaOf = (shape: Shape, frame: object = {}) => {
  const bubbles = [{ id: 'one', start: 0.2, end: 0.8, shape }];
  const template = templateOf({ width: 160, height: 96, fps: '25', duration: 1, bubbles, rendition: frame });
  return areasOf(template, renditionOf(template));
};

test('no more macroblocks than are needed', () => {
  const box = (x: number, y: number, width: number, height: number): Shape => ({
    ...{ kind: 'box', radius: 0 },
    ...{ x, y, width, height },
  });
  const rows = (x: number, y: number, width: number, height: number) =>
    Array.from({ length: height }, (_, row) => ({ x, y: y + row, width }));
  assert.deepEqual(areaOf(box(16, 32, 48, 32)), [
    { bubble: 'one', window: { from: 5, to: 20 }, rows: rows(1, 2, 3, 2) },
  ]);
  assert.deepEqual(areaOf(box(15, 31, 50, 34))[0]?.rows, rows(0, 1, 5, 4));
  // Less than a 16th of a pixel is no reason for more.
  assert.deepEqual(areaOf(box(15.95, 31.95, 48.1, 32.1))[0]?.rows, rows(1, 2, 3, 2));
  assert.deepEqual(areaOf(box(16, 32, 48, 32), { width: 80, height: 48 })[0]?.rows, rows(0, 1, 2, 1));
  // 160x96 in 160x160: bars of 32 above and below.
  assert.deepEqual(areaOf(box(16, 32, 48, 32), { width: 160, height: 160 })[0]?.rows, rows(1, 4, 3, 2));
  const ellipse: Shape = { kind: 'ellipse', x: 0, y: 0, width: 160, height: 96 };
  assert.deepEqual(
    areaOf(ellipse)[0]?.rows.map(({ x, width }) => [x, width]),
    [
      [1, 8],
      [0, 10],
      [0, 10],
      [0, 10],
      [0, 10],
      [1, 8],
    ],
  );
  const triangle: Shape = {
    ...{ kind: 'polygon' },
    points: [
      [80, 0],
      [80, 96],
      [0, 96],
    ],
  };
  assert.deepEqual(
    areaOf(triangle)[0]?.rows.map(({ x, width }) => [x, width]),
    [
      [4, 1],
      [3, 2],
      [2, 3],
      [1, 4],
      [0, 5],
      [0, 5],
    ],
  );
});

test('a bubble that no frame shows has no place', () => {
  const bubbles = [
    { id: 'never', start: 0.41, end: 0.42, shape: { kind: 'box', x: 0, y: 0, width: 40, height: 40 } },
    { id: 'late', start: 0.9, end: 1, shape: { kind: 'box', x: 0, y: 0, width: 40, height: 40 } },
  ];
  const template = templateOf({ width: 160, height: 96, fps: '25', duration: 1, bubbles, rendition: { fps: '5' } });
  assert.deepEqual(areasOf(template, renditionOf(template)), []);
  const whole = templateOf({ width: 160, height: 96, fps: '25', duration: 1, bubbles });
  assert.deepEqual(
    areasOf(whole, renditionOf(whole)).map(({ bubble, window }) => [bubble, window]),
    [['late', { from: 23, to: 25 }]],
  );
});

test('how far a shape reaches within a band', () => {
  const ellipse: Shape = { kind: 'ellipse', x: 10, y: 10, width: 20, height: 10 };
  assert.deepEqual(extentOf(ellipse, 0, 100), { left: 10, right: 30 });
  assert.deepEqual(extentOf(ellipse, 14, 15), { left: 10, right: 30 });
  const above = extentOf(ellipse, 0, 12);
  assert.ok(above && Math.abs(above.left - 12) < 1e-9 && Math.abs(above.right - 28) < 1e-9, JSON.stringify(above));
  assert.equal(extentOf(ellipse, 0, 10), undefined);
  assert.equal(extentOf(ellipse, 20, 30), undefined);
  const hourglass: Shape = {
    ...{ kind: 'polygon' },
    points: [
      [0, 0],
      [20, 0],
      [12, 10],
      [20, 20],
      [0, 20],
      [8, 10],
    ],
  };
  assert.deepEqual(extentOf(hourglass, 10, 10), { left: 8, right: 12 });
  assert.deepEqual(extentOf(hourglass, 5, 6), { left: 4, right: 16 });
  assert.deepEqual(extentOf(hourglass, 15, 40), { left: 0, right: 20 });
  assert.equal(extentOf(hourglass, 21, 40), undefined);
});

const area = (bubble: string, from: number, to: number, x = 0, y = 0, width = 2): Area => ({
  bubble,
  window: { from, to },
  rows: [
    { x, y, width },
    { x, y: y + 1, width },
  ],
});

test('areas collide when they share a macroblock in a frame', () => {
  const one = area('one', 10, 20, 2, 2);
  assert.ok(collide(one, area('other', 19, 30, 3, 3)));
  assert.ok(collide(area('other', 0, 11, 0, 1, 3), one));
  assert.ok(!collide(one, area('later', 20, 30, 2, 2)), 'one after another');
  assert.ok(!collide(one, area('beside', 10, 20, 4, 2)), 'side by side');
  assert.ok(!collide(one, area('below', 10, 20, 2, 4)), 'one below the other');
  const stairs: Area = {
    ...one,
    rows: [
      { x: 0, y: 2, width: 2 },
      { x: 6, y: 3, width: 1 },
    ],
  };
  assert.ok(!collide(one, stairs), 'boxes overlap, macroblocks do not');
});

test('at each frame where a bubble appears all that are visible are drawn', () => {
  const [first, long, last] = [area('first', 0, 5), area('long', 3, 40), area('last', 30, 50)];
  assert.deepEqual(cutsOf([last, first, long]), [
    { frame: 0, areas: [first] },
    { frame: 3, areas: [first, long] },
    { frame: 30, areas: [last, long] },
  ]);
  const twin = area('twin', 3, 4, 9, 9);
  assert.deepEqual(cutsOf([long, twin]), [{ frame: 3, areas: [long, twin] }], 'two at once are one cut');
  assert.deepEqual(
    cutsOf([area('a', 0, 3), area('b', 3, 6)])[1],
    { frame: 3, areas: [area('b', 3, 6)] },
    'gone is gone',
  );
  assert.deepEqual(cutsOf([]), []);
});

test('the box around an area', () => {
  const ell = {
    rows: [
      { x: 4, y: 1, width: 2 },
      { x: 2, y: 2, width: 3 },
      { x: 3, y: 3, width: 4 },
    ],
  };
  assert.deepEqual(boundsOfArea({ ...area('ell', 0, 1), ...ell }), { x: 2, y: 1, width: 5, height: 3 });
});
