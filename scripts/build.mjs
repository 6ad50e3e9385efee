/**
 * `npm run build`: compiles everything to dist/src and dist/test, and joins the two programs, the command line and the renderer, in dist/bundle.
 *
 * Node takes about a millisecond for each module that it has to find and link. The 150 of a renderer cost it 0.26 s of CPU, joined they cost 0.13 s: as much as it
 * needs for two videos, at every start. Only our own code and what is many small modules (`JOINED`) is joined; other packages are loaded as npm installed them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';

const JOINED = ['zod', 'eventsource-parser'];
const home = fileURLToPath(new URL('../', import.meta.url));

/** Compiler output goes to this file descriptor. Resolves to whether it was built. */
export async function build(output = 1) {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'];
  const { status } = spawnSync(process.execPath, tsc, { cwd: home, stdio: ['ignore', output, 'inherit'] });
  if (status !== 0) return false;
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)));
  await bundle({
    absWorkingDir: home,
    entryPoints: { cli: 'dist/src/cli/main.js', renderer: 'dist/src/renderer/main.js' },
    // src/package.ts finds the installation from here: two folders up, as from dist/src.
    outdir: 'dist/bundle',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !JOINED.includes(name)),
    logLevel: 'warning',
  });
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
  process.exit((await build()) ? 0 : 1);
}
