/** Jobs on the swap path: when it is taken, when not, and that what comes out is the same. */

import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { asStoryfarmError } from '../../src/errors.js';
import type { RenderOrder } from '../../src/ipc/messages.js';
import type { JobResult } from '../../src/job.js';
import { likenessOf } from '../../src/media/film/likeness.js';
import { loadFonts } from '../../src/media/fonts.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { type Edition, openEditions } from '../../src/media/prepare/editions.js';
import type { Film, FilmDescription } from '../../src/media/splice/film.js';
import { Films } from '../../src/media/splice/films.js';
import { type PhraseRows, packRows, unpackRows } from '../../src/media/splice/pack.js';
import { openPhrases } from '../../src/media/splice/phrases.js';
import type { EncodedRows } from '../../src/media/splice/splice.js';
import { openStorage } from '../../src/media/storage.js';
import { DAMAGED, NOT_PREPARED, TORN } from '../../src/paths.js';
import { openOrRemove } from '../../src/renderer/opening.js';
import { NO_ROOM, refusalOf, TORN_AND_KEPT } from '../../src/renderer/paths.js';
import { render } from '../../src/renderer/render.js';
import { swap, writeAll } from '../../src/renderer/swap.js';
import { layOutWords } from '../../src/renderer/words.js';
import type { InstalledTemplate } from '../../src/template/catalog.js';
import type { Bubble, Rendition, Template } from '../../src/template/format.js';
import { writeTemplate } from '../fixtures/clip.js';
import { cannotMount, mountDisk, smallDisk } from '../fixtures/disk.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { changeSealed } from '../fixtures/sealed.js';
import { ffmpeg } from '../fixtures/video.js';

const cast = { ball: 'red' };
const words = { one: '안녕 gg!', two: 'Wow' };
const home = temporaryFolder({ after });
const prepared = join(home, 'data');
let installed: InstalledTemplate;
let large: Rendition;
let small: Rendition;

before(async () => {
  installed = await loadTemplate(writeTemplate(join(home, 'template')));
  [large, small] = installed.template.ladder as [Rendition, Rendition];
  const editions = openEditions(prepared, ffmpeg);
  await editions.film(await editions.prepare(installed, cast));
});

/** A farm with the prepared films, its counts of what is expensive, and one job after another. */
async function farm(t: Parameters<typeof temporaryFolder>[0]) {
  const data = temporaryFolder(t);
  cpSync(prepared, data, { recursive: true });
  const editions = openEditions(data, ffmpeg);
  const edition = (await editions.find(installed.ref, cast)) as Edition;
  const storage = openStorage(data);
  const counts = { ffmpeg: 0, measured: 0 };
  const fonts = loadFonts();
  const counting: typeof fonts.measure = (text, font) => {
    counts.measured++;
    return fonts.measure(text, font);
  };
  const tools = {
    ...{ editions, storage, films: new Films(), phrases: openPhrases(data, 1e8) },
    fonts: { book: fonts.book, measure: counting },
    ffmpeg: {
      run: async (...args: Parameters<typeof ffmpeg.run>) => {
        counts.ffmpeg++;
        await ffmpeg.run(...args);
      },
    },
    catalog: async () => ({ list: () => [installed], get: () => installed }),
  };
  let fence = 0;
  const job = async (asked: Record<string, string> = words, fields: Partial<RenderOrder> = {}) => {
    Object.assign(counts, { ffmpeg: 0, measured: 0 });
    const result: JobResult = await render(
      { id: 'job', fence: ++fence, template: installed.ref, cast, words: asked, ...fields },
      tools,
    );
    const path = ({ id }: Rendition) => join(storage.folder, 'job', `${fence}`, `${id}.mp4`);
    return { result, isEncoded: 'encode' in result.stages, bytes: (of: Rendition) => readFileSync(path(of)), path };
  };
  const poster = () => readFileSync(join(storage.folder, 'job', `${fence}`, 'poster.jpg'));
  return { edition, tools, counts, job, poster };
}

function change(edition: Edition, rendition: Rendition, how: (film: FilmDescription) => object): void {
  changeSealed(join(edition.film(rendition), 'film.json'), how);
}

/** Least SSIM of all frames of a published file and one kept aside. */
async function likeness(path: string, other: Buffer): Promise<number> {
  const aside = join(home, 'aside.mp4');
  writeFileSync(aside, other);
  return Math.min(...(await likenessOf(ffmpeg, path, aside)));
}

