import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filmCommand, keyFramesOf } from '../../../src/media/film/encode.js';
import { type Area, areasOf } from '../../../src/media/splice/areas.js';
import { renditionOf, templateOf } from '../../fixtures/clip.js';

const box = (x: number, y: number, width: number, height: number) => ({ kind: 'box', x, y, width, height });

const template = templateOf({
  ...{ width: 90, height: 64, fps: '25', duration: 2 },
  rendition: { profile: 'main', level: '3.1' },
  bubbles: [
    { id: 'one', start: 0.4, end: 1.2, shape: box(16, 16, 32, 32) },
    { id: 'two', start: 0.8, end: 2, shape: box(64, 32, 26, 32) },
  ],
});

test('a film of two bubbles is one command', () => {
  const rendition = renditionOf(template);
  const command = filmCommand(
    template,
    rendition,
    areasOf(template, rendition),
    { crf: 22.25, closed: ['one'] },
    {
      footage: '/e/footage.mp4',
      audio: '/e/audio.m4a',
      patterns: ['/p/one.yuva', '/p/two.yuva'],
      pictures: ['/p/10.yuv', '/p/20.yuv'],
      out: '/p/film.mp4',
    },
  );
  const raw = (format: string, size: string) => [
    '-f',
    'rawvideo',
    '-pixel_format',
    format,
    '-video_size',
    size,
    '-framerate',
    '25/1',
  ];
  assert.deepEqual(command.inputs, [
    { options: [], source: '/e/footage.mp4' },
    { options: raw('yuv420p', '90x64'), source: '/p/10.yuv' },
    { options: raw('yuv420p', '90x64'), source: '/p/20.yuv' },
    { options: raw('yuva420p', '32x32'), source: '/p/one.yuva' },
    { options: raw('yuva420p', '32x32'), source: '/p/two.yuva' },
    { options: [], source: '/e/audio.m4a' },
  ]);
  const one = 'addroi=x=16:y=16:w=32:h=32:qoffset=0.2';
  const two = 'addroi=x=64:y=32:w=26:h=32:qoffset=0.2';
  const whole = 'addroi=x=0:y=0:w=90:h=64:qoffset=-0.6';
  const stretch = (from: number, to: number) => `trim=start_frame=${from}:end_frame=${to},setpts=PTS-STARTPTS`;
  assert.deepEqual(command.filter.split(';'), [
    "[0:v][1:v]overlay=x=0:y=0:eof_action=repeat:enable='between(n,10,10)'[p1]",
    "[p1][2:v]overlay=x=0:y=0:eof_action=repeat:enable='between(n,20,20)'[p2]",
    "[p2][3:v]overlay=x=16:y=16:eof_action=repeat:enable='between(n,10,29)'[p3]",
    "[p3][4:v]overlay=x=64:y=32:eof_action=repeat:enable='between(n,20,49)'[p4]",
    '[p4]format=yuv420p,split=6[s0][s1][s2][s3][s4][s5]',
    `[s0]${stretch(0, 10)}[t0]`,
    `[s1]${stretch(10, 11)},${whole}[t1]`,
    `[s2]${stretch(11, 20)},${one}[t2]`,
    `[s3]${stretch(20, 21)},${whole}[t3]`,
    `[s4]${stretch(21, 30)},${one},${two}[t4]`,
    `[s5]${stretch(30, 50)},${two}[t5]`,
    '[t0][t1][t2][t3][t4][t5]concat=n=6:v=1:a=0,settb=1/25,setpts=N[v]',
  ]);
  const params = [
    'level=3.1:stitchable=1:constrained-intra=1:weightp=0:partitions=p8x8,b8x8,i8x8,i4x4:psy=0:aq-mode=2:chroma-qp-offset=-4',
    'scenecut=0:open-gop=0:keyint=51:min-keyint=1:subme=11:rc-lookahead=150:ref=4:qcomp=0.7',
  ].join(':');
  const colours = ['-colorspace', '-color_primaries', '-color_trc'].flatMap((tag) => [tag, 'smpte170m']);
  assert.deepEqual(command.outputs, [
    {
      options: [
        ...['-map', '[v]', '-map', '5:a', '-c:a', 'copy', '-c:v', 'libx264', '-preset', 'veryslow', '-crf', '22.25'],
        ...['-profile:v', 'main', '-x264-params', params, '-pix_fmt', 'yuv420p', ...colours, '-color_range', 'tv'],
        ...['-force_key_frames', 'expr:eq(n,0)+eq(n,10)+eq(n,20)', '-forced-idr', '1'],
        ...['-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4'],
      ],
      file: '/p/film.mp4',
    },
  ]);
});

