/** `storyfarm demo`: the whole road with one command, which leaves the files and nothing else. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { temporaryFolder } from '../fixtures/folder.js';
import { fixtureTemplates } from '../fixtures/tiny.js';
import { ended, processesWith, run, spawn } from './storyfarm.js';

const DEMO = ['demo', 'tiny', '--template-folders', fixtureTemplates, '--slots', '2'];

/** Its temporary folder lies in ours; and a store that is configured here must be left alone. */
const surroundings = (cwd: string) => ({ cwd, env: { TMPDIR: cwd, STORYFARM_STORE: `sqlite:${join(cwd, 'own.db')}` } });

test('the demo ends with a table of its files, and with no process', async (t) => {
  const cwd = temporaryFolder(t);
  const { code, stdout, stderr } = await run(DEMO, surroundings(cwd));
  assert.equal(code, 0, stderr);
  const rows = /^job +took +file +pixels +length +size\n((?:.+\n)+)\n/m.exec(stdout)?.[1]?.split('\n') ?? [];
  assert.deepEqual(
    rows.map((row) => /(\w+)\.(mp4|jpg)/.exec(row)?.[0]).filter(Boolean),
    Array(3).fill(['large.mp4', 'medium.mp4', 'small.mp4', 'poster.jpg']).flat(),
  );
  assert.match(stdout, /^Korean +\d+\.\d+ s +large\.mp4 +320x240 +2\.00 s +\d+\.\d kB$/m);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80 || line.startsWith(cwd), line);
  const jobs = /The folders are in\n(.*)\n$/.exec(stdout)?.[1] ?? '';
  const folders = [...stdout.matchAll(/^(?:Korean|English, emoji|long, shrinks) +([0-9a-f-]{36}\/1)$/gm)];
  assert.equal(folders.length, 3, stdout);
  for (const [, folder = ''] of folders) assert.ok(existsSync(join(jobs, folder, 'large.mp4')), folder);
  assert.equal(existsSync(join(cwd, 'own.db')), false);
  if (process.platform === 'linux') assert.deepEqual(processesWith(cwd), []);
});

test('an interrupted demo leaves nothing', { skip: process.platform === 'win32' && 'it needs signals' }, async (t) => {
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
  assert.match(stdout, /^Storyfarm demo with the template ".+" \(snow-post\)\n\n$/);
  assert.match(stderr, /^storyfarm: Interrupted\. \(aborted\)$/m);
  assert.deepEqual(readdirSync(cwd), []);
  if (process.platform === 'linux') assert.deepEqual(processesWith(cwd), []);
});
