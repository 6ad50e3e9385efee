/** The ten-minutes path of an operator: from an MP4 to a template, a contact sheet and a video; and looking at templates. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { imageSize } from 'image-size';
import { readMovie } from '../../src/media/mp4/movie.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { oldFfmpegIn } from '../fixtures/old-ffmpeg.js';
import { copyOfTiny, fixtureTemplates, tinyFolder } from '../fixtures/tiny.js';
import { ffmpeg } from '../fixtures/video.js';
import { gateIn } from './gate.js';
import { noOther, uid } from './other-user.js';
import { ended, processesWith, run, spawn } from './storyfarm.js';

const footage = join(tinyFolder, 'footage.mp4');
const TINY = ['--template-folders', fixtureTemplates];
const POSIX = process.platform === 'win32' && 'it needs named pipes';

describe('from an MP4 to a video', () => {
  it('new, validate, preview, render', async (t) => {
    const cwd = temporaryFolder(t);
    // A film under any name.
    copyFileSync(footage, join(cwd, 'film'));
    const made = await run(['templates', 'new', 'sea', '--footage', 'film'], { cwd });
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^\/.*\/sea is a working template of 2\.00 s with 3 bubbles\.\n {2}1\. Move the bubbles/);

    const valid = await run(['templates', 'validate', 'sea'], { cwd });
    assert.deepEqual([valid.code, valid.stdout], [0, `ok   ${join(cwd, 'sea', 'template.json')}\n`]);

    const preview = await run(['templates', 'preview', 'sea', '-l', 'ko'], { cwd });
    assert.deepEqual([preview.code, preview.stdout], [0, `${join(cwd, 'sea-ko.png')}\n`], preview.stderr);
    // Two columns and two rows for three bubbles: frames 480 wide, gaps of 16, captions of 30.
    const { type, width, height } = imageSize(readFileSync(join(cwd, 'sea-ko.png')));
    assert.deepEqual([type, width, height], ['png', 3 * 16 + 2 * 480, 2 * (16 + 360 + 30) + 16]);

    const words = ['-w', 'hello=안녕 🎉', '-w', 'bye=a=b'];
    const rendered = await run(['render', './sea', ...words, '--out', 'new/videos', '--json'], { cwd });
    assert.equal(rendered.code, 0, rendered.stderr);
    const { files } = JSON.parse(rendered.stdout);
    assert.deepEqual(
      files.map(({ rendition, file }: { rendition: string; file: string }) => [rendition, file]),
      ['large.mp4', 'medium.mp4', 'small.mp4', 'poster.jpg'].map((name) => [
        name.split('.')[0],
        join(cwd, 'new', 'videos', name),
      ]),
    );
    const [video] = (await readMovie(files[0].file)).tracks;
    assert.deepEqual([video?.width, video?.height, video?.samples], [320, 240, 50]);
    assert.match(rendered.stderr, /^sea: 0 % \w+\n(sea: .*\n)*sea: 100 % publish\n$/);
  });

  it('leaves nothing of a film of which no template can be made', async (t) => {
    const cwd = temporaryFolder(t);
    const film = (name: string, ...options: string[]) =>
      execFileSync(ffmpeg.path, ['-v', 'error', '-stream_loop', '9', '-i', footage, '-c', 'copy', ...options, name], {
        cwd,
      });
    film('short.mp4', '-t', '0.5');
    film('fragmented.mp4', '-movflags', 'frag_keyframe+empty_moov');
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['short.mp4', /short\.mp4 lasts only 0\.\d\d s\./],
      ['fragmented.mp4', /fragmented\.mp4 is not a whole movie: .*fragmented/],
      [join(tinyFolder, 'music.m4a'), /music\.m4a has no video track\./],
    ];
    for (const [name, said] of wrong) {
      const { code, stdout, stderr } = await run(['templates', 'new', 'x', '--footage', name], { cwd });
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, said);
      assert.match(stderr, /-> Give an MP4 or MOV/);
      assert.equal(existsSync(join(cwd, 'x')), false);
    }
  });

  it('an interrupted render leaves nothing, and tells the shell', { skip: POSIX }, async (t) => {
    const cwd = temporaryFolder(t);
    const gate = gateIn(cwd);
    const args = ['render', 'tiny', ...TINY, '-w', 'hello=x', '--out', 'videos', '--ffmpeg-path', gate.path];
    const render = spawn(args, { cwd });
    await gate.reached();
    render.kill('SIGINT');
    const { code, stdout, stderr } = await ended(render);
    assert.deepEqual([code, stdout], [130, '']);
    assert.match(stderr, /^storyfarm: Interrupted\. \(aborted\)\n {2}-> Nothing unfinished is left behind\.\n$/m);
    assert.deepEqual(execFileSync('find', ['.', '-name', '*.part', '-o', '-name', '*.mp4'], { cwd }).toString(), '');
    if (process.platform === 'linux') assert.deepEqual(processesWith(cwd), []);
  });
});

describe('looking at templates', () => {
  it('list, prepare, show', async (t) => {
    const cwd = temporaryFolder(t);
    const list = await run(['templates', 'list', ...TINY], { cwd });
    assert.match(list.stdout, /^tiny +Tiny +320x240 +2\.00 s +25 +2 +2$/m);
    const before = await run(['templates', 'show', 'tiny', ...TINY], { cwd });
    assert.match(before.stdout, /^hello +0\.4 to 1\.2 s +box +ball +60 characters +required$/m);
    assert.match(before.stdout, /^green +not prepared/m);
    const prepared = await run(['templates', 'prepare', ...TINY], { cwd });
    assert.deepEqual([prepared.code, prepared.stdout], [0, '']);
    assert.match(prepared.stderr, /^tiny red: 100 % prepared\n[\s\S]*tiny green: 100 % prepared\n$/m);
    const after = JSON.parse((await run(['templates', 'show', 'tiny', '--json', ...TINY], { cwd })).stdout);
    type Film = { rendition: string; areas: { bubble: string }[] };
    type Told = { cast: unknown; prepared: boolean; films: Film[]; torn: unknown[]; unreadable: unknown[] };
    const bubblesOf = ({ areas }: Told['films'][number]) => areas.map(({ bubble }) => bubble);
    const casts = (after.casts as Told[]).map(({ films, ...rest }) => ({
      ...rest,
      films: films.map((film) => [film.rendition, ...bubblesOf(film)]),
    }));
    const films = ['large', 'medium', 'small'].map((rendition) => [rendition, 'hello', 'bye']);
    assert.deepEqual(casts, [
      { cast: { ball: 'red' }, prepared: true, films, torn: [], unreadable: [] },
      { cast: { ball: 'green' }, prepared: true, films, torn: [], unreadable: [] },
    ]);
    const shown = await run(['templates', 'show', 'tiny', ...TINY], { cwd });
    assert.match(shown.stdout, /^green +hello +bye +errors in \/ out \/ after +size +SSIM$/m);
    assert.match(shown.stdout, /^large +swap +swap +\d+ \/ \d+ \/ \d+ +[+-][\d.]+ % +[+-]0\.\d{4}$/m);
    assert.doesNotMatch(shown.stdout, /storyfarm templates prepare/, 'there is nothing to be done');
  });

  it('tells what a video cost and why, and what would make it cheap', async (t) => {
    const cwd = temporaryFolder(t);
    const render = (...more: string[]) =>
      run(['render', 'tiny', ...TINY, '-w', 'hello=x', '-o', 'out', ...more], { cwd });
    const slow = await render('-c', 'ball=green');
    assert.equal(slow.code, 0, slow.stderr);
    assert.match(slow.stdout, /^large +re-encode +320x240 +2\.00 s +\S+ kB +\/.*out\/large\.mp4$/m);
    assert.match(slow.stdout, /^Every frame was encoded:\n {2}large, medium, small: Its film is not prepared\.\n/m);
    const [video, kept] = [join(cwd, 'out', 'large.mp4'), join(cwd, 'kept.mp4')];
    linkSync(video, kept);
    const before = readFileSync(kept);
    const remedy = /-> `storyfarm (templates prepare tiny -c ball=green --template-folders .*)` makes/.exec(
      slow.stdout,
    )?.[1];
    const prepared = await run(remedy?.split(' ') ?? [], { cwd });
    assert.equal(prepared.code, 0, prepared.stderr);
    const { paths } = JSON.parse((await render('-c', 'ball=green', '--json')).stdout);
    assert.deepEqual(paths, { large: { path: 'swap' }, medium: { path: 'swap' }, small: { path: 'swap' } });
    assert.ok(readFileSync(kept).equals(before) && !readFileSync(video).equals(before), 'no file is written over');
    const fast = await render('-c', 'ball=green');
    assert.match(fast.stdout, /^large +swap +320x240 .*\n[\s\S]*\nrendered in \d+\.\d\d s\n$/m);
    const editions = join(cwd, 'var', 'editions', 'tiny');
    rmSync(join(editions, readdirSync(editions)[0] ?? '', 'small.film'), { recursive: true });
    const mixed = await render('-c', 'ball=green');
    assert.match(mixed.stdout, /^Every frame of small was encoded:\n {2}small: Its film is not prepared\.\n/m);
  });

  it('a torn film is told, and made again by prepare', async (t) => {
    const cwd = temporaryFolder(t);
    const prepare = () => run(['templates', 'prepare', 'tiny', '-c', 'ball=red', ...TINY], { cwd });
    const show = async () => (await run(['templates', 'show', 'tiny', ...TINY], { cwd })).stdout;
    await prepare();
    const editions = join(cwd, 'var', 'editions', 'tiny');
    const film = join(editions, readdirSync(editions)[0] ?? '', 'large.film', 'film.mp4');
    const whole = readFileSync(film);
    truncateSync(film, whole.length - 1);
    const torn = await show();
    assert.match(torn, /^red +2 of 3 films prepared; torn: large$/m);
    assert.match(torn, /^large +re-encode +re-encode$/m);
    assert.match(torn, /^ {2}large: the film is torn and will be made again: film\.mp4 is not what was prepared\.$/m);
    assert.match(torn, /^No cast has all films: jobs encode every frame of renditions without one, at hundreds/m);
    assert.match(torn, /-> `storyfarm templates prepare tiny --template-folders /);
    const { code, stderr } = await prepare();
    assert.equal(code, 0, stderr);
    assert.ok(readFileSync(film).length > 0 && !(await show()).includes('torn'));
  });

  it('a film that may not be read is told as that', { skip: noOther }, async (t) => {
    const cwd = temporaryFolder(t);
    chmodSync(cwd, 0o755);
    await run(['templates', 'prepare', 'tiny', '-c', 'ball=red', ...TINY], { cwd });
    const editions = join(cwd, 'var', 'editions', 'tiny');
    chmodSync(join(editions, readdirSync(editions)[0] ?? '', 'small.film', 'film.mp4'), 0);
    const { code, stdout, stderr } = await run(['templates', 'show', 'tiny', ...TINY], { cwd, uid });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^red +2 of 3 films prepared; not readable: small$/m);
    assert.match(stdout, /^ {2}small: film\.mp4 cannot be read \(EACCES\)\. See who owns it in the data folder\.$/m);
    assert.doesNotMatch(stdout, /torn/);
  });

  it('an ffmpeg that can make no films is named, with the remedy', { skip: POSIX }, async (t) => {
    const cwd = temporaryFolder(t);
    const args = [...TINY, '--ffmpeg-path', oldFfmpegIn(cwd)];
    const said = /ffmpeg lacks addroi, so it can make no films: every job is encoded, at hundreds of times the CPU\./;
    const prepare = await run(['templates', 'prepare', 'tiny', ...args], { cwd });
    assert.deepEqual([prepare.code, prepare.stdout], [1, '']);
    assert.match(prepare.stderr, said);
    assert.match(prepare.stderr, /^storyfarm: .*\(ffmpeg_too_old\)\n {2}-> Install ffmpeg 4\.4 or newer .*\n$/);
    const show = await run(['templates', 'show', 'tiny', ...args], { cwd });
    const render = await run(['render', 'tiny', '-w', 'hello=x', '-o', 'out', ...args], { cwd });
    for (const { code, stdout } of [show, render]) {
      assert.equal(code, 0);
      assert.match(stdout, said);
      assert.match(stdout, /\n {2}-> Install ffmpeg 4\.4 or newer/);
      assert.doesNotMatch(stdout, /templates prepare/);
    }
  });

  it('names every place where a template is broken, and keeps the others', async (t) => {
    const cwd = temporaryFolder(t);
    copyOfTiny(cwd);
    const file = join(copyOfTiny(cwd, 'broken'), 'template.json');
    const template = JSON.parse(readFileSync(file, 'utf8'));
    Object.assign(template.bubbles[0], {
      end: 9,
      sample: { en: 'Many more words than could ever be read in such a small bubble' },
    });
    writeFileSync(file, JSON.stringify({ ...template, id: 'broken', poster: { time: 7 } }));
    const { code, stdout } = await run(['templates', 'validate', '.', '--json'], { cwd });
    assert.equal(code, 1);
    const [good, bad] = JSON.parse(stdout).templates;
    assert.deepEqual([good.id, good.complaints], ['tiny', []]);
    const pointers = bad.complaints.map(({ pointer }: { pointer: string }) => pointer);
    assert.ok(pointers.includes('/bubbles/0/end') && pointers.includes('/poster/time'), pointers.join());
    const list = await run(['templates', 'list', '--template-folders', '.'], { cwd });
    assert.equal(list.code, 1);
    assert.match(list.stdout, /^tiny /m);
    assert.match(list.stderr, /^BAD {2}.*broken.template\.json \//);
  });
});
