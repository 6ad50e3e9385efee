/** The checks of `npm run verify` find what they are for: each is shown a file that is right and one in which just its thing is wrong. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { likenessOf } from '../../src/media/film/likeness.js';
import { loadFonts } from '../../src/media/fonts.js';
import { BitWriter, toRbsp, toUnit } from '../../src/media/h264/bits.js';
import { readParameterSets } from '../../src/media/h264/parameter-sets.js';
import { readSliceHeader, type SliceHeader, writeSliceHeader } from '../../src/media/h264/slice-header.js';
import { joinLengths, splitLengths, UnitType, unitType } from '../../src/media/h264/units.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { fpsOfRendition, framesOf } from '../../src/media/ladder.js';
import { readMp4Index, replaceSamples, sampleOf } from '../../src/media/mp4/samples.js';
import { type Edition, openEditions } from '../../src/media/prepare/editions.js';
import { FILM_FILE, type Film, openFilm } from '../../src/media/splice/film.js';
import type { Rendition } from '../../src/template/format.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { tinyFolder } from '../fixtures/tiny.js';
import { ffmpeg, noFfprobe } from '../fixtures/video.js';
import { conformanceFlaws } from './checks/conformance.js';
import { decode, seekFlaws } from './checks/decoding.js';
import { expectedIn, likenessToExpected } from './checks/expected.js';
import { probe, structureFlaws } from './checks/structure.js';
import { Findings } from './findings.js';
import { openRenderers, type Rendered } from './outputs.js';
import { Masks } from './pictures/masks.js';
import { watchTogether } from './pictures/side-by-side.js';
import { ssimOf, windowsWithin } from './pictures/ssim.js';
import { wordSets } from './word-sets.js';

const tiny = await loadTemplate(tinyFolder);
/** Of the middle size alone. */
const template = { ...tiny.template, ladder: tiny.template.ladder.slice(1, 2) };
const installed = { ref: { id: 'tiny', version: 'd'.repeat(64) }, folder: tinyFolder, template };
const rendition = template.ladder[0] as Rendition;
const fps = fpsOfRendition(template, rendition);
const words = { hello: 'Hello, 세상!', bye: 'Bye 👋' };
const fonts = loadFonts();

