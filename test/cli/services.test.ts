/** The services as a process manager and a user meet them: ready when they can work, gone when they are told to, and never a job lost. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { JobDocument } from '../../src/front/documents.js';
import { openStore } from '../../src/store/open.js';
import { assertInvariants } from '../chaos/farm/invariants.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { oldFfmpegIn } from '../fixtures/old-ffmpeg.js';
import { fixtureTemplates } from '../fixtures/tiny.js';
import { gateIn } from './gate.js';
import { type Ended, ended, processesWith, run, Service, type Surroundings, spawn } from './storyfarm.js';

const TINY = ['--template-folders', fixtureTemplates];
const ONE = ['--slots', '1', ...TINY];
const noPipes = process.platform === 'win32' && 'it needs named pipes';

/** For a failure to be told: long on a busy machine. */
const PATIENCE_MS = 60_000;

const jobOf = ({ stdout, stderr }: Ended): JobDocument => {
  assert.match(stdout, /^\{[\s\S]*\}\n$/, stderr);
  return JSON.parse(stdout);
};

describe('storyfarm up', () => {
  let up: Service;
  let where: Surroundings;
  after(() => up?.kill());
  const cwd = temporaryFolder({ after });
  const submit = (...args: string[]) => run(['submit', 'tiny', ...args], where);

  before(async () => {
    up = await Service.start({ after() {} }, ['up', '--port', '0', ...ONE], { cwd });
    where = { cwd, env: { STORYFARM_URL: up.url } };
  });

  it('is ready when it says so', async () => {
    assert.equal((await fetch(`${up.url}/readyz`)).status, 200);
    assert.match(up.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('makes a video for submit, which shows progress on standard error and the files on standard output', async () => {
    const { code, stdout, stderr } = await submit('-w', 'hello=Hi 🎉❤️‍🔥', '-w', 'bye=안녕');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^job [0-9a-f-]{36} is rendered\n\nfile +pixels +length +size\nlarge +320x240 +2\.00 s +\d/);
    const addresses = stdout.split('\n').filter((line) => line.startsWith('http'));
    assert.equal(addresses.length, 4);
    for (const address of addresses) assert.equal((await fetch(address, { method: 'HEAD' })).status, 200, address);
    for (const line of stdout.split('\n')) assert.ok(line.startsWith('http') || line.length <= 80, line);
    assert.match(stderr, /^job [0-9a-f]{8}: 0 % (queued|rendering)\n/);
    assert.match(stderr, /: 100 % rendered\n$/);
    assert.doesNotMatch(stderr, /undefined/);
  });

  it('gives the same job for the same key, and refuses the key for another', async () => {
    const first = jobOf(await submit('-w', 'hello=x', '--idempotency-key', 'k', '--no-wait', '--json'));
    const again = jobOf(await submit('-w', 'hello=x', '--idempotency-key', 'k', '--json'));
    assert.deepEqual([again.id, again.state, again.files.length], [first.id, 'rendered', 3]);
    assert.ok(again.files.every(({ url }) => url.startsWith(up.url)) && again.links.self.startsWith(up.url));
    const other = await submit('-w', 'hello=y', '--idempotency-key', 'k');
    assert.deepEqual([other.code, other.stdout], [2, '']);
    assert.match(other.stderr, /\(idempotency_conflict\)\n {2}-> Use a new Idempotency-Key/);
  });

  it('tells every place of a request that is wrong', async () => {
    const { code, stdout, stderr } = await submit('-w', 'no=x', '-c', 'ball=blue');
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(
      stderr,
      /3 places.*\/cast\/ball: .*red, green[\s\S]*\/words\/hello .*must have[\s\S]*\/words\/no .*no such/,
    );
    assert.match((await run(['submit', 'nope'], where)).stderr, /\(unknown_template\)\n {2}-> .*templates list/);
  });

  it('shows its queue in status', async () => {
    const { id } = jobOf(await submit('-w', 'hello=s', '--json'));
    const { code, stdout } = await run(['status', '-n', '1'], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /^queued +rendering +rendered +delivered +dead +cancelled$/m);
    assert.match(stdout, new RegExp(`^${id}  tiny +rendered  in \\d+\\.\\d\\d s, (swap|re-encode|mixed)$`, 'm'));
    for (const line of stdout.split('\n').slice(1)) assert.ok(line.length <= 80, line);
    const json = JSON.parse((await run(['status', '--json'], { cwd })).stdout);
    assert.equal(json.byState.rendered, json.latest.length);
    assert.doesNotMatch(JSON.stringify(json), /words/);
  });

  it('keeps a second farm away from its folder, and another server from its port', async () => {
    const port = new URL(up.url).port;
    const [second, twice, samePort] = await Promise.all([
      run(['farm', '--farm-port', '0', '--log-level', 'silent', ...ONE], { cwd }),
      run(['up', '--port', port, '--log-level', 'silent', ...ONE], { cwd }),
      run(['up', '--port', port, '--data-folder', 'other', '--log-level', 'silent', ...ONE], { cwd }),
    ]);
    assert.deepEqual([second.code, second.stdout, samePort.code, samePort.stdout], [1, '', 1, '']);
    for (const { stderr } of [second, twice])
      assert.match(stderr, /Another farm uses the data folder .*\(already_running\)\n {2}-> /);
    assert.deepEqual([twice.code, twice.stdout], [1, '']);
    assert.match(
      samePort.stderr,
      new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is taken\\. \\(port_in_use\\)\\n {2}-> `),
    );
  });

  it('leaves at TERM, and leaves nothing', async () => {
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    if (process.platform === 'linux') assert.deepEqual(processesWith(cwd), []);
    const { code, stderr } = await submit('-w', 'hello=x');
    assert.equal(code, 1);
    assert.match(stderr, /No front answers at .*\(unavailable\)\n {2}-> Start one with `npm start`/);
  });
});

describe('signals while a job is being rendered', { skip: noPipes }, () => {
  /** A farm in the middle of a job, and who waits for it. */
  async function midJob(t: TestContext) {
    const cwd = temporaryFolder(t);
    const gate = gateIn(cwd);
    const up = await Service.start(t, ['up', '--port', '0', '--ffmpeg-path', gate.path, ...ONE], { cwd });
    const submit = spawn(['submit', 'tiny', '-w', 'hello=x', '--json', '--url', up.url], { cwd });
    const submitted = ended(submit);
    await gate.reached();
    const latest = async () => JSON.parse((await run(['status', '--json'], { cwd })).stdout).latest[0];
    return { cwd, gate, up, submit, submitted, latest };
  }

  it('the first lets it finish', async (t) => {
    const { gate, up, submitted, latest } = await midJob(t);
    up.signal('SIGTERM');
    await up.said('draining');
    await gate.open();
    assert.equal(await up.ended(), 0);
    const told = up.lines.map(({ msg }) => msg);
    assert.ok(told.indexOf('job rendered') > told.indexOf('draining: finishing the present jobs'), told.join('\n'));
    assert.equal((await latest()).state, 'rendered');
    assert.deepEqual(jobOf(await submitted).state, 'rendered', 'who waited was still told');
  });

  it('the second stops at once and gives it back, uncounted', async (t) => {
    const { cwd, up, submit, submitted, latest } = await midJob(t);
    up.signal('SIGINT');
    await up.said('draining');
    up.signal('SIGINT');
    assert.equal(await up.ended(), 0);
    // It would wait for a minute: a front that is away may be starting again.
    submit.kill('SIGINT');
    const { id, state, attempt, crashes, failure } = await latest();
    assert.deepEqual([state, attempt, crashes, failure], ['queued', 0, 0, null]);
    if (process.platform === 'linux') assert.deepEqual(processesWith(cwd), []);
    const dataFolder = join(cwd, 'var');
    const store = await openStore(`sqlite:${join(dataFolder, 'storyfarm.db')}`);
    t.after(() => store.close());
    await assertInvariants({ store, dataFolder, ids: [id], pids: [up.child.pid as number] });
    const { code, stdout, stderr } = await submitted;
    assert.deepEqual([code, stdout], [130, '']);
    assert.match(stderr, /\n {2}-> The job is recorded and goes on: http.*\/v1\/jobs\/[0-9a-f-]{36}\n$/);
  });

  it('whoever stops waiting is told where the job is', async (t) => {
    const { gate, up, submit, submitted, latest } = await midJob(t);
    submit.kill('SIGINT');
    const { code, stdout, stderr } = await submitted;
    assert.deepEqual([code, stdout], [130, '']);
    assert.match(
      stderr,
      /^storyfarm: Interrupted\. \(aborted\)\n {2}-> The job is recorded and goes on: http.*\/v1\/jobs\//m,
    );
    await gate.open();
    await up.said('job rendered');
    assert.equal((await latest()).state, 'rendered');
  });
});

describe('a service whose process manager goes away while it starts', () => {
  for (const part of ['farm', 'front', 'files'])
    it(`leaves: ${part}`, async (t) => {
      const cwd = temporaryFolder(t);
      const port = [`--${part === 'front' ? '' : `${part}-`}port`, '0'];
      const child = spawn([part, ...port, ...(part === 'farm' ? ONE : part === 'front' ? TINY : [])], { cwd });
      t.after(() => void child.kill('SIGKILL'));
      // The program has not even been loaded.
      child.disconnect();
      const gone = ended(child);
      await once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) });
      const { code, stdout, stderr } = await gone;
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /"draining[\s\S]*"listening on[\s\S]*"ended"/);
      if (process.platform === 'linux') assert.deepEqual(processesWith(cwd), []);
    });
});

describe('farm, front and files apart', () => {
  it('make and serve a video together', async (t) => {
    const cwd = temporaryFolder(t);
    const [files, farm] = await Promise.all([
      Service.start(t, ['files', '--files-port', '0'], { cwd }),
      Service.start(t, ['farm', '--farm-port', '0', ...ONE], { cwd }),
    ]);
    const front = await Service.start(t, ['front', '--port', '0', '--files-url', `${files.url}/`, ...TINY], { cwd });
    for (const { url } of [files, farm, front]) assert.equal((await fetch(`${url}/readyz`)).status, 200);
    const job = jobOf(await run(['submit', 'tiny', '-w', 'hello=x', '--json', '--url', front.url], { cwd }));
    for (const { url } of [...job.files, job.poster ?? assert.fail()]) {
      assert.ok(url.startsWith(`${files.url}/v1/files/`), url);
      assert.equal((await fetch(url)).status, 200);
    }
    assert.match(await (await fetch(`${farm.url}/metrics`)).text(), /jobs_finished_total\{outcome="rendered"\} 1/);
    for (const service of [front, farm, files]) {
      service.signal('SIGTERM');
      assert.equal(await service.ended(), 0);
    }
  });

  it('say once that this ffmpeg can make no films, and render all the same', { skip: noPipes }, async (t) => {
    const cwd = temporaryFolder(t);
    const up = await Service.start(t, ['up', '--port', '0', '--ffmpeg-path', oldFfmpegIn(cwd), ...ONE], { cwd });
    for (const words of ['x', 'y']) {
      const { code, stderr } = await run(['submit', 'tiny', '-w', `hello=${words}`, '--url', up.url], { cwd });
      assert.equal(code, 0, stderr);
    }
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    const [warning, ...others] = up.lines.filter(({ level }) => level === 'warn' || level === 'error');
    assert.match(String(warning?.msg), /ffmpeg lacks addroi, so it can make no films/);
    assert.match(String(warning?.hint), /Install ffmpeg 4\.4 or newer/);
    assert.deepEqual(others, []);
    const paths = up.lines.filter(({ msg }) => msg === 'job rendered').map(({ path, why }) => [path, why]);
    assert.deepEqual(paths, Array(2).fill(['re-encode', ['large, medium, small: Its film is not prepared.']]));
  });

  it('start on a damaged journal and say what was left out, and on none that is a folder', async (t) => {
    const cwd = temporaryFolder(t);
    const journal = join(cwd, 'var', 'outcomes.journal');
    mkdirSync(join(cwd, 'var'));
    writeFileSync(journal, 'noise\n');
    const args = ['farm', '--farm-port', '0', ...ONE];
    const farm = await Service.start(t, args, { cwd });
    const { lines, bytes, kept, file } = await farm.said('the journal of outcomes was damaged');
    assert.deepEqual([lines, bytes, kept, file], [1, 6, 0, `${journal}.damaged`]);
    farm.signal('SIGTERM');
    assert.equal(await farm.ended(), 0);
    assert.equal(readFileSync(`${journal}.damaged`, 'utf8'), 'noise\n');
    mkdirSync(journal);
    const refused = await run([...args, '--log-level', 'silent'], { cwd });
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    assert.match(
      refused.stderr,
      /var\/outcomes\.journal is a folder, .*\(config_invalid\)\n {2}-> Move the folder away/,
    );
  });

  it('warn when there is no template', async (t) => {
    const cwd = temporaryFolder(t);
    const front = await Service.start(t, ['front', '--port', '0', '--template-folders', 'none'], { cwd });
    assert.match(String((await front.said('no usable template is installed')).hint), /storyfarm templates new/);
    assert.equal((await fetch(`${front.url}/readyz`)).status, 503);
  });
});
