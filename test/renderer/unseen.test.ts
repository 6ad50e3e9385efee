/** A bubble between two frames of a slower rendition: nothing of its words is shown there, and they stand in nobody's way. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathsTable, preparedness } from '../../src/cli/commands/templates/preparedness.js';
import { loadFonts } from '../../src/media/fonts.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import { type Editions, openEditions } from '../../src/media/prepare/editions.js';
import { Films } from '../../src/media/splice/films.js';
import { openPhrases } from '../../src/media/splice/phrases.js';
import { openStorage } from '../../src/media/storage.js';
import { render } from '../../src/renderer/render.js';
import type { InstalledTemplate } from '../../src/template/catalog.js';
import { writeTemplate } from '../fixtures/clip.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { changeSealed } from '../fixtures/sealed.js';
import { ffmpeg } from '../fixtures/video.js';

const cast = { ball: 'red' };
const home = temporaryFolder({ after });
const data = join(home, 'data');
let installed: InstalledTemplate;
let editions: Editions;
let fence = 0;

/** Two is there for frame 11 of 25 a second, which is none of 12.5. */
function flash(description: Record<string, unknown>): object {
  const [one, two] = description.bubbles as [object, object];
  const [large, small] = description.ladder as [object, object];
  const bubbles = [one, { ...two, start: 0.44, end: 0.48 }];
  return { ...description, bubbles, ladder: [large, { ...small, fps: '12.5' }] };
}

before(async () => {
  installed = await loadTemplate(writeTemplate(join(home, 'template'), flash));
  editions = openEditions(data, ffmpeg);
  await editions.film(await editions.prepare(installed, cast));
});

async function job(words: Record<string, string>) {
  const storage = openStorage(data);
  const fonts = loadFonts();
  let measured = 0;
  const tools = {
    ...{ ffmpeg, storage, editions, films: new Films(), phrases: openPhrases(data, 1e8) },
    fonts: {
      book: fonts.book,
      measure: (...args: Parameters<typeof fonts.measure>) => {
        measured++;
        return fonts.measure(...args);
      },
    },
    catalog: async () => ({ list: () => [installed], get: () => installed }),
  };
  const { paths } = await render({ id: 'job', fence: ++fence, template: installed.ref, cast, words }, tools);
  const bytes = (id: string) => readFileSync(join(storage.folder, 'job', `${fence}`, `${id}.mp4`));
  return { paths, measured, large: bytes('large'), small: bytes('small') };
}

const swapped = { large: { path: 'swap' }, small: { path: 'swap' } };

test('its words are put in where it is shown, and passed over where it is not', async () => {
  const both = await job({ one: 'Hello', two: 'Wow' });
  assert.deepEqual(both.paths, swapped);
  const again = await job({ one: 'Hello', two: 'Wow' });
  assert.equal(again.measured, 0, 'its phrase was kept');
  assert.ok(again.small.equals(both.small) && again.large.equals(both.large));
  const without = await job({ one: 'Hello', two: '' });
  assert.ok(both.small.equals(without.small), 'nothing of it is in the slower one');
  assert.ok(!both.large.equals(without.large), 'it is in the other');
  assert.deepEqual((await job({ one: '', two: 'Wow' })).paths, swapped);
});

test('it is told as not shown, and is no reason', async () => {
  const shown = { cast, ...(await preparedness(editions, installed.ref, cast)) };
  assert.match(pathsTable(installed.template, shown), /^small +swap +not shown /m);
  const edition = (await editions.find(installed.ref, cast)) ?? assert.fail();
  const small = installed.template.ladder[1] ?? assert.fail();
  const refused = [{ bubble: 'one', reason: 'It moves.' }];
  changeSealed<object>(join(edition.film(small), 'film.json'), (film) => ({ ...film, areas: [], refused }));
  const reason = async (words: Record<string, string>) => (await job(words)).paths?.small?.reason;
  assert.equal(await reason({ one: '', two: 'Wow' }), 'Its film takes no words.');
  assert.equal(await reason({ two: 'Wow', one: 'Hello' }), 'Bubble "one" cannot be swapped: It moves.');
});
