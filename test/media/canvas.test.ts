import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { getTextRenderer } from '@napi-rs/canvas';
import { drawPixels, type Pixels } from '../../src/media/canvas.js';
import { loadFonts } from '../../src/media/fonts.js';
import { packageFolder } from '../../src/package.js';
import { inkBox } from '../../src/scene/draw.js';
import { familiesOf, missingGlyphs } from '../../src/scene/fonts.js';
import { layOut } from '../../src/scene/layout.js';
import type { Box, Overlay, Shape, TextStyle } from '../../src/scene/scene.js';
import { clustersOf } from '../../src/scene/text/graphemes.js';

const { book, measure } = loadFonts();

function overlay(text: string, shape: Shape, style: Partial<TextStyle> = {}): Overlay {
  const plain: TextStyle = {
    font: 'sans',
    size: { min: 10, max: 60 },
    colour: '#ff8000',
    align: 'center',
    valign: 'middle',
    lineHeight: 1.25,
    padding: 8,
  };
  return { bubble: 'b', text, shape, style: { ...plain, ...style }, maxLines: 4, start: 0, end: 1 };
}

const ellipse: Shape = { kind: 'ellipse', x: 30, y: 20, width: 240, height: 140 };
const diamond: Shape = {
  kind: 'polygon',
  points: [
    [150, 10],
    [290, 90],
    [150, 170],
    [10, 90],
  ],
};
const box: Shape = { kind: 'box', x: 30, y: 20, width: 240, height: 140, radius: 10 };
const plain = { scaleX: 1, scaleY: 1, dx: 0, dy: 0 };
const picture: Box = { x: 0, y: 0, width: 300, height: 180 };

const drawn = (asked: Overlay, view = plain, within = picture) =>
  drawPixels(asked, layOut(asked, book, measure), view, within);

/** The smallest box around everything that is not empty; undefined when all is. */
function inkOf({ width, height, rgba }: Pixels): Box | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (rgba[4 * (y * width + x) + 3] === 0) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  return right < 0 ? undefined : { x: left, y: top, width: right + 1 - left, height: bottom + 1 - top };
}

