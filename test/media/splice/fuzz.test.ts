/** Films that are torn, foreign or wrong: words are not put into them, and a job takes the re-encode path. Never another error, a hang, or a broken file. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { StoryfarmError } from '../../../src/errors.js';
import { filled, WHITE } from '../../../src/media/film/swap-test.js';
import { loadFonts } from '../../../src/media/fonts.js';
import { loadTemplate } from '../../../src/media/install/catalog.js';
import { readMp4Index, sampleOf } from '../../../src/media/mp4/samples.js';
import { type Edition, openEditions } from '../../../src/media/prepare/editions.js';
import {
  DESCRIPTION_FILE,
  describeFilm,
  FILM_FILE,
  type Film,
  type FilmDescription,
  filmOf,
  openFilm,
  STILLS_FILE,
} from '../../../src/media/splice/film.js';
import { openPhrases } from '../../../src/media/splice/phrases.js';
import { encodeArea, spliceRows } from '../../../src/media/splice/splice.js';
import type { Rendition } from '../../../src/template/format.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { tinyFolder } from '../../fixtures/tiny.js';
import { ffmpeg } from '../../fixtures/video.js';
import { openRenderers } from '../../verify/outputs.js';

const tiny = await loadTemplate(tinyFolder);
/** One of CABAC and one of CAVLC; the larger one would only take time. */
const small = {
  ref: { id: 'tiny', version: 'e'.repeat(64) },
  folder: tinyFolder,
  template: { ...tiny.template, ladder: tiny.template.ladder.slice(1) },
};
const words = { hello: '안녕, torn world!', bye: 'Bye 👋' };
const isRefusal = (error: unknown) => error instanceof StoryfarmError && error.code === 'not_spliceable';

/** Damage to bytes, in places given as fractions of their length. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fraction(), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('put' as const), at: fraction(), byte: fc.constantFrom(0, 1, 3, 127, 128, 255) }),
  fc.record({
    kind: fc.constant('number' as const),
    at: fraction(),
    number: fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff),
  }),
  fc.record({ kind: fc.constant('drop' as const), at: fraction(), bytes: fc.integer({ min: 1, max: 5000 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at: fraction(), bytes: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: fraction() }),
);
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function fraction() {
  return fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
}

/** `from` and `to`: the part of the bytes that is damaged. */
function damaged(bytes: Buffer, how: Damage, from = 0, to = bytes.length): Buffer {
  const at = from + Math.floor(how.at * (to - from));
  const copy = Buffer.from(bytes);
  if (how.kind === 'flip') copy[at] = (copy[at] ?? 0) ^ (1 << how.bit);
  if (how.kind === 'put') copy[at] = how.byte;
  if (how.kind === 'number') copy.writeUInt32BE(how.number, Math.min(at, copy.length - 4));
  if (how.kind === 'drop') return Buffer.concat([copy.subarray(0, at), copy.subarray(at + how.bytes)]);
  if (how.kind === 'repeat')
    return Buffer.concat([copy.subarray(0, at), copy.subarray(at, at + how.bytes), copy.subarray(at)]);
  return how.kind === 'cut' ? copy.subarray(0, at) : copy;
}

/** White words in all bubbles. */
function withWords(film: Film, fps: number): Buffer {
  const rows = film.cuts.map((at) => {
    const areas = at.areas.map((number) => film.areas[number] as Film['areas'][number]);
    return new Map(
      areas.flatMap((area) => [...encodeArea(area, filled(area, WHITE), at, film.description.quality.words)]),
    );
  });
  return Buffer.concat(spliceRows(film, rows, fps));
}

