import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoryfarmError } from '../../../src/errors.js';
import { readMovie } from '../../../src/media/mp4/movie.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { tinyFolder } from '../../fixtures/tiny.js';

test('reads the index of footage', async () => {
  const movie = await readMovie(join(tinyFolder, 'footage.mp4'));
  assert.equal(movie.duration, 2);
  assert.equal(movie.faststart, true);
  assert.equal(movie.tracks.length, 1);
  const [video] = movie.tracks;
  const { kind, codec, samples, duration, uniform, fps, width, height } = video ?? {};
  assert.deepEqual(
    { kind, codec, samples, duration, uniform, fps, width, height },
    { kind: 'video', codec: 'avc1', samples: 50, duration: 2, uniform: true, fps: 25, width: 320, height: 240 },
  );
});

test('a film that a telephone turned on its side has the size that is shown', async (t) => {
  const folder = temporaryFolder(t);
  const bytes = readFileSync(join(tinyFolder, 'footage.mp4'));
  const matrix = bytes.indexOf('tkhd') + 4 + 40;
  // A quarter turn: a = d = 0, b = 1, c = -1, as 16.16 numbers.
  for (const [index, value] of [0, 0x10000, 0, -0x10000, 0].entries()) bytes.writeInt32BE(value, matrix + index * 4);
  writeFileSync(join(folder, 'turned.mp4'), bytes);
  const [video] = (await readMovie(join(folder, 'turned.mp4'))).tracks;
  assert.deepEqual([video?.width, video?.height], [240, 320]);
});

test('reads the index of music', async () => {
  const { tracks } = await readMovie(join(tinyFolder, 'music.m4a'));
  assert.deepEqual(
    tracks.map(({ kind, codec, sampleRate }) => ({ kind, codec, sampleRate })),
    [{ kind: 'audio', codec: 'mp4a', sampleRate: 44100 }],
  );
});

test('a file cut anywhere is refused by name, never read as whole', async (t) => {
  const whole = readFileSync(join(tinyFolder, 'red.mp4'));
  const file = join(temporaryFolder(t), 'cut.mp4');
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
      writeFileSync(file, whole.subarray(0, length));
      await assert.rejects(
        readMovie(file),
        (error) => error instanceof StoryfarmError && error.code === 'output_incomplete' && error.file === file,
      );
    }),
    { numRuns: 60 },
  );
});

test('a file with a byte changed is read or refused, never a crash', async (t) => {
  const whole = readFileSync(join(tinyFolder, 'red.mp4'));
  const file = join(temporaryFolder(t), 'bent.mp4');
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: Math.min(2000, whole.length) - 1 }),
      fc.integer({ min: 0, max: 255 }),
      async (at, value) => {
        const bent = Buffer.from(whole);
        bent[at] = value;
        writeFileSync(file, bent);
        await readMovie(file).catch((error) => assert.ok(error instanceof StoryfarmError, String(error)));
      },
    ),
    { numRuns: 300 },
  );
});

test('a box whose long size is nothing is refused, not read for ever', async (t) => {
  const file = join(temporaryFolder(t), 'endless.mp4');
  const box = Buffer.alloc(32);
  box.writeUInt32BE(1, 0);
  box.write('free', 4);
  writeFileSync(file, box);
  await assert.rejects(readMovie(file), { code: 'output_incomplete' });
});

test('what is no movie is refused', async (t) => {
  const file = join(temporaryFolder(t), 'text.mp4');
  writeFileSync(file, 'This is no movie, but it is long enough to be taken for one.');
  await assert.rejects(readMovie(file), { code: 'output_incomplete' });
});
