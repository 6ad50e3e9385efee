/**
 * Runs the joined programs of dist/bundle (scripts/build.mjs).
 *
 * Reading and compiling what a program needs takes a third of the time of a process that renders one video. So the build compiles each program once and keeps what V8 made of it
 * beside it. V8 itself judges whether that is of the same version and flags, and compiles anew when it is not: another Node than the one that built is slower to start, and nothing else.
 * That is why these files, alone here, are CommonJS: Node loads no such cache for modules, and starts its loader of modules only for them.
 */

const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const placeOf = (name) => join(__dirname, '..', 'dist', 'bundle', `${name}.cjs`);
const cacheOf = (file) => `${file}.cache`;

/** A program as a script, whose value is a function as of a CommonJS module. Throws ENOENT when it is not built. */
function compile(name, cachedData) {
  const file = placeOf(name);
  // esbuild writes ASCII.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`;
  return new Script(source, { filename: file, cachedData });
}

/** Undefined when there is none. */
function readCache(name) {
  try {
    return readFileSync(cacheOf(placeOf(name)));
  } catch {
    return undefined;
  }
}

/** Runs a program and answers what it exports. */
function run(name) {
  const file = placeOf(name);
  const module = { exports: {} };
  compile(name, readCache(name)).runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

module.exports = { placeOf, cacheOf, readCache, compile, run };
