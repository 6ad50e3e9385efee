import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFfmpeg } from '../../src/media/ffmpeg.js';
import { versionOf } from '../../src/media/ffmpeg-version.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { changeSealed } from '../fixtures/sealed.js';

const { path, version } = openFfmpeg();
const windows = process.platform === 'win32' ? { skip: 'nothing is remembered on Windows' } : {};

/** Replaces what is remembered of a program with an answer that it never gave. */
function pretend(memory: string): void {
  changeSealed(memory, (known: object) => ({ ...known, version: 'ffmpeg version remembered' }));
}

test('a program is asked once', windows, (t) => {
  const memory = join(temporaryFolder(t), 'data', 'ffmpeg.json');
  assert.equal(versionOf(path, memory), version);
  pretend(memory);
  assert.equal(versionOf(path, memory), 'ffmpeg version remembered');
  assert.equal(versionOf(path), version, 'without a memory it is asked');
});

test('a program that was replaced, even by one of the same size and time, is asked again', windows, (t) => {
  const folder = temporaryFolder(t);
  const [memory, mine] = [join(folder, 'ffmpeg.json'), join(folder, 'ffmpeg')];
  const then = new Date(2020, 1, 1);
  const install = () => {
    copyFileSync(path, mine);
    utimesSync(mine, then, then);
  };
  install();
  assert.equal(versionOf(mine, memory), version);
  pretend(memory);
  install();
  assert.equal(versionOf(mine, memory), version);
});

test('what may start another program is asked each time', windows, (t) => {
  const folder = temporaryFolder(t);
  const [memory, script] = [join(folder, 'ffmpeg.json'), join(folder, 'ffmpeg')];
  writeFileSync(script, `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 });
  assert.equal(versionOf(script, memory), version);
  assert.equal(existsSync(memory), false);
});

test('a program of which something else is remembered than it said is asked again, once', windows, (t) => {
  const memory = join(temporaryFolder(t), 'ffmpeg.json');
  versionOf(path, memory);
  const text = readFileSync(memory, 'utf8');
  const damaged = text.replace('ffmpeg version ', 'ffmpeg versiom ');
  assert.notEqual(damaged, text);
  writeFileSync(memory, damaged);
  assert.equal(versionOf(path, memory), version);
  assert.equal(readFileSync(memory, 'utf8'), text, 'and remembered as it is');
});

test('a memory that is torn or cannot be kept is none', windows, (t) => {
  const memory = join(temporaryFolder(t), 'ffmpeg.json');
  writeFileSync(memory, '{"mark":');
  assert.equal(versionOf(path, memory), version);
  assert.equal(versionOf(path, join(memory, 'below a file')), version);
});

test('one that somebody kills is asked again, a few times', windows, (t) => {
  const folder = temporaryFolder(t);
  const script = join(folder, 'ffmpeg');
  const dyingUntil = (tries: number) =>
    writeFileSync(
      script,
      `#!/bin/sh\necho >> "$0.asked"\n[ $(wc -l < "$0.asked") -ge ${tries} ] || kill -9 $$\nexec ${path} "$@"\n`,
      {
        mode: 0o755,
      },
    );
  dyingUntil(3);
  assert.equal(versionOf(script), version);
  rmSync(`${script}.asked`);
  dyingUntil(4);
  assert.throws(() => versionOf(script), { code: 'ffmpeg_missing' });
});
