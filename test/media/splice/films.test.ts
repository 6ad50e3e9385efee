import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sha256, unseal } from '../../../src/media/digest.js';
import { makeFilm } from '../../../src/media/film/film.js';
import { isUnspliceable } from '../../../src/media/h264/bits.js';
import { blankPlanes } from '../../../src/media/planes.js';
import { clearTorn } from '../../../src/media/prepare/torn.js';
import { conditionOf } from '../../../src/media/splice/condition.js';
import { FILM_FILE, type Film, type FilmDescription, openFilm } from '../../../src/media/splice/film.js';
import { Films } from '../../../src/media/splice/films.js';
import { encodeArea, spliceRows } from '../../../src/media/splice/splice.js';
import { renditionOf, shoot, templateOf } from '../../fixtures/clip.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { changeSealed } from '../../fixtures/sealed.js';
import { ffmpeg } from '../../fixtures/video.js';

const folder = temporaryFolder({ after });
const made = join(folder, 'film');

before(async () => {
  const template = templateOf({
    ...{ width: 96, height: 80, fps: '25', duration: 0.4 },
    bubbles: [{ id: 'one', start: 0.12, end: 0.32, shape: { kind: 'box', x: 16, y: 16, width: 64, height: 32 } }],
  });
  const source = { template, rendition: renditionOf(template), footage: shoot(template, folder), audio: undefined };
  mkdirSync(made);
  await makeFilm(source, made, { ffmpeg });
});

function copyOf(t: Parameters<typeof temporaryFolder>[0]): string {
  const copy = join(temporaryFolder(t), 'film');
  cpSync(made, copy, { recursive: true });
  return copy;
}

function describe(copy: string, change: (description: FilmDescription) => object): void {
  changeSealed(join(copy, 'film.json'), change);
}

test('a torn or foreign film is told, whatever is torn', async (t) => {
  const breaks: Record<string, (copy: string) => void> = {
    'the film is cut off': (copy) => truncateSync(join(copy, 'film.mp4'), 5000),
    'the film is gone': (copy) => rmSync(join(copy, 'film.mp4')),
    'a byte of the film is another': (copy) => {
      const bytes = readFileSync(join(copy, 'film.mp4'));
      bytes[bytes.length - 9] = (bytes[bytes.length - 9] as number) ^ 1;
      writeFileSync(join(copy, 'film.mp4'), bytes);
    },
    'the stills are cut off': (copy) => truncateSync(join(copy, 'stills.yuv'), 100),
    'the description is half': (copy) => truncateSync(join(copy, 'film.json'), 200),
    'the description is of another format': (copy) => describe(copy, (film) => ({ ...film, format: 0 })),
    'the stills are of other areas': (copy) =>
      describe(copy, (film) => ({ ...film, areas: [...film.areas, ...film.areas] })),
    'the stills are too many': (copy) =>
      describe(copy, (film) => ({ ...film, areas: film.areas.map((area) => ({ ...area, rows: area.rows.slice(1) })) })),
  };
  for (const [name, tear] of Object.entries(breaks)) {
    const copy = copyOf(t);
    tear(copy);
    await assert.rejects(new Films().open(copy), { code: 'not_spliceable' }, name);
    assert.equal((await conditionOf(copy)).state, 'torn', name);
    assert.deepEqual([await clearTorn(copy), existsSync(copy), (await conditionOf(copy)).state], [true, false, 'none']);
  }
  assert.ok(await new Films().open(copyOf(t)));
});

test('no folder is no film, and a film without areas is none', async (t) => {
  assert.equal(await new Films().open(join(folder, 'nowhere')), undefined);
  const copy = copyOf(t);
  describe(copy, (film) => ({ ...film, areas: [], files: {} }));
  assert.equal(await new Films().open(copy), undefined);
});

test('a film is opened once, and anew when it was made anew', async (t) => {
  const films = new Films();
  const copy = copyOf(t);
  const film = await films.open(copy);
  assert.ok(film);
  assert.ok((await films.open(copy)) === film);
  utimesSync(join(copy, 'film.json'), 1000, 1000);
  const anew = await films.open(copy);
  assert.ok(anew && anew !== film);
  assert.ok((await films.open(copy)) === anew);
  rmSync(copy, { recursive: true });
  assert.equal(await films.open(copy), undefined, 'it was deleted');
});

test('of many films those are let go that were not used for longest', async (t) => {
  // 20 MB each, of which two are kept open in 48 MB: films with an empty box (ISO/IEC 14496-12, 8.1.2) at their end.
  const padding = Buffer.alloc(20 << 20);
  padding.writeUInt32BE(padding.length);
  padding.write('free', 4, 'latin1');
  const folders = [1, 2, 3].map(() => {
    const copy = copyOf(t);
    const bytes = Buffer.concat([readFileSync(join(copy, FILM_FILE)), padding]);
    writeFileSync(join(copy, FILM_FILE), bytes);
    describe(copy, (film) => ({ ...film, files: { ...film.files, [FILM_FILE]: sha256(bytes) } }));
    return copy;
  }) as [string, string, string];
  const films = new Films();
  const [a, b, c] = folders;
  const first = await films.open(a);
  const second = await films.open(b);
  assert.ok((await films.open(a)) === first, 'two have room');
  const third = await films.open(c);
  assert.ok((await films.open(a)) === first, 'it was used last but one');
  assert.ok((await films.open(c)) === third);
  assert.ok((await films.open(b)) !== second, 'it was not used for longest');
});

test('rows that have no place in a film are refused, and pictures that pass its level', async () => {
  const film = (await openFilm(made)) as Film;
  const [area] = film.areas;
  const [cut] = film.cuts;
  assert.ok(area && cut);
  const unspliceable = (error: unknown) => isUnspliceable(error);
  assert.throws(
    () => spliceRows(film, [new Map([[9, Uint8Array.of(1)]])], 25),
    unspliceable,
    'it is no slice of a bubble',
  );
  const rows = encodeArea(
    area,
    { planes: blankPlanes(area.still.width, area.still.height), rows: [true, false] },
    cut,
    20,
  );
  assert.deepEqual([...rows.keys()], [(area.rows[0]?.y ?? 0) * 6 + (area.rows[0]?.x ?? 0)]);
  assert.ok(Buffer.concat(spliceRows(film, [rows], 25)).length > 0);
  // Level 4.0 allows a picture 943,718 bytes at 25 frames a second.
  const huge = new Map([...rows].map(([first]) => [first, Buffer.alloc(943_718, 1)] as const));
  assert.throws(() => spliceRows(film, [huge], 25), {
    code: 'not_spliceable',
    message: /passes the 943718 of its level/,
  });
});

test('without rows the pieces are the film itself', async () => {
  const film = (await openFilm(made)) as Film;
  assert.deepEqual(spliceRows(film, [new Map()], 25), [film.file]);
});

test('only what cannot be spliced means the other path', () => {
  assert.equal(isUnspliceable(new Error('the disk is gone')), false);
});

test('a whole film is told as it is described, and stays', async (t) => {
  const copy = copyOf(t);
  const description = unseal(readFileSync(join(copy, 'film.json'), 'utf8'));
  assert.deepEqual(await conditionOf(copy), { state: 'whole', description });
  assert.deepEqual([await clearTorn(copy), existsSync(copy)], [false, true]);
});