describe('a file that is right, and files that are not', { skip: noFfprobe }, () => {
  const folder = temporaryFolder({ after });
  const editions = openEditions(folder, ffmpeg);
  let edition: Edition;
  let film: Film;
  let blank: string;
  let rendered: Rendered;
  let file: Buffer;

  before(async () => {
    edition = await editions.prepare(installed, { ball: 'red' });
    await editions.film(edition);
    film = (await openFilm(edition.film(rendition))) as Film;
    blank = join(edition.film(rendition), FILM_FILE);
    rendered = await openRenderers(ffmpeg, fonts, editions, folder).render(edition, words);
    file = readFileSync(rendered.file(rendition));
  });

  /** The file with some samples made anew. */
  function changed(change: (units: Uint8Array[], frame: number) => Uint8Array[], frames: readonly number[]): Buffer {
    const index = readMp4Index(file);
    const track = index.tracks.find(({ handler }) => handler === 'vide') as Film['track'];
    const samples = frames.map((frame): [number, Uint8Array] => {
      const units = splitLengths(sampleOf(file, track, frame), film.lengthSize);
      return [frame, joinLengths(change(units, frame), film.lengthSize)];
    });
    return Buffer.concat(replaceSamples(file, index, track, new Map(samples)));
  }

  /** A slice with another header. */
  function withHeader(unit: Uint8Array, change: Partial<SliceHeader>): Uint8Array {
    const { configuration } = film.track;
    const sets = readParameterSets([...(configuration?.sequenceSets ?? []), ...(configuration?.pictureSets ?? [])]);
    const rbsp = toRbsp(unit);
    const { header, end } = readSliceHeader(rbsp, sets);
    const bits = new BitWriter(rbsp.length + 8);
    writeSliceHeader(bits, { ...header, ...change }, sets);
    return toUnit(
      bits
        .align(1)
        .copy(rbsp, (end + 7) & ~7, rbsp.length * 8)
        .bytes(),
    );
  }

  const isSlice = (unit: Uint8Array) => unitType(unit) === UnitType.idr;

  test('conformance', () => {
    assert.deepEqual(conformanceFlaws(file, fps.value), []);
    const cuts = film.cuts.map(({ frame }) => frame);
    const [cut = 0] = cuts;
    const flawsOf = (change: (units: Uint8Array[], frame: number) => Uint8Array[], frames: readonly number[]) =>
      conformanceFlaws(changed(change, frames), fps.value).join();
    const sameId = (units: Uint8Array[]) =>
      units.map((unit) => (isSlice(unit) ? withHeader(unit, { idrPictureId: 9 }) : unit));
    assert.match(flawsOf(sameId, cuts), /idr_pic_id of the key frame before/);
    const oneOther = (units: Uint8Array[]) => [
      ...units.slice(0, -1),
      withHeader(units.at(-1) as Uint8Array, { orderCountLsb: 2 }),
    ];
    assert.match(flawsOf(oneOther, [cut]), /another orderCountLsb/);
    assert.match(
      flawsOf((units) => [...units].reverse(), [cut]),
      /does not come after|does not begin at/,
    );
    assert.match(
      flawsOf((units) => [...units, new Uint8Array(400_000).fill(12)], [cut]),
      /bytes passes/,
    );
    assert.match(
      flawsOf((units) => units.filter((unit) => unitType(unit) !== UnitType.sei), [0]),
      /does not say/,
    );
  });

  test('structure', async () => {
    const wanted = {
      frames: framesOf(template, rendition),
      film: await probe(blank),
      cuts: film.cuts.map(({ frame }) => frame),
    };
    assert.deepEqual(await structureFlaws(rendered.file(rendition), wanted), []);
    const path = join(folder, 'other.mp4');
    const last = wanted.frames - 1;
    writeFileSync(
      path,
      changed((units) => [...units, Uint8Array.of(12, 255)], [last]),
    );
    assert.match((await structureFlaws(path, wanted)).join(), /other bytes than the film's/);
    const again = ['-y', '-v', 'error', '-i', rendered.file(rendition)];
    execFileSync(ffmpeg.path, [...again, '-c', 'copy', path]);
    assert.match((await structureFlaws(path, wanted)).join(), /index lies behind/);
    const late = ['-itsoffset', '0.5', '-i', rendered.file(rendition), '-map', '0:v', '-map', '1:a'];
    execFileSync(ffmpeg.path, [...again, ...late, '-c', 'copy', path]);
    assert.match((await structureFlaws(path, wanted)).join(), /edit lists are not|other times/);
    execFileSync(ffmpeg.path, [...again, '-c', 'copy', '-t', '1', path]);
    assert.match((await structureFlaws(path, wanted)).join(), /of 50 frames/);
  });

  test('decoding and seeking', async () => {
    const { digests, flaws } = await decode(ffmpeg.path, rendered.file(rendition));
    assert.deepEqual(flaws, []);
    assert.equal(digests.length, framesOf(template, rendition));
    const all = digests.map((_, frame) => frame);
    assert.deepEqual(await seekFlaws(ffmpeg.path, rendered.file(rendition), fps, all.slice(5, 45), digests), []);
    const other = await seekFlaws(
      ffmpeg.path,
      rendered.file(rendition),
      fps,
      [20],
      digests.with(20, digests[40] ?? ''),
    );
    assert.deepEqual(other, ['from frame 20 on another picture comes']);
    const path = join(folder, 'torn.mp4');
    const [cut = 0] = film.cuts.map(({ frame }) => frame);
    writeFileSync(
      path,
      changed((units) => units.slice(0, -1), [cut]),
    );
    assert.notDeepEqual((await decode(ffmpeg.path, path)).flaws, []);
  });

  test('pictures', async () => {
    const subject = { template, rendition, film, masks: new Masks(rendition, film.areas) };
    const order = { cast: edition.cast, words };
    const files = { swapped: rendered.file(rendition), blank };
    const right = await likenessToExpected(
      ffmpeg,
      subject,
      files,
      await expectedIn(film, template, rendition, order, fonts),
    );
    assert.ok(
      right.ssim > 0.98 && right.levels <= 24 && right.psnr > 38 && right.around <= 2 && right.after <= 14,
      JSON.stringify(right),
    );
    const other = { ...order, words: { ...words, hello: 'Hello, 새상!' } };
    const wrong = await likenessToExpected(
      ffmpeg,
      subject,
      files,
      await expectedIn(film, template, rendition, other, fonts),
    );
    assert.ok(wrong.levels > 100, `a letter that is another: ${wrong.levels} levels, right: ${right.levels}`);
    const footage = { ...files, blank: edition.footage(rendition) };
    const apart = await likenessToExpected(
      ffmpeg,
      subject,
      footage,
      new Map(film.areas.map((area) => [area, area.still])),
    );
    assert.ok(apart.around > 14 && apart.after > 14, 'another encode of the same is not the film');
  });

  test('SSIM over the whole picture is that of ffmpeg', async () => {
    const frames = framesOf(template, rendition);
    const windows = windowsWithin(
      new Uint8Array(rendition.width * rendition.height).fill(1),
      rendition.width,
      rendition.height,
    );
    const own: number[] = [];
    const files = [edition.footage(rendition), blank];
    await watchTogether(ffmpeg, files, rendition, frames, ([one, other]) => {
      if (one && other) own.push(ssimOf(one.luma, other.luma, rendition.width, windows));
    });
    const theirs = await likenessOf(ffmpeg, edition.footage(rendition), blank);
    assert.equal(own.length, frames);
    for (const [frame, value] of theirs.entries())
      assert.ok(Math.abs(value - (own[frame] ?? 0)) < 2e-6, `frame ${frame}`);
  });
});

test('word sets are the same for the same seed, and of every kind', () => {
  const sets = wordSets(template, fonts, 20, 3);
  assert.deepEqual(sets, wordSets(template, fonts, 20, 3));
  assert.notDeepEqual(sets, wordSets(template, fonts, 20, 4));
  assert.deepEqual(sets[0]?.words.bye, '');
  assert.notEqual(sets[0]?.words.hello, '', 'it must have words');
  const told = sets.map(({ words }) => Object.values(words).join()).join();
  for (const script of [/\p{Script=Latin}/u, /\p{Script=Hangul}/u, /\p{Script=Arabic}/u, /\p{Emoji_Presentation}/u])
    assert.match(told, script);
});

test('findings keep the worst and count what failed', () => {
  const findings = new Findings();
  findings.measure('a', 'ssim', 0.99, { least: 0.98 }, 'here');
  findings.measure('a', 'ssim', 0.97, { least: 0.98 }, 'there');
  findings.measure('b', 'levels', Number.NaN, { most: 2 }, 'nowhere');
  findings.hold('a', 'silent', ['it speaks'], 'now');
  findings.hold('a', 'silent', []);
  assert.deepEqual(
    findings
      .list()
      .map(({ rendition: id, check, done, worst, failed, failures }) => [id, check, done, worst, failed, failures]),
    [
      ['a', 'ssim', 2, 0.97, 1, ['there: 0.97, must be >= 0.98']],
      ['a', 'silent', 2, undefined, 1, ['now: it speaks']],
      ['b', 'levels', 1, Number.NaN, 1, ['nowhere: NaN, must be <= 2']],
    ],
  );
});
