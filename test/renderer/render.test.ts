/** Real renders: what comes out is looked into frame by frame, with each ffmpeg that Storyfarm may find. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { JobResult, TemplateRef, Words } from '../../src/job.js';
import { drawPixels } from '../../src/media/canvas.js';
import { openFfmpeg } from '../../src/media/ffmpeg.js';
import { loadFonts } from '../../src/media/fonts.js';
import { loadCatalog, loadTemplate } from '../../src/media/install/catalog.js';
import { fitOf, fpsOfRendition, pixelBox } from '../../src/media/ladder.js';
import { readMovie } from '../../src/media/mp4/movie.js';
import { type Edition, openEditions } from '../../src/media/prepare/editions.js';
import { Films } from '../../src/media/splice/films.js';
import { openPhrases } from '../../src/media/splice/phrases.js';
import { openStorage } from '../../src/media/storage.js';
import { type RenderTools, render } from '../../src/renderer/render.js';
import { layOutWords } from '../../src/renderer/words.js';
import { inkBox } from '../../src/scene/draw.js';
import { windowOf } from '../../src/scene/scene.js';
import type { InstalledTemplate } from '../../src/template/catalog.js';
import type { Rendition, Template } from '../../src/template/format.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { fixtureTemplates, tinyFolder } from '../fixtures/tiny.js';
import { compose, ffmpeg, frameOf, likeness, loudnessOf, noFfprobe } from '../fixtures/video.js';

const tiny = await loadTemplate(tinyFolder);
const words = { hello: '안녕하세요 반가워요', bye: 'Bye 👋 for now!' };
const order = { id: 'job', fence: 7, template: { ...tiny.ref }, cast: { ball: 'green' }, words };

function toolsIn(folder: string, program = ffmpeg, installed?: InstalledTemplate): RenderTools {
  const catalog = { list: () => [], get: () => installed };
  return {
    ffmpeg: program,
    fonts: loadFonts(),
    editions: openEditions(folder, program),
    films: new Films(),
    phrases: openPhrases(folder, 1e8),
    storage: openStorage(folder),
    catalog: async () => (installed ? catalog : loadCatalog([fixtureTemplates])),
  };
}

/** The template with something changed, as another installed version. */
function changed(change: (template: Template) => Template): InstalledTemplate {
  return { ...tiny, ref: { id: 'tiny', version: 'f'.repeat(64) }, template: change(tiny.template) };
}

const programs = [ffmpeg];
if (ffmpeg.source !== 'package')
  programs.push(openFfmpeg((createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string }).path));

