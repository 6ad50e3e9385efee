import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PhraseRows, packRows, unpackRows } from '../../../src/media/splice/pack.js';

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
      const plain = (given: PhraseRows) =>
        [...given].map(([id, cuts]) => [
          id,
          [...cuts].map(([cut, rows]) => [cut, [...rows].map(([at, unit]) => [at, [...unit]])]),
        ]);
      assert.deepEqual(plain(unpackRows(packRows(phrase)) as PhraseRows), plain(phrase));
    }),
  );
});

test('slices are not copied when they are unpacked', () => {
  const packed = packRows(new Map([['large', new Map([[0, new Map([[7, Uint8Array.of(1, 2, 3)]])]])]]));
  packed[packed.length - 1] = 9;
  assert.deepEqual([...(unpackRows(packed)?.get('large')?.get(0)?.get(7) ?? [])], [1, 2, 9]);
});

test('what nobody packed is nothing, and no error', () => {
  const packed = packRows(new Map([['large', new Map([[0, new Map([[7, Uint8Array.of(1, 2, 3)]])]])]]));
  for (let length = 0; length < packed.length; length++)
    assert.equal(unpackRows(packed.subarray(0, length)), undefined, `${length} bytes`);
  assert.equal(unpackRows(Buffer.concat([packed, Buffer.of(0)])), undefined, 'a byte too many');
  const headed = (table: unknown) => {
    const head = Buffer.from(JSON.stringify(table));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(head.length);
    return Buffer.concat([length, head, Buffer.from('123')]);
  };
  assert.ok(unpackRows(headed([['large', [[0, [[7, 3]]]]]])));
  for (const table of [
    null,
    3,
    {},
    ['large'],
    [['large', [[0, [[7]]]]]],
    [['large', [[0, [[7, -3]]]]]],
    [[1, [[0, [[7, 3]]]]]],
  ])
    assert.equal(unpackRows(headed(table)), undefined, JSON.stringify(table));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 99 }), (bytes) => void unpackRows(Buffer.from(bytes))));
});