describe('drawPixels', () => {
  it('draws with the renderer that browsers of this system use', () => assert.equal(getTextRenderer(), 'system'));

  for (const [name, shape] of Object.entries({ box, ellipse, diamond })) {
    it(`leaves all four bytes 0 outside the ${name}, even with an outline and a shadow that reach far`, async () => {
      const style = {
        padding: 0,
        stroke: { colour: '#000000', width: 20 },
        shadow: { colour: '#0000ff', dx: 30, dy: 40, blur: 20 },
      };
      const { width, rgba } = await drawn(overlay('가나다라 마바사 아자차카', shape, style));
      const bounds = inkBox(overlay('', shape));
      let ink = 0;
      for (let i = 0; i < rgba.length; i += 4) {
        const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)];
        const sides = [x + 1 > bounds.x, y + 1 > bounds.y, x < bounds.x + bounds.width, y < bounds.y + bounds.height];
        if (sides.every(Boolean)) ink += rgba[i + 3] === 0 ? 0 : 1;
        else assert.equal(rgba.readUInt32BE(i), 0, `pixel ${x},${y}`);
      }
      assert.ok(ink > 3000, `${ink} pixels of ink`);
      if (shape !== box)
        assert.equal(rgba[4 * (24 * width + 36) + 3], 0, 'the corner of the bounds is outside the shape');
    });
  }

  it('answers straight colour: half-covered edges have the full colour', async () => {
    const { rgba } = await drawn(overlay('가나다', box));
    let edges = 0;
    for (let i = 0; i < rgba.length; i += 4) {
      const alpha = rgba[i + 3] as number;
      if (alpha < 100 || alpha > 200) continue;
      edges++;
      assert.ok(
        Math.abs((rgba[i] as number) - 255) <= 2 &&
          Math.abs((rgba[i + 1] as number) - 128) <= 2 &&
          (rgba[i + 2] as number) <= 2,
      );
    }
    assert.ok(edges > 20, `${edges} edge pixels`);
  });

  it('answers the box that is asked for, as a part of the same picture', async () => {
    const asked = overlay('안녕하세요 여러분', ellipse);
    const whole = await drawn(asked);
    const part = await drawn(asked, plain, { x: 60, y: 50, width: 100, height: 80 });
    assert.deepEqual([part.width, part.height, part.rgba.length], [100, 80, 32_000]);
    for (let y = 0; y < 80; y++) {
      const row = whole.rgba.subarray(4 * ((y + 50) * 300 + 60)).subarray(0, 400);
      assert.ok(part.rgba.subarray(400 * y, 400 * (y + 1)).equals(row), `row ${y}`);
    }
  });

  it('draws in the view: scaled and moved', async () => {
    const asked = overlay('안녕하세요', box);
    const one = inkOf(await drawn(asked)) as Box;
    const view = { scaleX: 2, scaleY: 2, dx: 11, dy: 7 };
    const two = inkOf(await drawn(asked, view, { x: 0, y: 0, width: 650, height: 400 })) as Box;
    for (const [seen, expected] of [
      [two.x, one.x * 2 + 11],
      [two.y, one.y * 2 + 7],
      [two.width, one.width * 2],
      [two.height, one.height * 2],
    ] as const) {
      assert.ok(Math.abs(seen - expected) <= 3, `${seen}, not ${expected}`);
    }
  });

  it('stands in the optical middle: Hangul, capitals, handwriting', async () => {
    for (const [text, font] of [
      ['생일 축하', 'sans'],
      ['HELLO', 'sans'],
      ['생일 축하', 'hand'],
      ['하나\n둘\n셋', 'sans'],
    ] as const) {
      const asked = overlay(text, box, { font });
      const ink = inkOf(await drawn(asked)) as Box;
      const { size } = layOut(asked, book, measure);
      assert.ok(Math.abs(ink.x + ink.width / 2 - 150) < 0.04 * size, `${text} across: ${ink.x + ink.width / 2}`);
      assert.ok(
        Math.abs(ink.y + ink.height / 2 - 90) < 0.11 * size,
        `${text} ${font} down: ${ink.y + ink.height / 2} at size ${size}`,
      );
    }
  });

  it('keeps its ink inside the padding', async () => {
    for (const text of ['생일 축하합니다 우리 엄마', 'Ågjpq ÉÀ', 'สุขสันต์วันเกิดนะคะ', 'السَّلَامُ عَلَيْكُمْ', '🎂🎉 축하']) {
      const ink = inkOf(await drawn(overlay(text, box))) as Box;
      assert.ok(
        ink.x >= 36 && ink.y >= 26 && ink.x + ink.width <= 264 && ink.y + ink.height <= 154,
        `${text} ${JSON.stringify(ink)}`,
      );
    }
  });

  it('does not grow with the number of draws', async () => {
    const asked = overlay('안녕하세요', box);
    const big = { x: 0, y: 0, width: 640, height: 360 }; // 0.9 MB each: 600 of them would be 550 MB.
    for (let i = 0; i < 100; i++) await drawn(asked, plain, big);
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 600; i++) await drawn(asked, plain, big);
    const grown = (process.memoryUsage.rss() - before) / 1e6;
    assert.ok(grown < 120, `grew by ${grown.toFixed(0)} MB`);
  });
});

