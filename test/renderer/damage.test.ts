/** A flipped bit anywhere in any file of an edition: the job comes out as if nothing had been, by either path. */

import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { loadFonts } from '../../src/media/fonts.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { type Edition, openEditions } from '../../src/media/prepare/editions.js';
import { Films } from '../../src/media/splice/films.js';
import { openPhrases } from '../../src/media/splice/phrases.js';
import { openStorage } from '../../src/media/storage.js';
import { render } from '../../src/renderer/render.js';
import type { InstalledTemplate } from '../../src/template/catalog.js';
import { writeTemplate } from '../fixtures/clip.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { ffmpeg } from '../fixtures/video.js';

const cast = { ball: 'red' };
const words = { one: '안녕 gg!', two: 'Wow' };
const OUTPUTS = ['large.mp4', 'small.mp4', 'poster.jpg'];
/** Whether films are used, or footage and sound. */
const WAYS = ['swap', 'encode'] as const;

const home = temporaryFolder({ after });
const prepared = join(home, 'prepared');
const fonts = loadFonts();
let installed: InstalledTemplate;
let jobs = 0;
/** Relative paths of everything that an edition with its films has. */
let files: string[];
/** By way: the bytes of each output. */
const right = new Map<string, ReadonlyMap<string, Buffer>>();

before(async () => {
  installed = await loadTemplate(writeTemplate(join(home, 'template')));
  const editions = openEditions(prepared, ffmpeg);
  const edition = await editions.prepare(installed, cast);
  await editions.film(edition);
  files = readdirSync(edition.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(edition.folder.length + 1))
    .sort();
  for (const way of WAYS) right.set(way, await job(way, () => {}));
});

/** One job in a process of its own, as far as it can be seen from here: its outputs, after `damage` was done to the edition. */
async function job(way: (typeof WAYS)[number], damage: (edition: Edition) => void): Promise<Map<string, Buffer>> {
  // Another one each time: blank posters are remembered by their path.
  const data = join(home, `data-${++jobs}`);
  cpSync(prepared, data, { recursive: true });
  try {
    const editions = openEditions(data, ffmpeg);
    const edition = (await editions.find(installed.ref, cast)) as Edition;
    damage(edition);
    if (way === 'encode')
      for (const rendition of installed.template.ladder) rmSync(edition.film(rendition), { recursive: true });
    const storage = openStorage(data);
    const tools = {
      ...{ ffmpeg, fonts, storage, editions: openEditions(data, ffmpeg) },
      ...{ films: new Films(), phrases: openPhrases(data, 1e8) },
      catalog: async () => ({ list: () => [installed], get: () => installed }),
    };
    await render({ id: 'job', fence: 1, template: installed.ref, cast, words }, tools);
    const folder = join(storage.folder, 'job', '1');
    assert.deepEqual(readdirSync(folder).sort(), OUTPUTS.toSorted());
    return new Map(OUTPUTS.map((name) => [name, readFileSync(join(folder, name))]));
  } finally {
    rmSync(data, { recursive: true });
  }
}

for (const way of WAYS) {
  test(`a flipped bit in any file of an edition does nothing to a job that would ${way}`, async () => {
    const used = files.filter((name) => way === 'swap' || !name.includes('.film'));
    assert.equal(used.length, way === 'swap' ? 11 : 5);
    for (const name of used) {
      await fc.assert(
        fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(7), async (at, bit) => {
          const outputs = await job(way, ({ folder }) => {
            const bytes = readFileSync(join(folder, name));
            const place = Math.floor(at * bytes.length);
            bytes[place] = (bytes[place] as number) ^ (1 << bit);
            writeFileSync(join(folder, name), bytes);
          });
          for (const [output, bytes] of outputs) {
            const isRight = WAYS.some((either) => right.get(either)?.get(output)?.equals(bytes));
            assert.ok(isRight, `${output} after bit ${bit} of byte ${at} of ${name}`);
          }
        }),
        { numRuns: 3 },
      );
    }
  });
}
