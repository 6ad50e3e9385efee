/** Films made for real, words put into them, and the frames held against those of the re-encode path. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFilm } from '../../../src/media/film/film.js';
import { likenessOf } from '../../../src/media/film/likeness.js';
import { MOST } from '../../../src/media/film/swap-test.js';
import { loadFonts } from '../../../src/media/fonts.js';
import { framesOf } from '../../../src/media/ladder.js';
import { describeFilm, FILM_FILE, openFilm } from '../../../src/media/splice/film.js';
import { openPhrases } from '../../../src/media/splice/phrases.js';
import { reencodeCommand } from '../../../src/renderer/reencode.js';
import { swap, takes } from '../../../src/renderer/swap.js';
import { verifyRendition } from '../../../src/renderer/verify.js';
import { drawForRendition, layOutWords } from '../../../src/renderer/words.js';
import type { Template } from '../../../src/template/format.js';
import { type Clip, renditionOf, shoot, templateOf } from '../../fixtures/clip.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { ffmpeg } from '../../fixtures/video.js';

type Test = { after(clean: () => void): void; diagnostic(message: string): void };

/** Films a clip, `filter` laid over its footage, and makes its film. */
async function filmed(t: Test, clip: Clip, filter = '') {
  const folder = temporaryFolder(t);
  const template = templateOf(clip);
  const rendition = renditionOf(template);
  const footage = shoot(template, folder, filter);
  const made = join(folder, 'film');
  await mkdir(made);
  const fractions: number[] = [];
  const onProgress = (fraction: number) => void fractions.push(fraction);
  const source = { template, rendition, footage, audio: undefined };
  const description = await makeFilm(source, made, { ffmpeg, onProgress });
  return { folder, template, rendition, footage, made, description, fractions };
}

type Filmed = Awaited<ReturnType<typeof filmed>>;

const layOut = (template: Template, words: Record<string, string>) =>
  layOutWords(template, { cast: {}, words }, loadFonts());

/** Puts words into the film. Answers the file, looked through by a decoder that takes nothing for granted. */
async function swapInto({ folder, template, rendition, made }: Filmed, words: Record<string, string>): Promise<string> {
  const film = await openFilm(made);
  assert.ok(film);
  const laidOut = layOut(template, words);
  assert.ok(takes(film, laidOut, template, rendition));
  const out = join(folder, 'swapped.mp4');
  const job = { rendition, film, out };
  assert.deepEqual(await swap(laidOut, template, [job], openPhrases(folder, 1e8)), [job]);
  const strict = ['-v', 'warning', '-nostdin', '-xerror', '-err_detect', 'explode'];
  assert.equal(String(spawnSync(ffmpeg.path, [...strict, '-i', out, '-f', 'null', '-']).stderr), '');
  await verifyRendition(out, 'swapped.mp4', template, rendition);
  return out;
}

/** What the re-encode path makes of the words, at a quality at which it is a measure. */
async function reencode({ folder, template, rendition, footage }: Filmed, words: Record<string, string>) {
  const overlays = await drawForRendition(layOut(template, words), template, rendition, folder);
  const out = join(folder, overlays.length > 0 ? 'words.mp4' : 'blank.mp4');
  const job = { rendition, footage, audio: undefined, overlays, quality: { crf: 14 }, out };
  await ffmpeg.run(reencodeCommand(template, [job]));
  return out;
}

/** Frame by frame the swapped words are those of the re-encode path; where the ground alone differs, since small films are coarse, no more than it does. */
async function assertAlike(t: Test, work: Filmed, swapped: string, words: Record<string, string>): Promise<void> {
  const alike = await likenessOf(ffmpeg, swapped, await reencode(work, words));
  const blank = await likenessOf(ffmpeg, join(work.made, FILM_FILE), await reencode(work, {}));
  assert.equal(alike.length, framesOf(work.template, work.rendition));
  t.diagnostic(`least SSIM ${Math.min(...alike)}, without words ${Math.min(...blank)}`);
  for (const [frame, value] of alike.entries())
    assert.ok(
      value >= Math.min(0.98, (blank[frame] as number) - 0.003) && value > 0.95,
      `frame ${frame} has ${value}, without words ${blank[frame]}`,
    );
}

