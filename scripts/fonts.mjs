#!/usr/bin/env node
// Gathers the fonts of Storyfarm into fonts/ and writes fonts/manifest.json.
//
// Problem: the editor (browser) and the renderer (Node) must lay out the same text with the same glyphs, and the API
// must know without drawing which characters can be drawn. The npm packages that hold the fonts weigh 270 MB.
//
// Solution: install the pinned packages into a temporary folder, take one TTF of each (Node reads it), make the WOFF2
// from that very TTF (the browser reads it), and write down hashes, vertical metrics and the code points covered.
// The results are committed: only a maintainer who changes a font runs this. npm is all it needs.
//
//   npm run fonts              make what is missing or changed; a WOFF2 is made again only if its TTF changed
//   npm run fonts -- --force   make every WOFF2 again (after a change of the compressor)
//   npm run fonts -- --check   no network: do the files in fonts/ match the manifest?
//
// It does not subset: slices broke the parity of the two sides. Nor does it alter a font (some names are reserved by
// their licences), with one exception: the SVG table of the emoji font goes, 20 MB that repeat the COLR table.
//
// Coverage is a string of ascending ranges, separated by commas. Each is `gap` or `gap+more`, numbers in base 36: skip
// `gap` code points after the end of the previous range (at first: after nothing, from U+0000), then the next
// 1 + `more` code points are covered. "w+2m,1" is U+0020..U+007E and U+0080. decodeCoverage() below reads it.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HOME = fileURLToPath(new URL('../fonts/', import.meta.url));
const COMPRESSOR = 'wawoff2@2.0.1';

const google = (id, family, name, version, file) => ({
  id,
  family,
  kind: 'text',
  package: `@expo-google-fonts/${name}`,
  version,
  ttf: file,
  licenceText: 'LICENSE_FONT',
});

const FONTS = [
  {
    id: 'pretendard-bold',
    family: 'Storyfarm Sans',
    kind: 'text',
    package: 'pretendard',
    version: '1.3.9',
    ttf: 'dist/public/static/alternative/Pretendard-Bold.ttf',
    licenceText: 'dist/LICENSE.txt',
  },
  google('noto-sans-jp-bold', 'Storyfarm Japanese', 'noto-sans-jp', '0.4.3', '700Bold/NotoSansJP_700Bold.ttf'),
  google('noto-sans-sc-bold', 'Storyfarm Chinese', 'noto-sans-sc', '0.4.3', '700Bold/NotoSansSC_700Bold.ttf'),
  google(
    'noto-sans-arabic-bold',
    'Storyfarm Arabic',
    'noto-sans-arabic',
    '0.4.3',
    '700Bold/NotoSansArabic_700Bold.ttf',
  ),
  google(
    'noto-sans-hebrew-bold',
    'Storyfarm Hebrew',
    'noto-sans-hebrew',
    '0.4.1',
    '700Bold/NotoSansHebrew_700Bold.ttf',
  ),
  google('noto-sans-thai-bold', 'Storyfarm Thai', 'noto-sans-thai', '0.4.2', '700Bold/NotoSansThai_700Bold.ttf'),
  google('nanum-pen', 'Storyfarm Hand', 'nanum-pen-script', '0.4.0', '400Regular/NanumPenScript_400Regular.ttf'),
  {
    ...google(
      'noto-color-emoji',
      'Storyfarm Emoji',
      'noto-color-emoji',
      '0.4.6',
      '400Regular/NotoColorEmoji_400Regular.ttf',
    ),
    kind: 'emoji',
    dropTables: ['SVG '],
  },
];

const SANS = FONTS.map((font) => font.id).filter((id) => id !== 'nanum-pen');
const STACKS = { sans: SANS, hand: ['nanum-pen', ...SANS] };

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const describe = (file, bytes) => ({ file, bytes: bytes.length, sha256: sha256(bytes) });

// --- Reading and writing the sfnt container (OpenType, "Organization of an OpenType Font") ---