test('an area of many widths is calmed in as few boxes as there are widths; without sound there is none', () => {
  const rows = [
    { x: 1, y: 0, width: 2 },
    { x: 0, y: 1, width: 4 },
    { x: 0, y: 2, width: 4 },
    { x: 1, y: 3, width: 2 },
  ];
  const area: Area = { bubble: 'one', window: { from: 0, to: 50 }, rows };
  const files = { footage: '/f', audio: undefined, patterns: ['/a'], pictures: ['/b'], out: '/o' };
  const command = filmCommand(template, renditionOf(template), [area], { crf: 20, closed: [] }, files);
  const calm = command.filter.split(';').find((link) => link.startsWith('[s1]'));
  assert.equal(
    calm,
    '[s1]trim=start_frame=1:end_frame=50,setpts=PTS-STARTPTS,addroi=x=16:y=0:w=32:h=16:qoffset=0.2,addroi=x=0:y=16:w=64:h=32:qoffset=0.2,addroi=x=16:y=48:w=32:h=16:qoffset=0.2[t1]',
  );
  assert.deepEqual(command.outputs[0]?.options.slice(0, 3), ['-map', '[v]', '-an']);
});

const area = (from: number, to: number, bubble = 'one'): Area => ({
  ...{ bubble, window: { from, to } },
  rows: [{ x: 0, y: 0, width: 1 }],
});

test('key frames stand where bubbles appear, and in the gaps every ten seconds', () => {
  assert.deepEqual(keyFramesOf([area(10, 30), area(20, 40)], 50, 25, []), [0, 10, 20]);
  assert.deepEqual(keyFramesOf([area(0, 50)], 50, 25, []), [0]);
  assert.deepEqual(keyFramesOf([], 600, 25, []), [0, 250, 500]);
  // Never while a bubble is shown: its words would be lost.
  assert.deepEqual(keyFramesOf([area(100, 400)], 700, 25, []), [0, 100, 400, 650]);
  assert.deepEqual(keyFramesOf([area(100, 130, 'one'), area(200, 230, 'two')], 300, 25, ['two']), [0, 100, 200, 230]);
  assert.deepEqual(keyFramesOf([area(100, 300)], 300, 25, ['one']), [0, 100], 'after the end there is no frame');
  assert.deepEqual(
    keyFramesOf([area(10, 30), area(20, 40, 'two')], 50, 25, ['one']),
    [0, 10, 20],
    'the other is shown',
  );
});

test('no key frame but a cut stands in a window, and no gap is longer than ten seconds', () => {
  const windows = fc.array(fc.tuple(fc.nat(900), fc.integer({ min: 1, max: 400 })), { maxLength: 5 });
  fc.assert(
    fc.property(windows, fc.integer({ min: 1, max: 1200 }), (drawn, frames) => {
      const areas = drawn
        .map(([from, length]) => area(from, Math.min(frames, from + length)))
        .filter(({ window }) => window.from < window.to);
      const keys = keyFramesOf(areas, frames, 30, ['one']);
      const cuts = new Set(areas.map(({ window }) => window.from));
      const isShown = (frame: number) => areas.some(({ window }) => window.from <= frame && frame < window.to);
      assert.equal(keys[0], 0);
      for (const cut of cuts) assert.ok(keys.includes(cut));
      for (const key of keys) assert.ok(key === 0 || cuts.has(key) || !isShown(key), `${key}`);
      for (let last = 0, frame = 0; frame < frames; frame++) {
        if (keys.includes(frame)) last = frame;
        assert.ok(frame - last < 300 || isShown(frame), `${frame} is ${frame - last} after a key frame`);
      }
      assert.deepEqual(
        keys,
        [...new Set(keys)].sort((a, b) => a - b),
      );
    }),
  );
});
