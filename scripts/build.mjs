/**
 * `npm run build`: compiles everything to dist/src and dist/test, and joins the programs, the command line, the renderer and the courier, in dist/bundle, each with what V8 makes of it (bin/load.js).
 *
 * Node takes about a millisecond for each module that it has to find and link. The 150 of a renderer cost it 0.26 s of CPU, joined they cost 0.13 s: as much as it
 * needs for two videos, at every start. A module that is only ever imported when it is needed becomes a function that fills variables when it is called, which V8 cannot optimise as
 * it does constants: nothing that a warm renderer works with may be such a one. Only our own code and what is many small modules (`JOINED`) is joined; other packages are loaded as npm installed them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';

const JOINED = ['zod', 'eventsource-parser', 'commander'];
const home = fileURLToPath(new URL('../', import.meta.url));

/** Compiler output goes to this file descriptor. Resolves to whether it was built. */
export async function build(output = 1) {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'];
  const { status } = spawnSync(process.execPath, tsc, { cwd: home, stdio: ['ignore', output, 'inherit'] });
  if (status !== 0) return false;
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)));
  await bundle({
    absWorkingDir: home,
    entryPoints: {
      cli: 'dist/src/cli/main.js',
      renderer: 'dist/src/renderer/main.js',
      courier: 'dist/src/cli/courier.js',
    },
    // src/package.ts finds the installation from here: two folders up, as from dist/src.
    outdir: 'dist/bundle',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    external: Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !JOINED.includes(name)),
    // Nothing is loaded as a module from a bundle: what is joined lies there already, and packages are asked for as CommonJS.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'warning',
  });
  const { NODE_FLAGS } = await import('../dist/src/supervisor/renderer/process.js');
  return cache('cli', [], output) && cache('courier', [], output) && cache('renderer', NODE_FLAGS, output);
}

/** Of a program that runs with these flags. */
function cache(name, flags, output) {
  const args = [...flags, fileURLToPath(new URL('code-cache.cjs', import.meta.url)), name];
  // What the environment adds would be noted with it.
  const env = { ...process.env, NODE_OPTIONS: '' };
  return spawnSync(process.execPath, args, { env, stdio: ['ignore', output, 'inherit'] }).status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
  process.exit((await build()) ? 0 : 1);
}