/** The tables of a TrueType file by tag, in the order of their data. Throws if it is not a TrueType file. */
function readTables(font) {
  if (font.readUInt32BE(0) !== 0x00010000) throw new Error('not a TrueType file');
  const entries = Array.from({ length: font.readUInt16BE(4) }, (_, i) => {
    const at = 12 + 16 * i;
    return {
      tag: font.toString('latin1', at, at + 4),
      offset: font.readUInt32BE(at + 8),
      length: font.readUInt32BE(at + 12),
    };
  }).sort((a, b) => a.offset - b.offset);
  return new Map(entries.map(({ tag, offset, length }) => [tag, font.subarray(offset, offset + length)]));
}

const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

function checksum(bytes) {
  const words = padded(bytes);
  let sum = 0;
  for (let i = 0; i < words.length; i += 4) sum = (sum + words.readUInt32BE(i)) >>> 0;
  return sum;
}

/** A TrueType file of the given tables, checksums included. */
function writeTables(tables) {
  const power = 31 - Math.clz32(tables.size);
  const header = Buffer.alloc(12 + 16 * tables.size);
  header.writeUInt32BE(0x00010000, 0);
  header.writeUInt16BE(tables.size, 4);
  header.writeUInt16BE(16 << power, 6);
  header.writeUInt16BE(power, 8);
  header.writeUInt16BE(16 * tables.size - (16 << power), 10);
  const sortedTags = [...tables.keys()].sort();
  const head = Buffer.from(tables.get('head'));
  head.writeUInt32BE(0, 8);
  let offset = header.length;
  const parts = [header];
  for (const [tag, original] of tables) {
    const bytes = tag === 'head' ? head : original;
    const at = 12 + 16 * sortedTags.indexOf(tag);
    header.write(tag, at, 'latin1');
    header.writeUInt32BE(checksum(bytes), at + 4);
    header.writeUInt32BE(offset, at + 8);
    header.writeUInt32BE(bytes.length, at + 12);
    parts.push(tag === 'head' ? head : padded(bytes));
    if (tag === 'head') parts.push(Buffer.alloc(-head.length & 3));
    offset += (bytes.length + 3) & ~3;
  }
  head.writeUInt32BE((0xb1b0afba - checksum(Buffer.concat(parts))) >>> 0, 8);
  return Buffer.concat(parts);
}

function withoutTables(font, tags) {
  const tables = readTables(font);
  for (const tag of tags) if (!tables.delete(tag)) throw new Error(`no table ${tag} to drop: has the font changed?`);
  return writeTables(tables);
}

// --- What the manifest says of a font ---

/** Ascent and descent as browsers choose them: OS/2 typo if the font asks for it (fsSelection bit 7), else hhea. */
function metricsOf(tables) {
  const os2 = tables.get('OS/2');
  const source = os2.readUInt16BE(62) & 0x80 ? 'typo' : 'hhea';
  const [table, at] = source === 'typo' ? [os2, 68] : [tables.get('hhea'), 4];
  return {
    unitsPerEm: tables.get('head').readUInt16BE(18),
    ascent: table.readInt16BE(at),
    descent: -table.readInt16BE(at + 2),
    lineGap: table.readInt16BE(at + 4),
    source,
  };
}

const glyphCount = (tables) => tables.get('maxp').readUInt16BE(4);

/** Code point and glyph of every mapping in the Unicode cmap; glyph 0 (missing) is left out. */
function mappingsOf(cmap) {
  const subtables = new Map();
  for (let i = 0; i < cmap.readUInt16BE(2); i++) {
    const at = 4 + 8 * i;
    subtables.set(`${cmap.readUInt16BE(at)}.${cmap.readUInt16BE(at + 2)}`, cmap.subarray(cmap.readUInt32BE(at + 4)));
  }
  const table = subtables.get('3.10') ?? subtables.get('3.1');
  const format = table?.readUInt16BE(0);
  if (format === 12) return [...segmentedCoverage(table)].filter(([, glyph]) => glyph !== 0);
  if (format === 4) return [...segmentMapping(table)].filter(([, glyph]) => glyph !== 0);
  throw new Error(`no Unicode cmap of format 4 or 12 (found ${format})`);
}

