import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createCanvas } from '@napi-rs/canvas';
import { contextOf } from '../../../src/media/canvas.js';
import { loadFonts } from '../../../src/media/fonts.js';
import { type DrawnWords, drawJpeg } from '../../../src/media/picture.js';
import { drawOverlay } from '../../../src/scene/draw.js';
import { layOut } from '../../../src/scene/layout.js';
import type { Overlay, Shape } from '../../../src/scene/scene.js';
import { canvasOf, decodeByCanvas, decodeByFfmpeg, footage, jpegOf, psnr, segmentsOf } from './pictures.js';

const { book, measure } = loadFonts();
const plain = { scaleX: 1, scaleY: 1, dx: 0, dy: 0 };
const blank = footage(478, 270);

function words(text: string, shape: Shape): DrawnWords {
  const overlay: Overlay = {
    bubble: 'b',
    text,
    shape,
    style: {
      font: 'sans',
      size: { min: 10, max: 40 },
      colour: '#ff8000',
      align: 'center',
      valign: 'middle',
      lineHeight: 1.25,
      padding: 4,
      stroke: { colour: '#ffffff', width: 6 },
      shadow: { colour: '#0000ff', dx: 3, dy: 8, blur: 9 },
    },
    maxLines: 3,
    start: 0,
    end: 1,
  };
  return { overlay, layout: layOut(overlay, book, measure) };
}

const box = (x: number, y: number, width: number, height: number): Shape => ({
  kind: 'box',
  x,
  y,
  width,
  height,
  radius: 9,
});
const middle = words('생일 축하해! Happy birthday', box(101.5, 70.3, 200, 90.5));
const top = words('Dear Ada', box(-20, -10, 180, 70));
const bottom = words('안녕', box(300, 200, 300, 100));

describe('drawJpeg', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'storyfarm-'));
    file = join(folder, 'blank.png');
    await writeFile(file, canvasOf(blank).encodeSync('png'));
    const first = await drawJpeg(file, [], plain, 1e6);
    assert.deepEqual(first.subarray(0, 2), Buffer.from([0xff, 0xd8]), 'the first, which the canvas makes');
  });
  after(() => rm(folder, { recursive: true }));

  /** All drawn on one canvas and encoded at once. */
  function atOnce(drawn: readonly DrawnWords[], quality: number, view = plain): Buffer {
    const ctx = contextOf(blank.width, blank.height);
    ctx.drawImage(canvasOf(blank), 0, 0);
    for (const { overlay, layout } of drawn) drawOverlay(ctx, overlay, layout, view);
    const { data } = ctx.getImageData(0, 0, blank.width, blank.height);
    return jpegOf({ ...blank, rgba: new Uint8Array(data.buffer) }, quality);
  }

  for (const [name, drawn, view] of [
    ['no words', [], plain],
    ['words in the middle', [middle], plain],
    ['words that reach beyond an edge', [top], plain],
    ['words at both ends', [bottom, top], plain],
    ['words through a view', [middle, bottom], { scaleX: 0.71, scaleY: 0.73, dx: 11.25, dy: 31.5 }],
    ['words out of sight', [bottom], { ...plain, dy: 500 }],
  ] as const) {
    it(`with ${name} is the whole picture encoded at once`, async () => {
      const jpeg = await drawJpeg(file, drawn, view, 1e6);
      const expected = await decodeByCanvas(atOnce(drawn, 90, view));
      const found = psnr(await decodeByCanvas(jpeg), expected);
      assert.ok(found > 60, `${found} dB`);
      assert.equal(jpeg.equals(atOnce([], 90)), name === 'no words' || name === 'words out of sight');
      decodeByFfmpeg(jpeg, blank);
    });
  }

  it('is baseline JFIF of three components', async () => {
    const segments = segmentsOf(await drawJpeg(file, [middle], plain, 1e6));
    assert.equal(segments[0]?.marker, 0xe0);
    assert.equal(segments[0]?.content.toString('latin1', 0, 5), 'JFIF\0');
    const frames = segments.filter(({ marker }) => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4);
    assert.deepEqual(
      frames.map(({ marker, content }) => [
        marker,
        content[0],
        content.readUInt16BE(1),
        content.readUInt16BE(3),
        content[5],
      ]),
      [[0xc0, 8, 270, 478, 3]],
    );
  });

  it('takes the best quality that fits, and says when none does', async () => {
    const sizes = [90, 82, 74, 66, 56, 46, 36, 26].map((quality) => atOnce([middle], quality).length);
    for (const size of sizes) {
      assert.equal((await drawJpeg(file, [middle], plain, size)).length, size);
      assert.ok((await drawJpeg(file, [middle], plain, size + 1)).length <= size + 1);
    }
    const least = sizes.at(-1) as number;
    await assert.rejects(drawJpeg(file, [middle], plain, least - 1), {
      code: 'too_large',
      message: new RegExp(`has ${least} bytes .* at most ${least - 1}`),
    });
  });

  it('gives each of many at a time its own words', async () => {
    const all = [[middle], [top], [bottom], [], [top, bottom]];
    const alone: Buffer[] = [];
    for (const drawn of all) alone.push(await drawJpeg(file, drawn, plain, 1e6));
    assert.deepEqual(await Promise.all(all.map((drawn) => drawJpeg(file, drawn, plain, 1e6))), alone);
    assert.equal(new Set(alone.map(String)).size, all.length);
  });

  it('shows black where the blank picture is transparent, however often it is drawn', async () => {
    const clear = join(folder, 'clear.png');
    const ctx = createCanvas(64, 48).getContext('2d');
    ctx.fillStyle = 'rgba(255, 255, 255, 0.5)';
    ctx.fillRect(0, 0, 32, 48);
    await writeFile(clear, ctx.canvas.encodeSync('png'));
    const small = words('A', box(2, 2, 28, 30));
    await drawJpeg(clear, [small], plain, 1e6); // The canvas draws the first.
    const first = await drawJpeg(clear, [small], plain, 1e6);
    assert.deepEqual(await drawJpeg(clear, [small], plain, 1e6), first);
    const { rgba } = await decodeByCanvas(first);
    assert.ok(Math.abs((rgba[4 * (40 * 64 + 8)] as number) - 128) < 6);
    assert.ok((rgba[4 * (40 * 64 + 56)] as number) < 6);
  });
});
