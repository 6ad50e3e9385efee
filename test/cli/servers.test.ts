/** Servers as the operator has them: who shares the store, who can take what, and lost files made anew, with no farm running. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { conditionOf, serversText, unmet } from '../../src/cli/servers.js';
import { openStore } from '../../src/store/open.js';
import { connect } from '../../src/store/sqlite/connection.js';
import type { Server } from '../../src/store/store.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { claimOne, enqueue, giveUp, result, said } from '../store/conformance/subject.js';
import { run } from './storyfarm.js';

const server = (fields: Partial<Server> = {}): Server => ({ ...said(), silentMs: 2_000, isAlive: true, ...fields });

describe('servers in words', () => {
  it('are shown with what tells them apart; what is silent, with what to do', () => {
    const servers = [
      server({ name: 'render-1', tags: ['gpu', 'large'] }),
      server({ name: 'render-2', state: 'draining', rendering: 1, tags: [], domain: null, silentMs: 8_100 }),
      server({ name: 'render-3', isAlive: false, silentMs: 900_000, tags: [] }),
      server({ name: 'render-4', isAlive: false, state: 'gone', silentMs: 9_000_000, ffmpeg: null, tags: [] }),
    ];
    assert.equal(
      serversText(servers, {
        needs: [
          { requires: ['gpu'], queued: 2 },
          { requires: ['gpu', 'hdr'], queued: 1 },
        ],
        queued: 5,
      }),
      `server    state     load  heard       version  ffmpeg  tags       files
render-1  running   3/4   2 s ago     1.2.3    5.1.9   gpu large  https://one.example
render-2  draining  1/4   8 s ago     1.2.3    5.1.9
render-3  silent    3/4   15 min ago  1.2.3    5.1.9              https://one.example
render-4  gone            2.5 h ago   1.2.3    none               https://one.example

render-3 has not been heard for 15 min. What it was rendering is taken over when its leases expire.
  -> If it does not come back: \`storyfarm jobs rerender --server render-3\`, then \`storyfarm servers forget render-3\`.

1 queued job: no running server has gpu and hdr
  -> Start a server that has it (tags, STORYFARM_TAGS), or give it to one that runs and \`storyfarm reload\`.`,
    );
    const none = 'No server has announced itself.';
    assert.equal(serversText([], { needs: [], queued: 0 }), none);
    assert.equal(
      serversText([], { needs: [], queued: 2 }),
      `${none}\n\n2 queued jobs: no server takes jobs now\n  -> Start a server (\`storyfarm farm\`, or \`storyfarm up\`).`,
    );
  });

  it('take jobs while they live and do not drain', () => {
    const needs = [{ requires: ['fast'], queued: 1 }];
    const waiting = { needs, queued: 3 };
    assert.deepEqual(unmet(waiting, [server()]), []);
    assert.deepEqual(unmet(waiting, [server({ tags: ['other'] })]), needs);
    for (const servers of [[], [server({ isAlive: false })], [server({ state: 'draining' })]]) {
      assert.deepEqual(unmet(waiting, servers), [{ requires: [], queued: 3 }]);
      assert.deepEqual(unmet({ needs: [], queued: 0 }, servers), []);
    }
    assert.deepEqual(
      [server(), server({ isAlive: false }), server({ isAlive: false, state: 'gone' })].map(conditionOf),
      ['running', 'silent', 'gone'],
    );
  });
});

/** A store in the data folder of a working folder, and the command line there. */
async function place(t: TestContext) {
  const cwd = temporaryFolder(t);
  const store = await openStore(`sqlite:${join(cwd, 'var', 'storyfarm.db')}`);
  t.after(() => store.close());
  const call = (...args: string[]) => run(args, { cwd });
  const finish = async (name: string) => {
    const { id } = await enqueue(store);
    await store.complete(await claimOne(store, name), result);
    return id;
  };
  return { store, call, finish };
}

