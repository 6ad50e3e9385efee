/**
 * `npm run bench -- render`, `queue`, `farms`, or all: builds, then runs the benchmark with the other arguments. What is built is told on stderr, so that
 * with --json stdout has one object (`npm run -s bench -- render --json`); of all, one with a part for each.
 */
import { spawnSync } from 'node:child_process';
import { build } from './build.mjs';

const BENCHES = ['queue', 'farms', 'render'];
const [first = '', ...rest] = process.argv.slice(2);
const isNamed = BENCHES.includes(first);
const args = process.argv.slice(2);

if (!isNamed && (args.length > 1 || (args.length === 1 && first !== '--json'))) {
  console.error(`Name the benchmark that the options are for: ${BENCHES.join(' or ')}. Without options both are run.`);
  process.exit(1);
}

const node = (script, given, stdout) =>
  spawnSync(process.execPath, [script, ...given], { stdio: ['inherit', stdout, 'inherit'], maxBuffer: 2 ** 28 });
const bench = (name, given, stdout = 'inherit') => {
  const { status, stdout: told } = node(`dist/test/bench/${name}.js`, given, stdout);
  if (status !== 0) process.exit(status ?? 1);
  return told;
};

if (!(await build(2))) process.exit(1);
if (isNamed) bench(first, rest);
else if (first === '--json') {
  const told = BENCHES.map((name) => [name, JSON.parse(bench(name, args, 'pipe'))]);
  console.log(JSON.stringify(Object.fromEntries(told), undefined, 2));
} else for (const name of BENCHES) bench(name, []);
