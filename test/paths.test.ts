import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAMAGED, lacksFilms, NOT_PREPARED, type Paths, pathOf, reasonsOf, TORN } from '../src/paths.js';

test('a job took one path, or several', () => {
  const swap = { path: 'swap' } as const;
  assert.equal(pathOf({ large: swap, small: swap }), 'swap');
  assert.equal(pathOf({ large: swap, small: { path: 're-encode', reason: 'No film.' } }), 'mixed');
  assert.equal(pathOf({ large: { path: 'reuse' } }), 'reuse');
});

test('equal reasons are told once, with the renditions that they are about', () => {
  const paths: Paths = {
    large: { path: 're-encode', reason: 'No film.' },
    medium: { path: 'swap' },
    small: { path: 're-encode', reason: 'No film.' },
    tiny: { path: 're-encode', reason: 'No room.' },
  };
  assert.deepEqual(reasonsOf(paths), ['large, small: No film.', 'tiny: No room.']);
  assert.deepEqual(reasonsOf({ large: { path: 'swap' } }), []);
});

test('a job lacks films where one that is not there, or no more, would have made it cheap', () => {
  const swap = { path: 'swap' } as const;
  const encoded = (reason: string) => ({ large: swap, small: { path: 're-encode', reason } }) as const;
  for (const reason of [NOT_PREPARED, TORN, DAMAGED]) assert.equal(lacksFilms(encoded(reason)), true, reason);
  assert.equal(lacksFilms(encoded('Its film takes no words.')), false);
  assert.equal(lacksFilms({ large: swap, small: { path: 'reuse' } }), false);
});