describe('measuring', () => {
  const [sans, hand] = [book.stack('sans'), book.stack('hand')];

  it('finds every emoji in one piece, in both stacks, whatever it is joined of', () => {
    const emoji = '😀 ❤️ ❤️‍🔥 🏳️‍🌈 🏴‍☠️ 👨‍👩‍👧‍👦 👩🏻‍❤️‍💋‍👩🏿 🧑🏻‍🤝‍🧑🏿 👍🏽 ☝🏿 🇰🇷 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣ #️⃣ ⭐ ⚽ ☺️ 👁️‍🗨️ 🧑‍⚕️ 🐻‍❄️ ❤️‍🩹'.split(
      ' ',
    );
    for (const stack of [sans, hand]) {
      const font = `100px ${familiesOf(stack).emoji}`;
      const one = measure('😀', font);
      for (const each of emoji) {
        assert.deepEqual(
          clustersOf(each, stack).map(({ kind }) => kind),
          ['emoji'],
          each,
        );
        assert.deepEqual(missingGlyphs(each, stack), [], each);
        assert.ok(Math.abs(measure(each, font) - one) < 1, `${each} is ${measure(each, font)} wide, not ${one}`);
      }
    }
  });

  it('knows all modern Hangul in the first face of the sans stack', () => {
    for (let point = 0xac00; point <= 0xd7a3; point++) assert.ok(sans[0]?.coverage.has(point));
  });

  it('scales linearly: lines drawn at any size are as wide as reckoned', () => {
    for (const text of ['안녕하세요 여러분', 'AVATAR, Type', 'السلام عليكم', '日本語「は」']) {
      const { text: families } = familiesOf(sans);
      const reckoned = (measure(text, `100px ${families}`) * 23) / 100;
      assert.ok(Math.abs(measure(text, `23px ${families}`) - reckoned) < 1 / 16, text);
    }
  });

  it('says what no font has', () => {
    assert.deepEqual(missingGlyphs('안녕 hello 日本 汉字 שלום مرحبا สวัสดี 😀\u00a0', sans), []);
    assert.deepEqual(missingGlyphs('a𓀀ሀ', sans), ['𓀀', 'ሀ']);
  });
});

describe('loadFonts', () => {
  it('loads once per process', () => assert.equal(loadFonts(), loadFonts()));

  /** A fonts folder of its own: the manifest spoilt, and of the files a link or something else. */
  async function fontsFolder(
    t: TestContext,
    spoil: (folder: string, manifest: { fonts: { ttf: { file: string; bytes: number } }[] }) => void,
  ) {
    const folder = await mkdtemp(join(tmpdir(), 'storyfarm-fonts-'));
    t.after(() => rm(folder, { recursive: true }));
    const original = join(packageFolder, 'fonts');
    const manifest = JSON.parse(readFileSync(join(original, 'manifest.json'), 'utf8'));
    manifest.fonts.length = 1;
    manifest.stacks = {};
    mkdirSync(folder, { recursive: true });
    symlinkSync(join(original, manifest.fonts[0].ttf.file), join(folder, 'link.ttf'));
    manifest.fonts[0].ttf.file = 'link.ttf';
    spoil(folder, manifest);
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    return folder;
  }

  it('refuses a missing, a truncated and a broken font, with the file', async (t) => {
    const missing = await fontsFolder(t, (_, { fonts }) =>
      Object.assign((fonts[0] as { ttf: object }).ttf, { file: 'gone.ttf' }),
    );
    assert.throws(() => loadFonts(missing), {
      code: 'font_missing',
      file: join(missing, 'gone.ttf'),
      message: /is missing/,
    });
    const truncated = await fontsFolder(t, (_, { fonts }) =>
      Object.assign((fonts[0] as { ttf: object }).ttf, { bytes: 7 }),
    );
    assert.throws(() => loadFonts(truncated), {
      code: 'font_missing',
      file: join(truncated, 'link.ttf'),
      message: /bytes, not 7/,
    });
    const broken = await fontsFolder(t, (folder, { fonts }) => {
      writeFileSync(join(folder, 'text.ttf'), 'no font');
      Object.assign((fonts[0] as { ttf: object }).ttf, { file: 'text.ttf', bytes: 7 });
    });
    assert.throws(() => loadFonts(broken), { code: 'font_missing', message: /cannot be read/ });
  });

  it('refuses a folder without a manifest', () => {
    assert.throws(() => loadFonts('/nowhere'), { code: 'font_missing', file: '/nowhere/manifest.json' });
  });
});
