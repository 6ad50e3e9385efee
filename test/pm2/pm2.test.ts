/** ecosystem.config.js under real pm2, with real renderers: one farm's life from `pm2 start` to `pm2 kill`, each test going on where the one before ended. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '../../src/cli/config.js';
import { followJob, sendJob } from '../../src/cli/follow.js';
import type { JobDocument } from '../../src/front/documents.js';
import { openStore } from '../../src/store/open.js';
import type { JobStore } from '../../src/store/store.js';
import { assertGone } from '../chaos/farm/gone.js';
import { assertInvariants } from '../chaos/farm/invariants.js';
import { ECOSYSTEM, type Managed, managed, noPm2, until } from './managed.js';

/** Had anybody but the supervisor been signalled, an encoder would have ended early, and the job been tried again or given back. */
const UNDISTURBED = 'enqueued claimed rendered';
const SERVICES = ['storyfarm-farm', 'storyfarm-files', 'storyfarm-front'].sort();

interface App {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly kill_timeout: number;
  readonly listen_timeout: number;
}

it('pm2 waits for longer than any drain and any boot takes', async () => {
  const { apps } = (await import(pathToFileURL(ECOSYSTEM).href)) as { apps: readonly App[] };
  assert.deepEqual(apps.map(({ name }) => name).sort(), SERVICES);
  for (const { name, env, kill_timeout, listen_timeout } of apps) {
    const { config } = loadConfig({ env });
    assert.ok(
      kill_timeout >= config.drain + 10_000,
      `${name} is killed after ${kill_timeout} ms, drain ${config.drain}`,
    );
    assert.ok(
      listen_timeout >= config.boot + 10_000,
      `${name} is ready after ${listen_timeout} ms, boot ${config.boot}`,
    );
  }
});

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

  const draining = () => until('the farm drains', async () => (await readiness('farm')) === 503);

  it('is ready when `pm2 start` returns, and renders', async () => {
    await pm2.start();
    for (const part of ['farm', 'files', 'front'] as const) assert.equal(await readiness(part), 200, part);
    const services = await pm2.services();
    assert.deepEqual([...services.keys()].sort(), SERVICES);
    for (const { name, status, mode, restarts } of services.values())
      assert.deepEqual({ status, mode, restarts }, { status: 'online', mode: 'fork_mode', restarts: 0 }, name);

    store = await openStore(`sqlite:${pm2.dataFolder}/storyfarm.db`);
    const { state, files, poster } = await followJob(pm2.addresses.front, await send('long'), () => {});
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
    const interrupted = [await send('long'), await send('long')];
    const waiting = [await send('tiny'), await send('tiny')];
    const { tree } = await pm2.hold(killed, 2);
    process.kill(killed.pid, 'SIGKILL');
    await assertGone(tree);

    await ready('farm');
    const { pid, status, restarts } = await pm2.farm();
    assert.notEqual(pid, killed.pid);
    assert.deepEqual({ status, restarts }, { status: 'online', restarts: 1 });
    for (const job of [...interrupted, ...waiting]) await rendered(job);
    for (const job of interrupted) assert.equal(await events(job), 'enqueued claimed rescued claimed rendered');
    for (const job of waiting) assert.equal(await events(job), UNDISTURBED);
  });

  it('finishes its jobs on `pm2 stop`, and takes no more', async () => {
    const farm = await pm2.farm();
    const present = [await send('long'), await send('long')];
    const { tree, release } = await pm2.hold(farm, 2);
    const waiting = await send('tiny');
    const stopping = pm2.run('stop', 'storyfarm-farm');
    await draining();
    release();
    await stopping;

    const { status, exitCode } = await pm2.farm();
    assert.deepEqual({ status, exitCode }, { status: 'stopped', exitCode: 0 });
    await assertGone(tree);
    for (const job of present) assert.equal(await events(job), UNDISTURBED);
    assert.equal(await events(waiting), 'enqueued');
    assert.equal(await readiness('files'), 200);

    await pm2.run('start', 'storyfarm-farm');
    assert.equal(await readiness('farm'), 200);
    await rendered(waiting);
  });

  it('finishes its jobs on `pm2 reload`, and comes back', async () => {
    const old = await pm2.farm();
    const job = await send('long');
    const { tree, release } = await pm2.hold(old, 1);
    const reloading = pm2.run('reload', 'storyfarm-farm');
    await draining();
    release();
    await reloading;
    assert.equal(await readiness('farm'), 200);
    await assertGone(tree);
    assert.equal(await events(job), UNDISTURBED);
    assert.notEqual((await pm2.farm()).pid, old.pid);
  });

  it('finishes its jobs and leaves when pm2 itself is killed; resurrected, it is there once', async () => {
    await pm2.run('save');
    const old = [...(await pm2.services()).values()].map(({ pid }) => pid);
    const farm = await pm2.farm();
    const job = await send('long');
    const { tree, release } = await pm2.hold(farm, 1);
    process.kill(await pm2.daemon(), 'SIGKILL');
    await draining();
    await pm2.run('resurrect');
    await until('the second farm is refused', async () => (await pm2.errors('farm')).includes('(already_running)'));
    release();

    const services = await until('three services are online', async () => {
      const listed = [...(await pm2.services()).values()];
      return listed.length === 3 && listed.every(({ status }) => status === 'online') && listed;
    });
    for (const part of ['farm', 'files', 'front'] as const) await ready(part);
    await assertGone([...tree, ...old]);
    assert.ok(services.every(({ pid }) => !old.includes(pid)));
    assert.equal(await events(job), UNDISTURBED);
    await rendered(await send('tiny'));
  });

  it('finishes its jobs on `pm2 kill`, and leaves nothing', async () => {
    const farm = await pm2.farm();
    const job = await send('long');
    const { release } = await pm2.hold(farm, 1);
    const killing = pm2.run('kill');
    await draining();
    release();
    await killing;
    assert.equal(await events(job), UNDISTURBED);
    await assertInvariants({ store, dataFolder: pm2.dataFolder, ids, pids: [...pm2.pids] });
  });
});