function* segmentedCoverage(table) {
  for (let i = 0; i < table.readUInt32BE(12); i++) {
    const [first, last, glyph] = [0, 4, 8].map((field) => table.readUInt32BE(16 + 12 * i + field));
    for (let point = first; point <= last; point++) yield [point, glyph + point - first];
  }
}

function* segmentMapping(table) {
  const size = table.readUInt16BE(6); // twice the number of segments
  for (let i = 0; i < size; i += 2) {
    const last = table.readUInt16BE(14 + i);
    const first = table.readUInt16BE(16 + size + i);
    const delta = table.readUInt16BE(16 + 2 * size + i);
    const rangeAt = 16 + 3 * size + i;
    const range = table.readUInt16BE(rangeAt);
    for (let point = first; point <= last && point < 0xffff; point++) {
      const glyph = range === 0 ? point : table.readUInt16BE(rangeAt + range + 2 * (point - first));
      yield [point, range !== 0 && glyph === 0 ? 0 : (glyph + delta) & 0xffff];
    }
  }
}

/** Code points that the font can draw. The emoji font maps ASCII digits, # and * only to build keycaps: not text. */
function coveredBy(tables, kind) {
  const isControl = (point) => point < 0x20 || (point >= 0x7f && point < 0xa0);
  const isAscii = (point) => point < 0x80;
  return mappingsOf(tables.get('cmap'))
    .map(([point]) => point)
    .filter((point) => !isControl(point) && !(kind === 'emoji' && isAscii(point)))
    .sort((a, b) => a - b);
}

function encodeCoverage(points) {
  const ranges = [];
  for (const point of points) {
    const range = ranges.at(-1);
    if (range && point === range.end) range.end++;
    else ranges.push({ start: point, end: point + 1 });
  }
  return ranges
    .map(({ start, end }, i) => {
      const gap = (start - (ranges[i - 1]?.end ?? 0)).toString(36);
      return end - start === 1 ? gap : `${gap}+${(end - start - 1).toString(36)}`;
    })
    .join(',');
}

function decodeCoverage(coverage) {
  const points = [];
  let next = 0;
  for (const range of coverage.split(',')) {
    const [gap, more = '0'] = range.split('+');
    next += Number.parseInt(gap, 36);
    for (const end = next + Number.parseInt(more, 36); next <= end; next++) points.push(next);
  }
  return points;
}

// --- WOFF2 ---

/** Throws unless the WOFF2 holds the TTF: same tables, same bytes save where WOFF2 packs outlines anew. */
function assertSameFont(id, ttf, unpacked) {
  const [before, after] = [ttf, unpacked].map(readTables);
  before.delete('DSIG'); // a signature of the file's bytes: WOFF2 must leave it out
  const differing = [...before.keys()].filter(
    (tag) => !after.has(tag) || !(['glyf', 'loca', 'head'].includes(tag) || before.get(tag).equals(after.get(tag))),
  );
  if (differing.length > 0 || after.size !== before.size || glyphCount(before) !== glyphCount(after)) {
    throw new Error(`${id}: WOFF2 and TTF differ (${differing.join(', ') || 'number of tables or glyphs'})`);
  }
}

async function makeWoff2(id, ttf, packages) {
  const [from, to] = [`${id}.ttf`, `${id}.woff2`].map((file) => join(HOME, file));
  const unpacked = join(packages, `${id}.ttf`);
  const started = Date.now();
  // Children, since compression blocks for up to a minute, and since wawoff2 hands out its one buffer unprotected: two
  // calls in one process overwrite each other's results.
  await run(process.execPath, [join(packages, 'wawoff2/bin/woff2_compress.js'), from, to]);
  await run(process.execPath, [join(packages, 'wawoff2/bin/woff2_decompress.js'), to, unpacked]);
  assertSameFont(id, ttf, await readFile(unpacked));
  console.log(`${id}.woff2 made in ${Math.round((Date.now() - started) / 1000)} s`);
}

