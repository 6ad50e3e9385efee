/** SQLite only: several processes at one file, one of which is killed, keeps the lock, or writes. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asked, claimOne, enqueue, HOUR, present, rejectsWith, result } from './conformance/subject.js';
import { freshFile, neighbour, opened } from './fixtures/place.js';

test('every job whose promise resolved outlives a SIGKILL, also when the log was torn at its end', async (context) => {
  const file = await freshFile(context);
  const { child, kill } = await neighbour(context, file);
  const acknowledged: string[] = [];
  const enough = new Promise<void>((resolve) => {
    child.on('message', (id: string) => {
      acknowledged.push(id);
      if (acknowledged.length === 200) resolve();
    });
  });
  child.send('enqueue without end');
  await enough;
  await kill();
  assert.ok((await stat(`${file}-wal`)).size > 0, 'it was killed with its log open');
  await appendFile(`${file}-wal`, Buffer.alloc(3000, 0x5a));

  const store = await opened(context, file);
  for (const id of acknowledged) {
    assert.equal((await present(store, id)).state, 'queued');
    assert.equal((await store.history(id)).length, 1);
  }
  const { byState, due } = await store.counts();
  assert.equal(byState.queued, due);
  assert.ok(due >= acknowledged.length);
});

test('a lock of another process is waited for, and then the write is done', async (context) => {
  const file = await freshFile(context);
  const store = await opened(context, file);
  const { tell } = await neighbour(context, file);
  await tell('lock');
  let done = false;
  const pending = enqueue(store).then((job) => {
    done = true;
    return job;
  });
  assert.equal((await store.recent(5)).length, 0);
  await tell('unlock');
  const job = await pending;
  assert.equal(done, true);
  assert.deepEqual(await present(store, job.id), job);
});

test('a lock past the deadline: store_busy, nothing written, reads and the event loop go on', async (context) => {
  const file = await freshFile(context);
  const store = await opened(context, file, { busyDeadlineMs: 300 });
  await enqueue(store, { callbackUrl: 'https://partner.example/told' });
  const job = await claimOne(store);
  const before = {
    job: await present(store, job.id),
    history: await store.history(job.id),
    counts: await store.counts(),
  };
  const { tell } = await neighbour(context, file);
  await tell('lock');

  let turns = 0;
  let waiting = true;
  const turning = (async () => {
    for (; waiting; turns++) await new Promise(setImmediate);
  })();
  const lease = { id: job.id, fence: job.fence };
  const writes = [
    store.enqueue(asked()),
    store.complete(lease, result),
    store.release(lease),
    store.cancel(job.id),
    store.renew([{ ...lease, progress: 0.5 }], HOUR),
    store.rescue({ server: 'one' }),
  ];
  const busy = Promise.all(writes.map((write) => rejectsWith('store_busy', write)));
  await store.ping();
  assert.deepEqual(await store.claim({ server: 'one', limit: 1, leaseMs: HOUR }), [], 'nothing due needs no lock');
  assert.deepEqual(await present(store, job.id), before.job);
  await busy;
  waiting = false;
  await turning;
  assert.ok(turns > 20, `the event loop turned ${turns} times`);

  await tell('unlock');
  assert.deepEqual(await present(store, job.id), before.job);
  assert.deepEqual(await store.history(job.id), before.history);
  assert.deepEqual({ ...(await store.counts()), oldestDueMs: 0 }, { ...before.counts, oldestDueMs: 0 });
  await store.complete(lease, result);
});

test('close waits for a write that waits for a lock', async (context) => {
  const file = await freshFile(context);
  const store = await opened(context, file);
  const { tell } = await neighbour(context, file);
  await tell('lock');
  const pending = enqueue(store);
  const closed = store.close();
  await tell('unlock');
  await closed;
  const job = await pending;
  assert.deepEqual(await present(await opened(context, file), job.id), job);
});

test('watch wakes when another process enqueues, also on a file that was closed cleanly before', async (context) => {
  const file = await freshFile(context);
  await (await opened(context, file)).close();
  const store = await opened(context, file);
  const { tell } = await neighbour(context, file);
  const deadline = setTimeout(() => assert.fail('not woken within 10 s'), 10_000);
  const woken = new Promise<void>((resolve) => store.watch(resolve));
  await tell('enqueue');
  await woken;
  clearTimeout(deadline);
  await claimOne(store);
});

test('watching keeps no process alive', async (context) => {
  const file = await freshFile(context);
  const program = fileURLToPath(new URL('./fixtures/idle-watcher.js', import.meta.url));
  const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const said: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(String(chunk)));
  const [code] = await once(child, 'close');
  clearTimeout(kill);
  assert.equal(said.join(''), 'watching\n');
  assert.equal(code, 0);
});