test('with its films a job needs no ffmpeg; words that were rendered before need no layout', async (t) => {
  const { counts, job } = await farm(t);
  const first = await job();
  assert.deepEqual(
    first.result.outputs.map(({ rendition }) => rendition),
    ['large', 'small', 'poster'],
  );
  assert.deepEqual(Object.keys(first.result.stages), ['fill', 'draw', 'swap', 'verify', 'publish']);
  assert.deepEqual(first.result.paths, { large: { path: 'swap' }, small: { path: 'swap' } });
  assert.equal(counts.ffmpeg, 0);
  assert.ok(counts.measured > 0);
  const [largeBytes, smallBytes] = [first.bytes(large), first.bytes(small)];
  const second = await job();
  assert.deepEqual(counts, { ffmpeg: 0, measured: 0 });
  assert.ok(second.bytes(large).equals(largeBytes) && second.bytes(small).equals(smallBytes), 'to the byte');
  const other = await job({ ...words, two: 'Other' });
  assert.ok(counts.measured > 0);
  assert.ok(!other.bytes(large).equals(largeBytes));
  await job({ one: words.one, two: 'Other' });
  assert.equal(counts.measured, 0, 'phrases are kept bubble by bubble');
});

test('a torn film is removed, and the job is right all the same', async (t) => {
  const { edition, counts, job } = await farm(t);
  const whole = await job();
  const [largeBytes, smallBytes] = [whole.bytes(large), whole.bytes(small)];
  // Another renderer, which has not opened it yet.
  const torn = await farm(t);
  truncateSync(join(torn.edition.film(large), 'film.mp4'), 4000);
  const { isEncoded, bytes, path, result } = await torn.job();
  assert.deepEqual(result.paths, { large: { path: 're-encode', reason: TORN }, small: { path: 'swap' } });
  assert.ok(isEncoded && torn.counts.ffmpeg > 0);
  assert.equal(existsSync(torn.edition.film(large)), false, 'it will be made again');
  assert.ok(existsSync(torn.edition.film(small)));
  assert.ok(bytes(small).equals(smallBytes), 'the other rendition is swapped');
  assert.ok((await likeness(path(large), largeBytes)) > 0.96);
  assert.deepEqual([counts.ffmpeg, existsSync(edition.film(large))], [0, true]);
});

const damages = {
  'its poster': (edition: Edition) => flip(edition.poster),
  'its description': (edition: Edition) => flip(join(edition.folder, 'edition.json')),
  'the size of its footage': (edition: Edition) => truncateSync(edition.footage(large), 4000),
  'footage that a torn film needs': (edition: Edition) => {
    truncateSync(join(edition.film(large), 'film.mp4'), 4000);
    flip(edition.footage(large));
  },
};
for (const [what, damage] of Object.entries(damages)) {
  test(`an edition is deleted with its films when it is damaged, and the job says so: ${what}`, async (t) => {
    const { edition, job } = await farm(t);
    damage(edition);
    const { result } = await job();
    assert.deepEqual(result.paths?.large, { path: 're-encode', reason: DAMAGED });
    assert.equal(existsSync(edition.film(large)) || existsSync(edition.film(small)), false);
    const { result: next } = await job();
    assert.deepEqual(next.paths?.large, { path: 're-encode', reason: NOT_PREPARED });
  });
}

/** Another byte in the middle of a file. */
function flip(file: string): void {
  const bytes = readFileSync(file);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] as number) ^ 1;
  writeFileSync(file, bytes);
}

test('an edition that nobody has prepared was not damaged', async (t) => {
  const { edition, job } = await farm(t);
  rmSync(edition.folder, { recursive: true });
  const { result } = await job();
  assert.deepEqual(result.paths?.large, { path: 're-encode', reason: NOT_PREPARED });
});

test('a film that cannot be looked at means the re-encode path, not a failed job', async (t) => {
  const { edition, job } = await farm(t);
  rmSync(edition.film(large), { recursive: true });
  symlinkSync('large.film', edition.film(large)); // To itself, which stops root too.
  const { result } = await job();
  assert.deepEqual(result.paths, { large: { path: 're-encode', reason: TORN }, small: { path: 'swap' } });
});

