/** Keeping a courier running: real processes that end, hold their tongue, or talk nonsense. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CourierKeeper, type KeeperTools, restartDelay, SILENT_MS } from '../../src/delivery/keeper.js';
import { newSecret } from '../../src/delivery/sign.js';
import { assertGone } from '../chaos/farm/gone.js';
import { StillClock } from '../supervisor/fakes.js';

const ORDERS = {
  store: 'sqlite:none',
  secrets: { acme: [newSecret()] },
  timeoutMs: 1000,
  logLevel: 'silent',
  front: '',
  files: '',
  storageExpiry: 86_400_000,
};

/** A keeper of a fixture, and what it noted: `started PID`, `died REASON in MS`, `told PARTNER`. */
function kept(t: TestContext, fixture: string) {
  const clock = new StillClock();
  const notes: string[] = [];
  const pids: number[] = [];
  let look = () => {};
  const note = (text: string) => {
    notes.push(text);
    look();
  };
  const tools: KeeperTools = {
    module: fileURLToPath(new URL(`../fixtures/couriers/${fixture}.js`, import.meta.url)),
    env: { STORYFARM_MARK: 'kept' },
    orders: ORDERS,
    clock,
    told: ({ partner, outcome }) => note(`told ${partner} ${outcome}`),
    started: (pid) => {
      pids.push(pid);
      note('started');
    },
    died: (reason, retryInMs) => note(`died ${reason} in ${retryInMs}`),
  };
  const keeper = new CourierKeeper(tools);
  t.after(() => keeper.stop());
  keeper.start();
  /** Resolves when so many notes were taken, with the last. */
  const noted = (count: number) =>
    new Promise<string | undefined>((resolve) => {
      look = () => {
        if (notes.length >= count) resolve(notes[count - 1]);
      };
      look();
    });
  return { keeper, clock, notes, pids, noted };
}

describe('a keeper', () => {
  it('gives its courier the orders, passes on that a job has ended, and hears what was told', async (t) => {
    const { keeper, clock, noted, notes } = kept(t, 'echoing');
    assert.equal(await noted(2), 'told begin for acme, kept delivered');
    for (let n = 0; n < 5; n++) keeper.look();
    clock.move(1_000);
    assert.equal(await noted(3), 'told look delivered');
    await keeper.leave();
    assert.deepEqual(notes, [
      'started',
      'told begin for acme, kept delivered',
      'told look delivered',
      'told leave delivered',
    ]);
  });

  it('gives it threads enough for names that nobody looks up', { skip: process.platform !== 'linux' }, async (t) => {
    const { noted, pids } = kept(t, 'echoing');
    await noted(2);
    const [, threads] =
      /(?:^|\0)UV_THREADPOOL_SIZE=(\d+)\0/.exec(readFileSync(`/proc/${pids[0]}/environ`, 'utf8')) ?? [];
    // Node gives half of them to looking names up: one for each of 32 calls, and as many that go on after theirs was given up.
    assert.ok(Number(threads) >= 128, threads);
  });

  it('starts one that ends again: at once, then ever later', async (t) => {
    const { clock, noted, pids } = kept(t, 'ending');
    assert.equal(await noted(2), 'died exit 3 in 0');
    clock.move(0);
    assert.equal(await noted(4), 'died exit 3 in 500');
    clock.move(499);
    assert.equal(pids.length, 2);
    clock.move(1);
    assert.equal(await noted(6), 'died exit 3 in 1000');
    assert.deepEqual([0, 1, 2, 3, 20].map(restartDelay), [0, 0, 500, 1000, 30_000]);
  });

  it('kills one that is silent, and one that says what is no message', async (t) => {
    const silent = kept(t, 'silent');
    assert.equal(await silent.noted(2), 'told begin delivered');
    silent.clock.move(SILENT_MS);
    assert.equal(await silent.noted(3), 'died SIGKILL in 0');
    const mad = kept(t, 'raving');
    assert.equal(await mad.noted(2), 'died SIGKILL in 0');
  });

  it('leaves nothing behind: not when it stops, nor when one does not leave', async (t) => {
    const stopped = kept(t, 'silent');
    await stopped.noted(2);
    stopped.keeper.stop();
    const left = kept(t, 'silent');
    await left.noted(2);
    const leaving = left.keeper.leave();
    left.clock.move(5_000);
    await leaving;
    await assertGone([...stopped.pids, ...left.pids]);
    assert.deepEqual(
      [...stopped.notes, ...left.notes].filter((note) => note.startsWith('died')),
      [],
    );
  });
});
