import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Paths, pathOf, reasonsOf } from '../src/paths.js';

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