test('a torn film that another makes anew at that moment is used, not deleted', async (t) => {
  const { edition, tools } = await farm(t);
  const [folder, owner] = [edition.film(large), { edition: edition.name, rendition: 'large' }];
  const aside = join(temporaryFolder(t), 'whole');
  cpSync(folder, aside, { recursive: true });
  writeFileSync(join(folder, 'stills.yuv'), '');
  const films = {
    open: (...args: Parameters<Films['open']>) =>
      tools.films.open(...args).catch((error) => {
        rmSync(folder, { recursive: true });
        renameSync(aside, folder);
        throw error;
      }),
  };
  const { film, torn } = await openOrRemove(films, folder, owner);
  assert.deepEqual([film?.description.rendition, torn], ['large', undefined]);
  assert.deepEqual(
    readdirSync(edition.folder).filter((name) => name.includes('large.film')),
    ['large.film'],
  );
});

test('a torn film that cannot be deleted is told; the job is right', { skip: cannotMount }, async (t) => {
  const { edition, job } = await farm(t);
  const film = edition.film(large);
  const torn = readFileSync(join(film, 'film.json')).subarray(0, 100);
  const disk = mountDisk(film, 16 * 4096);
  try {
    writeFileSync(join(film, 'film.json'), torn);
    const { isEncoded, result } = await job();
    assert.ok(isEncoded);
    assert.deepEqual(result.paths, { large: { path: 're-encode', reason: TORN_AND_KEPT }, small: { path: 'swap' } });
  } finally {
    disk.unmount(); // Before the folder around it is deleted.
  }
});

test('an edition is in use by whichever path its jobs take', async (t) => {
  const { edition, job } = await farm(t);
  const file = join(edition.folder, 'edition.json');
  const usedAt = () => statSync(file).mtimeMs;
  for (const isSwapped of [true, false]) {
    if (!isSwapped) for (const rendition of [large, small]) rmSync(edition.film(rendition), { recursive: true });
    utimesSync(file, 1000, 1000);
    assert.equal((await job()).isEncoded, !isSwapped);
    assert.ok(usedAt() > 1_000_000, `${isSwapped}`);
  }
});

/** A phrase with its cuts changed. */
function each(
  phrase: PhraseRows,
  how: (cut: number, slices: EncodedRows) => readonly [number, EncodedRows],
): PhraseRows {
  return new Map([...phrase].map(([id, cuts]) => [id, new Map([...cuts].map(([cut, slices]) => how(cut, slices)))]));
}

/** Another byte in the middle of a file. */
function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 4;
  writeFileSync(file, bytes);
}

test('footage or sound that is damaged is prepared again when it is to be encoded, not before', async (t) => {
  const untouched = await farm(t);
  rmSync(untouched.edition.film(large), { recursive: true });
  const right = (await untouched.job()).bytes(large);
  for (const file of [({ footage }: Edition) => footage(large), ({ audio }: Edition) => audio(large) as string]) {
    const { edition, job } = await farm(t);
    const prepared = readFileSync(file(edition));
    damage(file(edition));
    const swapped = await job();
    assert.deepEqual(Object.keys(swapped.result.stages), ['fill', 'draw', 'swap', 'verify', 'publish']);
    rmSync(edition.film(large), { recursive: true });
    const encoded = await job();
    assert.ok(encoded.isEncoded && 'prepare' in encoded.result.stages);
    assert.ok(encoded.bytes(large).equals(right));
    assert.ok(readFileSync(file(edition)).equals(prepared));
    const again = await job();
    assert.ok(again.isEncoded && !('prepare' in again.result.stages), 'once is enough');
  }
});

test('a blank poster that is damaged is prepared again when words are drawn on it', async (t) => {
  const { edition, job, poster } = await farm(t);
  await job();
  const right = poster();
  const other = await farm(t);
  damage(other.edition.poster);
  const { result } = await other.job();
  assert.ok('prepare' in result.stages);
  assert.ok(other.poster().equals(right));
  assert.ok(readFileSync(other.edition.poster).equals(readFileSync(edition.poster)));
});

test('an edition with another description is prepared again', async (t) => {
  const { edition, job } = await farm(t);
  const file = join(edition.folder, 'edition.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"red"', '"rad"'));
  const { result, isEncoded } = await job();
  assert.ok(isEncoded && 'prepare' in result.stages);
});

