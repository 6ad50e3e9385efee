/** `storyfarm demo`: the whole road with one command, which leaves the files and nothing else. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { temporaryFolder } from '../fixtures/folder.js';
import { oldFfmpegIn } from '../fixtures/old-ffmpeg.js';
import { fixtureTemplates } from '../fixtures/tiny.js';
import { ended, processesWith, run, spawn } from './storyfarm.js';

const noSignals = process.platform === 'win32' && 'it needs signals and scripts';
const DEMO = ['demo', 'tiny', '--template-folders', fixtureTemplates, '--slots', '2'];

/** Its temporary folder lies in ours; and a store that is configured here must be left alone. */
const surroundings = (cwd: string) => ({
  cwd,
  env: { TMPDIR: cwd, STORYFARM_STORE: `sqlite:${join(cwd, 'own.db')}`, STORYFARM_STALL: '10min' },
});

test('the demo shows a video that is encoded, then others in milliseconds, and leaves no process', async (t) => {
  const cwd = temporaryFolder(t);
  const { code, stdout, stderr } = await run(DEMO, surroundings(cwd));
  assert.equal(code, 0, stderr);
  const [, first = '', prepared = '', others = '', many = ''] = stdout.split(/^[1-4]\. /m);
  const rows = [...first.matchAll(/^(\w+)\.(?:mp4|jpg) /gm)].map(([, name]) => name);
  assert.deepEqual(rows, ['large', 'medium', 'small', 'poster'], first);
  assert.match(first, /^took \d+\.\d+ s, \d+\.\d+ s of it to lay out the template, once for a cast$/m);
  assert.match(prepared, /^made in \d+\.\d+ s; /m);
  assert.match(many, /^30 videos in \d+\.\d+ s: one every \d+ ms, \d+ times as fast as the first was encoded$/m);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80 || line.includes(cwd), line);
  const jobs = /The folders are in\n(.*)\n/.exec(many)?.[1] ?? '';
  const folders = [...others.matchAll(/^(Korean|English, emoji|long, shrinks) +\d+\.\d\d s +swap +(\S+)$/gm)];
  assert.deepEqual(
    folders.map(([, name]) => name),
    ['Korean', 'English, emoji', 'long, shrinks'],
    others,
  );
  for (const [, , folder = ''] of folders) assert.ok(existsSync(join(jobs, folder, 'large.mp4')), folder);
  assert.ok(existsSync(join(/looked at while the rest goes on:\n(.*)\n/.exec(first)?.[1] ?? '', 'poster.jpg')));
  assert.equal(existsSync(join(cwd, 'own.db')), false);
  if (process.platform === 'linux') assert.deepEqual(processesWith(cwd), []);
});

test('where no films can be made, the demo says so and goes on without', { skip: noSignals }, async (t) => {
  const cwd = temporaryFolder(t);
  const { code, stdout, stderr } = await run([...DEMO, '--ffmpeg-path', oldFfmpegIn(cwd)], surroundings(cwd));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^2\. Films cannot be made here\.\n\n.* lacks addroi, .*\n {2}-> Install ffmpeg 4\.4 or newer/m);
  assert.match(stdout, /^English, emoji +\d+\.\d+ s +re-encode .*\nlong, shrinks +\d+\.\d+ s +re-encode /m);
  assert.doesNotMatch(stdout, /^4\. /m);
});

test('an interrupted demo leaves nothing', { skip: noSignals }, async (t) => {
  const cwd = temporaryFolder(t);
  // Its jobs take several seconds each: the signal always comes in their midst.
  const demo = spawn(['demo', 'snow-post', '--slots', '2'], surroundings(cwd));
  const all = ended(demo);
  // The farm is up and has the jobs.
  createInterface({ input: demo.stderr as Readable }).on('line', (line) => {
    if (/^Korean: \d+ % (queued|rendering)$/.test(line)) demo.kill('SIGINT');
  });
  const { code, stdout, stderr } = await all;
  assert.equal(code, 130, stderr);
  assert.match(stdout, /^Storyfarm demo with the template ".+" \(snow-post\)\n\n1\. .*\n\n$/);
  assert.match(stderr, /^storyfarm: Interrupted\. \(aborted\)$/m);
  assert.deepEqual(readdirSync(cwd), []);
  if (process.platform === 'linux') assert.deepEqual(processesWith(cwd), []);
});
