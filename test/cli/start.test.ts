import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { packageFolder, version } from '../../src/package.js';
import { NODE_FLAGS } from '../../src/supervisor/renderer/process.js';

const loader = join(packageFolder, 'bin', 'load.js');
const { NODE_OPTIONS: _, ...env } = process.env;
const node = (...args: string[]) => execFileSync(process.execPath, args, { encoding: 'utf8', env }).trim();

/** A copy of the programs alone, in which a cache can be spoilt. */
function installation(context: TestContext): { folder: string; cache: string } {
  const folder = mkdtempSync(join(tmpdir(), 'storyfarm-start-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const part of ['bin', 'dist/bundle', 'package.json'])
    cpSync(join(packageFolder, part), join(folder, part), { recursive: true });
  return { folder, cache: join(folder, 'dist', 'bundle', 'cli.cjs.cache') };
}

describe('Starting a joined program', () => {
  const isRejected = (name: string, ...flags: string[]) =>
    node(
      ...flags,
      '-p',
      `const { compile, readCache } = require(${JSON.stringify(loader)}); compile('${name}', readCache('${name}')).cachedDataRejected`,
    );

  it('takes what the build has compiled, with the flags that the program runs with', () => {
    assert.equal(isRejected('cli'), 'false');
    assert.equal(isRejected('renderer', ...NODE_FLAGS), 'false');
  });

  it('compiles it anew under other flags', () => {
    assert.equal(isRejected('cli', '--no-opt'), 'true');
    assert.equal(node('--no-opt', join(packageFolder, 'bin', 'storyfarm'), '--version'), version);
  });

  it('needs no cache, and none that can be read', (context) => {
    const { folder, cache } = installation(context);
    writeFileSync(cache, 'no cache');
    assert.equal(node(join(folder, 'bin', 'storyfarm'), '--version'), version);
    rmSync(cache);
    assert.equal(node(join(folder, 'bin', 'storyfarm'), '--version'), version);
  });

  it('says what to do when it is not built', (context) => {
    const { folder } = installation(context);
    rmSync(join(folder, 'dist'), { recursive: true });
    assert.throws(() => node(join(folder, 'bin', 'storyfarm')), /Run `npm run build`/);
  });
});