it('servers are shown, and forgotten when they are gone', async (t) => {
  const { store, call, finish } = await place(t);
  assert.equal((await call('servers')).stdout, 'No server has announced itself.\n');
  await store.announce(said());
  await store.announce(said({ name: 'two', state: 'gone' }));
  const id = await finish('two');
  await enqueue(store, { requires: ['gpu'] });
  const { stdout } = await call('servers', '--json');
  const { servers, needs } = JSON.parse(stdout);
  assert.deepEqual(
    [servers.map(({ name, isAlive }: Server) => `${name} ${isAlive}`), needs],
    [['one true', 'two false'], [{ requires: ['gpu'], queued: 1 }]],
  );
  const status = await call('status');
  assert.match(status.stdout, /^1 queued job: no running server has gpu\n {2}-> /m);
  const { unmet } = JSON.parse((await call('status', '--json')).stdout);
  assert.deepEqual(unmet, needs);

  const living = await call('servers', 'forget', 'one');
  assert.deepEqual([living.code, living.stdout], [2, '']);
  assert.match(living.stderr, /one lives \(running\).*\n {2}-> Drain it first/);
  const unknown = await call('servers', 'forget', 'three');
  assert.equal(unknown.code, 2);
  const gone = await call('servers', 'forget', 'two');
  assert.equal(gone.code, 0, gone.stderr);
  assert.match(gone.stdout, /^two is forgotten\. Finished jobs .*\n {2}-> `storyfarm jobs rerender --server two` /);
  assert.equal((await store.servers()).length, 1);
  const again = await call('jobs', 'rerender', '--server', 'two');
  assert.deepEqual([again.code, again.stdout], [0, '1 job is queued again: any server makes the files anew.\n']);
  assert.equal((await store.get(id))?.state, 'queued');
});

it('a farm refuses a store that a newer Storyfarm has changed, and says so', async (t) => {
  const cwd = temporaryFolder(t);
  const file = join(cwd, 'var', 'storyfarm.db');
  await (await openStore(`sqlite:${file}`)).close();
  const newer = connect(file);
  newer.pragma('user_version = 99');
  newer.close();
  for (const service of ['farm', 'front']) {
    const { code, stderr } = await run([service, '--port', '0'].slice(0, service === 'front' ? 3 : 1), { cwd });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /has schema 99; this Storyfarm knows \d+\. \(store_too_new\)\n {2}-> The store was written by a newer/,
    );
  }
});

it('finished jobs are queued again by id, and each that cannot be is told', async (t) => {
  const { store, call, finish } = await place(t);
  const erased = await finish('one');
  await store.eraseWords(0, 10);
  const [first, second] = [await finish('one'), await finish('one')];
  const dead = (await enqueue(store)).id;
  await store.fail(await claimOne(store), giveUp);
  const waiting = (await enqueue(store)).id;
  const done = await call('jobs', 'rerender', first, erased, dead, waiting, 'nobody', second, '--json');
  assert.equal(done.code, 1);
  const { queued, refused } = JSON.parse(done.stdout);
  assert.deepEqual(queued, [first, second]);
  assert.deepEqual(
    refused.map(({ id, code, message }: { id: string; code: string; message: string }) => [id, code, message]),
    [
      [erased, 'not_rerenderable', `The words of job ${erased} are erased.`],
      [dead, 'not_rerenderable', `Job ${dead} is dead.`],
      [waiting, 'not_rerenderable', `Job ${waiting} is queued already.`],
      ['nobody', 'unknown_job', 'No job has the id "nobody".'],
    ],
  );
  const told = await call('jobs', 'rerender', erased);
  assert.equal(told.code, 1);
  assert.match(told.stdout, /^No job is queued again\.\n\n1 job refused:\nThe words of job /);
  assert.match(told.stdout, /are erased\.\n {2}-> Only rendered and delivered jobs whose words/);
  assert.match((await call('history', first)).stdout, /^\S+ +reopened +1? *one$/m);
});

it('all finished jobs of a server are queued again, however many', async (t) => {
  const { store, call } = await place(t);
  await Promise.all(Array.from({ length: 450 }, () => enqueue(store)));
  for (const [name, limit] of [
    ['one', 449],
    ['two', 1],
  ] as const)
    await Promise.all(
      (await store.claim({ server: name, limit, leaseMs: 60_000 })).map((job) => store.complete(job, result)),
    );
  const done = await call('jobs', 'rerender', '--server', 'one');
  assert.deepEqual([done.code, done.stdout], [0, '449 jobs are queued again: any server makes the files anew.\n']);
  const { byState } = await store.counts();
  assert.deepEqual([byState.queued, byState.rendered], [449, 1]);
  const nobody = await call('jobs', 'rerender', '--server', 'three');
  assert.equal(nobody.code, 2);
  assert.match(nobody.stderr, /\(not_found\)\n {2}-> `storyfarm servers` /);
  for (const args of [[], ['x', '--server', 'one']]) assert.equal((await call('jobs', 'rerender', ...args)).code, 2);
});
