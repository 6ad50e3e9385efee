import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Prepared, remedy } from '../../src/cli/commands/templates/preparedness.js';
import { loadTemplate } from '../../src/media/install/catalog.js';
import type { FilmDescription } from '../../src/media/splice/film.js';
import { tinyFolder } from '../fixtures/tiny.js';

test('what jobs of casts without all films encode is said as it is', async () => {
  const { template } = await loadTemplate(tinyFolder);
  const has = (films: number): Prepared => ({
    cast: { ball: 'red' },
    prepared: films > 0,
    films: template.ladder.slice(0, films).map(({ id }) => ({ rendition: id }) as FilmDescription),
    torn: [],
    unreadable: [],
  });
  const said = (...films: number[]) => remedy(template, films.map(has), 'tiny', undefined)[0]?.split(',')[0];
  assert.equal(said(0, 0), 'No cast has all films: jobs encode every frame');
  assert.equal(said(0, 2), 'No cast has all films: jobs encode every frame of renditions without one');
  assert.equal(said(3, 2), '1 of 2 casts lack films: jobs encode every frame of renditions without one');
  assert.equal(said(3, 0), '1 of 2 casts lack films: jobs encode every frame');
  assert.equal(said(3, 3), undefined);
});
