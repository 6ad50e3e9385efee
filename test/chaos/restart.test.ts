/** The farm as it is run, over what a killed one left: a process, a result that was not written, and half a render. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { openStorage } from '../../src/media/storage.js';
import { openStore } from '../../src/store/open.js';
import { openJournal } from '../../src/supervisor/jobs/journal.js';
import { markOf } from '../../src/supervisor/renderer/leftovers.js';
import { Service } from '../cli/storyfarm.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { jobsIn } from '../media/storage/conformance.js';
import { assertInvariants } from './farm/invariants.js';
import { TINY } from './farm/real.js';

const skip = process.platform === 'linux' ? false : 'needs /proc';

it(
  'a farm that starts again kills what is left, writes what was rendered, sweeps the rest, and marks its own',
  { skip },
  async (t) => {
    const cwd = temporaryFolder(t);
    const dataFolder = join(cwd, 'var');
    mkdirSync(dataFolder);
    const store = await openStore(`sqlite:${join(dataFolder, 'storyfarm.db')}`);
    t.after(() => store.close());
    const storage = openStorage(dataFolder);
    const request = { template: { id: 'none', version: '0'.repeat(64) }, cast: {}, words: {} };
    for (let number = 0; number < 2; number++) await store.enqueue({ partner: 'test', request });
    const [rendered, half] = await store.claim({ server: 'me', limit: 2, leaseMs: 60_000 });
    assert.ok(rendered && half);
    for (const job of [rendered, half]) await storage.begin(job);
    await storage.publish(rendered);
    const result = { outputs: [], stages: {} };
    await openJournal(dataFolder).keep({ id: rendered.id, fence: rendered.fence, fate: { event: 'rendered', result } });
    await store.cancel(half.id);
    const [folder] = (await markOf(dataFolder)).STORYFARM_FARM?.split(' ') ?? [];
    const leftover = spawn('sleep', ['600'], { env: { ...process.env, STORYFARM_FARM: `${folder} ${process.pid}-1` } });
    t.after(() => void leftover.kill('SIGKILL'));
    const gone = once(leftover, 'exit');

    const args = ['farm', '--farm-port', '0', '--slots', '1', '--server', 'me', '--template-folders', TINY];
    const farm = await Service.start(t, args, { cwd, env: { STORYFARM_LOG_LEVEL: 'debug' } });
    assert.equal((await gone)[1], 'SIGKILL');
    assert.deepEqual((await farm.said('killed what an earlier farm left running')).killed, [leftover.pid]);
    const history = await store.history(rendered.id);
    assert.deepEqual(
      history.map(({ event }) => event),
      ['enqueued', 'claimed', 'rendered'],
    );
    assert.equal((await farm.said('swept')).name, `${half.id}/${half.fence}`);
    assert.deepEqual(await jobsIn(storage), [rendered.id]);
    assert.equal(existsSync(join(dataFolder, 'outcomes.journal')), false);
    const { renderer } = await farm.said('renderer ready');
    const environment = readFileSync(`/proc/${renderer}/environ`, 'latin1').split('\0');
    assert.ok(environment.some((variable) => variable.startsWith(`STORYFARM_FARM=${folder} ${farm.child.pid}-`)));
    const metrics = await (await fetch(`${farm.url}/metrics`)).text();
    assert.match(metrics, /^storyfarm_swept_total\{what="attempt"\} 1$/m);
    assert.match(metrics, /^storyfarm_jobs_finished_total\{outcome="rendered"\} 1$/m);
    farm.signal('SIGTERM');
    assert.equal(await farm.ended(), 0);
    const pids = [leftover.pid, farm.child.pid, renderer] as number[];
    await assertInvariants({ store, dataFolder, ids: [rendered.id, half.id], pids, scrapes: [metrics] });
  },
);
