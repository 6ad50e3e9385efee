import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packRows, unpackRows } from '../../../src/media/splice/pack.js';

const rows = fc
  .array(fc.tuple(fc.nat(8159), fc.uint8Array({ minLength: 1, maxLength: 60 })), { maxLength: 5 })
  .map((entries) => new Map(entries));
const cuts = fc.array(fc.tuple(fc.nat(30), rows), { maxLength: 4 }).map((entries) => new Map(entries));
const phrases = fc
  .array(fc.tuple(fc.stringMatching(/^[a-z0-9-]{1,16}$/), cuts), { maxLength: 4 })
  .map((entries) => new Map(entries));

test('what was packed is unpacked, slice by slice', () => {
  fc.assert(
    fc.property(phrases, (phrase) => {
      const plain = (given: ReturnType<typeof unpackRows>) =>
        [...given].map(([id, cuts]) => [
          id,
          [...cuts].map(([cut, rows]) => [cut, [...rows].map(([at, unit]) => [at, [...unit]])]),
        ]);
      assert.deepEqual(plain(unpackRows(packRows(phrase))), plain(phrase));
    }),
  );
});

test('slices are not copied when they are unpacked', () => {
  const packed = packRows(new Map([['large', new Map([[0, new Map([[7, Uint8Array.of(1, 2, 3)]])]])]]));
  packed[packed.length - 1] = 9;
  assert.deepEqual([...(unpackRows(packed).get('large')?.get(0)?.get(7) ?? [])], [1, 2, 9]);
});
