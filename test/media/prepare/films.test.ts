/** The films of an edition: made one by one, kept, shared and pruned. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { unseal } from '../../../src/media/digest.js';
import type { Ffmpeg, FfmpegCommand } from '../../../src/media/ffmpeg.js';
import { GUESS } from '../../../src/media/film/film.js';
import { loadTemplate } from '../../../src/media/install/catalog.js';
import { type Edition, openEditions } from '../../../src/media/prepare/editions.js';
import { exclusively, removeAtOnce, sweepParts } from '../../../src/media/prepare/exclusive.js';
import { clearTorn, removeTorn } from '../../../src/media/prepare/torn.js';
import { openFilm } from '../../../src/media/splice/film.js';
import type { InstalledTemplate } from '../../../src/template/catalog.js';
import type { Rendition } from '../../../src/template/format.js';
import { writeTemplate } from '../../fixtures/clip.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { changeSealed } from '../../fixtures/sealed.js';
import { ffmpeg } from '../../fixtures/video.js';

const cast = { ball: 'red' };
const home = temporaryFolder({ after });
const footageOnly = join(home, 'footage-only');
const whole = join(home, 'whole');
let installed: InstalledTemplate;
let large: Rendition;
let small: Rendition;

/** Ffmpeg that shows each command before it runs. */
const watched = (onCommand: (command: FfmpegCommand) => void): Pick<Ffmpeg, 'run' | 'version'> => ({
  version: ffmpeg.version,
  run: async (command, options) => {
    onCommand(command);
    await ffmpeg.run(command, options);
  },
});

const find = async (data: string): Promise<Edition> => {
  const edition = await openEditions(data, ffmpeg).find(installed.ref, cast);
  assert.ok(edition);
  return edition;
};

/** A copy of the data to change. */
function copyOf(t: Parameters<typeof temporaryFolder>[0], data: string): string {
  const copy = temporaryFolder(t);
  cpSync(data, copy, { recursive: true, preserveTimestamps: true });
  return copy;
}

before(async () => {
  installed = await loadTemplate(writeTemplate(join(home, 'template')));
  [large, small] = installed.template.ladder as [Rendition, Rendition];
  await openEditions(footageOnly, ffmpeg).prepare(installed, cast);
  cpSync(footageOnly, whole, { recursive: true });
});

test('a preparation that is stopped goes on where it was', async () => {
  const edition = await find(whole);
  const editions = openEditions(whole, ffmpeg);
  assert.equal(await editions.isWhole(installed.ref, cast), false);
  const abort = new AbortController();
  const share = (large.width * large.height) / (large.width * large.height + small.width * small.height);
  const stopped = editions.film(edition, {
    signal: abort.signal,
    onProgress: (fraction) => fraction > share + 0.02 && abort.abort(),
  });
  await assert.rejects(stopped, { code: 'aborted' });
  assert.deepEqual(
    readdirSync(edition.folder).filter((name) => name.includes('.film')),
    ['large.film'],
    'the first is kept, of the second nothing is left',
  );
  assert.ok(await editions.describe(edition, large));
  assert.equal(await editions.describe(edition, small), undefined);
  assert.equal(await editions.isWhole(installed.ref, cast), false);

  const made = statSync(join(edition.film(large), 'film.mp4'));
  const fractions: number[] = [];
  const commands: FfmpegCommand[] = [];
  const again = openEditions(
    whole,
    watched((command) => commands.push(command)),
  );
  await again.film(edition, { onProgress: (fraction) => fractions.push(fraction) });
  assert.deepEqual(
    [...fractions].sort((a, b) => a - b),
    fractions,
  );
  assert.ok(fractions.every((fraction) => fraction >= share - 1e-9) && fractions.at(-1) === 1);
  assert.ok(!JSON.stringify(commands).includes('large'), 'the first is not looked at again');
  const kept = statSync(join(edition.film(large), 'film.mp4'));
  assert.deepEqual([kept.ino, kept.mtimeMs], [made.ino, made.mtimeMs]);
  assert.equal(await editions.isWhole(installed.ref, cast), true);
  assert.deepEqual(readdirSync(edition.film(small)).sort(), ['film.json', 'film.mp4', 'stills.yuv']);

  await openEditions(
    whole,
    watched(() => assert.fail('there is nothing left to do')),
  ).film(edition);
});

