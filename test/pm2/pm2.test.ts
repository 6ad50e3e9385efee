/** ecosystem.config.js under real pm2, with real renderers: one farm's life from `pm2 start` to `pm2 kill`, each test going on where the one before ended. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { followJob, sendJob } from '../../src/cli/follow.js';
import type { JobDocument } from '../../src/front/documents.js';
import { openStore } from '../../src/store/open.js';
import type { JobStore } from '../../src/store/store.js';
import { assertGone } from '../chaos/farm/gone.js';
import { assertInvariants } from '../chaos/farm/invariants.js';
import { type Managed, managed, noPm2, type Service, until } from './managed.js';

const SERVICES = ['storyfarm-farm', 'storyfarm-files', 'storyfarm-front'];

describe('under pm2', { skip: noPm2 }, () => {
  let pm2: Managed;
  let store: JobStore;
  const ids: string[] = [];
  before(async () => {
    pm2 = await managed();
  });
  after(async () => {
    await store?.close();
    await pm2.end();
  });

  async function send(template: 'tiny' | 'long'): Promise<JobDocument> {
    const job = await sendJob(pm2.addresses.front, { template, words: { hello: 'Hello there' } });
    ids.push(job.id);
    return job;
  }
  const events = async ({ id }: JobDocument) => (await store.history(id)).map(({ event }) => event).join(' ');
  const rendered = ({ id }: JobDocument) =>
    until(`job ${id} is rendered`, async () => (await store.get(id))?.state === 'rendered');
  /** 0 while nobody answers. */
  const readiness = (part: keyof Managed['addresses']) =>
    fetch(`${pm2.addresses[part]}/readyz`).then(
      ({ status }) => status,
      () => 0,
    );
  const ready = (part: keyof Managed['addresses']) =>
    until(`${part} is ready`, async () => (await readiness(part)) === 200);

  it('is ready when `pm2 start` returns, and renders', async () => {
    await pm2.start();
    for (const part of ['farm', 'files', 'front'] as const) assert.equal(await readiness(part), 200, part);
    const services = await pm2.services();
    assert.deepEqual([...services.keys()].sort(), [...SERVICES].sort());
    for (const { name, status, mode, restarts } of services.values())
      assert.deepEqual({ status, mode, restarts }, { status: 'online', mode: 'fork_mode', restarts: 0 }, name);

    store = await openStore(`sqlite:${pm2.dataFolder}/storyfarm.db`);
    const { state, files, poster } = await followJob(pm2.addresses.front, await send('tiny'), () => {});
    assert.equal(state, 'rendered');
    assert.equal(files.length, 3);
    for (const file of [...files, ...(poster ? [poster] : [])]) {
      assert.ok(file.url.startsWith(pm2.addresses.files), file.url);
      const answer = await fetch(file.url);
      assert.equal(answer.status, 200);
      assert.equal((await answer.arrayBuffer()).byteLength, file.bytes);
    }
  });

  it('is back after its supervisor was killed, and renders every job once', async () => {
    const killed = await pm2.farm();
    const [one, two] = [await send('long'), await send('long')];
    const waiting = [await send('tiny'), await send('tiny')];
    const tree = await pm2.encoding(killed, 2);
    process.kill(killed.pid, 'SIGKILL');
    await assertGone(tree);

    await ready('farm');
    const { pid, status, restarts } = await pm2.farm();
    assert.notEqual(pid, killed.pid);
    assert.deepEqual({ status, restarts }, { status: 'online', restarts: 1 });
    for (const job of [one, two, ...waiting]) await rendered(job);
    for (const job of [one, two]) assert.equal(await events(job), 'enqueued claimed rescued claimed rendered');
    for (const job of waiting) assert.equal(await events(job), 'enqueued claimed rendered');
  });

  it('finishes its jobs on `pm2 stop`, and takes no more', async () => {
    const jobs = [await send('long'), await send('long')];
    const waiting = await send('tiny');
    const tree = await pm2.encoding(await pm2.farm(), 2);
    await pm2.run('stop', 'storyfarm-farm');

    const { status, exitCode } = await pm2.farm();
    assert.deepEqual({ status, exitCode }, { status: 'stopped', exitCode: 0 });
    await assertGone(tree);
    // Had anybody but the supervisor been signalled, an encoder would have ended early and the job been tried again.
    for (const job of jobs) assert.equal(await events(job), 'enqueued claimed rendered');
    assert.equal(await events(waiting), 'enqueued');
    assert.equal(await readiness('files'), 200);

    await pm2.run('start', 'storyfarm-farm');
    assert.equal(await readiness('farm'), 200);
    await rendered(waiting);
  });

  it('finishes its jobs on `pm2 reload`, and comes back', async () => {
    const job = await send('long');
    const old = await pm2.farm();
    const tree = await pm2.encoding(old, 1);
    await pm2.run('reload', 'storyfarm-farm');
    assert.equal(await readiness('farm'), 200);
    await assertGone(tree);
    assert.equal(await events(job), 'enqueued claimed rendered');
    assert.notEqual((await pm2.farm()).pid, old.pid);
  });

  it('finishes its jobs and leaves when pm2 itself is killed; resurrected, it is there once', async () => {
    await pm2.run('save');
    const job = await send('long');
    const services = await pm2.services();
    const trees = [...services.values()].map(({ pid }) => pid);
    await pm2.encoding(services.get('storyfarm-farm') as Service, 1);
    process.kill(await pm2.daemon(), 'SIGKILL');
    await pm2.run('resurrect');

    const now = await until('three services are online', async () => {
      const listed = [...(await pm2.services()).values()];
      return listed.length === 3 && listed.every(({ status }) => status === 'online') && listed;
    });
    for (const part of ['farm', 'files', 'front'] as const) await ready(part);
    await assertGone(trees);
    assert.ok(now.every(({ pid }) => !trees.includes(pid)));
    assert.equal(await events(job), 'enqueued claimed rendered');
    await rendered(await send('tiny'));
  });

  it('finishes its jobs on `pm2 kill`, and leaves nothing', async () => {
    const job = await send('long');
    await pm2.encoding(await pm2.farm(), 1);
    await pm2.run('kill');
    assert.equal(await events(job), 'enqueued claimed rendered');
    await assertInvariants({ store, dataFolder: pm2.dataFolder, ids, pids: [...pm2.pids].filter(Boolean) });
  });
});
