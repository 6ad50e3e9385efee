import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { loadTemplate } from '../../../src/media/install/catalog.js';
import { framesOf } from '../../../src/media/ladder.js';
import { readMovie } from '../../../src/media/mp4/movie.js';
import { type Edition, openEditions } from '../../../src/media/prepare/editions.js';
import { exclusively } from '../../../src/media/prepare/exclusive.js';
import { posterCommand, prepareCommand } from '../../../src/media/prepare/footage.js';
import { nameOf } from '../../../src/processes.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { changeSealed } from '../../fixtures/sealed.js';
import { copyOfTiny, tinyFolder } from '../../fixtures/tiny.js';
import { ffmpeg, frameOf } from '../../fixtures/video.js';

const tiny = await loadTemplate(tinyFolder);
const cast = { ball: 'red' };
const strict = ['-xerror', '-err_detect', 'explode'];

test('one command makes every size and every sound, another the blank poster', () => {
  const files = { footage: ({ id }: { id: string }) => `/e/${id}.mp4`, audio: () => '/e/a.m4a', poster: '/e/p.png' };
  const { template } = tiny;
  const command = prepareCommand(
    { ...template, ladder: template.ladder.slice(2) },
    cast,
    (file) => `/t/${file}`,
    files,
  );
  assert.deepEqual(command.inputs, [
    { options: strict, source: '/t/footage.mp4' },
    { options: strict, source: '/t/red.mp4' },
    { options: [...strict, '-vn'], source: '/t/music.m4a' },
  ]);
  assert.deepEqual(command.filter.split(';'), [
    'color=c=black:s=320x240:r=25/1:d=3,format=rgb24[stage0]',
    '[0:v]fps=25/1,format=gbrap,scale=320:240:flags=lanczos[l0]',
    '[stage0][l0]overlay=x=0:y=0:format=rgb:alpha=straight:eof_action=repeat[stage1]',
    '[1:v]fps=25/1,format=gbrp,split[c1][m1]',
    '[c1]crop=iw:ih/2:0:0,scale=80:80:flags=lanczos[k1]',
    '[m1]crop=iw:ih/2:0:ih/2,scale=80:80:flags=lanczos[n1]',
    '[k1][n1]mergeplanes=0x00010210:gbrap[l1]',
    '[stage1][l1]overlay=x=200:y=140:format=rgb:alpha=premultiplied:eof_action=repeat[stage2]',
    '[stage2]fps=25/1,trim=end_frame=50,split=1[size0]',
    '[size0]fps=25/2,scale=176:132:flags=lanczos:out_color_matrix=smpte170m:out_range=tv,format=yuv420p,pad=176:144:0:6,setsar=1[v0]',
    '[2:a]volume=-6dB,afade=t=in:st=0:d=0.1,afade=t=out:st=1.7:d=0.3,asplit=1[m2x0]',
    '[m2x0]aresample=16000:rematrix_maxval=1,aformat=channel_layouts=mono,apad,atrim=end_sample=30720[a0]',
  ]);
  assert.deepEqual(
    command.outputs.map(({ file }) => file),
    ['/e/small.mp4', '/e/a.m4a'],
  );
  assert.deepEqual(posterCommand(template, files), {
    inputs: [{ options: [], source: '/e/large.mp4' }],
    filter: '[0:v]trim=start_frame=20:end_frame=21,crop=320:240:0:0,scale=320:240:flags=lanczos,format=rgb24[poster]',
    outputs: [{ options: ['-map', '[poster]', '-frames:v', '1'], file: '/e/p.png' }],
  });
});

