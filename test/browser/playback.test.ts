/** What the swap path makes, played in real Chromium through every bubble. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFiles } from '../../src/files/files.js';
import { loadFonts } from '../../src/media/fonts.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { openEditions } from '../../src/media/prepare/editions.js';
import { areasOf } from '../../src/media/splice/areas.js';
import type { Rendition } from '../../src/template/format.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { tinyFolder } from '../fixtures/tiny.js';
import { ffmpeg } from '../fixtures/video.js';
import { recorded, running } from '../http/running.js';
import { openRenderers } from '../verify/outputs.js';
import { framesOfBubbles, LEAST, watchBubbles } from './bubbles.js';
import { findChromium, openBrowser } from './chromium.js';

const found = findChromium();
const words = { hello: '안녕하세요! Hello 👋', bye: 'مع السلامة' };
/** The same but for the words of the second bubble. */
const fewer = { ...words, bye: '' };

const skip = typeof found === 'string' ? found : false;

test('Chromium plays every rendition, and every bubble from its first frame to its last', { skip }, async (t) => {
  if (typeof found === 'string') return;
  const folder = temporaryFolder(t);
  const tiny = await loadTemplate(tinyFolder);
  const editions = openEditions(folder, ffmpeg);
  const edition = await editions.prepare(tiny, { ball: 'red' });
  await editions.film(edition);
  const renderers = openRenderers(ffmpeg, loadFonts(), editions, folder);
  const rendered = await renderers.render(edition, words);
  assert.equal(rendered.stages.encode, undefined, 'a rendition was encoded');

  const url = await running(t, createFiles({ ...recorded(), folder: join(folder, 'jobs') }));
  const browser = await openBrowser(found, url);
  t.after(() => browser.close());
  for (const rendition of tiny.template.ladder) {
    const address = `${url}/v1/files/job-1/1/${rendition.id}.mp4`;
    const video = { url: address, file: rendered.file(rendition), rate: 1 };
    const { seen, flaws } = await watchBubbles(browser, video, tiny.template, rendition);
    assert.deepEqual(flaws, [], rendition.id);
    assert.deepEqual(
      seen.map(({ frame }) => frame),
      framesOfBubbles(tiny.template, rendition),
    );
    for (const { frame, ssim, words } of seen)
      assert.ok(ssim >= LEAST.ssim && words >= LEAST.words, `${rendition.id}, frame ${frame}: ${ssim}, ${words}`);
    const told = seen.map(({ frame, ssim, words }) => `${frame} ${ssim.toFixed(4)} ${words.toFixed(4)}`);
    t.diagnostic(`${rendition.id}: ${told.join(', ')}`);
  }

  const without = await renderers.render(edition, fewer);
  const [rendition] = tiny.template.ladder as [Rendition];
  const video = { url: `${url}/v1/files/job-2/1/${rendition.id}.mp4`, file: rendered.file(rendition), rate: 1 };
  assert.equal(without.stages.encode, undefined, 'a rendition was encoded');
  const { seen } = await watchBubbles(browser, video, tiny.template, rendition);
  const last = areasOf(tiny.template, rendition).at(-1)?.window.from ?? Number.NaN;
  assert.ok(seen.some(({ frame }) => frame >= last));
  for (const { frame, words } of seen)
    assert.equal(
      words >= LEAST.words,
      frame < last,
      `words that are missing from frame ${last} on: ${frame}, ${words}`,
    );
});
