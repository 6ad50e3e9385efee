import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill } from '../../src/template/fill.js';
import { template } from './sample.js';

test('a scene has an overlay for each bubble with words, in the order of the bubbles', () => {
  const { bubbles } = template();
  const scene = fill(template(), { cast: {}, words: { bye: '안녕', hello: 'Hello' } });
  assert.deepEqual([scene.width, scene.height, scene.duration], [640, 360, 8]);
  assert.deepEqual(
    scene.overlays.map(({ bubble, text }) => [bubble, text]),
    [
      ['hello', 'Hello'],
      ['bye', '안녕'],
    ],
  );
  const [hello] = scene.overlays;
  assert.deepEqual(
    [hello?.shape, hello?.style, hello?.maxLines, hello?.start, hello?.end],
    [bubbles[0]?.shape, bubbles[0]?.style, 2, 1, 3],
  );
});

test('bubbles without words are not in the scene', () => {
  assert.deepEqual(fill(template(), { cast: {}, words: { hello: '' } }).overlays, []);
  assert.deepEqual(fill(template(), { cast: {}, words: Object.create({ hello: 'x' }) }).overlays, []);
});
