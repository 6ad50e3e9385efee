import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { blankFilm } from '../../../src/media/film/blank.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { ffmpeg } from '../../fixtures/video.js';

const without = { areas: [], stills: new Map(), surroundings: [], fps: 25, qp: 22 };

test('of an encoder that parts macroblocks too finely, or does not say so, no film is taken', async (t) => {
  const folder = temporaryFolder(t);
  const encoded = async (name: string, options: readonly string[]) => {
    const file = join(folder, `${name}.mp4`);
    const encoder = ['-map', '[v]', '-c:v', 'libx264', '-preset', 'slower', '-g', '3', ...options];
    const filter = 'testsrc2=size=96x80:rate=25,trim=end_frame=6,format=yuv420p[v]';
    await ffmpeg.run({ inputs: [], filter, outputs: [{ options: encoder, file }] });
    return readFileSync(file);
  };
  const coarse = ['-x264-params', 'partitions=p8x8,b8x8,i8x8,i4x4'];
  const good = await encoded('good', coarse);
  assert.ok(blankFilm(good, { ...without, keyFrames: [0, 3] }).length > 0);
  const refused = (film: Buffer) => () => blankFilm(film, { ...without, keyFrames: [0, 3] });
  assert.throws(refused(await encoded('fine', [])), /parts macroblocks more finely than 8x8/);
  const silent = await encoded('silent', [...coarse, '-bsf:v', 'filter_units=remove_types=6']);
  assert.throws(refused(silent), /does not say how finely/);
});
