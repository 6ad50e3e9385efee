/** A running farm and those who tell it what to do: the commands, and the signals that say the same. Real processes, with a job under way. */

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { FarmStatus } from '../../src/cli/control/protocol.js';
import { openStore } from '../../src/store/open.js';
import { assertInvariants } from '../chaos/farm/invariants.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { fixtureTemplates } from '../fixtures/tiny.js';
import { gateIn } from './gate.js';
import { PROGRAM, run, Service } from './storyfarm.js';

const noTerminal = spawnSync('script', ['--version']).status !== 0 && 'it needs `script` of util-linux';
const noPipes = process.platform === 'win32' && 'it needs named pipes';

/** A farm in the middle of a job, that goes on when the gate is opened; further jobs wait at no gate. */
async function midJob(t: TestContext, config: Record<string, unknown> = {}) {
  const cwd = temporaryFolder(t);
  const gate = gateIn(cwd);
  const write = (more: Record<string, unknown>) =>
    writeFileSync(
      join(cwd, 'storyfarm.config.json'),
      JSON.stringify({
        templateFolders: [fixtureTemplates],
        ffmpegPath: gate.path,
        prepare: 'none',
        ...config,
        ...more,
      }),
    );
  write({});
  const up = await Service.start(t, ['up', '--port', '0'], { cwd });
  const pids = new Set<number>();
  const call = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(args, { cwd });
    return { code, stdout, stderr };
  };
  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await call(...args, '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as T;
  };
  const status = async () => {
    const { farm } = await json<{ farm: FarmStatus }>('status');
    for (const { pid } of farm.seats) if (pid) pids.add(pid);
    return farm;
  };
  const ids: string[] = [];
  const submit = async () => {
    const { id } = await json<{ id: string }>('submit', 'tiny', '-w', 'hello=x', '--no-wait', '--url', up.url);
    ids.push(id);
    return id;
  };
  const first = await submit();
  await gate.reached();
  /** When the farm is gone: what became of each job, and that nothing is left. */
  const aftermath = async () => {
    const store = await openStore(`sqlite:${join(cwd, 'var', 'storyfarm.db')}`);
    try {
      await assertInvariants({ store, dataFolder: join(cwd, 'var'), ids, pids: [...pids, up.child.pid as number] });
      return await Promise.all(ids.map(async (id) => (await store.history(id)).map(({ event }) => event).join(' ')));
    } finally {
      await store.close();
    }
  };
  return { cwd, gate, up, call, json, status, submit, first, write, aftermath };
}

const UNDISTURBED = 'enqueued claimed rendered';

