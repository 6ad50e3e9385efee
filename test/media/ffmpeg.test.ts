import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoryfarmError } from '../../src/errors.js';
import { type FfmpegCommand, openFfmpeg } from '../../src/media/ffmpeg.js';
import { readMovie } from '../../src/media/mp4/movie.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { look, treeOf } from '../pm2/processes.js';

const ffmpeg = openFfmpeg();

/** A grey video; `-re` plays it in real time, so that it takes as long as it lasts. */
const grey = (file: string, seconds: number, slowly = false): FfmpegCommand => ({
  inputs: [{ options: [...(slowly ? ['-re'] : []), '-f', 'lavfi'], source: `color=c=gray:s=64x64:r=25:d=${seconds}` }],
  filter: '[0:v]format=yuv420p[v]',
  outputs: [{ options: ['-map', '[v]', '-c:v', 'libx264'], file }],
});

test('runs a command and tells its frames, rising', async (t) => {
  const file = join(temporaryFolder(t), 'a file with spaces.mp4');
  const frames: number[] = [];
  await ffmpeg.run(grey(file, 2), { onFrames: (count) => frames.push(count) });
  assert.equal((await readMovie(file)).tracks[0]?.samples, 50);
  assert.equal(frames.at(-1), 50);
  assert.deepEqual(
    frames,
    [...frames].sort((a, b) => a - b),
  );
});

test('a failure carries the end of what ffmpeg said', async (t) => {
  const file = join(temporaryFolder(t), 'out.mp4');
  const command = { ...grey(file, 1), inputs: [{ options: [], source: '/nowhere/footage.mp4' }] };
  await assert.rejects(ffmpeg.run(command), (error: StoryfarmError) => {
    assert.equal(error.code, 'ffmpeg_failed');
    assert.equal(error.retryable, true);
    assert.match((error.cause as Error).message, /footage\.mp4: No such file/);
    return true;
  });
});

test('an end by somebody else is told apart', { skip: process.platform !== 'linux' }, async (t) => {
  const file = join(temporaryFolder(t), 'out.mp4');
  const kill = () => {
    for (const pid of treeOf(process.pid)) if (look(pid, 'cmdline').includes(file)) process.kill(pid, 'SIGKILL');
  };
  await assert.rejects(ffmpeg.run(grey(file, 60, true), { onFrames: kill }), {
    code: 'ffmpeg_killed',
    retryable: true,
  });
});

test('an abort ends ffmpeg before its time', async (t) => {
  const abort = new AbortController();
  const file = join(temporaryFolder(t), 'out.mp4');
  const running = ffmpeg.run(grey(file, 60, true), { signal: abort.signal, onFrames: () => abort.abort() });
  await assert.rejects(running, { code: 'aborted' });
});

test('a signal that fired before starts nothing', async (t) => {
  const file = join(temporaryFolder(t), 'out.mp4');
  await assert.rejects(ffmpeg.run(grey(file, 1), { signal: AbortSignal.abort() }), { code: 'aborted' });
  assert.equal(existsSync(file), false);
});

test('no progress for too long is a stall', async (t) => {
  const command = {
    ...grey(join(temporaryFolder(t), 'out.mp4'), 60),
    inputs: [{ options: ['-f', 'rawvideo', '-video_size', '64x64', '-pixel_format', 'gray'], source: '/dev/zero' }],
  };
  // An input without end that is never read: the filter waits for a second input that gives nothing.
  const waiting = { ...command, filter: '[0:v]trim=start_frame=100000000[v]' };
  await assert.rejects(ffmpeg.run(waiting, { stallMs: 1500 }), { code: 'ffmpeg_stalled' });
});

test('a configured ffmpeg that is not there is told, with its path', () => {
  assert.throws(
    () => openFfmpeg('/nowhere/ffmpeg'),
    (error) => error instanceof StoryfarmError && error.code === 'ffmpeg_missing' && error.file === '/nowhere/ffmpeg',
  );
});

test('a configured program that is no ffmpeg is told', () => {
  assert.throws(() => openFfmpeg(process.execPath), { code: 'ffmpeg_missing' });
});

test('without one on PATH the binary of the npm package is used', (t) => {
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
  });
  const shipped = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string };
  process.env.PATH = temporaryFolder(t);
  const found = openFfmpeg();
  assert.equal(found.source, 'package');
  assert.equal(found.path, shipped.path);
});
