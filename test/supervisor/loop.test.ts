import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bell, Beside } from '../../src/supervisor/loop.js';
import { promised, StillClock, settled } from './fakes.js';

describe('the bell', () => {
  it('ends the present sleep, or the next', async () => {
    const clock = new StillClock();
    const bell = new Bell(clock);
    const sleep = bell.sleep(1_000);
    bell.ring();
    await sleep;
    assert.equal(clock.waiting, 0, 'its timer is gone');
    bell.ring();
    bell.ring();
    await bell.sleep(1_000);
    let isAwake = false;
    const next = bell.sleep(1_000).then(() => {
      isAwake = true;
    });
    await settled();
    assert.equal(isAwake, false, 'two rings were one');
    clock.move(1_000);
    await next;
  });
});

describe('work beside the loop', () => {
  it('is never two of a kind, and tells of its end and its failure', async () => {
    const told: string[] = [];
    const beside = new Beside(
      () => told.push('done'),
      (what, error) => told.push(`${what}: ${(error as Error).message}`),
    );
    const first = promised<void>();
    beside.run('one', () => first.promise);
    beside.run('one', async () => void told.push('a second'));
    beside.run('other', async () => void told.push('other'));
    assert.deepEqual([beside.has('one'), beside.has('third')], [true, false]);
    await settled();
    const ended = beside.ended();
    first.broken(new Error('no'));
    await ended;
    assert.deepEqual(told, ['other', 'done', 'one: no', 'done']);
    assert.equal(beside.has('one'), false);
  });

  it('that fails again and again is told ever more rarely, until it fails otherwise or is well again', async () => {
    const told: string[] = [];
    const beside = new Beside(
      () => {},
      (what, error) => told.push(`${what}: ${(error as { code?: string }).code}`),
    );
    const fail = async (times: number, code: string) => {
      for (let time = 0; time < times; time++) {
        beside.run('one', () => Promise.reject(Object.assign(new Error(`${time}`), { code })));
        await beside.ended();
      }
      return told.splice(0);
    };
    assert.deepEqual(await fail(1_000, 'full'), Array(10).fill('one: full'));
    assert.deepEqual(await fail(3, 'locked'), Array(2).fill('one: locked'));
    beside.run('one', async () => {});
    await beside.ended();
    assert.deepEqual(await fail(3, 'locked'), Array(2).fill('one: locked'));
  });
});
