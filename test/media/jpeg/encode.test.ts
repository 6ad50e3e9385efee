import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { encodeStrips } from '../../../src/media/jpeg/encode.js';
import { joinStrips } from '../../../src/media/jpeg/join.js';
import { ZIGZAG } from '../../../src/media/jpeg/tables.js';
import { dividersOf, transform } from '../../../src/media/jpeg/transform.js';
import {
  canvasOf,
  decodeByCanvas,
  decodeByFfmpeg,
  ffmpeg,
  footage,
  jpegOf,
  noise,
  picture,
  psnr,
  segmentsOf,
  slope,
} from './pictures.js';

describe("beside the canvas' encoder at the same quality", () => {
  for (const [name, source] of Object.entries({ footage: footage(1280, 720), noise: noise(320, 240) })) {
    for (const quality of [90, 66, 36]) {
      it(`${name} at ${quality}: as good and about as small`, async () => {
        const jpeg = jpegOf(source, quality);
        const other = canvasOf(source).encodeSync('jpeg', quality);
        const [ours, theirs] = [psnr(await decodeByCanvas(jpeg), source), psnr(await decodeByCanvas(other), source)];
        assert.ok(ours > theirs - 0.5, `${ours} dB, theirs ${theirs}`);
        assert.ok(psnr(decodeByFfmpeg(jpeg, source), source) > theirs - 1, 'ffmpeg sees something else');
        assert.ok(jpeg.length < 1.15 * other.length, `${jpeg.length} bytes, theirs ${other.length}`);
        assert.ok(jpeg.length > 0.85 * other.length, `${jpeg.length} bytes, theirs ${other.length}`);
      });
    }
  }
});

describe('the tables', () => {
  const tablesOf = (jpeg: Buffer, marker: number) =>
    Buffer.concat(segmentsOf(jpeg).flatMap((segment) => (segment.marker === marker ? [segment.content] : [])));

  it("are the canvas' quantisers at every quality", () => {
    const source = slope(16, 16);
    for (let quality = 1; quality <= 100; quality++)
      assert.deepEqual(
        tablesOf(jpegOf(source, quality), 0xdb),
        tablesOf(canvasOf(source).encodeSync('jpeg', quality), 0xdb),
        `quality ${quality}`,
      );
  });

  it("are ffmpeg's Huffman tables when it takes the standard's", () => {
    const raw = ['-f', 'rawvideo', '-pix_fmt', 'yuvj420p', '-s', '16x16', '-i', 'pipe:0'];
    const other = ffmpeg([...raw, '-huffman', 'default', '-f', 'mjpeg', '-'], new Uint8Array(384).fill(99));
    const sorted = (tables: Buffer) => {
      const found: string[] = [];
      for (let at = 0; at < tables.length; ) {
        const length = 17 + tables.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
        found.push(tables.toString('hex', at, at + length));
        at += length;
      }
      return found.sort();
    };
    const ours = sorted(tablesOf(jpegOf(slope(16, 16), 90), 0xc4));
    assert.equal(ours.length, 4);
    assert.deepEqual(ours, sorted(tablesOf(other, 0xc4)));
  });
});

test('the transform is the cosine transform', () => {
  const dividers = dividersOf(new Uint8Array(64).fill(1));
  const byPlace = new Float64Array(64);
  for (const [k, place] of ZIGZAG.entries()) byPlace[place] = dividers[k] as number;
  const cosine = (x: number, u: number) =>
    (u === 0 ? Math.SQRT1_2 : 1) * Math.cos(((2 * x + 1) * u * Math.PI) / 16) * 0.5;
  const sample = fc.integer({ min: -128, max: 127 });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 64, maxLength: 64 }), (block) => {
      const samples = Float64Array.from([7, ...block, 7]);
      transform(samples, 1);
      assert.deepEqual([samples[0], samples[65]], [7, 7]);
      for (let place = 0; place < 64; place++) {
        let expected = 0;
        for (let i = 0; i < 64; i++)
          expected += (block[i] as number) * cosine(i >> 3, place >> 3) * cosine(i & 7, place & 7);
        const found = (samples[1 + place] as number) * (byPlace[place] as number);
        assert.ok(Math.abs(found - expected) < 1e-6, `place ${place}: ${found}, not ${expected}`);
      }
    }),
    { numRuns: 30 },
  );
});