describe('films that are not as they were made', () => {
  const dataFolder = temporaryFolder({ after });
  const editions = openEditions(dataFolder, ffmpeg);
  let edition: Edition;
  let ladder: readonly [Rendition, Rendition];
  const folderOf = (rendition: Rendition) => edition.film(rendition);
  const read = (rendition: Rendition, name: string) => readFileSync(join(folderOf(rendition), name));
  const description = async (rendition: Rendition) => (await describeFilm(folderOf(rendition))) as FilmDescription;

  before(async () => {
    edition = await editions.prepare(small, { ball: 'green' });
    await editions.film(edition);
    ladder = edition.template.ladder as unknown as [Rendition, Rendition];
    for (const rendition of ladder) assert.equal((await openFilm(folderOf(rendition)))?.areas.length, 2);
  });

  test('any damage to a stored film is found when it is opened', async () => {
    const folder = join(dataFolder, 'damaged.film');
    const names = fc.constantFrom(FILM_FILE, STILLS_FILE);
    await fc.assert(
      fc.asyncProperty(fc.nat(1), names, damage, async (which, name, how) => {
        const rendition = ladder[which] as Rendition;
        cpSync(folderOf(rendition), folder, { recursive: true });
        const bytes = read(rendition, name);
        const changed = damaged(bytes, how);
        fc.pre(!changed.equals(bytes));
        writeFileSync(join(folder, name), changed);
        await assert.rejects(openFilm(folder), isRefusal);
      }),
      { numRuns: 100 },
    );
    for (const rendition of ladder) {
      for (const name of [FILM_FILE, STILLS_FILE, DESCRIPTION_FILE]) {
        cpSync(folderOf(rendition), folder, { recursive: true });
        rmSync(join(folder, name));
        await assert.rejects(openFilm(folder), isRefusal, `without ${name}`);
      }
      const other = ladder.find((candidate) => candidate !== rendition) as Rendition;
      for (const name of [FILM_FILE, STILLS_FILE]) {
        cpSync(folderOf(rendition), folder, { recursive: true });
        writeFileSync(join(folder, name), read(other, name));
        await assert.rejects(openFilm(folder), isRefusal, `with ${name} of another film`);
      }
    }
  });

  test('a damaged description is refused, or says the same', async () => {
    const folder = join(dataFolder, 'described.film');
    await fc.assert(
      fc.asyncProperty(fc.nat(1), damage, async (which, how) => {
        const rendition = ladder[which] as Rendition;
        cpSync(folderOf(rendition), folder, { recursive: true });
        writeFileSync(join(folder, DESCRIPTION_FILE), damaged(read(rendition, DESCRIPTION_FILE), how));
        const film = await openFilm(folder).catch((error) => assert.ok(isRefusal(error), String(error)));
        if (film) assert.deepEqual(film.description, await description(rendition));
      }),
      { numRuns: 200 },
    );
  });

  test('places that are not those of the film are refused, or give a film whose pictures are whole', async () => {
    const decoded = new Set<string>();
    const shift = fc.integer({ min: -3, max: 3 });
    const change = fc.record({
      area: fc.nat(1),
      row: fc.nat(3),
      x: shift,
      y: shift,
      width: shift,
      from: shift,
      to: shift,
    });
    let taken = 0;
    for (const rendition of ladder) {
      const own = await description(rendition);
      const [file, stills] = [read(rendition, FILM_FILE), read(rendition, STILLS_FILE)];
      fc.assert(
        fc.property(change, fc.constantFrom('x', 'y', 'width', 'from', 'to'), ({ area, row, ...by }, field) => {
          const changed = structuredClone(own) as {
            areas: { window: Record<string, number>; rows: Record<string, number>[] }[];
          };
          const place = changed.areas[area];
          const target = field === 'from' || field === 'to' ? place?.window : place?.rows[row];
          if (!target) return;
          target[field] = (target[field] ?? 0) + by[field as keyof typeof by];
          try {
            decodeWhole(filmOf(changed as unknown as FilmDescription, file, stills), decoded);
            taken++;
          } catch (error) {
            if (!isRefusal(error)) throw error;
          }
        }),
        { numRuns: 150 },
      );
    }
    assert.ok(taken > 0, 'nothing was ever taken');
  });

  /** Puts words in, and decodes strictly; equal files once. */
  function decodeWhole(film: Film, decoded: Set<string>): void {
    let file: Buffer;
    try {
      file = withWords(film, 25);
    } catch (error) {
      if (isRefusal(error)) return;
      throw error;
    }
    const key = file.toString('base64');
    if (decoded.has(key)) return;
    decoded.add(key);
    const path = join(dataFolder, 'whole.mp4');
    writeFileSync(path, file);
    assert.equal(strictly(path), '');
  }

  test('a film of other bytes with the right hash is refused, or words change nothing else in it', async () => {
    for (const rendition of ladder) {
      const own = await description(rendition);
      const [file, stills] = [read(rendition, FILM_FILE), read(rendition, STILLS_FILE)];
      const index = readMp4Index(file);
      const track = index.tracks.find(({ handler }) => handler === 'vide') as (typeof index.tracks)[number];
      const media = index.media[0]?.content ?? 0;
      const cuts = own.areas.map(({ window }) => track.offsets[window.from] as number);
      // Where damage tells: the index, the beginnings of the key frames that take words, and anywhere.
      const parts = [[0, media], [0, media], ...cuts.map((at) => [at, at + 40]), [media, file.length]] as [
        number,
        number,
      ][];
      let taken = 0;
      let refused = 0;
      fc.assert(
        fc.property(fc.constantFrom(...parts), damage, ([from, to], how) => {
          const changed = damaged(file, how, from, to);
          const before = process.cpuUsage();
          try {
            const film = filmOf(own, changed, stills);
            assertOnlyCutsDiffer(film, withWords(film, 25));
            taken++;
          } catch (error) {
            if (!isRefusal(error)) throw error;
            refused++;
          }
          // Of its own work: how long that took by the clock depends on what else the machine does.
          assert.ok(process.cpuUsage(before).user < 2e6, 'it took seconds');
        }),
        { numRuns: 400 },
      );
      assert.ok(taken > 0 && refused > 0, `${taken} taken, ${refused} refused`);
    }
  });

  test('stills and truncated films with the right hash are refused', async () => {
    for (const rendition of ladder) {
      const own = await description(rendition);
      const [file, stills] = [read(rendition, FILM_FILE), read(rendition, STILLS_FILE)];
      for (let part = 0; part < 40; part++) {
        const cut = (bytes: Buffer) => bytes.subarray(0, Math.floor((bytes.length * part) / 40));
        assert.throws(() => filmOf(own, cut(file), stills), isRefusal);
        assert.throws(() => filmOf(own, file, cut(stills)), isRefusal);
      }
      assert.throws(() => filmOf(own, file, Buffer.concat([stills, stills])), isRefusal);
    }
  });

  test('damaged entries of the phrase cache are misses', async () => {
    const folder = join(dataFolder, 'cache');
    const phrases = openPhrases(folder, 1e6);
    const content = Buffer.from('encoded rows '.repeat(20));
    phrases.put(['rows', 'hello'], content);
    phrases.flush();
    assert.deepEqual(phrases.get(['rows', 'hello']), content);
    const [path] = readdirSync(join(folder, 'phrases'), { recursive: true })
      .map((name) => join(folder, 'phrases', String(name)))
      .filter((name) => statSync(name).isFile()) as [string];
    const entry = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        const changed = damaged(entry, how);
        fc.pre(!changed.equals(entry));
        writeFileSync(path, changed);
        assert.equal(phrases.get(['rows', 'hello']), undefined);
      }),
      { numRuns: 100 },
    );
  });

  test('a job whose films are torn is encoded, and comes out whole', async () => {
    const tear: readonly ((folder: string) => void)[] = [
      (folder) => writeFileSync(join(folder, FILM_FILE), readFileSync(join(folder, FILM_FILE)).subarray(0, 9000)),
      (folder) => writeFileSync(join(folder, DESCRIPTION_FILE), '{"format": 1'),
      (folder) => rmSync(join(folder, STILLS_FILE)),
    ];
    for (const [number, tearFilm] of tear.entries()) {
      const copy = join(dataFolder, `torn-${number}`);
      cpSync(join(dataFolder, 'editions'), join(copy, 'editions'), { recursive: true });
      const own = openEditions(copy, ffmpeg);
      const found = (await own.find(small.ref, { ball: 'green' })) as Edition;
      const [torn, whole] = found.template.ladder as unknown as [Rendition, Rendition];
      tearFilm(found.film(torn));
      const rendered = await openRenderers(ffmpeg, loadFonts(), own, copy).render(found, words);
      assert.notEqual(rendered.stages.encode, undefined, 'nothing was encoded');
      for (const rendition of [torn, whole]) assert.equal(strictly(rendered.file(rendition)), '');
      assert.equal(await own.describe(found, torn), undefined, 'the torn film is not made again');
      assert.notEqual(await own.describe(found, whole), undefined, 'the whole film is gone');
    }
  });
});