describe('a farm with a job under way', { skip: noPipes }, () => {
  it('is scaled, reloaded, recycled and drained, and the job notices nothing', async (t) => {
    const farm = await midJob(t, { slots: 2 });
    const { gate, up, call, json, status, submit, first, write, aftermath } = farm;
    const { seats, live, mode, ready, pid } = await status();
    assert.deepEqual([mode, ready, pid, seats.length], ['running', true, up.child.pid, 2]);
    assert.equal(seats.find(({ job }) => job)?.job?.id, first);
    assert.ok(live.includes('slots') && !live.includes('port'));

    assert.deepEqual(await json('scale', '3'), { slots: 3, before: 2, finishing: 0 });
    const { stdout } = await call('scale', '0');
    assert.equal(stdout, '0 slots, 3 before. 1 renderer of the others will finish the present job first.\n');
    // Only a seat that is at work is left; it is that of the first job.
    await untilSeats(
      status,
      (left) => left.length > 0 && left.every(({ job, closing }) => job?.id === first && closing),
    );
    await json('scale', '2');
    await untilSeats(status, (all) => all.length === 2 && all.every(({ phase }) => phase !== 'booting'));

    write({ slots: 2, stall: '60s', port: 81, maxJobs: 9 });
    const reloaded = await json<{ changed: object[]; restart: string[]; recycles: boolean }>('reload');
    assert.deepEqual(reloaded.changed, [
      { name: 'maxJobs', from: 500, to: 9 },
      { name: 'stall', from: 120_000, to: 60_000 },
    ]);
    assert.deepEqual([reloaded.restart, reloaded.recycles], [[], true], 'the port is that of a flag');
    const held = (await status()).seats.find(({ job }) => job);
    assert.deepEqual([held?.job?.id, held?.recycling], [first, 'request']);

    await gate.open();
    await up.said('job rendered');
    await submit();
    await up.said('renderer recycled');
    const { code, stdout: drained } = await call('drain');
    assert.equal(code, 0);
    assert.match(
      drained,
      /^The farm (has nothing under way and ends|finishes 1 job and ends, within 60\.0 s)\.\nThe farm has ended\.\n$/,
    );
    assert.equal(await up.ended(), 0);
    const [history, second] = await aftermath();
    assert.equal(history, UNDISTURBED);
    assert.match(second ?? '', /^enqueued( claimed rendered)?$/);
  });

  it('does by signals what it does by commands: HUP reloads, USR2 recycles', async (t) => {
    const { gate, up, status, write, aftermath } = await midJob(t, { slots: 1 });
    write({ slots: 2, logLevel: 'debug' });
    up.signal('SIGHUP');
    const { changed } = await up.said('configuration read again');
    assert.deepEqual(changed, { slots: 2, logLevel: 'debug' });
    await untilSeats(status, (seats) => seats.length === 2 && seats[1]?.phase === 'idle');
    up.signal('SIGUSR2');
    await up.said('renderer recycled');
    assert.ok((await status()).seats[0]?.job, 'the one at work waits for its end');
    await gate.open();
    await up.said('job rendered');
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await aftermath(), [UNDISTURBED]);
  });

  it('refuses a configuration that is not valid, by command and by signal, and works on with the old one', async (t) => {
    const { cwd, gate, up, call, json, status, write, aftermath } = await midJob(t, { slots: 1 });
    write({ slots: 2, maxMemory: 'much', nonsense: 1 });
    const { code, stdout, stderr } = await call('reload', '--data-folder', join(cwd, 'var'));
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /wrong in 2 places\. \(config_invalid\)\n.*\/nonsense: .*\n.*\/maxMemory: Give a size/);
    assert.match((await call('scale', '2')).stderr, /-> With --data-folder nothing of it is needed\./);
    const told = up.lines.length;
    up.signal('SIGHUP');
    await untilLine(up, told, 'configuration refused: the old one stays in force');
    write({ ffmpegPath: join(cwd, 'none') });
    assert.match((await call('reload')).stderr, /The configured ffmpeg is not there: .*\(ffmpeg_missing\)/);
    write({});
    assert.equal((await status()).slots, 1);
    assert.deepEqual((await json<{ changed: object[] }>('reload')).changed, []);
    await gate.open();
    await up.said('job rendered');
    await json('drain');
    assert.deepEqual(await aftermath(), [UNDISTURBED]);
  });

  it('is stopped by command: at once, and the job is queued again, uncounted', async (t) => {
    const { up, call, aftermath } = await midJob(t, { slots: 1 });
    const { code, stdout } = await call('stop');
    assert.equal(code, 0);
    assert.equal(stdout, 'The farm is stopped; 1 job under way will be queued again.\nThe farm has ended.\n');
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await aftermath(), ['enqueued claimed released']);
  });

  it('that is drained past its deadline gives the job back and ends well', async (t) => {
    const { up, json, aftermath } = await midJob(t, { slots: 1, drain: '500ms' });
    assert.deepEqual(await json('drain'), { mode: 'draining', jobs: 1, atMostMs: 500 });
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await aftermath(), ['enqueued claimed released']);
  });

  it('that drains by command is not cut short by one TERM, but by a second', async (t) => {
    const { up, call, aftermath } = await midJob(t, { slots: 1 });
    const { code, stdout } = await call('drain', '--no-wait');
    assert.deepEqual([code, stdout], [0, 'The farm finishes 1 job and ends, within 60.0 s.\n']);
    assert.match((await call('scale', '2')).stderr, /The farm is draining\. \(unavailable\)\n {2}-> It ends when/);
    up.signal('SIGTERM');
    const refused = await call('pause');
    assert.match(refused.stderr, /The farm is draining/);
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await aftermath(), ['enqueued claimed released']);
  });

  it('is paused and goes on, and shows all of it to people in 80 columns', async (t) => {
    const { gate, up, call, submit, first, aftermath } = await midJob(t, { slots: 1 });
    const paused = await call('pause', 'disk', 'is', 'replaced');
    assert.equal(paused.stdout, 'Claims are paused: disk is replaced. 1 job under way will be finished.\n');
    assert.equal((await fetch(`${up.url}/readyz`)).status, 503);
    const { stdout } = await call('status');
    assert.match(stdout, /^farm .+, pid \d+, up \d+ s: 1 slot, paused: disk is replaced$/m);
    assert.match(stdout, /^slot {2}renderer +pid +jobs +memory +age +job$/m);
    // Its memory may have been looked at when it had hardly begun.
    assert.match(stdout, new RegExp(`^0 +busy +\\d+ +1 +[\\d.]+ [kM]B +\\d+ s +${first.slice(0, 8)} \\d+ %$`, 'm'));
    for (const line of stdout.split('\n').slice(1)) assert.ok(line.length <= 80, line);
    await gate.open();
    await up.said('job rendered');
    const second = await submit();
    assert.match((await call('status')).stdout, new RegExp(`^${second} +tiny +queued`, 'm'));
    assert.equal((await call('resume')).stdout, 'Claims go on.\n');
    assert.equal((await call('resume')).stdout, 'Claims were not paused.\n');
    await untilLine(up, up.lines.findIndex(({ msg }) => msg === 'job rendered') + 1, 'job rendered');
    await call('drain');
    assert.deepEqual(await aftermath(), [UNDISTURBED, UNDISTURBED]);
  });

  it('that was started in a terminal drains when the terminal is gone', { skip: noTerminal }, async (t) => {
    const cwd = temporaryFolder(t);
    const program = `'${process.execPath}' '${PROGRAM}' up --port 0 --slots 1 --template-folders '${fixtureTemplates}'`;
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    const terminal = execFile('script', ['-qfec', program, '/dev/null'], { cwd, env });
    t.after(() => terminal.kill('SIGKILL'));
    const ended = once(terminal, 'exit');
    let said = '';
    await new Promise<void>((resolve) => {
      terminal.stdout?.on('data', (chunk) => {
        said += chunk;
        if (said.includes('listening on')) resolve();
      });
    });
    const { farm } = JSON.parse((await run(['status', '--json'], { cwd })).stdout);
    process.kill(farm.pid, 'SIGHUP');
    assert.equal((await ended)[0], 0);
    assert.match(said, /draining: finishing the present jobs/);
  });

  it('that was killed leaves a socket which keeps nobody out', async (t) => {
    const { cwd, up, call } = await midJob(t, { slots: 1 });
    const socket = join(cwd, 'var', 'farm.sock');
    await up.kill();
    assert.ok(lstatSync(socket).isSocket());
    const drain = await call('drain');
    assert.deepEqual([drain.code, drain.stdout], [1, '']);
    assert.match(drain.stderr, /No farm runs on the data folder .*var\. \(not_running\)\n {2}-> Start one/);
    assert.match((await call('status')).stdout, /^No farm runs on .*var\.$/m);
    writeFileSync(join(cwd, 'opened'), ''); // Nobody stands at the gate any more.
    const next = await Service.start(t, ['up', '--port', '0'], { cwd });
    const second = await run(['farm', '--farm-port', '0', '--log-level', 'silent'], { cwd });
    assert.match(second.stderr, /already_running/);
    assert.equal((await call('status', '--json')).code, 0);
    assert.equal((await call('recycle', '--slot', '0')).stdout, '1 renderer will be replaced: slot 0.\n');
    assert.match(
      (await call('recycle', '--slot', '7')).stderr,
      /There is no slot 7\. \(not_found\)\n {2}-> The last is slot 0/,
    );
    await call('stop');
    assert.equal(await next.ended(), 0);
    assert.equal(existsSync(socket), false);
  });
});

/** There is no event for seats; this looks again, as somebody at a terminal would. */
async function untilSeats(
  status: () => Promise<FarmStatus>,
  holds: (seats: FarmStatus['seats']) => boolean,
): Promise<void> {
  for (let looks = 0; ; looks++) {
    const { seats } = await status();
    if (holds(seats)) return;
    assert.ok(looks < 60, `in vain: ${JSON.stringify(seats)}`);
  }
}

async function untilLine(service: Service, from: number, msg: string): Promise<void> {
  for (let looks = 0; !service.lines.slice(from).some((line) => line.msg === msg); looks++) {
    assert.ok(looks < 600, `in vain: ${msg}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
