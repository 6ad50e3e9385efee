/**
 * `npm run verify -- templates`: builds, then runs the verification with the other arguments. What is built is told on stderr, so that with --json stdout has one
 * object (`npm run -s verify -- templates --json`).
 */
import { spawnSync } from 'node:child_process';
import { build } from './build.mjs';

const PROGRAMS = ['templates'];
const [program = '', ...rest] = process.argv.slice(2);

if (!PROGRAMS.includes(program)) {
  console.error(`Name what is to be verified: ${PROGRAMS.join(' or ')}.`);
  process.exit(1);
}

const node = (script, args, stdout) =>
  spawnSync(process.execPath, [script, ...args], { stdio: ['inherit', stdout, 'inherit'] }).status ?? 1;

if (!(await build(2))) process.exit(1);
process.exit(node(`dist/test/verify/${program}.js`, rest, 'inherit'));