for (const program of programs) {
  describe(`a render with ${program.version}`, () => {
    const dataFolder = temporaryFolder({ after });
    let tools: RenderTools;
    let result: JobResult;
    let folder: string;
    let edition: Edition;
    const fractions: number[] = [];

    before(async () => {
      tools = toolsIn(dataFolder, program);
      result = await render(order, tools, { onProgress: (fraction) => fractions.push(fraction) });
      folder = join((tools.storage as ReturnType<typeof openStorage>).folder, 'job', '7');
      edition = (await tools.editions.find(tiny.ref, order.cast)) as Edition;
    });

    test('publishes the ladder and the poster, and nothing else', () => {
      assert.deepEqual(readdirSync(folder).sort(), ['large.mp4', 'medium.mp4', 'poster.jpg', 'small.mp4']);
      assert.deepEqual(
        result.outputs.map(({ rendition, file, frames, duration }) => [rendition, file, frames, duration]),
        [
          ['large', '7/large.mp4', 50, 2],
          ['medium', '7/medium.mp4', 50, 2],
          ['small', '7/small.mp4', 25, 2],
          ['poster', '7/poster.jpg', 1, 0],
        ],
      );
      for (const { file, bytes } of result.outputs) assert.equal(readFileSync(join(folder, '..', file)).length, bytes);
    });

    test('shows the words exactly while their windows last', async () => {
      const { scene, layoutOf } = layOutWords(tiny.template, order, tools.fonts);
      for (const rendition of tiny.template.ladder) {
        const file = join(folder, `${rendition.id}.mp4`);
        const { view } = fitOf(tiny.template, rendition);
        for (const overlay of scene.overlays) {
          const box = pixelBox(inkBox(overlay), view, rendition);
          const { from, to } = windowOf(overlay, fpsOfRendition(tiny.template, rendition).value);
          const pixels = await drawPixels(overlay, layoutOf(overlay), view, box);
          const against = (frame: number, withWords: boolean) => {
            const blank = frameOf(edition.footage(rendition), frame);
            return likeness(
              frameOf(file, frame),
              withWords ? compose(blank, rendition.width, pixels, box) : blank,
              rendition.width,
              box,
            );
          };
          for (const frame of [from, Math.floor((from + to) / 2), to - 1]) {
            const alike = against(frame, true);
            assert.ok(alike >= 0.95, `${rendition.id} ${overlay.bubble} frame ${frame}: SSIM ${alike.toFixed(4)}`);
            assert.ok(against(frame, false) < 0.8, `${rendition.id} ${overlay.bubble} frame ${frame} shows no words`);
          }
          for (const frame of [from - 1, ...(overlay.end < scene.duration ? [to] : [])]) {
            const other = scene.overlays.some(
              (o) =>
                o !== overlay &&
                windowOf(o, fpsOfRendition(tiny.template, rendition).value).from <= frame &&
                frame < windowOf(o, fpsOfRendition(tiny.template, rendition).value).to,
            );
            if (!other)
              assert.ok(
                against(frame, false) >= 0.95,
                `${rendition.id} ${overlay.bubble} shows before or after its window, frame ${frame}`,
              );
          }
        }
      }
    });

    test('lasts as long as the template, to the frame', async () => {
      for (const { id } of tiny.template.ladder) {
        const movie = await readMovie(join(folder, `${id}.mp4`));
        assert.ok(Math.abs(movie.duration - 2) < 1 / 25, `${id} lasts ${movie.duration}`);
        for (const { kind, duration, sampleRate } of movie.tracks) {
          // Sound comes in whole AAC frames and must not outlast the picture, priming included.
          const shorter = kind === 'audio' ? (3 * 1024) / sampleRate : 1e-9;
          assert.ok(duration <= 2 && duration >= 2 - shorter, `${id} ${kind} lasts ${duration}`);
        }
      }
    });

    test('can be heard, in every size', () => {
      for (const { id } of tiny.template.ladder) {
        const loudness = loudnessOf(join(folder, `${id}.mp4`));
        assert.ok(loudness > -35 && loudness < -8, `${id} has ${loudness} LUFS`);
      }
    });

    test('decodes without a complaint', () => {
      for (const { id } of tiny.template.ladder) {
        const said = execFileSync(
          program.path,
          ['-v', 'warning', '-xerror', '-err_detect', 'explode', '-i', join(folder, `${id}.mp4`), '-f', 'null', '-'],
          { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
        );
        assert.equal(said, '');
      }
    });

    test('keeps to profile and level', { skip: noFfprobe }, () => {
      const asked = tiny.template.ladder.map(({ id }) => {
        const args = [
          '-v',
          'error',
          '-select_streams',
          'v',
          '-show_entries',
          'stream=profile,level,pix_fmt',
          '-of',
          'csv=p=0',
          join(folder, `${id}.mp4`),
        ];
        return execFileSync('ffprobe', args, { encoding: 'utf8' }).trim();
      });
      // Level 1b is written as 11 with a constraint flag.
      assert.deepEqual(asked, ['High,yuv420p,40', 'Main,yuv420p,30', 'Constrained Baseline,yuv420p,11']);
    });

    test('makes a baseline JPEG of the poster, within its cap', () => {
      const poster = readFileSync(join(folder, 'poster.jpg'));
      assert.ok(poster.length <= tiny.template.poster.maxBytes);
      assert.deepEqual([...poster.subarray(0, 3)], [0xff, 0xd8, 0xff]);
      assert.deepEqual([...poster.subarray(-2)], [0xff, 0xd9]);
      assert.ok(poster.includes(Buffer.from([0xff, 0xc0])), 'there is no baseline frame header');
      assert.ok(!poster.includes(Buffer.from([0xff, 0xc2, 0x00, 0x11])), 'it is progressive');
    });

    test('tells its progress, rising to the end', () => {
      assert.deepEqual(
        fractions,
        [...fractions].sort((a, b) => a - b),
      );
      assert.equal(fractions.at(-1), 1);
      assert.ok(fractions.filter((fraction) => fraction > 0.5 && fraction < 1).length >= 2, `only ${fractions}`);
    });

    test('times its stages', () => {
      assert.deepEqual(Object.keys(result.stages), ['prepare', 'fill', 'draw', 'swap', 'encode', 'verify', 'publish']);
    });
  });
}

describe('a render that cannot be', () => {
  const refuses = async (
    t: Parameters<typeof temporaryFolder>[0],
    code: string,
    change: { readonly template: TemplateRef; readonly words?: Words },
    installed?: InstalledTemplate,
  ) => {
    const folder = temporaryFolder(t);
    await assert.rejects(
      render(
        { ...order, words: { ...words, ...change.words }, template: { ...change.template } },
        toolsIn(folder, ffmpeg, installed),
      ),
      { code },
    );
    assert.deepEqual(readdirSync(join(folder, 'jobs'), { recursive: true }), []);
  };

  test('of an unknown template', async (t) => {
    const folder = temporaryFolder(t);
    const asked = { ...order, template: { id: 'nothing', version: 'a'.repeat(64) } };
    await assert.rejects(render(asked, toolsIn(folder)), { code: 'unknown_template', retryable: false });
  });

  test('of a template that was replaced', async (t) => {
    const folder = temporaryFolder(t);
    const asked = { ...order, template: { id: 'tiny', version: 'a'.repeat(64) } };
    await assert.rejects(render(asked, toolsIn(folder)), { code: 'unknown_template', message: /replaced/ });
  });

  test('of words that do not fit, with nothing left', async (t) => {
    const version = changed((template) => ({
      ...template,
      bubbles: template.bubbles.map((bubble) => ({ ...bubble, limits: { ...bubble.limits, maxLength: 500 } })),
    }));
    await refuses(
      t,
      'words_do_not_fit',
      { template: version.ref, words: { hello: 'word '.repeat(99) } },
      version,
    ).catch((error) => {
      // The folder of jobs is made with the first attempt that gets that far.
      if (error.code !== 'ENOENT') throw error;
    });
  });

  test('within its cap, with nothing left', async (t) => {
    const version = changed((template) => ({
      ...template,
      ladder: [{ ...(template.ladder[0] as Rendition), maxBytes: 10_000 }],
    }));
    await refuses(t, 'too_large', { template: version.ref }, version);
  });
});

test('a rendition over its cap is encoded again until it fits', async (t) => {
  const [large] = tiny.template.ladder as [Rendition];
  const free = changed((template) => ({ ...template, ladder: [large] }));
  const usual = await render({ ...order, template: free.ref }, toolsIn(temporaryFolder(t), ffmpeg, free));
  const maxBytes = Math.floor((usual.outputs[0]?.bytes ?? 0) * 0.95);
  const capped = changed((template) => ({ ...template, ladder: [{ ...large, maxBytes }] }));
  const result = await render({ ...order, template: capped.ref }, toolsIn(temporaryFolder(t), ffmpeg, capped));
  const bytes = result.outputs[0]?.bytes ?? 0;
  assert.ok(bytes > maxBytes * 0.9 && bytes <= maxBytes, `${bytes} of at most ${maxBytes} bytes`);
});

test('a stopped render leaves nothing but the edition', async (t) => {
  const folder = temporaryFolder(t);
  const abort = new AbortController();
  const stopped = render(order, toolsIn(folder), {
    signal: abort.signal,
    onProgress: (_, stage) => stage === 'encode' && abort.abort(),
  });
  await assert.rejects(stopped, { code: 'aborted' });
  assert.deepEqual(readdirSync(join(folder, 'jobs')), []);
});

test('a job pinned to a template that was replaced renders from its edition', async (t) => {
  const folder = temporaryFolder(t);
  await openEditions(folder, ffmpeg).prepare(tiny, order.cast);
  const gone = { ...toolsIn(folder), catalog: async () => ({ list: () => [], get: () => undefined }) };
  assert.equal((await render(order, gone)).outputs.length, 4);
});
