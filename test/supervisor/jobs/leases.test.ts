import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Lease, Renewal } from '../../../src/store/store.js';
import { Leases } from '../../../src/supervisor/jobs/leases.js';
import { Beside } from '../../../src/supervisor/loop.js';
import type { Assignment } from '../../../src/supervisor/renderer/renderer.js';
import { job, promised, settled } from '../fakes.js';

const LEASE_MS = 30_000;
const assigned = (id: string, progress = 0.5): Assignment => ({
  job: job(id),
  progress,
  progressAt: 0,
  lostAt: undefined,
});

function keeping(isShared = false) {
  const calls: string[] = [];
  const lost: Lease[] = [];
  let answer = promised<readonly Lease[]>();
  const store = {
    isShared,
    renew: (renewals: readonly Renewal[]) => {
      calls.push(`renew ${renewals.map(({ id, progress }) => `${id}@${progress}`).join(' ')}`);
      return answer.promise;
    },
    rescue: async () => {
      calls.push('rescue');
      return 0;
    },
  };
  const beside = new Beside(
    () => {},
    () => {},
  );
  const limits = { leaseMs: LEASE_MS };
  const leases = new Leases(limits, 0, {
    store,
    beside,
    lost: (lease) => lost.push(lease),
  });
  const reply = async (leases: readonly Lease[] | Error = []) => {
    if (leases instanceof Error) answer.broken(leases);
    else answer.keep(leases);
    answer = promised();
    await settled();
  };
  return { leases, limits, calls, lost, reply };
}

describe('leases', () => {
  it('are renewed every second while jobs are rendered, every third of their time while outcomes are written', async () => {
    const { leases, calls, reply } = keeping();
    leases.tend([assigned('a')], [], 0);
    await reply();
    leases.tend([assigned('a')], [], 999);
    leases.tend([assigned('a', 0.7)], [{ id: 'b', fence: 1 }], 1_000);
    await reply();
    leases.tend([], [{ id: 'b', fence: 1 }], 5_000);
    leases.tend([], [{ id: 'b', fence: 1 }], 11_000);
    await reply();
    assert.deepEqual(calls, ['renew a@0.5', 'renew a@0.7 b@1', 'renew b@1']);
  });

  it('are renewed at once when their time changes', async () => {
    const { leases, limits, calls, reply } = keeping();
    const pending = [{ id: 'b', fence: 1 }];
    leases.tend([], pending, 0);
    await reply();
    limits.leaseMs *= 10;
    leases.retime();
    leases.tend([], pending, 1);
    await reply();
    leases.tend([], pending, LEASE_MS);
    assert.deepEqual(calls, ['renew b@1', 'renew b@1']);
  });

  it('of its own are renewed before any are rescued, and not at the same time', async () => {
    const { leases, calls, reply } = keeping();
    leases.tend([assigned('a')], [], LEASE_MS / 2);
    await settled();
    assert.deepEqual(calls, ['renew a@0.5']);
    leases.tend([assigned('a')], [], LEASE_MS);
    await reply();
    assert.deepEqual(calls, ['renew a@0.5', 'rescue']);
  });

  it('are not rescued while its own cannot be renewed', async () => {
    const { leases, calls, reply } = keeping();
    leases.tend([assigned('a')], [], LEASE_MS / 2);
    await reply(new Error('locked'));
    assert.deepEqual(calls, ['renew a@0.5']);
    leases.tend([assigned('a')], [], LEASE_MS / 2 + 1_000);
    await reply();
    assert.deepEqual(calls, ['renew a@0.5', 'renew a@0.5', 'rescue']);
  });

  it('of others are looked after by an idle farm too, and nothing else is written', async () => {
    const { leases, calls } = keeping();
    for (let now = 0; now <= LEASE_MS; now += 250) {
      leases.tend([], [], now);
      await settled();
    }
    assert.deepEqual(calls, ['rescue', 'rescue']);
  });

  it('that a full disk keeps from being written are tried at their pace, and the log stays short', async () => {
    for (const [assignments, most] of [
      [[assigned('a')], 600],
      [[], 60],
    ] as const) {
      let calls = 0;
      let turns = 0;
      const told: string[] = [];
      const full = async () => {
        calls++;
        throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
      };
      // Whatever ends rings for another turn of the loop, at the same instant.
      const beside: Beside = new Beside(
        () => turns++ < 10_000 && turn(),
        (what) => told.push(what),
      );
      const leases = new Leases({ leaseMs: LEASE_MS }, 0, {
        store: { renew: full, rescue: full, isShared: false },
        beside,
        lost: () => {},
      });
      let now = 0;
      const turn = () => leases.tend(assignments, [], now);
      for (; now < 600_000; now += 250) {
        turn();
        await settled();
      }
      assert.ok(calls > most / 2 && calls <= most, `${calls} calls in ten minutes`);
      assert.ok(told.length > 0 && told.length <= 10, `${told.length} lines`);
    }
  });

  it('that are lost are told', async () => {
    const { leases, lost, reply } = keeping();
    leases.tend([assigned('a'), assigned('b')], [], 0);
    await reply([{ id: 'b', fence: 1 }]);
    assert.deepEqual(lost, [{ id: 'b', fence: 1 }]);
  });

  it('of a shared store that cannot be renewed are given up shortly before they expire', async () => {
    const { leases, lost, reply } = keeping(true);
    const keep = async (now: number, answer: readonly Lease[] | Error = []) => {
      leases.tend([assigned('a')], [{ id: 'written', fence: 1 }], now);
      await reply(answer);
    };
    await keep(0);
    await keep(10_000);
    for (let now = 11_000; now < 10_000 + LEASE_MS * 0.8; now += 1_000) await keep(now, new Error('away'));
    assert.deepEqual(lost, []);
    await keep(10_000 + LEASE_MS * 0.8, new Error('away'));
    assert.deepEqual(
      lost.map(({ id }) => id),
      ['a'],
      'what is rendered and waits to be written is not given up',
    );
  });

  it('of a shared store are asked for first after a long sleep: they may still be good', async () => {
    const { leases, lost, reply } = keeping(true);
    leases.tend([assigned('a')], [], 0);
    await reply();
    leases.tend([assigned('a')], [], 10 * LEASE_MS);
    await reply();
    leases.tend([assigned('a')], [], 10 * LEASE_MS + 1_000);
    await reply();
    assert.deepEqual(lost, []);
  });

  it('of a store of its own are never given up: nobody else takes them', async () => {
    const { leases, lost, reply } = keeping();
    for (let now = 0; now < 10 * LEASE_MS; now += 1_000) {
      leases.tend([assigned('a')], [], now);
      await reply(new Error('locked'));
    }
    assert.deepEqual(lost, []);
  });
});
