/** What is made of measured values. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantile, standing } from './render/figures.js';

test('quantiles lie between values by proportion', () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([7], 0.9), 7);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test('a figure misses, reaches, or reaches its aim, whichever way is better', () => {
  const of = (value: number, most: boolean) =>
    standing({ name: '', text: '', show: String, value, must: most ? 100 : 50, aim: most ? 50 : 100, most });
  assert.deepEqual([of(101, true), of(100, true), of(50, true)], ['missed', 'reached', 'aim reached']);
  assert.deepEqual([of(49, false), of(50, false), of(100, false)], ['missed', 'reached', 'aim reached']);
  assert.equal(standing({ name: '', text: '', show: String, value: 1 }), '');
});
