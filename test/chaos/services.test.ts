/** Faults that meet the services as they are run: real processes, a real front, real renders. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { askFarm } from '../../src/cli/control/client.js';
import type { FarmStatus } from '../../src/cli/control/protocol.js';
import { connect } from '../../src/store/sqlite/connection.js';
import { killedBeforeAnswering, onFileSystem } from '../fixtures/preloads.js';
import { until } from '../pm2/managed.js';
import { notHere, refused, Served, UNDISTURBED } from './farm/served.js';

const QUIET = ['up', '--port', '0', '--log-level', 'silent'];

describe('a farm in the middle of a job', { skip: notHere }, () => {
  it('is not touched by a second farm on its folder or its store, which is refused', async (context) => {
    const served = new Served(context);
    const up = await served.start('up');
    await served.ask(up.url);
    await served.gate.reached();
    const from = performance.now();
    const { code, stdout, stderr } = await refused(
      context,
      ['farm', '--farm-port', '0', '--log-level', 'silent'],
      served,
    );
    context.diagnostic(`refused ${Math.round(performance.now() - from)} ms after it was called`);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /Another farm uses the data folder .*\(already_running\)\n {2}-> /);
    const elsewhere = ['--data-folder', 'other', '--store', `sqlite:${join(served.dataFolder, 'storyfarm.db')}`];
    const beside = await refused(context, ['farm', '--farm-port', '0', '--log-level', 'silent', ...elsewhere], served);
    assert.deepEqual([beside.code, beside.stdout], [1, '']);
    assert.match(beside.stderr, /Another farm uses the store .*\(already_running\)\n {2}-> .*a store of its own/);
    await served.gate.open();
    await up.said('job rendered');
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await served.aftermath(), [UNDISTURBED]);
  });

  it('stands a storm of signals, and ends with the seats that were asked for last', async (context) => {
    const served = new Served(context);
    const up = await served.start('up');
    await served.ask(up.url);
    await served.gate.reached();
    await served.scrape(up);
    for (let turn = 0; turn < 60; turn++) {
      served.configure({ slots: 1 + (turn % 4) });
      up.signal(turn % 3 === 2 ? 'SIGUSR2' : 'SIGHUP');
      if (turn % 10 === 9) await fetch(`${up.url}/livez`);
    }
    served.configure({ slots: 3 });
    up.signal('SIGHUP');
    const status = async () => (await askFarm(served.dataFolder, { do: 'status' })) as FarmStatus;
    await until('there are three seats, and all are taken', async () => {
      served.look(up);
      const { seats } = await status();
      return seats.length === 3 && seats.every(({ phase }) => ['idle', 'busy'].includes(phase));
    });
    await served.gate.open();
    for (let more = 0; more < 4; more++) await served.ask(up.url);
    await until('five jobs are rendered', async () =>
      /^storyfarm_jobs_finished_total\{outcome="rendered"\} 5$/m.test(await served.scrape(up)),
    );
    served.look(up);
    assert.ok(!up.lines.some(({ code }) => code === 'renderer_crashed'));
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await served.aftermath(), Array(5).fill(UNDISTURBED));
  });

  it('renders on while the store is locked; its front answers 503 with Retry-After, and nothing crashes', async (context) => {
    const served = new Served(context, { lease: '1s' });
    const up = await served.start('up');
    await served.ask(up.url);
    await served.gate.reached();
    await served.scrape(up);
    const database = connect(join(served.dataFolder, 'storyfarm.db'));
    database.exec('BEGIN IMMEDIATE');
    await served.gate.open();
    const locked = await served.ask(up.url);
    assert.deepEqual([locked.status, locked.body.code], [503, 'store_busy']);
    assert.ok(Number(locked.headers.get('retry-after')) > 0);
    await up.said('the store has not taken the outcome yet; it is kept in the journal');
    assert.ok(existsSync(join(served.dataFolder, 'outcomes.journal')));
    assert.equal((await fetch(`${up.url}/livez`)).status, 200);
    database.exec('ROLLBACK');
    database.close();
    await up.said('job rendered');
    assert.equal((await served.ask(up.url)).status, 202);
    await until('both jobs are rendered', async () =>
      /^storyfarm_jobs_finished_total\{outcome="rendered"\} 2$/m.test(await served.scrape(up)),
    );
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await served.aftermath(), [UNDISTURBED, UNDISTURBED]);
  });
});

describe('a front', { skip: notHere }, () => {
  it('that is killed when the job is recorded and not yet answered: the same key gets the same job, another body 422', async (context) => {
    const served = new Served(context);
    const doomed = await served.start('front', { NODE_OPTIONS: killedBeforeAnswering(202) });
    const gone = once(doomed.child, 'exit');
    await assert.rejects(served.ask(doomed.url, { key: 'order-1' }), 'there is no answer');
    assert.equal((await gone)[1], 'SIGKILL');

    const up = await served.start('up');
    await served.gate.reached();
    const again = await served.ask(up.url, { key: 'order-1' });
    assert.equal(again.status, 202);
    assert.equal(again.body.state, 'rendering', 'it is the job that was never answered');
    const other = await served.ask(up.url, { key: 'order-1', words: { hello: 'Something else' } });
    assert.deepEqual([other.status, other.body.code], [422, 'idempotency_conflict']);
    await served.gate.open();
    await up.said('job rendered');
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await served.aftermath(), [UNDISTURBED]);
  });

  it('refuses a bomb of text before it measures it, records nothing, and serves others', async (context) => {
    const served = new Served(context);
    const up = await served.start('up');
    for (const bomb of [
      '가'.repeat(100_000),
      `a${'\u0301'.repeat(2_000)}`,
      '👨‍👩‍👧‍👦'.repeat(20_000),
      'ก็'.repeat(1_000),
    ]) {
      const from = performance.now();
      const { status, body } = await served.ask(up.url, { words: { hello: bomb } });
      context.diagnostic(`${body.code} after ${Math.round(performance.now() - from)} ms`);
      assert.ok(status === 422 || status === 413, `${status}`);
    }
    assert.equal((await served.ask(up.url)).status, 202);
    await served.gate.reached();
    await served.gate.open();
    await up.said('job rendered');
    up.signal('SIGTERM');
    assert.equal(await up.ended(), 0);
    assert.deepEqual(await served.aftermath(), [UNDISTURBED]);
  });
});

describe('a store on a network file system', { skip: notHere }, () => {
  // NFS and SMB 2, as statfs(2) numbers them.
  for (const type of [0x6969, 0xfe534d42])
    it(`(0x${type.toString(16)}) is refused at boot, and nothing is made there`, async (context) => {
      const served = new Served(context);
      const env = { NODE_OPTIONS: onFileSystem(type) };
      const { code, stdout, stderr } = await refused(context, QUIET, { ...served, env });
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /lies on a network file system\. \(config_invalid\)\n {2}-> .*local disk/);
      assert.equal(existsSync(join(served.dataFolder, 'storyfarm.db')), false);
      // Elsewhere the same command works.
      const up = await served.start('up');
      up.signal('SIGTERM');
      assert.equal(await up.ended(), 0);
      assert.deepEqual(await served.aftermath(), []);
    });
});
