import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RAW_FRAMES, watchFrames } from '../../src/media/frames.js';
import { ffmpeg } from '../fixtures/video.js';

/** Five frames of one brightness each: 0, 40, 80 and so on. */
const steps = {
  inputs: [{ options: ['-f', 'lavfi'], source: 'color=c=black:s=640x360:r=25:d=0.2' }],
  filter: "[0:v]format=yuv420p,geq=lum='40*N':cb=128:cr=200[v]",
  outputs: [{ options: ['-map', '[v]', ...RAW_FRAMES], file: 'pipe:1' }],
};
const size = { width: 640, height: 360 };

test('every frame is shown once, in order and whole', async () => {
  const seen: number[][] = [];
  // A frame is larger than what a pipe holds, so each comes in pieces.
  const count = await watchFrames(ffmpeg, steps, size, ({ luma, cb, cr }, number) => {
    assert.deepEqual([luma.length, cb.length, cr.length], [640 * 360, 320 * 180, 320 * 180]);
    assert.ok(luma.every((value) => value === luma[0]));
    assert.ok(cb.every((value) => value === 128) && cr.every((value) => value === 200));
    seen.push([number, luma[0] as number]);
  });
  assert.equal(count, 5);
  assert.deepEqual(
    seen,
    [0, 1, 2, 3, 4].map((number) => [number, number * 40]),
  );
});

test('what the watcher throws ends the command and is what is told', async () => {
  const endless = { ...steps, inputs: [{ options: ['-f', 'lavfi'], source: 'color=c=black:s=640x360:r=25' }] };
  const seen: number[] = [];
  const watching = watchFrames(ffmpeg, endless, size, (_, number) => {
    seen.push(number);
    if (number === 2) throw new RangeError('seen enough');
  });
  await assert.rejects(watching, RangeError);
  assert.deepEqual(seen.slice(0, 3), [0, 1, 2]);
});

test('a stop ends a command that is being watched', async () => {
  const endless = { ...steps, inputs: [{ options: ['-f', 'lavfi'], source: 'color=c=black:s=640x360:r=25' }] };
  const abort = new AbortController();
  const watching = watchFrames(ffmpeg, endless, size, () => abort.abort(), { signal: abort.signal });
  await assert.rejects(watching, { code: 'aborted' });
});
