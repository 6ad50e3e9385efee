/** `storyfarm doctor` finds what is not well, and has a remedy for it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../fixtures/folder.js';
import { copyOfTiny, fixtureTemplates } from '../fixtures/tiny.js';
import { noOther, uid } from './other-user.js';
import { run, type Surroundings } from './storyfarm.js';

interface Finding {
  readonly what: string;
  readonly state: string;
  readonly found: string;
  readonly remedy: string;
}

/** Free ones, whatever else runs here. */
const PORTS = ['--port', '0', '--files-port', '0', '--farm-port', '0'];

async function doctor(args: readonly string[], where: Surroundings) {
  const { code, stdout, stderr } = await run(['doctor', '--json', ...args], where);
  assert.equal(stderr, '');
  const findings = JSON.parse(stdout).findings as readonly Finding[];
  return { code, of: (what: string) => findings.find((finding) => finding.what === what) as Finding, findings };
}

test('a healthy machine, of which nothing is changed', async (t) => {
  const cwd = temporaryFolder(t);
  const { code, findings } = await doctor(['--template-folders', fixtureTemplates, ...PORTS], { cwd });
  assert.equal(code, 0);
  assert.deepEqual(
    findings.map(({ what }) => what),
    [
      'node',
      'ffmpeg',
      'codecs',
      'films',
      'leash',
      'fonts',
      'templates',
      'folder',
      'disk',
      'store',
      'storage',
      'servers',
      'ports',
    ],
  );
  assert.deepEqual(
    findings.filter(({ state }) => state === 'ill'),
    [],
  );
  assert.equal(existsSync(join(cwd, 'var')), false, 'looking makes no data folder');
});

test('a missing ffmpeg, a taken port, a broken template', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(copyOfTiny(cwd, 'broken'), 'red.mp4'), 'no film');
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const args = ['--ffmpeg-path', 'none', '--template-folders', '.', ...PORTS, '--files-port', `${port}`];
  const { code, of } = await doctor(args, { cwd });
  assert.equal(code, 1);
  assert.deepEqual([of('ffmpeg').state, of('codecs').state], ['ill', 'ill']);
  assert.match(of('ffmpeg').found, /The configured ffmpeg is not there: .*none$/);
  assert.match(of('ffmpeg').remedy, /Install ffmpeg, or set ffmpegPath/);
  assert.equal(of('ports').state, 'poor');
  assert.match(of('ports').found, new RegExp(`: ${port} \\(filesPort\\)$`));
  assert.match(of('ports').remedy, /stop what listens there or choose other ports/);
  assert.equal(of('templates').state, 'ill');
  assert.match(of('templates').found, /^0 usable, 1 broken: .*template\.json \/roles\/0\/characters\/0\/layer/);
  assert.match(of('templates').remedy, /storyfarm templates validate .*broken/);
});

test('an ffmpeg that cannot do what is needed', { skip: process.platform === 'win32' }, async (t) => {
  const cwd = temporaryFolder(t);
  const path = join(cwd, 'ffmpeg');
  writeFileSync(path, `#!/bin/sh\necho 'ffmpeg version 0.1'\necho ' V....D libx264  x'\necho ' A....D aac  x'\n`);
  chmodSync(path, 0o755);
  const { of } = await doctor(['--ffmpeg-path', path, ...PORTS], { cwd });
  assert.equal(of('ffmpeg').state, 'well');
  assert.equal(of('codecs').state, 'ill');
  assert.match(of('codecs').found, /lacks png, afade, /);
  assert.match(of('codecs').remedy, /Install a full ffmpeg/);
  assert.equal(of('films').state, 'poor');
  assert.match(of('films').found, /lacks addroi, vstack, ssim, so it can make no films: every job is encoded/);
});

test('no templates, and a data folder that cannot be', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'file'), '');
  const { code, of } = await doctor(['--data-folder', 'file', '--template-folders', 'none', ...PORTS], { cwd });
  assert.equal(code, 1);
  assert.deepEqual([of('templates').state, of('folder').state], ['ill', 'ill']);
  assert.match(of('templates').remedy, /templates new/);
  assert.match(of('folder').found, /The data folder .*file is a file\./);
});

test('a folder that may not be written', { skip: noOther }, async (t) => {
  const cwd = temporaryFolder(t);
  chmodSync(cwd, 0o755);
  mkdirSync(join(cwd, 'locked'), { mode: 0o555 });
  const args = ['--template-folders', fixtureTemplates, '--data-folder', 'locked', ...PORTS];
  const { code, of } = await doctor(args, { cwd, uid });
  assert.deepEqual([code, of('folder').state], [1, 'ill']);
  assert.equal(of('folder').found, `This user has no right to the data folder ${join(cwd, 'locked')}.`);
  assert.match(of('folder').remedy, /^Give the user that runs Storyfarm the right to it/);
  const calls = [
    ['up', '--port', '0', ...args.slice(0, 4)],
    ['render', 'tiny', '-w', 'hello=x', ...args.slice(0, 4)],
    ['templates', 'prepare', 'tiny', ...args.slice(0, 4)],
  ];
  for (const call of calls) {
    const { code, stdout, stderr } = await run(call, { cwd, uid });
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(
      stderr,
      /This user has no right to the data folder .*locked.*\(config_invalid\)\n {2}-> Give the user/,
    );
  }
});
