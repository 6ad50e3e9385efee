import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Planes, planesOf, rawOf } from '../../../src/media/planes.js';
import { inkOver } from '../../../src/media/splice/ink.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { ffmpeg } from '../../fixtures/video.js';
import { noise } from '../h264/encoder.js';

const [WIDTH, HEIGHT] = [96, 64];
type Matrix = Parameters<typeof inkOver>[2];

/** What the re-encode path makes of the same pixels over the same picture. */
function laidOver(t: Parameters<typeof temporaryFolder>[0], still: Planes, rgba: Uint8Array, matrix: Matrix): Planes {
  const folder = temporaryFolder(t);
  const [below, above] = [join(folder, 'still.yuv'), join(folder, 'words.rgba')];
  writeFileSync(below, rawOf(still));
  writeFileSync(above, rgba);
  const raw = (format: string) => ['-f', 'rawvideo', '-pixel_format', format, '-video_size', `${WIDTH}x${HEIGHT}`];
  const graph = `[1:v]scale=out_color_matrix=${matrix}:out_range=tv,format=yuva420p[w];[0:v][w]overlay=x=0:y=0[p];[p]format=yuv420p[v]`;
  const { stdout, stderr, status } = spawnSync(ffmpeg.path, [
    ...['-v', 'error', ...raw('yuv420p'), '-i', below, ...raw('rgba'), '-i', above],
    ...['-filter_complex', graph, '-map', '[v]', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'],
  ]);
  assert.equal(status, 0, String(stderr));
  return planesOf(stdout, WIDTH, HEIGHT);
}

const stillOf = (seed: number) => planesOf(noise(WIDTH, HEIGHT, seed, 16, 235).bytes, WIDTH, HEIGHT);

function furthest(a: Uint8Array, b: Uint8Array, counts: (at: number) => boolean = () => true): number {
  return a.reduce((most, value, at) => (counts(at) ? Math.max(most, Math.abs(value - (b[at] as number))) : most), 0);
}

for (const matrix of ['smpte170m', 'bt709'] as const) {
  test(`${matrix}: luma of any pixels is that of ffmpeg within two levels`, (t) => {
    const rgba = noise(WIDTH, HEIGHT * 3, 7).bytes.subarray(0, WIDTH * HEIGHT * 4);
    const { planes } = inkOver(stillOf(1), { rgba: Buffer.from(rgba), width: WIDTH, height: HEIGHT }, matrix);
    assert.ok(furthest(planes.luma, laidOver(t, stillOf(1), rgba, matrix).luma) <= 2);
  });

  test(`${matrix}: patches of one colour and one transparency are those of ffmpeg within two levels`, (t) => {
    // ffmpeg softens chroma across edges, so the inside of patches of 16 pixels is compared.
    const colours = noise(WIDTH, HEIGHT, 9).bytes;
    const rgba = Buffer.alloc(WIDTH * HEIGHT * 4);
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++) {
        const patch = (y >> 4) * (WIDTH >> 4) + (x >> 4);
        rgba.set(colours.subarray(patch * 4, patch * 4 + 4), (y * WIDTH + x) * 4);
      }
    const { planes } = inkOver(stillOf(2), { rgba, width: WIDTH, height: HEIGHT }, matrix);
    const theirs = laidOver(t, stillOf(2), rgba, matrix);
    assert.ok(furthest(planes.luma, theirs.luma) <= 2);
    const isInside = (at: number) =>
      [at % (WIDTH / 2), Math.floor(at / (WIDTH / 2))].every((place) => place % 8 >= 2 && place % 8 < 6);
    for (const plane of ['cb', 'cr'] as const)
      assert.ok(
        furthest(planes[plane], theirs[plane], isInside) <= 2,
        `${plane} is ${furthest(planes[plane], theirs[plane], isInside)} off`,
      );
  });
}

test('the primaries are what the standards say', () => {
  const known = {
    smpte170m: [
      [81, 90, 240],
      [145, 54, 34],
      [41, 240, 110],
      [235, 128, 128],
      [16, 128, 128],
    ],
    bt709: [
      [63, 102, 240],
      [173, 42, 26],
      [32, 240, 118],
      [235, 128, 128],
      [16, 128, 128],
    ],
  } as const;
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 255],
    [0, 0, 0],
  ];
  for (const matrix of ['smpte170m', 'bt709'] as const)
    for (const [index, colour] of colours.entries()) {
      const rgba = Buffer.alloc(16 * 16 * 4, Buffer.from([...colour, 255]));
      const still = planesOf(noise(16, 16, 1).bytes, 16, 16);
      const { luma, cb, cr } = inkOver(still, { rgba, width: 16, height: 16 }, matrix).planes;
      assert.deepEqual([luma[0], cb[0], cr[0]], known[matrix][index], `${colour} in ${matrix}`);
    }
});

test('without ink nothing changes, and only rows with ink are said to have changed', () => {
  const rgba = Buffer.alloc(WIDTH * HEIGHT * 4);
  const still = stillOf(3);
  const before = rawOf(still);
  assert.deepEqual(inkOver(still, { rgba, width: WIDTH, height: HEIGHT }, 'bt709').rows, [false, false, false, false]);
  // One faint pixel in the last line of the second row, at odd places; colour without alpha is no ink.
  rgba.set([255, 255, 255, 60], (31 * WIDTH + 41) * 4);
  rgba.set([255, 255, 255, 0], (60 * WIDTH + 41) * 4);
  const { planes, rows } = inkOver(still, { rgba, width: WIDTH, height: HEIGHT }, 'bt709');
  assert.deepEqual(rows, [false, true, false, false]);
  assert.deepEqual(rawOf(still), before, 'the still is used again');
  const wanted = Math.floor((235 * 60 + (still.luma[31 * WIDTH + 41] as number) * 195) / 255 + 0.5);
  assert.equal(planes.luma[31 * WIDTH + 41], wanted);
  assert.equal(
    furthest(planes.luma, still.luma, (at) => at !== 31 * WIDTH + 41),
    0,
  );
  for (const plane of ['cb', 'cr'] as const) {
    const at = 15 * (WIDTH / 2) + 20;
    const was = still[plane][at] as number;
    // A pixel of four, 60 of 255.
    assert.equal(planes[plane][at], Math.floor(was + (128 - was) * (60 / 1020) + 0.5));
    assert.equal(
      furthest(planes[plane], still[plane], (other) => other !== at),
      0,
    );
  }
});
