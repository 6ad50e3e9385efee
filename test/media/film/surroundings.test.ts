import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { partsAround, partsCommand } from '../../../src/media/film/surroundings.js';
import { type Area, collide } from '../../../src/media/splice/areas.js';
import { renditionOf, templateOf } from '../../fixtures/clip.js';

const sized = fc.record({ width: fc.integer({ min: 2, max: 20 }), height: fc.integer({ min: 2, max: 14 }) });

/** Up to four areas of up to five rows that do not collide. */
const pictures = sized.chain((coded) => {
  const span = fc
    .tuple(fc.nat(coded.width - 1), fc.integer({ min: 1, max: coded.width }))
    .map(([x, width]) => ({ x, width: Math.min(width, coded.width - x) }));
  const area = fc.tuple(fc.nat(coded.height - 1), fc.array(span, { minLength: 1, maxLength: 5 })).map(
    ([top, spans]): Area => ({
      bubble: 'one',
      window: { from: 0, to: 1 },
      rows: spans.map((row, index) => ({ ...row, y: top + index })).filter(({ y }) => y < coded.height),
    }),
  );
  return fc.array(area, { maxLength: 4 }).map((areas) => ({
    coded,
    areas: areas.filter((one, index) => !areas.slice(0, index).some((other) => collide(one, other))),
  }));
});

test('parts and areas together cover every macroblock exactly once', () => {
  fc.assert(
    fc.property(pictures, ({ coded, areas }) => {
      const times = new Array<number>(coded.width * coded.height).fill(0);
      const cover = (x: number, y: number, width: number) => {
        assert.ok(x >= 0 && y >= 0 && x + width <= coded.width && y < coded.height);
        for (let column = x; column < x + width; column++)
          times[y * coded.width + column] = (times[y * coded.width + column] ?? 0) + 1;
      };
      for (const { x, y, width } of areas.flatMap(({ rows }) => rows)) cover(x, y, width);
      for (const { x, y, width, height } of partsAround(areas, coded))
        for (let row = y; row < y + height; row++) cover(x, row, width);
      assert.ok(
        times.every((count) => count === 1),
        times.join(' '),
      );
    }),
    { numRuns: 300 },
  );
});

test('parts above and below a bubble are one each, and those beside it as well', () => {
  const rows = [2, 3, 4].map((y) => ({ x: 3, y, width: 4 }));
  assert.deepEqual(partsAround([{ bubble: 'one', window: { from: 0, to: 1 }, rows }], { width: 10, height: 8 }), [
    { x: 0, y: 0, width: 10, height: 2 },
    { x: 0, y: 2, width: 3, height: 3 },
    { x: 7, y: 2, width: 3, height: 3 },
    { x: 0, y: 5, width: 10, height: 3 },
  ]);
  assert.deepEqual(partsAround([], { width: 10, height: 8 }), [{ x: 0, y: 0, width: 10, height: 8 }]);
});

test('each part is a stream of one intra picture; beside a bubble a slice is a row', () => {
  const shape = { kind: 'box', x: 0, y: 0, width: 32, height: 32 };
  const bubbles = [{ id: 'one', start: 0, end: 1, shape }];
  const template = (profile: string) =>
    templateOf({ width: 96, height: 64, fps: '25', duration: 1, bubbles, rendition: { profile, level: '3.0' } });
  const path = (part: number, kind: string) => `/p/${part}.${kind}`;
  const pieces = [
    { width: 96, height: 32 },
    { width: 32, height: 16 },
  ];
  const command = partsCommand(pieces, [true, false], renditionOf(template('main')), 21.5, path);
  const raw = ['-f', 'rawvideo', '-pixel_format', 'yuv420p', '-video_size'];
  const shared =
    'level=3.0:stitchable=1:constrained-intra=1:weightp=0:partitions=p8x8,b8x8,i8x8,i4x4:psy=0:aq-mode=2:chroma-qp-offset=-4:no-deblock=1:crf=21.5';
  const output = (part: number, params: string, profile: string) => ({
    options: [
      ...['-map', `[p${part}]`, '-frames:v', '1', '-threads', '1', '-c:v', 'libx264', '-preset', 'slower'],
      ...['-tune', 'zerolatency', '-profile:v', profile, '-x264-params', params, '-pix_fmt', 'yuv420p', '-f', 'h264'],
    ],
    file: `/p/${part}.h264`,
  });
  assert.deepEqual(command, {
    inputs: [
      { options: [...raw, '96x32'], source: '/p/0.yuv' },
      { options: [...raw, '32x16'], source: '/p/1.yuv' },
    ],
    filter: '[0:v]null[p0];[1:v]null[p1]',
    outputs: [output(0, shared, 'main'), output(1, `${shared}:slice-max-mbs=2`, 'main')],
  });
  const baseline = partsCommand(pieces, [true, false], renditionOf(template('baseline')), 21.5, path);
  assert.deepEqual(baseline.outputs[1], output(1, `${shared}:subme=5:slice-max-mbs=2`, 'baseline'));
});