describe('strips', () => {
  const source = noise(100, 230);
  const whole = encodeStrips(source, 74);

  it('depend on their own rows alone', () => {
    for (const [from, to] of [
      [0, 3],
      [5, 6],
      [11, 15],
    ] as const) {
      const [top, end] = [16 * from, Math.min(230, 16 * to)];
      const piece = { width: 100, height: end - top, rgba: source.rgba.subarray(400 * top, 400 * end) };
      assert.deepEqual(encodeStrips(piece, 74), whole.slice(from, to));
    }
  });

  it('of two pictures join to one that is decoded to rows of both', async () => {
    const other = encodeStrips(slope(100, 230), 74);
    const mixed = await decodeByCanvas(joinStrips(100, 230, 74, [...whole.slice(0, 4), ...other.slice(4)]));
    const [first, second] = [
      await decodeByCanvas(jpegOf(source, 74)),
      await decodeByCanvas(jpegOf(slope(100, 230), 74)),
    ];
    // One row at the seam takes its chroma from both.
    assert.deepEqual(mixed.rgba.subarray(0, 400 * 63), first.rgba.subarray(0, 400 * 63));
    assert.deepEqual(mixed.rgba.subarray(400 * 65), second.rgba.subarray(400 * 65));
  });

  it('are numbered from 0 to 7 and again, with no other marker between them', () => {
    const jpeg = joinStrips(100, 230, 74, whole);
    const start = jpeg.indexOf(Buffer.from([0xff, 0xda]));
    const markers: number[] = [];
    for (let at = start + 2; at < jpeg.length - 1; at++)
      if (jpeg[at] === 0xff && jpeg[at + 1] !== 0) markers.push(jpeg[at + 1] as number);
    assert.deepEqual(markers, [...Array.from({ length: 14 }, (_, strip) => 0xd0 + (strip % 8)), 0xd9]);
    assert.deepEqual([...(segmentsOf(jpeg).find(({ marker }) => marker === 0xdd)?.content ?? [])], [0, 7]);
  });

  it('grow as they must: the hardest picture at the best quality', async () => {
    const hard = picture(640, 16, (x, y) => ((x * 7 + y * 13 + ((x * y) >> 1)) & 1 ? [255, 255, 255] : [0, 0, 0]));
    const jpeg = jpegOf(hard, 100);
    assert.ok(psnr(decodeByFfmpeg(jpeg, hard), hard) > 40);
    const wide = noise(4000, 16);
    assert.ok(psnr(await decodeByCanvas(jpegOf(wide, 100)), wide) > 10);
    assert.deepEqual(encodeStrips(wide, 100), encodeStrips(wide, 100));
  });
});

describe('extremes', () => {
  const checker = (cell: number) =>
    picture(70, 50, (x, y) => (((x / cell) ^ (y / cell)) & 1 ? [255, 255, 255] : [0, 0, 0]));
  for (const [name, source, least] of [
    ['a checker of single pixels', checker(1), 45],
    ['a checker of eights', checker(8), 45],
    ['red', picture(60, 50, () => [255, 0, 0]), 45],
    ['blue', picture(60, 50, () => [0, 0, 255]), 45],
    ['yellow', picture(60, 50, () => [255, 255, 0]), 45],
    ['cyan beside magenta', picture(64, 50, (x) => (x < 32 ? [0, 255, 255] : [255, 0, 255])), 15],
  ] as const) {
    it(name, async () => {
      const jpeg = jpegOf(source, 100);
      // The canvas smooths chroma over edges of colour.
      const smooth = psnr(await decodeByCanvas(jpeg), source);
      assert.ok(smooth > least, `${smooth} dB`);
      const found = psnr(decodeByFfmpeg(jpeg, source), source);
      assert.ok(found > 44, `${found} dB by ffmpeg`);
    });
  }
});

describe('sizes', () => {
  it('from 1x1 to 40x40 give a picture of that size that looks like the source', async () => {
    const side = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(side, side, async (width, height) => {
        const source = slope(width, height);
        const found = psnr(await decodeByCanvas(jpegOf(source, 95)), source);
        assert.ok(found > 32, `${width}x${height}: ${found} dB`);
      }),
      { numRuns: 150 },
    );
  });

  for (const [width, height] of [
    [1, 1],
    [1, 40],
    [15, 16],
    [17, 33],
    [40, 1],
  ] as const) {
    it(`${width}x${height}, strictly`, () => {
      const source = slope(width, height);
      const found = psnr(decodeByFfmpeg(jpegOf(source, 95), source), source);
      assert.ok(found > 30, `${found} dB`);
    });
  }
});
