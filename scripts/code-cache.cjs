/**
 * `node FLAGS scripts/code-cache.cjs NAME`: keeps what V8 makes of a joined program, all of its functions included, for processes that run with the same flags (bin/load.js).
 *
 * Compiling all of them would otherwise be left until each is called. To read 2 MB of compiled functions takes 5 ms; to compile the few that a call needs takes five times as long.
 */
const { renameSync, writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { cacheOf, compile, placeOf } = require('../bin/load.js');

const name = process.argv[2];
setFlagsFromString('--no-lazy');
const script = compile(name);
// V8 notes its flags with the cache; it shall be told those that programs run with.
setFlagsFromString('--lazy');
const file = cacheOf(placeOf(name));
// A process that starts meanwhile finds a whole one or none.
writeFileSync(`${file}.part`, script.createCachedData());
renameSync(`${file}.part`, file);