// --- Commands ---

async function readManifest() {
  const file = join(HOME, 'manifest.json');
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : { fonts: [] };
}

async function matches({ file, sha256: expected }) {
  return existsSync(join(HOME, file)) && sha256(await readFile(join(HOME, file))) === expected;
}

async function install() {
  const folder = await mkdtemp(join(tmpdir(), 'storyfarm-fonts-'));
  const specs = [...FONTS.map((font) => `${font.package}@${font.version}`), COMPRESSOR];
  const flags = ['--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...flags, ...specs], { cwd: folder, shell: process.platform === 'win32' });
  return folder;
}

async function makeFont(font, packages, previous, force) {
  const origin = join(packages, font.package);
  const original = await readFile(join(origin, font.ttf));
  const ttf = font.dropTables ? withoutTables(original, font.dropTables) : original;
  const licenceText = await readFile(join(origin, font.licenceText), 'utf8');
  if (!licenceText.includes('SIL Open Font License, Version 1.1')) throw new Error(`${font.id}: not under the OFL`);
  await writeFile(join(HOME, `${font.id}.ttf`), ttf);
  await writeFile(join(HOME, 'licences', `${font.id}.txt`), licenceText);

  const known = previous.fonts.find(({ id }) => id === font.id);
  const upToDate = known?.ttf.sha256 === sha256(ttf) && (await matches(known.woff2));
  if (force || !upToDate) await makeWoff2(font.id, ttf, packages);

  const tables = readTables(ttf);
  const covered = coveredBy(tables, font.kind);
  const coverage = encodeCoverage(covered);
  if (decodeCoverage(coverage).join() !== covered.join()) throw new Error(`${font.id}: coverage does not decode`);
  return {
    id: font.id,
    family: font.family,
    kind: font.kind,
    package: font.package,
    version: font.version,
    licence: 'OFL-1.1',
    ttf: describe(`${font.id}.ttf`, ttf),
    woff2: describe(`${font.id}.woff2`, await readFile(join(HOME, `${font.id}.woff2`))),
    glyphs: glyphCount(tables),
    metrics: metricsOf(tables),
    coverage,
  };
}

async function make({ force }) {
  await mkdir(join(HOME, 'licences'), { recursive: true });
  const previous = await readManifest();
  const folder = await install();
  try {
    const packages = join(folder, 'node_modules');
    const made = await Promise.all(FONTS.map((font) => makeFont(font, packages, previous, force)));
    const manifest = { format: 1, stacks: STACKS, fonts: made };
    await writeFile(join(HOME, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every disagreement between fonts/, its manifest and the list above, as sentences. */
async function check() {
  const problems = [];
  const { fonts } = await readManifest();
  const readme = await readFile(join(HOME, 'README.md'), 'utf8');
  for (const { id, package: name, version } of FONTS) {
    const entry = fonts.find((font) => font.id === id);
    if (entry?.package !== name || entry.version !== version) problems.push(`manifest.json lacks ${name}@${version}`);
    if (!readme.includes(`${name}@${version}`)) problems.push(`README.md lacks ${name}@${version}`);
    if (!existsSync(join(HOME, 'licences', `${id}.txt`))) problems.push(`no licence text of ${id}`);
  }
  const listed = fonts.flatMap(({ ttf, woff2 }) => [ttf, woff2]);
  for (const file of listed) if (!(await matches(file))) problems.push(`${file.file} is missing or altered`);
  for (const name of await readdir(HOME)) {
    if (/\.(ttf|woff2)$/.test(name) && !listed.some(({ file }) => file === name))
      problems.push(`${name} is not listed`);
  }
  return problems;
}

if (process.argv.includes('--check')) {
  const problems = await check();
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) console.error('Run: npm run fonts');
  process.exitCode = problems.length > 0 ? 1 : 0;
} else {
  await make({ force: process.argv.includes('--force') });
}