test('a swapped file over its cap is encoded, within it', async (t) => {
  const free = await farm(t);
  const size = (await free.job()).bytes(large).length;
  const { edition, job } = await farm(t);
  const cap = async (maxBytes: number) => {
    changeSealed<{ template: Template }>(join(edition.folder, 'edition.json'), ({ template, ...rest }) => ({
      ...rest,
      template: { ...template, ladder: [{ ...large, maxBytes }, small] },
    }));
    const { isEncoded, bytes, result } = await job();
    return { isEncoded, bytes: bytes(large).length, reason: result.paths?.large?.reason };
  };
  assert.deepEqual(await cap(size), { isEncoded: false, bytes: size, reason: undefined });
  const { isEncoded, bytes, reason } = await cap(size - 1);
  assert.equal(reason, NO_ROOM);
  assert.ok(isEncoded && bytes < size, `${bytes} of ${size - 1}`);
});

test('words in a bubble that a film cannot take mean the re-encode path for that rendition, words in the others do not', async (t) => {
  const free = await farm(t);
  const all = await free.job();
  const [largeBytes, smallBytes] = [all.bytes(large), all.bytes(small)];
  const { edition, counts, job } = await farm(t);
  // As if the picture moved behind the second bubble in one size.
  change(edition, large, (film) => ({
    ...film,
    areas: film.areas.map((area) => (area.bubble === 'two' ? { ...area, bubble: 'nobody' } : area)),
    refused: [{ bubble: 'two', reason: 'The picture moves there.' }],
  }));
  assert.equal((await job({ one: words.one, two: '' })).isEncoded, false);
  assert.equal(counts.ffmpeg, 0);
  const mixed = await job();
  assert.ok(mixed.isEncoded);
  assert.deepEqual(mixed.result.paths, {
    large: { path: 're-encode', reason: 'Bubble "two" cannot be swapped: The picture moves there.' },
    small: { path: 'swap' },
  });
  assert.ok(mixed.bytes(small).equals(smallBytes));
  assert.ok(!mixed.bytes(large).equals(largeBytes));
  assert.ok((await likeness(mixed.path(large), largeBytes)) > 0.96);
});

test('words that cannot be encoded for a film mean the re-encode path for its rendition, not a failed job', async (t) => {
  const free = await farm(t);
  const whole = await free.job();
  const [largeBytes, smallBytes] = [whole.bytes(large), whole.bytes(small)];
  const { edition, job } = await farm(t);
  change(edition, large, ({ quality, ...film }) => ({ ...film, quality: { ...quality, words: 60 } }));
  for (const time of ['first', 'second']) {
    const { isEncoded, bytes, path } = await job();
    assert.ok(isEncoded, time);
    assert.ok(bytes(small).equals(smallBytes), 'the other rendition is swapped');
    assert.ok((await likeness(path(large), largeBytes)) > 0.96);
  }
});

test('what a phrase cache gives is believed only where it can be so', async (t) => {
  const { tools, job, counts } = await farm(t);
  const right = await job();
  const [largeBytes, smallBytes] = [right.bytes(large), right.bytes(small)];
  const { get } = tools.phrases;
  const known = new Map<string, Buffer>();
  const rows = (bytes: Buffer) => unpackRows(bytes) as PhraseRows;
  const answers: Record<string, (bytes: Buffer, key: string) => Uint8Array | undefined> = {
    'as it was': (bytes, key) => known.set(key, bytes) && bytes,
    'cut off': (bytes) => bytes.subarray(0, -1),
    'no table': () => Buffer.from('no rows at all'),
    'of the other bubble': (_, key) => [...known].find(([other]) => other !== key)?.[1],
    'of one rendition': (bytes) => packRows(new Map([...rows(bytes)].filter(([id]) => id === 'large'))),
    'of another cut': (bytes) => packRows(each(rows(bytes), (cut, slices) => [cut + 1, slices])),
    'of other rows': (bytes) =>
      packRows(
        each(rows(bytes), (cut, slices) => [cut, new Map([...slices].map(([first, unit]) => [first + 1, unit]))]),
      ),
    'of what are no slices': (bytes) =>
      packRows(
        each(rows(bytes), (cut, slices) => [cut, new Map([...slices].map(([first]) => [first, Buffer.of(0x65, 0)]))]),
      ),
  };
  for (const [name, answer] of Object.entries(answers)) {
    tools.phrases = {
      ...tools.phrases,
      get: (key) => {
        const bytes = get(key);
        return bytes && key[0] === 'rows' ? (answer(bytes, key.join()) as Buffer | undefined) : bytes;
      },
    };
    const { bytes, isEncoded } = await job();
    assert.ok(!isEncoded && bytes(large).equals(largeBytes) && bytes(small).equals(smallBytes), name);
    assert.equal(counts.measured === 0, name === 'as it was', `${name}: ${counts.measured} measured`);
  }
});