test('two that film at once make each film once', async (t) => {
  const data = copyOf(t, footageOnly);
  const edition = await find(data);
  const makers = new Map<string, Set<number>>([large, small].map(({ id }) => [id, new Set()]));
  const film = (maker: number) =>
    openEditions(
      data,
      watched((command) => {
        for (const [id, who] of makers) if (JSON.stringify(command).includes(`${id}.film.part`)) who.add(maker);
      }),
    ).film(edition);
  await Promise.all([film(1), film(2)]);
  assert.deepEqual(
    [...makers.values()].map((who) => who.size),
    [1, 1],
  );
  assert.equal(await openEditions(data, ffmpeg).isWhole(installed.ref, cast), true);
  assert.ok(readdirSync(edition.folder).every((name) => !name.endsWith('.part')));
});

test('one waits while another is at it, and can be stopped', async (t) => {
  const data = copyOf(t, footageOnly);
  const edition = await find(data);
  const abort = new AbortController();
  await exclusively(
    edition.film(large),
    async () => undefined,
    async () => {
      const waiting = openEditions(
        data,
        watched(() => assert.fail('it is not its turn')),
      ).film(edition, { signal: abort.signal });
      setImmediate(() => abort.abort());
      await assert.rejects(waiting, { code: 'aborted' });
    },
  );
});

test('the rate factor of another cast is tried first', async (t) => {
  const data = copyOf(t, whole);
  const known = await openEditions(data, ffmpeg).describe(await find(data), large);
  const green = await openEditions(data, ffmpeg).prepare(installed, { ball: 'green' });
  const rateFactor = async (edition: Edition) => {
    let found: string | undefined;
    const filming = openEditions(
      data,
      watched(({ outputs }) => {
        const film = outputs.find(({ file }) => file.includes('large.film.part/patterned.mp4'));
        if (!film) return;
        found = film.options[film.options.indexOf('-crf') + 1];
        throw new RangeError('seen enough');
      }),
    ).film(edition);
    await assert.rejects(filming, RangeError);
    return Number(found);
  };
  assert.equal(await rateFactor(green), known?.quality.crf);
  assert.ok(!existsSync(`${green.film(large)}.part`), 'what failed is gone');
  writeFileSync(join((await find(data)).film(large), 'film.json'), '{');
  assert.equal(await rateFactor(green), GUESS, 'nobody to learn from');
});

test('films are not made of footage that is damaged', async (t) => {
  const data = copyOf(t, footageOnly);
  const edition = await find(data);
  const footage = edition.footage(small);
  const bytes = readFileSync(footage);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(footage, bytes);
  const editions = openEditions(data, ffmpeg);
  await assert.rejects(editions.film(edition), { code: 'output_incomplete', file: footage });
  assert.equal(await editions.find(installed.ref, cast), undefined, 'it will be made again');
});

test('a film that was changed, or made for another edition or rendition, is none', async (t) => {
  const data = copyOf(t, whole);
  const editions = openEditions(data, ffmpeg);
  const edition = await find(data);
  const of = (rendition: Rendition) => join(edition.film(rendition), 'film.json');
  const [own, other] = [large, small].map((rendition) => readFileSync(of(rendition), 'utf8')) as [string, string];
  assert.ok(await editions.describe(edition, large));
  const described = async (text: string) => {
    writeFileSync(of(large), text);
    return editions.describe(edition, large);
  };
  for (const [was, is] of [
    ['"bubble": "one"', '"bubble": "two"'],
    ['"words": 22', '"words": 32'],
    ['"refused": []', '"refused": [{"bubble": "one", "reason": "It moves."}]'],
  ] as const) {
    assert.ok(own.includes(was));
    assert.equal(await described(own.replace(was, is)), undefined, is);
  }
  assert.equal(await described(other), undefined, 'of another rendition');
  changeSealed(of(large), () => ({ ...(unseal(own) as object), edition: 'f'.repeat(24) }));
  assert.equal(await editions.describe(edition, large), undefined, 'of another edition');
  // One that says that nothing can be swapped has no files that would tell.
  const refusal = { areas: [], files: {}, refused: [{ bubble: 'one', reason: 'It moves.' }] };
  changeSealed(of(large), () => ({ ...(unseal(own) as object), ...refusal, edition: 'f'.repeat(24) }));
  const owner = { edition: edition.name, rendition: 'large' };
  await assert.rejects(openFilm(edition.film(large), owner), { code: 'not_spliceable' });
  changeSealed(of(large), () => ({ ...(unseal(own) as object), ...refusal }));
  assert.equal(await openFilm(edition.film(large), owner), undefined);
  assert.equal(await editions.isWhole(installed.ref, cast), true);
});

