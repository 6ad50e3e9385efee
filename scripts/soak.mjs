/**
 * `npm run soak -- --jobs 1000 --seed S`: builds, then runs the soak (test/soak/soak.ts) with the arguments. What is built is told on stderr, so that with --json
 * stdout has one object (`npm run -s soak -- --json`).
 *
 * Where it may, it runs with mounts of its own: the small disk that it fills is then gone with it, even when it is killed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { build } from './build.mjs';

const program = [process.execPath, 'dist/test/soak/soak.js', ...process.argv.slice(2)];
const alone = ['unshare', '--mount', '--'];

if (!(await build(2))) process.exit(1);
const canBeAlone = process.platform === 'linux' && spawnSync(alone[0], [...alone.slice(1), 'true']).status === 0;
const [command, ...args] = canBeAlone ? [...alone, ...program] : program;
const soak = spawn(command, args, { stdio: 'inherit' });
// From a terminal it has got the signal itself; it ends when its ledger is written.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => soak.kill('SIGTERM'));
soak.on('exit', (code) => process.exit(code ?? 1));
