/** SQL Server: how many texts may be under way at once. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, type Passage, pauseBefore } from '../../../src/store/mssql/link/gate.js';
import { promised, settled } from '../../supervisor/fakes.js';

/** Long enough for what is not waited for. */
const LONG = 60_000;

/** A gate whose pauses last until they are ended; `go` is somebody who wants to pass. */
function gated() {
  const paused: number[] = [];
  let rested = promised<void>();
  const pause = (ms: number) => {
    paused.push(ms);
    return rested.promise;
  };
  const gate = new Gate({ random: () => 0, pause });
  const inside: Passage[] = [];
  const go = async (count: number) => {
    for (let n = 0; n < count; n++)
      void gate.enter(LONG).then((passage) => {
        if (passage) inside.push(passage);
      });
    await settled();
  };
  const leave = async (isAnswered: boolean) => {
    inside.shift()?.leave(isAnswered);
    await settled();
  };
  const rest = async () => {
    rested.keep();
    rested = promised();
    await settled();
  };
  return { gate, inside, go, leave, rest, paused };
}

test('all pass while the store answers', async () => {
  const { go, inside } = gated();
  await go(100);
  assert.equal(inside.length, 100);
});

test('after a failure nobody passes before the pause, then one; each answer makes room for one more, until all pass', async () => {
  const { go, leave, rest, inside } = gated();
  await go(1);
  await leave(false);
  await go(100);
  assert.equal(inside.length, 0);
  await rest();
  const seen: number[] = [];
  for (let n = 0; n < 16; n++) {
    seen.push(inside.length);
    await leave(true);
  }
  assert.deepEqual(seen.slice(0, 4), [1, 2, 3, 4]);
  assert.equal(inside.length, 100 - 16);
});

test('one asks for all while nothing is answered, after pauses that grow', async () => {
  const { go, leave, rest, inside, paused } = gated();
  await go(1);
  await leave(false);
  await go(5);
  for (let n = 0; n < 4; n++) {
    await rest();
    assert.equal(inside.length, 1);
    await leave(false);
  }
  assert.deepEqual(paused, [10, 20, 40, 80, 160]);
});

test('what was under way when it narrowed is not waited for, and says nothing any more', async () => {
  const { go, leave, rest, inside, paused } = gated();
  await go(4);
  await leave(false);
  await rest();
  const old = inside.splice(0);
  await go(3);
  assert.equal(inside.length, 1);
  for (const passage of old) passage.leave(false);
  await settled();
  assert.equal(paused.length, 1);
  await leave(true);
  assert.equal(inside.length, 2);
});

test('who waited for long enough goes without', async () => {
  const { gate, go, leave, rest, inside } = gated();
  await go(1);
  await leave(false);
  assert.equal(await gate.enter(5), undefined);
  await go(1);
  await rest();
  assert.equal(inside.length, 1);
  await leave(true);
});

test('pauses double up to half a second, and chance spreads them over their upper half', () => {
  assert.deepEqual(
    [1, 2, 3, 6, 7, 50].map((failures) => pauseBefore(failures, 0)),
    [10, 20, 40, 250, 250, 250],
  );
  assert.deepEqual(
    [1, 2, 7].map((failures) => pauseBefore(failures, 0.5)),
    [15, 30, 375],
  );
});
