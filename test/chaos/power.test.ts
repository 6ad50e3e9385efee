/** The power goes: what was promised is on the disk by then, what was torn is found, and what lies there afterwards is believed of nobody. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { partOf } from '../../src/media/prepare/exclusive.js';
import { nameOf } from '../../src/processes.js';
import { backUpStore, openStore } from '../../src/store/open.js';
import { damage } from '../fixtures/database.js';
import { signal, treeOf } from '../pm2/processes.js';
import { heard, program } from './farm/doomed.js';
import { farm, freshFolder, storeIn } from './farm/farm.js';
import { assertGone } from './farm/gone.js';
import { notHere, refused, Served, UNDISTURBED } from './farm/served.js';
import { assertOrder, syscallsIn } from './farm/syscalls.js';

const noTrace = notHere || (spawnSync('strace', ['-V']).status !== 0 && 'strace is not installed');

describe('when the power may go at any moment', () => {
  it(
    'a job is on the disk before it is answered, and its files are before it is rendered',
    { skip: noTrace },
    async (context) => {
      const served = new Served(context);
      const up = await served.start('up');
      const log = join(served.cwd, 'trace');
      const strace = await watched(up.child.pid as number, log);
      context.after(() => void strace.kill('SIGKILL'));
      await served.ask(up.url);
      await served.gate.reached();
      await served.gate.open();
      await up.said('job rendered');
      const gone = once(strace, 'exit');
      strace.kill('SIGINT');
      await gone;
      up.signal('SIGTERM');
      assert.equal(await up.ended(), 0);
      assert.deepEqual(await served.aftermath(), [UNDISTURBED]);

      const calls = syscallsIn(readFileSync(log, 'latin1'));
      const [id] = served.ids;
      const job = join(served.dataFolder, 'jobs', `${id}`);
      const wal = join(served.dataFolder, 'storyfarm.db-wal');
      assertOrder(calls, ['write', wal], ['sync', wal], ['answer', '202']);
      for (const file of ['large.mp4', 'medium.mp4', 'small.mp4', 'poster.jpg', ''])
        assertOrder(calls, ['sync', join(job, '.1.part', file)], ['rename', join(job, '.1.part')], ['sync', job]);
      assertOrder(calls, ['rename', join(job, '.1.part')], ['sync', job], ['write', wal], ['sync', wal]);
    },
  );

  it('what was torn at the end of the log costs no job', async (context) => {
    const dataFolder = await freshFolder();
    const before = await openStore(storeIn(dataFolder));
    const request = { template: { id: 'none', version: '0'.repeat(64) }, cast: {}, words: {} };
    const { job } = await before.enqueue({ partner: 'test', request });
    await before.close();
    const doomed = program(context, dataFolder, 'slow', { slots: 1 });
    const started = await heard(doomed, 1, 'started');
    await heard(doomed, 1, 'working');
    doomed.child.kill('SIGKILL');
    await once(doomed.child, 'exit');
    const pids = [doomed.child.pid as number, ...started.map((told) => ('pid' in told ? told.pid : 0))];
    await assertGone(pids);
    const log = join(dataFolder, 'jobs.db-wal');
    const { size } = statSync(log);
    assert.ok(size > 5_000, `${size} bytes are in the log`);
    truncateSync(log, size - 100);
    writeFileSync(log, Buffer.alloc(3_000, 0x5a), { flag: 'a' });

    const made = await farm(context, 'slow', { dataFolder, options: { server: 'doomed' } });
    const { ids, enqueue, recorder, store, cue, end } = made;
    ids.push(job.id);
    await enqueue();
    await cue('all');
    await recorder.times(2, 'rendered');
    assert.equal((await store.counts()).byState.rendered, 2);
    await end({ pids });
  });

  it(
    'a store that is damaged is found at boot and nothing is done to it; a backup goes on where it was',
    { skip: notHere },
    async (context) => {
      const served = new Served(context);
      const up = await served.start('up');
      await served.ask(up.url);
      await served.gate.reached();
      const copy = join(served.cwd, 'copy.db');
      const url = `sqlite:${join(served.dataFolder, 'storyfarm.db')}`;
      backUpStore(url, copy);
      up.signal('SIGINT');
      // Two signals of a kind that come at about the same time are one.
      await up.said('draining: finishing the present jobs');
      up.signal('SIGINT');
      assert.equal(await up.ended(), 0);
      const file = join(served.dataFolder, 'storyfarm.db');
      damage(file);
      const damaged = readFileSync(file);
      const { code, stdout, stderr } = await refused(context, ['up', '--port', '0', '--log-level', 'silent'], served);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /is damaged or not a database\. \(store_corrupt\)\n {2}-> .*restore a backup/);
      assert.deepEqual(readFileSync(file), damaged);

      // As docs/operations.md says.
      for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
      cpSync(copy, file);
      writeFileSync(join(served.cwd, 'opened'), '');
      const again = await served.start('up');
      await again.said('job rendered');
      again.signal('SIGTERM');
      assert.equal(await again.ended(), 0);
      assert.deepEqual(await served.aftermath(), ['enqueued claimed rescued claimed rendered']);
    },
  );

  it(
    'and comes back: everything goes on, and no number of a process is taken for one of before',
    { skip: notHere },
    async (context) => {
      const served = new Served(context, { slots: 2 });
      const up = await served.start('up');
      for (let job = 0; job < 4; job++) await served.ask(up.url);
      await served.gate.reached();
      served.look(up);
      const tree = treeOf(up.child.pid as number);
      for (const pid of tree) signal(pid, 'SIGKILL');
      await up.ended();
      await assertGone(tree);

      // What the machine had on its disk names processes that there are again: this test's own, by number and moment, but of another boot.
      const another = (await nameOf(process.pid)).replace(/-[0-9a-f]+$/, '-01234567');
      const editions = join(served.dataFolder, 'editions', 'tiny');
      const parts = ['left.part', 'another.part'].map((name) => join(editions, name));
      for (const part of parts) mkdirSync(part, { recursive: true });
      writeFileSync(join(parts[0] ?? '', '.owner'), `${another} mark`);
      writeFileSync(join(parts[1] ?? '', '.owner'), '');
      mkdirSync(join(served.dataFolder, 'render', `${another}.0123abcd`), { recursive: true });
      assert.ok(partOf(join(editions, 'left')).endsWith('left.part'));
      writeFileSync(join(served.cwd, 'opened'), '');
      const again = await served.start('up', { STORYFARM_LOG_LEVEL: 'debug' });
      assert.equal((await again.said('swept')).name, 'unfinished');
      await served.ask(again.url);
      const isDone = (text: string) => /^storyfarm_jobs_finished_total\{outcome="rendered"\} 5$/m.test(text);
      while (!isDone(await served.scrape(again))) await again.said('job rendered');
      assert.deepEqual(
        again.lines.filter(({ what }) => what === 'render').map(({ name }) => name),
        [`${another}.0123abcd`],
      );
      served.look(again);
      again.signal('SIGTERM');
      assert.equal(await again.ended(), 0);
      const histories = await served.aftermath();
      assert.ok(
        histories.every((history) => /^enqueued( claimed rescued)? claimed rendered$/.test(history)),
        `${histories}`,
      );
      assert.ok(histories.some((history) => history.includes('rescued')));
    },
  );
});

/** strace at a process and all below it, when it is there. */
async function watched(pid: number, log: string): Promise<ChildProcess> {
  const calls = 'trace=fsync,fdatasync,rename,renameat,renameat2,pwrite64,write,writev,sendto,sendmsg';
  const pids = treeOf(pid).flatMap((each) => ['-p', `${each}`]);
  const strace = spawn('strace', ['-f', '-y', '-s', '40', '-e', calls, '-o', log, ...pids], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let attached = 0;
  for await (const line of createInterface(strace.stderr)) {
    if (line.includes(' attached')) attached++;
    if (attached >= pids.length / 2) break;
  }
  return strace;
}
