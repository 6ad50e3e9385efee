/**
 * `npm test`: builds, lints, gets what the tests need or says what is missing, and runs every test file.
 *
 * Tests that need a system program skip visibly where it is missing; this script installs it first where it may (root on Debian) and otherwise prints the one
 * line that would enable them. Arguments are paths or parts of paths: `npm test -- store` runs the test files that have "store" in their path.
 *
 * Files named `.long.test` take minutes: they run only when they are asked for (`npm test -- long`, or by their name), and their number is told otherwise.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';

/** Programs that some tests need, with the Debian package that has them; `file` where they are not started by their name. */
const NEEDED = [
  {
    program: 'ffmpeg',
    debian: 'ffmpeg',
    without: 'the ffmpeg that npm installed is used; tests that look into videos with ffprobe are skipped',
  },
  { program: 'chromium', debian: 'chromium', without: 'tests that play videos in a browser are skipped' },
  { program: 'ffprobe', debian: 'ffmpeg', without: 'tests that look into videos with ffprobe are skipped' },
  {
    program: 'strace',
    debian: 'strace',
    without: 'the test that sees what is flushed to the disk, and when, is skipped',
  },
  {
    program: 'OpenStack Swift, the S3-compatible server of the tests,',
    file: '/usr/lib/python3/dist-packages/swift/obj/mem_server.py',
    debian: 'python3-swift',
    without: 'tests of storage in a bucket are skipped',
  },
];

/** Test files that run at the same time: nearly half of the time they wait. */
const AT_ONCE = Math.min(availableParallelism() + 1, 6);

const run = (command, args, options = {}) => spawnSync(command, args, { stdio: 'inherit', ...options });
const has = (program) => spawnSync(program, ['-version'], { stdio: 'ignore' }).error === undefined;

function provide() {
  const missing = NEEDED.filter(({ program, file }) => (file ? !existsSync(file) : !has(program)));
  if (missing.length === 0) return [];
  const packages = [...new Set(missing.map(({ debian }) => debian))];
  const line = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    console.log(`Installing what the tests need: ${line}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    if (
      run('sh', ['-c', `${line} >/dev/null 2>&1 || (apt-get update -qq && ${line} >/dev/null)`], { env }).status === 0
    )
      return [];
  }
  return missing.map(({ program, without }) => `${program} is missing: ${without}. To enable them: ${line}`);
}

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith('.test.js') ? [path] : [];
  });
}

function fail(status) {
  process.exit(status || 1);
}

const started = Date.now();
const wanted = process.argv.slice(2);
if (!(await build())) fail(1);
if (wanted.length === 0 && run('npx', ['--no-install', 'biome', 'check', '.']).status !== 0) fail(1);
const notes = provide();
const all = testFiles('dist/test');
const files = all.filter((file) =>
  wanted.length === 0 ? !file.endsWith('.long.test.js') : wanted.some((part) => file.includes(part)),
);
if (wanted.length === 0)
  notes.push(`${all.length - files.length} long test files are left out; \`npm test -- long\` runs them`);
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(' ')}.`);
  fail(1);
}
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('STORYFARM_') || name.startsWith('STORYFARM_TEST_')),
);
const { status } = run(
  process.execPath,
  ['--enable-source-maps', '--test', `--test-concurrency=${AT_ONCE}`, '--test-reporter=spec', ...files],
  { env },
);
if (!env.STORYFARM_TEST_MSSQL_URL)
  notes.push(
    'STORYFARM_TEST_MSSQL_URL names no SQL Server: the tests of the store on it are skipped (docs/sql-server.md)',
  );
for (const note of notes) console.log(`note: ${note}`);
console.log(`${files.length} test files in ${Math.round((Date.now() - started) / 1000)} s`);
process.exit(status ?? 1);