test('what nobody used is pruned with its films; what is used or being made is not', async (t) => {
  const data = copyOf(t, whole);
  const editions = openEditions(data, ffmpeg);
  const edition = await find(data);
  const root = join(data, 'editions', 'clip');
  const now = Date.now();
  const unused = () => utimesSync(join(edition.folder, 'edition.json'), (now - 90_000) / 1000, (now - 90_000) / 1000);
  unused();
  assert.equal(await editions.prune(100_000, now), 0);
  await editions.touch(edition);
  assert.equal(await editions.prune(50_000, Date.now()), 0, 'it was touched');
  unused();
  await exclusively(
    join(root, 'other'),
    async () => undefined,
    async () => {
      assert.equal(await editions.prune(5000, now), 1);
      assert.deepEqual(readdirSync(root), ['other.part']);
    },
  );
  await editions.touch(edition); // Of what is gone: nothing.
  assert.equal(await editions.prune(5000, now), 0);
});

test('an edition that this version cannot read is pruned at once', async (t) => {
  const data = copyOf(t, whole);
  const edition = await find(data);
  writeFileSync(join(edition.folder, 'edition.json'), '{"format":0}');
  assert.equal(await openEditions(data, ffmpeg).prune(1e9, Date.now()), 1);
  assert.equal(existsSync(edition.folder), false, basename(edition.folder));
});

/** Whoever is root may delete everything; nobody may not. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
const NOBODY = 65534;

/** A folder to which everybody may add, and whose film cannot be emptied. */
function stuckFilm(edition: Edition, data: string): string {
  const film = edition.film(large);
  for (const folder of [data, join(data, 'editions'), dirname(edition.folder)]) chmodSync(folder, 0o755);
  chmodSync(film, 0o555);
  if (process.getuid?.() === 0) chownSync(edition.folder, NOBODY, NOBODY);
  return film;
}

test(
  'a torn film that cannot be deleted is moved aside, though its description reads well, and made again',
  { skip: process.platform === 'win32' && 'it knows no modes of folders' },
  async (t) => {
    const data = copyOf({ after: () => {} }, whole);
    const editions = openEditions(data, ffmpeg);
    const edition = await find(data);
    t.after(() => {
      for (const name of readdirSync(edition.folder)) chmodSync(join(edition.folder, name), 0o755);
      rmSync(data, { recursive: true });
    });
    const film = stuckFilm(edition, data);
    writeFileSync(join(film, 'stills.yuv'), '');
    assert.equal(await editions.isWhole(installed.ref, cast), true, 'so it looks');
    const owner = { edition: edition.name, rendition: 'large' };
    assert.equal(await asNobody(() => clearTorn(film, owner)), true);
    assert.equal(await editions.isWhole(installed.ref, cast), false, 'it will be made again');
    const aside = readdirSync(edition.folder).filter((name) => name.startsWith('large.film'));
    assert.match(aside.join(' '), /^large\.film\.[0-9a-f]{8}\.part$/);
    // A sweep that cannot delete it does the rest.
    mkdirSync(join(edition.folder, 'other.part'));
    if (process.getuid?.() === 0) chownSync(join(edition.folder, 'other.part'), NOBODY, NOBODY);
    assert.equal(await asNobody(() => sweepParts(data, 4)), 1);
    assert.ok(!existsSync(join(edition.folder, 'other.part')));
  },
);

test('a film that is whole when it is looked at where it was moved is put back', async (t) => {
  const data = copyOf(t, whole);
  const edition = await find(data);
  const before = readdirSync(edition.folder, { recursive: true });
  assert.equal(await removeTorn(edition.film(large), { edition: edition.name, rendition: 'large' }), false);
  assert.deepEqual(readdirSync(edition.folder, { recursive: true }), before);
  assert.equal(await openEditions(data, ffmpeg).isWhole(installed.ref, cast), true);
});

test('what is put back does not replace what is newer', async (t) => {
  const folder = join(temporaryFolder(t), 'made');
  const make = (content: string) => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'content'), content);
  };
  make('first');
  const isRemoved = await removeAtOnce(folder, async () => {
    make('second');
    return false;
  });
  assert.deepEqual([isRemoved, readFileSync(join(folder, 'content'), 'utf8')], [false, 'second']);
  assert.deepEqual(readdirSync(join(folder, '..')), ['made']);
  assert.equal(await removeAtOnce(join(folder, 'nothing')), false);
});
