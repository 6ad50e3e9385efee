import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toUnit } from '../../../src/media/h264/bits.js';
import { joinLengths, readDecoderConfiguration, splitLengths, splitStartCodes } from '../../../src/media/h264/units.js';

/** A header byte, a payload full of zeros and a stop bit, as units are. */
const unit = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => toUnit(Uint8Array.of(0x65, ...bytes.map((byte) => byte % 4), 0x80)));
const plain = (units: readonly Uint8Array[]) => units.map((bytes) => [...bytes]);
const refused = { code: 'not_spliceable' };

test('units are found between start codes, whatever zeros stand around', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(unit, fc.nat(3))), (units) => {
      const stream = units.flatMap(([bytes, zeros]) => [...new Uint8Array(zeros), 0, 0, 1, ...bytes]);
      assert.deepEqual(plain(splitStartCodes(Uint8Array.from([...stream, 0]))), plain(units.map(([bytes]) => bytes)));
    }),
  );
});

test('a sample gives the units it was joined from', () => {
  fc.assert(
    fc.property(fc.array(unit), fc.constantFrom(1, 2, 4), (units, lengthSize) => {
      assert.deepEqual(plain(splitLengths(joinLengths(units, lengthSize), lengthSize)), plain(units));
    }),
  );
});

test('a sample that is cut off, or a unit too long for its length, is refused', () => {
  const sample = joinLengths([Uint8Array.of(1, 2, 3)], 4);
  for (let end = 1; end < sample.length; end++) assert.throws(() => splitLengths(sample.subarray(0, end), 4), refused);
  assert.throws(() => joinLengths([new Uint8Array(256)], 1), refused);
});

test('the decoder configuration is read, or refused when cut off', () => {
  const avcC = Uint8Array.of(1, 0x64, 0, 31, 0xff, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 2, 0x68, 3);
  const { lengthSize, sequenceSets, pictureSets } = readDecoderConfiguration(avcC);
  assert.deepEqual([lengthSize, plain(sequenceSets), plain(pictureSets)], [4, [[0x67, 1, 2]], [[0x68, 3]]]);
  for (let end = 0; end < avcC.length; end++)
    assert.throws(() => readDecoderConfiguration(avcC.subarray(0, end)), refused);
});
