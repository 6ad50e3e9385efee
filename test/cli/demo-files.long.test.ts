/** What the demo leaves are real videos of a sample template: they play, show their words at the right frames, can be heard, and last as long as they should. */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { drawPixels } from '../../src/media/canvas.js';
import { loadFonts } from '../../src/media/fonts.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { fitOf, fpsOfRendition, framesOf, pixelBox } from '../../src/media/ladder.js';
import { readMovie } from '../../src/media/mp4/movie.js';
import { openEditions } from '../../src/media/prepare/editions.js';
import { packageFolder } from '../../src/package.js';
import { layOutWords } from '../../src/renderer/words.js';
import { inkBox } from '../../src/scene/draw.js';
import { windowOf } from '../../src/scene/scene.js';
import { inLocale } from '../../src/template/format.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { compose, ffmpeg, frameOf, likeness, loudnessOf } from '../fixtures/video.js';
import { run } from './storyfarm.js';

test('the files of the demo are the videos that were asked for', async (t) => {
  const cwd = temporaryFolder(t);
  const { code, stdout, stderr } = await run(['demo', 'snow-post'], {
    cwd,
    env: { TMPDIR: cwd, STORYFARM_STALL: '10min' },
  });
  assert.equal(code, 0, stderr);
  const jobs = /The folders are in\n(.*)\n/.exec(stdout)?.[1] ?? '';
  const encoded = /looked at while the rest goes on:\n(.*)\n/.exec(stdout)?.[1] ?? '';
  const swapped = join(jobs, /^Korean .* swap +([0-9a-f-]{36}\/1)$/m.exec(stdout)?.[1] ?? '');

  const { template, ref } = await loadTemplate(join(packageFolder, 'templates', 'snow-post'));
  const cast = Object.fromEntries(template.roles.map((role) => [role.id, role.characters[0]?.id ?? '']));
  const edition = await openEditions(join(jobs, '..'), ffmpeg).find(ref, cast);
  assert.ok(edition, `no edition in ${readdirSync(join(jobs, '..'))}`);
  const words = Object.fromEntries(template.bubbles.map(({ id, sample }) => [id, inLocale(sample, 'ko')]));
  const { scene, layoutOf } = layOutWords(template, { cast, words }, loadFonts());

  for (const [rendition, folder] of template.ladder.flatMap(
    (each) =>
      [
        [each, encoded],
        [each, swapped],
      ] as const,
  )) {
    const file = join(folder, `${rendition.id}.mp4`);
    const fps = fpsOfRendition(template, rendition).value;
    const movie = await readMovie(file);
    assert.equal(movie.tracks.find(({ kind }) => kind === 'video')?.samples, framesOf(template, rendition));
    assert.ok(Math.abs(movie.duration - template.duration) < 1 / fps, `${rendition.id} lasts ${movie.duration} s`);
    const loudness = loudnessOf(file);
    assert.ok(loudness > -30 && loudness < -10, `${rendition.id} has ${loudness} LUFS`);

    const { view } = fitOf(template, rendition);
    for (const overlay of scene.overlays) {
      const box = pixelBox(inkBox(overlay), view, rendition);
      const { from, to } = windowOf(overlay, fps);
      const pixels = await drawPixels(overlay, layoutOf(overlay), view, box);
      for (const frame of [from, to - 1]) {
        const wanted = compose(frameOf(edition.footage(rendition), frame), rendition.width, pixels, box);
        const alike = likeness(frameOf(file, frame), wanted, rendition.width, box);
        assert.ok(alike >= 0.95, `${rendition.id} ${overlay.bubble} frame ${frame}: SSIM ${alike.toFixed(4)}`);
      }
      for (const frame of [from - 1, to]) {
        const blank = frameOf(edition.footage(rendition), frame);
        const alike = likeness(frameOf(file, frame), blank, rendition.width, box);
        assert.ok(
          alike >= 0.95,
          `${rendition.id} ${overlay.bubble} shows words in frame ${frame}: SSIM ${alike.toFixed(4)}`,
        );
      }
    }
  }
});
