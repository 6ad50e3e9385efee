import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readParameterSets } from '../../../src/media/h264/parameter-sets.js';
import { assemble, homeOf, rehome } from '../../../src/media/h264/rehome.js';
import { joinLengths, splitLengths, UnitType, unitType } from '../../../src/media/h264/units.js';
import { readMp4Index, replaceSamples, sampleOf } from '../../../src/media/mp4/samples.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { crop, decode, encode, noise, type Picture } from '../h264/encoder.js';

const OFF = { disable: 1, alpha: 0, beta: 0 };
const [WIDTH, HEIGHT, FRAMES, KEY] = [176, 144, 36, 12];
const FRAME = (WIDTH * HEIGHT * 3) / 2;
const BOX = { x: 3, y: 2, width: 6, height: 3 };
const AROUND = [
  { x: 0, y: 0, width: 11, height: 2 },
  { x: 0, y: 2, width: 3, height: 3 },
  { x: 9, y: 2, width: 2, height: 3 },
  { x: 0, y: 5, width: 11, height: 4 },
];

/** Raw frames of a file, decoded strictly and in silence. */
function frames(file: string, threads: readonly string[]): Buffer {
  const strict = ['-v', 'warning', '-nostdin', '-xerror', '-err_detect', 'explode', ...threads];
  const raw = ['-map', '0:v', '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'];
  const { stdout, stderr } = spawnSync('ffmpeg', [...strict, '-i', file, ...raw], { maxBuffer: 1 << 28 });
  assert.equal(String(stderr), '');
  return stdout;
}

function intra(picture: Picture, qp: number, profile: string) {
  const params = `stitchable=1:constrained-intra=1:aq-mode=0:chroma-qp-offset=-2:slice-max-mbs=${picture.width / 16}`;
  const settings = ['-preset', 'veryfast', '-tune', 'zerolatency', '-qp', `${qp}`, '-profile:v', profile];
  const units = encode(picture, [...settings, '-x264-params', params]);
  return { units, sets: readParameterSets(units) };
}

for (const profile of ['high', 'baseline']) {
  test(`${profile}: a box is put into the second key frame of an MP4 film, which plays on as before`, (t) => {
    const folder = temporaryFolder(t);
    const paths = { film: join(folder, 'film.mp4'), changed: join(folder, 'changed.mp4') };
    const source = ['-f', 'lavfi', '-i', `testsrc2=s=${WIDTH}x${HEIGHT}:r=25`, '-frames:v', `${FRAMES}`];
    const params = `keyint=${KEY}:scenecut=0:open-gop=0:constrained-intra=1:weightp=0:stitchable=1:chroma-qp-offset=0`;
    const codec = ['-c:v', 'libx264', '-preset', 'medium', '-crf', '23', '-profile:v', profile];
    const made = spawnSync('ffmpeg', ['-v', 'error', ...source, ...codec, '-x264-params', params, paths.film]);
    assert.equal(made.status, 0, String(made.stderr));
    const film = readFileSync(paths.film);
    const index = readMp4Index(film);
    const [video] = index.tracks;
    const configuration = video?.configuration;
    assert.ok(configuration);
    const sets = readParameterSets([...configuration.sequenceSets, ...configuration.pictureSets]);
    const before = frames(paths.film, ['-threads', '1']);
    assert.equal(before.length, FRAMES * FRAME);

    const key = splitLengths(sampleOf(film, video, KEY), configuration.lengthSize);
    const home = homeOf(key, sets);
    const shown = { width: WIDTH, height: HEIGHT, bytes: before.subarray(KEY * FRAME, (KEY + 1) * FRAME) };
    const parts = [...AROUND, BOX].map((part) => {
      const size = [part.width * 16, part.height * 16] as const;
      const picture = part === BOX ? noise(...size, 1) : crop(shown, part.x * 16, part.y * 16, ...size);
      return { ...part, ...intra(picture, part === BOX ? 20 : 14, profile) };
    });
    const slices = parts.flatMap((part) => rehome(part.units, part.sets, home, part, OFF));
    const others = key.filter((unit) => unitType(unit) !== UnitType.idr);
    const sample = joinLengths([...others, ...assemble(slices, sets)], configuration.lengthSize);
    writeFileSync(paths.changed, Buffer.concat(replaceSamples(film, index, video, new Map([[KEY, sample]]))));

    const after = frames(paths.changed, ['-threads', '1']);
    for (const type of ['slice', 'frame'])
      assert.ok(frames(paths.changed, ['-threads', '3', '-thread_type', type]).equals(after), type);
    assert.equal(after.length, before.length);
    const [from, to] = [KEY * FRAME, 2 * KEY * FRAME];
    assert.ok(after.subarray(0, from).equals(before.subarray(0, from)));
    assert.ok(after.subarray(to).equals(before.subarray(to)));
    const changed = { ...shown, bytes: after.subarray(from, from + FRAME) };
    const box = crop(changed, BOX.x * 16, BOX.y * 16, BOX.width * 16, BOX.height * 16);
    const [inside] = parts.slice(-1);
    assert.ok(inside);
    // Alone, its deblocking off as well.
    const alone = rehome(inside.units, inside.sets, homeOf(inside.units, inside.sets), { x: 0, y: 0 }, OFF);
    const head = inside.units.filter((unit) => [7, 8].includes(unitType(unit)));
    assert.ok(decode([...head, ...assemble(alone, inside.sets)]).equals(box.bytes));
  });
}