test('an edition has every frame at every size, and is made once', async (t) => {
  const editions = openEditions(temporaryFolder(t), ffmpeg);
  assert.equal(await editions.find(tiny.ref, cast), undefined);
  const fractions: number[] = [];
  const edition = await editions.prepare(tiny, cast, { onProgress: (fraction) => fractions.push(fraction) });
  assert.deepEqual(
    fractions,
    [...fractions].sort((a, b) => a - b),
  );
  assert.equal(fractions.at(-1), 1);
  for (const rendition of tiny.template.ladder) {
    const [video] = (await readMovie(edition.footage(rendition))).tracks;
    assert.deepEqual(
      [video?.samples, video?.width, video?.height],
      [framesOf(tiny.template, rendition), rendition.width, rendition.height],
    );
  }
  const again = await editions.prepare(tiny, cast, { onProgress: () => assert.fail('it was prepared again') });
  assert.equal(again.folder, edition.folder);
});

test('the cast is in the picture, without a shadow of its frame', async (t) => {
  const editions = openEditions(temporaryFolder(t), ffmpeg);
  const colours = await Promise.all(
    ['red', 'green'].map(async (ball) => {
      const edition = await editions.prepare(tiny, { ball });
      const picture = frameOf(edition.footage(tiny.template.ladder[0] as never), 10);
      const at = (x: number, y: number) => [...picture.subarray((y * 320 + x) * 3, (y * 320 + x) * 3 + 3)];
      // Inside the layer's frame but outside the ball the ground shows as it does elsewhere.
      for (const [k, value] of at(204, 144).entries())
        assert.ok(Math.abs(value - (at(10, 200)[k] ?? 0)) <= 3, `${at(204, 144)} against ${at(10, 200)}`);
      return at(246, 180);
    }),
  );
  const [red = [], green = []] = colours;
  assert.ok((red[0] ?? 0) > 150 && (red[1] ?? 0) < 90, `red is ${red}`);
  assert.ok((green[1] ?? 0) > 120 && (green[0] ?? 0) < 90, `green is ${green}`);
});

test('two that prepare at once both get the one edition', async (t) => {
  const folder = temporaryFolder(t);
  const [a, b] = await Promise.all([
    openEditions(folder, ffmpeg).prepare(tiny, cast),
    openEditions(folder, ffmpeg).prepare(tiny, cast),
  ]);
  assert.equal(a?.folder, b?.folder);
  assert.equal(readdirSync(join(folder, 'editions', 'tiny')).length, 1);
});

test('a torn edition is not found, and made anew', async (t) => {
  const editions = openEditions(temporaryFolder(t), ffmpeg);
  const edition = await editions.prepare(tiny, cast);
  truncateSync(edition.footage(tiny.template.ladder[1] as never), 100);
  assert.equal(await editions.find(tiny.ref, cast), undefined);
  await editions.prepare(tiny, cast);
  assert.ok(await editions.find(tiny.ref, cast));
});

test('a file of other bytes, as many as there were, is found when it is asked about, and all is made anew', async (t) => {
  const folder = temporaryFolder(t);
  const edition = await openEditions(folder, ffmpeg).prepare(tiny, cast);
  assert.deepEqual(Object.keys(edition.files).sort(), readdirSync(edition.folder).sort().filter(isPrepared));
  const kept = join(folder, 'kept');
  cpSync(edition.folder, kept, { recursive: true });
  for (const name of Object.keys(edition.files)) {
    const bytes = readFileSync(join(kept, name));
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] as number) ^ 1;
    writeFileSync(join(edition.folder, name), bytes);
    const editions = openEditions(folder, ffmpeg);
    const found = await editions.find(tiny.ref, cast);
    assert.ok(found, `${name}: nothing is read that is not used`);
    const others = Object.keys(edition.files).filter((other) => other !== name);
    assert.ok(
      await editions.check(
        found,
        others.map((other) => join(found.folder, other)),
      ),
      name,
    );
    assert.equal(await editions.check(found), false, name);
    assert.deepEqual(readdirSync(join(folder, 'editions', 'tiny')), [], name);
    cpSync(kept, edition.folder, { recursive: true });
  }
  const editions = openEditions(folder, ffmpeg);
  assert.ok(await editions.check((await editions.find(tiny.ref, cast)) as Edition));

  writeFileSync(edition.poster, readFileSync(edition.poster).reverse());
  const commands: unknown[] = [];
  const watched = openEditions(folder, {
    version: ffmpeg.version,
    run: async (command, options) => {
      commands.push(command);
      await ffmpeg.run(command, options);
    },
  });
  const anew = await watched.prepare(tiny, cast);
  assert.equal(commands.length, 2, 'footage without films is looked through before films are made of it');
  assert.ok(await watched.check(anew));
});

