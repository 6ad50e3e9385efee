import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fpsOf } from '../../src/template/fps.js';
import { pointer } from '../../src/template/pointer.js';

test('frame rates are exact fractions in lowest terms', () => {
  assert.deepEqual(fpsOf('24'), { num: 24, den: 1, value: 24 });
  assert.deepEqual(fpsOf('12.5'), { num: 25, den: 2, value: 12.5 });
  assert.deepEqual(fpsOf('30000/1001'), { num: 30000, den: 1001, value: 30000 / 1001 });
  assert.deepEqual(fpsOf('50/2'), { num: 25, den: 1, value: 25 });
  assert.deepEqual(fpsOf({ fps: '25' }), fpsOf('25'));
});

test('29.97 and its like mean the broadcast rates over 1001', () => {
  assert.deepEqual(fpsOf('29.97'), fpsOf('30000/1001'));
  assert.deepEqual(fpsOf('23.976'), fpsOf('24000/1001'));
});

test('pointers escape what RFC 6901 escapes', () => {
  assert.equal(pointer(), '');
  assert.equal(pointer('bubbles', 2, 'shape'), '/bubbles/2/shape');
  assert.equal(pointer('words', 'a/b~c'), '/words/a~1b~0c');
});
