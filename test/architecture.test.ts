/**
 * The house as a rule: which part may import which. Imports point down by rank, parts of one rank do not know each other, and each foreign technology has one
 * door. This test is the documentation of it; when the house is changed, it is changed here first.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';
import { packageFolder } from '../src/package.js';

const SOURCE = join(packageFolder, 'src');

/** Rank by folder of src; files directly in src have rank 0. A part may import its own folder and lower ranks. */
const RANKS: Readonly<Record<string, number>> = {
  scene: 1,
  template: 2,
  store: 3,
  ipc: 3,
  media: 3,
  http: 3,
  front: 4,
  files: 4,
  supervisor: 4,
  renderer: 4,
  delivery: 4,
  cli: 5,
};

/** Packages with one door. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  'prom-client': ['metrics.ts'],
  pino: ['log.ts'],
  'fluent-ffmpeg': ['media/ffmpeg.ts'],
  '@ffmpeg-installer/ffmpeg': ['media/ffmpeg.ts'],
  '@napi-rs/canvas': ['media/canvas.ts', 'media/picture.ts'],
  'better-sqlite3': ['store/sqlite/'],
  mssql: ['store/mssql/'],
  '@aws-sdk/client-s3': ['media/bucket/s3.ts'],
  '@aws-sdk/s3-request-presigner': ['media/bucket/s3.ts'],
  commander: ['cli/'],
  fastify: ['http/', 'front/', 'files/'],
};

/** These run in browsers too: no Node, no packages but zod, no globals of a page. */
const ISOMORPHIC = ['scene/', 'template/'];
const PAGE_GLOBALS =
  /\b(document|window|navigator|localStorage|HTMLElement|OffscreenCanvas|process|Buffer|__dirname)\s*[.([]/;

const VAGUE = /^(common|utils?|helpers?|types|misc|shared|index)(\.ts)?$/;

interface Import {
  readonly file: string;
  readonly target: string;
}

const files = walk(SOURCE).map((path) => relative(SOURCE, path).replaceAll('\\', '/'));
const text = new Map(files.map((file) => [file, readFileSync(join(SOURCE, file), 'utf8')]));
const imports: readonly Import[] = files.flatMap((file) =>
  [...importsOf(text.get(file) ?? '')].map((target) => ({ file, target })),
);
const inner = imports
  .filter(({ target }) => target.startsWith('.'))
  .map(({ file, target }) => ({
    file,
    target: normalize(join(dirname(file), target))
      .replaceAll('\\', '/')
      .replace(/\.js$/, '.ts'),
  }));
const outer = imports.filter(({ target }) => !target.startsWith('.'));

test('there is a house to judge', () => {
  assert.ok(files.length > 40, `only ${files.length} files were found`);
  assert.ok(inner.length > 100, `only ${inner.length} imports were found`);
});

test('every folder of src has a rank', () => {
  const unknown = new Set(
    files
      .filter((file) => file.includes('/'))
      .map(folderOf)
      .filter((folder) => !(folder in RANKS)),
  );
  assert.deepEqual([...unknown], []);
});

test('imports point down by rank', () => {
  const wrong = inner.filter(
    ({ file, target }) => folderOf(file) !== folderOf(target) && rankOf(target) >= rankOf(file),
  );
  assert.deepEqual(wrong, []);
});

test('imports lead to files that exist, never outside src', () => {
  assert.deepEqual(
    inner.filter(({ target }) => !text.has(target)),
    [],
  );
});

test('no file imports itself by a detour', () => {
  const next = new Map(files.map((file) => [file, inner.filter((i) => i.file === file).map(({ target }) => target)]));
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `a circle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const target of next.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test('each foreign technology has one door', () => {
  const wrong = outer.filter(({ file, target }) => {
    const doors = DOORS[packageOf(target)];
    return doors !== undefined && !doors.some((door) => file === door || (door.endsWith('/') && file.startsWith(door)));
  });
  assert.deepEqual(wrong, []);
  for (const name of Object.keys(DOORS)) {
    if (name === '@ffmpeg-installer/ffmpeg') continue;
    assert.ok(
      outer.some(({ target }) => packageOf(target) === name),
      `the rule for ${name} is about nothing`,
    );
  }
});

test('scene and template run anywhere', () => {
  const isomorphic = (file: string) => ISOMORPHIC.some((folder) => file.startsWith(folder));
  assert.deepEqual(
    outer.filter(({ file, target }) => isomorphic(file) && target !== 'zod'),
    [],
  );
  for (const file of files.filter(isomorphic)) {
    const code = (text.get(file) ?? '').replace(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'/g, '');
    assert.doesNotMatch(code, PAGE_GLOBALS, `${file} uses a global of Node or of a page`);
  }
});

test('names say what is in them', () => {
  assert.deepEqual(
    files.filter((file) => file.split('/').some((part) => VAGUE.test(part))),
    [],
  );
});

test('nothing is exported without a name, and no file only passes on', () => {
  for (const [file, code] of text) {
    assert.doesNotMatch(code, /^export default/m, file);
    assert.doesNotMatch(code, /^export (\*|\{[^}]*\}) from/m, `${file} passes on what another file exports`);
  }
});

test('every file says what it is for', () => {
  assert.deepEqual(
    files.filter((file) => !(text.get(file) ?? '').startsWith('/**')),
    [],
  );
});

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : entry.name.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(code: string): Set<string> {
  const found = new Set<string>();
  for (const [, target = ''] of code.matchAll(/^(?:import|export)\s[^;]*?from\s+'([^']+)'/gms)) found.add(target);
  for (const [, target = ''] of code.matchAll(/^import\s+'([^']+)'/gm)) found.add(target);
  for (const [, target = ''] of code.matchAll(/\b(?:import|require)\('([^']+)'\)/g)) found.add(target);
  return found;
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : '';
}

function rankOf(file: string): number {
  return RANKS[folderOf(file)] ?? 0;
}

function packageOf(target: string): string {
  const parts = target.split('/');
  return target.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}