const isPrepared = (name: string) => name !== 'edition.json';

test('an edition whose description is changed, of another format or of another edition is not found', async (t) => {
  const folder = temporaryFolder(t);
  const { folder: place, poster } = await openEditions(folder, ffmpeg).prepare(tiny, cast);
  const file = join(place, 'edition.json');
  const whole = readFileSync(file, 'utf8');
  const find = (ball = 'red') => openEditions(folder, ffmpeg).find(tiny.ref, { ball });
  assert.ok(await find());
  for (const [was, is] of [
    ['"duration": 2', '"duration": 3'],
    ['"red"', '"rad"'],
    [`"sha256": "`, `"sha256": "0`],
  ] as const) {
    writeFileSync(file, whole.replace(was, is));
    assert.equal(await find(), undefined, is);
  }
  changeSealed(file, (content: object) => ({ ...content, format: 2 }));
  assert.equal(await find(), undefined, 'another format');
  rmSync(file);
  mkdirSync(file);
  assert.equal(await find(), undefined, 'a folder');
  rmSync(file, { recursive: true });
  writeFileSync(file, whole);
  assert.ok(await find());
  const green = await openEditions(folder, ffmpeg).prepare(tiny, { ball: 'green' });
  rmSync(green.folder, { recursive: true });
  renameSync(place, green.folder);
  assert.equal(await find('green'), undefined, 'that of another cast');
  assert.ok(!existsSync(poster));
});

test('an abort leaves nothing', async (t) => {
  const folder = temporaryFolder(t);
  const abort = new AbortController();
  const preparing = openEditions(folder, ffmpeg).prepare(tiny, cast, {
    signal: abort.signal,
    onProgress: () => abort.abort(),
  });
  await assert.rejects(preparing, { code: 'aborted' });
  assert.deepEqual(readdirSync(join(folder, 'editions', 'tiny')), []);
});

test('a sweep takes what the dead left, not what the living work on', async (t) => {
  const folder = temporaryFolder(t);
  const editions = openEditions(folder, ffmpeg);
  const edition = await editions.prepare(tiny, cast);
  const root = join(folder, 'editions', 'tiny');
  const film = edition.film(tiny.template.ladder[0] as never);
  // No process has this number: Linux ends at 4,194,304.
  const nobody = (await nameOf(process.pid)).replace(/^\d+/, '99999999');
  for (const [part, owner] of [
    [join(root, 'abc.part'), `${nobody} mark`],
    [`${film}.part`, `${nobody} mark`],
  ] as const) {
    mkdirSync(part);
    writeFileSync(join(part, '.owner'), owner);
  }
  const swept = await exclusively(
    join(root, 'def'),
    async () => undefined,
    async () => {
      assert.equal(await editions.sweep(), 2);
      return readdirSync(root).sort();
    },
  );
  assert.deepEqual(swept, [basename(edition.folder), 'def.part'].sort());
  assert.ok(await editions.find(tiny.ref, cast));
  assert.ok(!existsSync(`${film}.part`));
});

test('footage that is damaged in its middle is refused, not painted over', async (t) => {
  const folder = temporaryFolder(t);
  const copy = copyOfTiny(folder);
  const file = join(copy, 'green.mp4');
  const bytes = readFileSync(file);
  bytes.fill(0x5a, Math.floor(bytes.length * 0.4), Math.floor(bytes.length * 0.7));
  writeFileSync(file, bytes);
  const damaged = await loadTemplate(copy);
  await assert.rejects(openEditions(folder, ffmpeg).prepare(damaged, { ball: 'green' }), {
    code: 'template_invalid',
    retryable: false,
  });
});
