/** SQL Server: what shares a transaction. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoryfarmError } from '../../../src/errors.js';
import { Gather } from '../../../src/store/mssql/gather.js';

interface Item {
  readonly name: string;
  readonly key?: string;
}

/** Groups that wait to be answered. */
function gathering(options: { largest?: number; deadlineMs?: number } = {}) {
  const groups: { readonly names: string; readonly answer: (outcome?: Error | readonly unknown[]) => void }[] = [];
  let came = () => {};
  const gather = new Gather<Item, string>({
    write: (items) =>
      new Promise((resolve, reject) => {
        const names = items.map(({ name }) => name);
        const answer = (outcome?: Error | readonly unknown[]) =>
          outcome instanceof Error
            ? reject(outcome)
            : resolve((outcome as string[]) ?? names.map((name) => `${name} done`));
        groups.push({ names: names.join(' '), answer });
        came();
      }),
    key: ({ key }) => key,
    largest: 10,
    deadlineMs: 60_000,
    ...options,
  });
  const group = async (n: number) => {
    while (groups.length < n)
      await new Promise<void>((resolve) => {
        came = resolve;
      });
    return groups[n - 1] as (typeof groups)[0];
  };
  const add = (...names: string[]) => names.map((name) => gather.add({ name }));
  return { gather, group, add, groups };
}

test('one turn is one group; what comes meanwhile is the next', async () => {
  const { add, group } = gathering();
  const first = add('a', 'b');
  const one = await group(1);
  const second = add('c', 'd', 'e');
  one.answer();
  assert.deepEqual(await Promise.all(first), ['a done', 'b done']);
  const two = await group(2);
  assert.deepEqual([one.names, two.names], ['a b', 'c d e']);
  two.answer();
  await Promise.all(second);
});

test('a group has at most so many', async () => {
  const { add, group } = gathering({ largest: 2 });
  const all = add('a', 'b', 'c');
  (await group(1)).answer();
  (await group(2)).answer();
  assert.deepEqual(await Promise.all(all), ['a done', 'b done', 'c done']);
});

test('what has one key is written one after the other, in order', async () => {
  const { gather, group } = gathering();
  const item = (name: string, key: string) => gather.add({ name, key });
  const all = [item('a1', 'a'), item('a2', 'a'), item('b', 'b'), item('a3', 'a')];
  for (const [n, names] of ['a1 b', 'a2', 'a3'].entries()) {
    const next = await group(n + 1);
    assert.equal(next.names, names);
    next.answer();
  }
  await Promise.all(all);
});

test('one that is refused does not hurt its neighbours', async () => {
  const { add, group } = gathering();
  const all = Promise.allSettled(add('a', 'b'));
  (await group(1)).answer(['a done', new StoryfarmError('fenced', 'late')]);
  assert.deepEqual(
    (await all).map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
});

test('a group that is refused as a whole is written one by one; one that meets no store is not', async () => {
  const { add, group, groups } = gathering();
  const all = Promise.allSettled(add('a', 'b', 'c'));
  (await group(1)).answer(new Error('one of you'));
  (await group(2)).answer();
  (await group(3)).answer(new Error('b is it'));
  (await group(4)).answer();
  assert.deepEqual(
    (await all).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  const away = Promise.allSettled(add('d', 'e'));
  (await group(5)).answer(new StoryfarmError('store_busy', 'away'));
  assert.deepEqual(
    (await away).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(groups.length, 5);
});

test('whoever waits too long for a place is told that nothing was written', async () => {
  const { add, group, groups } = gathering({ deadlineMs: 20 });
  const [first] = add('a');
  const one = await group(1);
  const [late] = add('b');
  await assert.rejects(late as Promise<string>, { code: 'store_busy' });
  one.answer();
  assert.equal(await first, 'a done');
  assert.equal(groups.length, 1);
});