/** What ffmpeg says when it decodes a file strictly. */
function strictly(file: string): string {
  const options = ['-v', 'warning', '-nostdin', '-xerror', '-err_detect', 'explode', '-threads', '1'];
  const script = '"$0" "$@" 2>&1 || echo failed';
  return execFileSync('sh', ['-c', script, ffmpeg.path, ...options, '-i', file, '-f', 'null', '-'], {
    encoding: 'utf8',
  });
}

/** The index says what the film's says, but for the sizes and places that moved; all samples but those of the cuts are the same bytes. */
function assertOnlyCutsDiffer(film: Film, file: Buffer): void {
  const { tracks } = readMp4Index(file);
  assert.equal(tracks.length, film.index.tracks.length);
  const cuts = film.cuts.map(({ frame }) => frame);
  for (const [number, track] of tracks.entries()) {
    const old = film.index.tracks[number] as (typeof tracks)[number];
    assert.deepEqual(track.durations, old.durations);
    assert.equal(track.sizes.length, old.sizes.length);
    for (let sample = 0; sample < track.sizes.length; sample++) {
      if (old === film.track && cuts.includes(sample)) continue;
      assert.ok(sampleOf(file, track, sample).equals(sampleOf(film.file, old, sample)), `sample ${sample}`);
    }
  }
}