const box = (x: number, y: number, width: number, height: number) => ({ kind: 'box', x, y, width, height });

const cases: Record<string, Clip> = {
  '24 fps, High, a bubble from the first frame on': {
    ...{ width: 160, height: 112, fps: '24', duration: 0.75 },
    bubbles: [{ id: 'one', start: 0, end: 0.5, shape: box(32, 16, 96, 48) }],
  },
  '25 fps, Main, two bubbles at once': {
    ...{ width: 192, height: 128, fps: '25', duration: 0.8, rendition: { profile: 'main', level: '3.1' } },
    bubbles: [
      { id: 'one', start: 0.12, end: 0.52, shape: box(16, 16, 64, 32) },
      { id: 'two', start: 0.32, end: 0.68, shape: box(96, 64, 80, 48) },
    ],
  },
  '30000/1001 fps, 214x120, a bubble to the last frame': {
    ...{ width: 214, height: 120, fps: '30000/1001', duration: 0.6006 },
    bubbles: [{ id: 'one', start: 0.2, end: 0.6006, shape: box(110, 60, 104, 60) }],
  },
  '30 fps, portrait, an ellipse': {
    ...{ width: 112, height: 176, fps: '30', duration: 0.6 },
    bubbles: [{ id: 'one', start: 0.15, end: 0.45, shape: { kind: 'ellipse', x: 10, y: 22, width: 92, height: 76 } }],
  },
  '60 fps, one bubble right after another in its place': {
    ...{ width: 144, height: 96, fps: '60', duration: 0.5 },
    bubbles: [
      { id: 'one', start: 0.1, end: 0.25, shape: box(32, 16, 96, 48) },
      { id: 'two', start: 0.25, end: 0.4, shape: box(32, 16, 96, 48) },
    ],
  },
  'Baseline 1b, 15 of 30 fps, bars': {
    ...{ width: 320, height: 180, fps: '30', duration: 0.8 },
    rendition: { width: 176, height: 144, fps: '15', profile: 'baseline', level: '1b' },
    bubbles: [{ id: 'one', start: 0.2, end: 0.6, shape: box(60, 40, 180, 90) }],
  },
};

for (const [name, clip] of Object.entries(cases)) {
  test(`${name}: swapped frames are those of the re-encode path`, async (t) => {
    const work = await filmed(t, clip);
    const { description, made, fractions } = work;
    assert.deepEqual(description.refused, []);
    assert.deepEqual(
      description.areas.map(({ bubble }) => bubble),
      clip.bubbles.map(({ id }) => id),
    );
    for (const kind of ['inside', 'outside', 'after'] as const) assert.ok(description.swapTest[kind] <= MOST[kind]);
    assert.deepEqual(await describeFilm(made), JSON.parse(JSON.stringify(description)));
    assert.deepEqual(readdirSync(made).sort(), ['film.json', 'film.mp4', 'stills.yuv'], 'passing files are gone');
    assert.deepEqual(
      [...fractions].sort((a, b) => a - b),
      fractions,
    );
    assert.equal(fractions.at(-1), 1);

    const words = Object.fromEntries(clip.bubbles.map(({ id }, index) => [id, index === 0 ? '안녕 gg!' : 'Wow, 정말']));
    const swapped = await swapInto(work, words);
    await assertAlike(t, work, swapped, words);
    // And the words are there, exactly while their bubbles are: against the blank film.
    const without = await likenessOf(ffmpeg, swapped, join(made, FILM_FILE));
    for (const [frame, value] of without.entries()) {
      const isShown = description.areas.some(({ window }) => window.from <= frame && frame < window.to);
      assert.ok(isShown ? value < 0.97 : value > 0.995, `frame ${frame} has SSIM ${value} with the blank one`);
    }
  });
}