test('of equal films the words of another style or shape are drawn anew', async (t) => {
  const { edition, counts, job } = await farm(t);
  const first = (await job()).bytes(large);
  const drawn = async (bubble: (was: Bubble) => object) => {
    changeSealed<{ template: Template }>(join(edition.folder, 'edition.json'), ({ template, ...rest }) => ({
      ...rest,
      template: { ...template, bubbles: template.bubbles.map((each) => ({ ...each, ...bubble(each) })) },
    }));
    const { isEncoded, bytes } = await job();
    assert.ok(!isEncoded && counts.measured > 0);
    return bytes(large);
  };
  const coloured = await drawn(({ style }) => ({ style: { ...style, colour: '#c02020' } }));
  assert.ok(!coloured.equals(first), 'another colour');
  const padded = await drawn(() => ({ shape: { kind: 'box', x: 48, y: 32, width: 112, height: 48, radius: 0 } }));
  assert.ok(!padded.equals(coloured) && !padded.equals(first), 'another shape');
});

test('a disk that fills up while a film is written is told as that', { skip: cannotMount }, async (t) => {
  const { edition, tools } = await farm(t);
  const film = (await tools.films.open(edition.film(large))) as Film;
  const { folder } = smallDisk(t, 3 * 4096);
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(4096));
  const laidOut = layOutWords(installed.template, { cast, words: { one: '', two: '' } }, tools.fonts);
  const swapping = swap(
    laidOut,
    installed.template,
    [{ rendition: large, film, out: join(folder, 'large.mp4') }],
    tools.phrases,
  );
  await assert.rejects(swapping, (error) => asStoryfarmError(error).code === 'no_space');
});

test('what a write leaves is written next, until nothing more is taken', () => {
  const disk = (room: number, most: number) => {
    const taken: Buffer[] = [];
    let left = room;
    const write = (pieces: readonly Uint8Array[]) => {
      const bytes = Buffer.concat(pieces).subarray(0, Math.min(most, left));
      left -= bytes.length;
      taken.push(Buffer.from(bytes));
      return bytes.length;
    };
    return { taken, write };
  };
  const pieces = ['', 'abc', 'd', '', 'efghij'].map((text) => Buffer.from(text));
  for (let most = 1; most <= 11; most++) {
    const { taken, write } = disk(10, most);
    writeAll(write, pieces);
    assert.equal(Buffer.concat(taken).toString(), 'abcdefghij');
  }
  assert.throws(() => writeAll(disk(9, 4).write, pieces), { code: 'no_space' });
});

test('words that have no place in the slices of a film mean the re-encode path, not a failed job', async (t) => {
  const { edition, job } = await farm(t);
  change(edition, large, (film) => ({
    ...film,
    areas: film.areas.map((area) => ({ ...area, rows: area.rows.map((row) => ({ ...row, x: row.x - 1 })) })),
  }));
  const { isEncoded, result } = await job();
  assert.ok(isEncoded);
  assert.equal(result.outputs.length, 3);
});

test('a film that is not there, and one that takes no words at all', async (t) => {
  const { edition, job } = await farm(t);
  rmSync(edition.film(small), { recursive: true });
  change(edition, large, (film) => ({ ...film, areas: [], refused: [{ bubble: 'one', reason: 'It moves.' }] }));
  const { result } = await job();
  assert.deepEqual(result.paths, {
    large: { path: 're-encode', reason: 'Bubble "one" cannot be swapped: It moves.' },
    small: { path: 're-encode', reason: NOT_PREPARED },
  });
  assert.equal(refusalOf(undefined, ['one']), NOT_PREPARED);
});

test('a job that is content with earlier files gets those of any equal job of its partner', async (t) => {
  const { job } = await farm(t);
  await job(words, { id: 'first', partner: 'ours' });
  const later = (fields: Partial<RenderOrder>) => job(words, { id: 'later', reuse: true, ...fields });
  const { result } = await later({ partner: 'ours' });
  assert.deepEqual(Object.keys(result.stages), ['reuse', 'publish']);
  assert.deepEqual(result.paths, { large: { path: 'reuse' }, small: { path: 'reuse' } });
  assert.deepEqual((await later({ partner: 'theirs' })).result.paths?.large, { path: 'swap' });
});
