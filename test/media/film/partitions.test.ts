import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsBelow8x8 } from '../../../src/media/film/partitions.js';
import { UnitType, unitType } from '../../../src/media/h264/units.js';
import { encode, noise } from '../h264/encoder.js';

const picture = noise(64, 48, 1);
const encoded = (partitions: string, profile = 'high') =>
  encode(picture, ['-preset', 'slower', '-profile:v', profile, '-x264-params', `partitions=${partitions}`]);

for (const profile of ['high', 'main', 'baseline']) {
  test(`x264 says of a ${profile} stream whether partitions below 8x8 were allowed`, () => {
    assert.equal(partsBelow8x8(encoded('p8x8,b8x8,i8x8,i4x4', profile)), false);
    assert.equal(partsBelow8x8(encoded('none', profile)), false);
    assert.equal(partsBelow8x8(encoded('all', profile)), true);
    assert.equal(partsBelow8x8(encoded('p8x8,p4x4', profile)), true);
  });
}

test('streams that do not say, and messages that are cut off, tell nothing', () => {
  const units = encoded('all');
  assert.equal(partsBelow8x8(units.filter((unit) => unitType(unit) !== UnitType.sei)), undefined);
  const message = units.find((unit) => unitType(unit) === UnitType.sei) as Uint8Array;
  for (let length = 0; length < message.length - 1; length++)
    assert.equal(partsBelow8x8([message.subarray(0, length)]), undefined);
  const foreign = Buffer.from(message);
  foreign[8] = (foreign[8] ?? 0) ^ 1; // The message is of somebody else.
  assert.equal(partsBelow8x8([foreign]), undefined);
});

test('a message behind others is found', () => {
  const message = encoded('all').find((unit) => unitType(unit) === UnitType.sei) as Uint8Array;
  const filler = [1, 3, 7, 7, 7];
  const both = Buffer.concat([message.subarray(0, 1), Buffer.from(filler), message.subarray(1)]);
  assert.equal(partsBelow8x8([both]), true);
});