test('of two bubbles one may stay empty, or both', async (t) => {
  const work = await filmed(t, cases['25 fps, Main, two bubbles at once'] as Clip);
  const words = { one: '', two: 'Only here' };
  await assertAlike(t, work, await swapInto(work, words), words);
  const blank = readFileSync(join(work.made, FILM_FILE));
  assert.ok(readFileSync(await swapInto(work, { one: '', two: '' })).equals(blank), 'no words: the blank film');
});

test('a bubble behind which the picture moves is refused, the others are not', async (t) => {
  const clip = cases['25 fps, Main, two bubbles at once'] as Clip;
  const inside = 'between(X,120,140)*between(Y,70,90)*between(N,8,16)';
  const work = await filmed(
    t,
    clip,
    `format=yuv420p,geq=lum='if(${inside},mod(40*N,200),lum(X,Y))':cb='cb(X,Y)':cr='cr(X,Y)'`,
  );
  const { refused, areas } = work.description;
  assert.deepEqual(
    areas.map(({ bubble }) => bubble),
    ['one'],
  );
  assert.equal(refused[0]?.bubble, 'two');
  assert.match(
    refused[0]?.reason ?? '',
    /^The picture moves behind the words: by up to \d{2,3} of 256 levels, \d\.\d % /,
  );
  const film = await openFilm(work.made);
  assert.ok(film);
  const taken = (two: string) =>
    takes(film, layOut(work.template, { one: 'Hello', two }), work.template, work.rendition);
  assert.ok(taken(''));
  assert.ok(!taken('Hello'));
  const words = { one: 'Hello', two: '' };
  await assertAlike(t, work, await swapInto(work, words), words);
});

test('bubbles that share blocks while both are visible are refused; there is no film then', async (t) => {
  const { description, made } = await filmed(t, {
    ...{ width: 160, height: 112, fps: '25', duration: 0.6 },
    bubbles: [
      { id: 'one', start: 0.12, end: 0.4, shape: box(16, 16, 40, 32) },
      { id: 'two', start: 0.36, end: 0.56, shape: box(56, 40, 64, 32) },
    ],
  });
  assert.deepEqual(description.areas, []);
  assert.deepEqual(description.refused, [
    { bubble: 'one', reason: 'It shares blocks of 16 pixels with "two", which is visible at the same time.' },
    { bubble: 'two', reason: 'It shares blocks of 16 pixels with "one", which is visible at the same time.' },
  ]);
  assert.equal(await openFilm(made), undefined);
  assert.deepEqual(readdirSync(made), ['film.json']);
});

test('of the bubbles in a picture that the level does not allow only the largest is given up', async (t) => {
  const { description } = await filmed(t, {
    ...{ width: 160, height: 112, fps: '25', duration: 0.6, rendition: { profile: 'main', level: '3.0' } },
    bubbles: [
      { id: 'small', start: 0, end: 0.16, shape: box(96, 80, 48, 16) },
      { id: 'large', start: 0, end: 0.3, shape: box(16, 16, 64, 48) },
      { id: 'late', start: 0.36, end: 0.56, shape: box(32, 32, 64, 48) },
    ],
  });
  assert.deepEqual(
    description.areas.map(({ bubble }) => bubble),
    ['small', 'late'],
  );
  const [{ bubble, reason }] = description.refused as [(typeof description.refused)[number]];
  assert.equal(bubble, 'large');
  assert.match(reason, /15 slices in a picture pass the 10 of its level/);
});

test('a picture that the level does not allow is a reason, not a failure', async (t) => {
  // Main 3.0 allows the first picture of a small film ten slices (A.3.3); beside a bubble of three rows stand six, and one above and below.
  const { description, made } = await filmed(t, {
    ...{ width: 160, height: 112, fps: '25', duration: 0.4, rendition: { profile: 'main', level: '3.0' } },
    bubbles: [{ id: 'one', start: 0, end: 0.3, shape: box(32, 32, 64, 48) }],
  });
  assert.deepEqual(description.areas, []);
  assert.equal(description.refused[0]?.bubble, 'one');
  assert.match(description.refused[0]?.reason ?? '', /11 slices in a picture pass the 10 of its level/);
  assert.equal(await openFilm(made), undefined);
});
