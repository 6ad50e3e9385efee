/** What is rendered: the texture by which templates are chosen, and the words. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadFonts } from '../../src/media/fonts.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { checkRequest } from '../../src/template/request.js';
import { tinyFolder } from '../fixtures/tiny.js';
import { spatialInformation } from './render/contents/texture.js';
import { wordsmith } from './render/contents/words.js';

test('a flat frame has no texture, and a chequered one more than a ramp', () => {
  const width = 16;
  const picture = (luma: (x: number, y: number) => number) =>
    Uint8Array.from({ length: width * width }, (_, at) => luma(at % width, Math.floor(at / width)));
  assert.equal(
    spatialInformation(
      picture(() => 90),
      width,
    ),
    0,
  );
  assert.equal(
    spatialInformation(
      picture((x) => x * 4),
      width,
    ),
    0,
  );
  assert.ok(
    spatialInformation(
      picture((x, y) => (((x >> 2) + (y >> 2)) % 2) * 200),
      width,
    ) > 50,
  );
});

test('words are the same for the same seed, never the same twice, in several scripts, and fit', async () => {
  const { template } = await loadTemplate(tinyFolder);
  const fonts = loadFonts();
  const some = (seed: number) => {
    const next = wordsmith(template, fonts, seed);
    return Array.from({ length: 200 }, next);
  };
  const words = some(1);
  assert.deepEqual(words, some(1));
  assert.notDeepEqual(words, some(2));
  for (const bubble of template.bubbles) {
    const texts = words.map((each) => each[bubble.id]);
    assert.equal(new Set(texts).size, texts.length);
    for (const script of [/\p{Script=Hangul}/u, /\p{Script=Latin}/u, /\p{Emoji_Presentation}/u])
      assert.ok(
        texts.some((text) => script.test(text ?? '')),
        `${bubble.id} has nothing of ${script}`,
      );
  }
  for (const each of words) checkRequest(template, { words: each }, fonts.book, fonts.measure);
});
