import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoryfarmError } from '../../../src/errors.js';
import { BitReader, BitWriter, stopBit, toRbsp, toUnit } from '../../../src/media/h264/bits.js';

/** Bytes of which most are those that matter to emulation prevention. */
const risky = fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.map((byte) => (byte < 220 ? byte % 5 : byte)));
const refused = (error: unknown) => error instanceof StoryfarmError && error.code === 'not_spliceable';

const field = fc.oneof(
  fc
    .integer({ min: 0, max: 32 })
    .chain((length) =>
      fc.integer({ min: 0, max: 2 ** length - 1 }).map((value) => ({ kind: 'u' as const, length, value })),
    ),
  fc.integer({ min: 0, max: 0xffff_fffe }).map((value) => ({ kind: 'ue' as const, length: 0, value })),
  fc.integer({ min: 0, max: 40 }).map((value) => ({ kind: 'ue' as const, length: 0, value })),
  fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff }).map((value) => ({ kind: 'se' as const, length: 0, value })),
  fc.integer({ min: -40, max: 40 }).map((value) => ({ kind: 'se' as const, length: 0, value })),
);

test('fields are read as they were written', () => {
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const writer = new BitWriter(1);
      for (const { kind, length, value } of fields) {
        if (kind === 'u') writer.u(length, value);
        else writer[kind](value);
      }
      const end = writer.position;
      const bytes = writer.trailing().bytes();
      assert.equal(stopBit(bytes), end);
      const reader = new BitReader(bytes);
      for (const { kind, length, value } of fields) {
        assert.equal(kind === 'u' ? reader.u(length) : reader[kind](), value);
      }
      assert.equal(reader.position, end);
      assert.equal(reader.hasMore(), false);
    }),
  );
});

test('Exp-Golomb codes are those of tables 9-2 and 9-3', () => {
  const bits = (write: (writer: BitWriter) => BitWriter) => {
    const writer = write(new BitWriter());
    const end = writer.position;
    const reader = new BitReader(writer.trailing().bytes());
    return Array.from({ length: end }, () => reader.u(1)).join('');
  };
  const unsigned = ['1', '010', '011', '00100', '00101', '00110', '00111', '0001000', '0001001', '0001010'];
  for (const [value, code] of unsigned.entries())
    assert.equal(
      bits((writer) => writer.ue(value)),
      code,
    );
  for (const [index, value] of [0, 1, -1, 2, -2, 3, -3].entries())
    assert.equal(
      bits((writer) => writer.se(value)),
      unsigned[index],
    );
});

test('bits are copied from any place to any place', () => {
  const cases = fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 24 }), fc.integer({ min: 0, max: 17 }), fc.nat(), fc.nat())
    .map(([bytes, lead, a, b]) => {
      const [x, y] = [a % (bytes.length * 8 + 1), b % (bytes.length * 8 + 1)];
      return { bytes, lead, from: Math.min(x, y), to: Math.max(x, y) };
    });
  fc.assert(
    fc.property(cases, ({ bytes, lead, from, to }) => {
      const writer = new BitWriter(1).u(lead, 2 ** lead - 1).copy(bytes, from, to);
      assert.equal(writer.position, lead + to - from);
      const copy = new BitReader(writer.u(3, 5).align(0).bytes());
      assert.equal(copy.u(lead), 2 ** lead - 1);
      const source = new BitReader(bytes, from);
      for (let bit = from; bit < to; bit++) assert.equal(copy.u(1), source.u(1));
      assert.equal(copy.u(3), 5);
    }),
    { numRuns: 500 },
  );
});

test('alignment fills with the bit that is asked for', () => {
  assert.deepEqual([...new BitWriter().u(3, 0).align(1).bytes()], [0x1f]);
  assert.deepEqual([...new BitWriter().u(3, 7).align(0).bytes()], [0xe0]);
  assert.deepEqual([...new BitWriter().u(8, 1).align(1).bytes()], [0x01]);
  assert.deepEqual([...new BitWriter().trailing().bytes()], [0x80]);
});

test('emulation prevention as in clause 7.4.1', () => {
  assert.deepEqual([...toUnit(Uint8Array.of(0, 0, 0))], [0, 0, 3, 0, 3]);
  assert.deepEqual([...toUnit(Uint8Array.of(0, 0, 1, 9))], [0, 0, 3, 1, 9]);
  assert.deepEqual([...toUnit(Uint8Array.of(0, 0, 0, 0, 0, 1))], [0, 0, 3, 0, 0, 3, 0, 1]);
  assert.deepEqual([...toUnit(Uint8Array.of(0, 0, 4))], [0, 0, 4]);
});

test('emulation prevention is undone, and leaves no start code', () => {
  fc.assert(
    fc.property(risky, fc.nat(3), (data, words) => {
      // An RBSP ends with its stop bit and whole cabac_zero_words (7.3.2.10).
      const rbsp = Uint8Array.of(...data, 0x80, ...new Uint8Array(words * 2));
      const unit = toUnit(rbsp);
      assert.deepEqual([...toRbsp(unit)], [...rbsp]);
      for (let at = 0; at + 2 < unit.length; at++)
        assert.ok(unit[at] !== 0 || unit[at + 1] !== 0 || (unit[at + 2] ?? 0) >= 3, `at ${at}`);
      assert.notEqual(unit.at(-1), 0);
    }),
    { numRuns: 2000 },
  );
});

test('bytes are refused or are what escaping gives', () => {
  fc.assert(
    fc.property(risky, (unit) => {
      let rbsp: Uint8Array;
      try {
        rbsp = toRbsp(unit);
      } catch (error) {
        assert.ok(refused(error));
        return;
      }
      // Only a zero at the end is not told from an unfinished escape.
      if (unit.at(-1) !== 0) assert.deepEqual([...toUnit(rbsp)], [...unit]);
    }),
    { numRuns: 2000 },
  );
});

test('what ends too early or does not fit is refused', () => {
  assert.throws(() => new BitReader(Uint8Array.of(1)).u(9), refused);
  assert.throws(() => new BitReader(new Uint8Array(9)).ue(), refused);
  assert.throws(() => new BitWriter().u(3, 8), refused);
  assert.throws(() => new BitWriter().ue(-1), refused);
  assert.throws(() => new BitWriter().u(1, 1).bytes(), refused);
  assert.throws(() => stopBit(new Uint8Array(3)), refused);
  assert.throws(() => new BitWriter().copy(Uint8Array.of(1), 4, 9), refused);
});
