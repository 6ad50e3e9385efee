/** Where the files of each server are: one look for many requests, and no wrong address for a server that is new. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createServerBook, withServers } from '../../src/front/servers.js';
import type { Job } from '../../src/job.js';
import type { JobStore, Server } from '../../src/store/store.js';
import { result, said } from '../store/conformance/subject.js';
import { StillClock, settled } from '../supervisor/fakes.js';

function book() {
  const servers: Server[] = [];
  const clock = new StillClock();
  const troubles: unknown[] = [];
  const state = { looks: 0, isAway: false };
  const store = {
    servers: async () => {
      state.looks++;
      if (state.isAway) throw new Error('away');
      return [...servers];
    },
  };
  const announce = (name: string, domain: string | null = `https://${name}.example`) =>
    servers.push({ ...said({ name, domain }), silentMs: 0, isAlive: true });
  const made = createServerBook(store, clock, (error) => troubles.push(error));
  return { ...made, servers, clock, troubles, state, announce };
}

describe('the book of servers', () => {
  it('is looked up once for all who ask, and again when it is old, without keeping anybody', async () => {
    const { know, domainOf, servers, announce, clock, state } = book();
    announce('one');
    await Promise.all(Array.from({ length: 50 }, () => know(['one'])));
    for (let n = 0; n < 50; n++) await know(['one']);
    assert.deepEqual([domainOf('one'), state.looks], ['https://one.example', 1]);
    servers.pop();
    announce('one', 'https://moved.example');
    clock.move(10_000);
    await know(['one']);
    await know(['one']);
    await settled();
    assert.deepEqual([domainOf('one'), state.looks], ['https://moved.example', 2]);
  });

  it('waits for a name that is new, and asks for one that nobody has once a second at most', async () => {
    const { know, domainOf, announce, clock, state } = book();
    announce('one');
    await know(['one']);
    announce('two');
    clock.move(1_000);
    await know(['one', 'two']);
    assert.deepEqual([domainOf('two'), state.looks], ['https://two.example', 2]);
    for (let ms = 0; ms < 3_000; ms += 100) {
      clock.move(100);
      await know(['forgotten']);
    }
    assert.deepEqual([domainOf('forgotten'), state.looks], [null, 5]);
  });

  it('keeps what it knows while the store is away, and keeps nobody', async () => {
    const { know, domainOf, announce, clock, state, troubles } = book();
    announce('one', null);
    announce('two');
    await know(['one']);
    state.isAway = true;
    clock.move(60_000);
    await know(['one', 'three']);
    assert.deepEqual([domainOf('one'), domainOf('two'), domainOf('three')], [null, 'https://two.example', null]);
    assert.equal(troubles.length, 1);
  });
});

it('a job with files comes from the store when its server is known, and not before', async () => {
  const asked: (readonly string[])[] = [];
  const done = { id: 'a', server: 'one', result } as Job;
  const waiting = { id: 'b', server: null, result: null } as Job;
  const store = {
    get: async (id: string) => [done, waiting].find((job) => job.id === id),
    changes: async () => ({ jobs: [waiting, done, done], cursor: '1' }),
    enqueue: async () => ({ job: done, created: false }),
  } as unknown as JobStore;
  const seen = withServers(store, { know: async (servers) => void asked.push(servers) });
  assert.equal(await seen.get('b'), waiting);
  assert.equal(await seen.get('c'), undefined);
  assert.deepEqual(asked, []);
  assert.equal(await seen.get('a'), done);
  await seen.changes(null);
  await seen.enqueue({ partner: 'x', request: { template: { id: 'x', version: 'x' }, cast: {}, words: {} } });
  assert.deepEqual(asked, [['one'], ['one'], ['one']]);
  assert.equal(withServers(store, {}), store);
});
