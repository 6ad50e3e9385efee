/**
 * `npm run verify -- templates`: builds, then runs the verification with the other arguments. What is built is told on stderr, so that with --json stdout has one
 * object (`npm run -s verify -- templates --json`).
 */
import { spawn } from 'node:child_process';
import { build } from './build.mjs';

const PROGRAMS = ['templates'];
const [program = '', ...rest] = process.argv.slice(2);

if (!PROGRAMS.includes(program)) {
  console.error(`Name what is to be verified: ${PROGRAMS.join(' or ')}.`);
  process.exit(1);
}

if (!(await build(2))) process.exit(1);
const verify = spawn(process.execPath, [`dist/test/verify/${program}.js`, ...rest], { stdio: 'inherit' });
// From a terminal it has got the signal itself.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => verify.kill('SIGTERM'));
verify.on('exit', (code) => process.exit(code ?? 1));
