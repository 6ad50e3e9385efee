import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoryfarmError } from '../../../src/errors.js';
import { BitWriter, toRbsp } from '../../../src/media/h264/bits.js';
import { readParameterSets } from '../../../src/media/h264/parameter-sets.js';
import { readSliceHeader, type SliceHeader, writeSliceHeader } from '../../../src/media/h264/slice-header.js';
import { unitType } from '../../../src/media/h264/units.js';
import { crop, encode, noise, traceSlices } from './encoder.js';

/** Frames of 64x48 cut out of one large picture of noise, so that there is motion to find, and fading, so that there are weights. */
const moving = {
  width: 64,
  height: 48,
  bytes: Buffer.concat(
    Array.from({ length: 14 }, (_, frame) =>
      crop(noise(128, 96, 7), frame * 2, frame, 64, 48).bytes.map((byte) => (byte * (14 - frame)) / 14),
    ),
  ),
};
const slicesOf = (units: readonly Uint8Array[]) => units.filter((unit) => [1, 5].includes(unitType(unit)));

/** Encoder settings that between them use every field a frame-coded header of x264's can have, and those of interlaced pictures. */
const streams = {
  baseline: 'no-scenecut=1:keyint=5:slices=2:ref=3',
  main: 'keyint=9:bframes=3:b-pyramid=normal:weightp=2:ref=4:slices=2:deblock=1,-2',
  high: 'keyint=9:bframes=3:b-pyramid=strict:direct=auto:weightp=2:ref=5:slices=3',
  stitchable: 'keyint=4:stitchable=1:constrained-intra=1:weightp=0:cabac=0:no-deblock=1',
  interlaced: 'keyint=9:bframes=2:interlaced=1:weightp=0',
};

for (const [name, params] of Object.entries(streams)) {
  const profile = name === 'baseline' || name === 'main' ? name : 'high';
  test(`reads every field of x264's ${name} headers as ffmpeg does, and writes the same bits`, () => {
    const units = encode(moving, ['-profile:v', profile, '-preset', 'medium', '-x264-params', params]);
    const sets = readParameterSets(
      units.slice(
        0,
        units.findIndex((unit) => unitType(unit) === 5),
      ),
    );
    const slices = slicesOf(units);
    const traced = traceSlices(units);
    assert.equal(slices.length, traced.length);
    const types = new Set<number>();
    for (const [index, unit] of slices.entries()) {
      const rbsp = toRbsp(unit);
      const { header, end } = readSliceHeader(rbsp, sets);
      types.add(header.sliceType % 5);
      compare(header, end, traced[index] ?? []);
      const writer = new BitWriter();
      writeSliceHeader(writer, header, sets);
      assert.equal(writer.position, end);
      const again = writer.copy(rbsp, end, rbsp.length * 8).bytes();
      assert.equal(Buffer.compare(again, rbsp), 0);
    }
    assert.deepEqual([...types].sort(), name === 'baseline' ? [0, 2] : [0, 1, 2]);
  });
}

/** ffmpeg's fields against ours; the data begin where its last field ended. */
function compare(header: SliceHeader, end: number, fields: readonly { name: string; end: number; value: number }[]) {
  const traced = fields.filter(({ name }) => name !== 'cabac_alignment_one_bit');
  const all = (name: RegExp) => traced.filter((field) => name.test(field.name)).map(({ value }) => value);
  const one = (name: string, absent: number) => traced.find((field) => field.name === name)?.value ?? absent;
  assert.equal(header.referenceIdc, one('nal_ref_idc', -1));
  assert.equal(header.unitType, one('nal_unit_type', -1));
  assert.equal(header.firstMacroblock, one('first_mb_in_slice', -1));
  assert.equal(header.sliceType, one('slice_type', -1));
  assert.equal(header.pictureSetId, one('pic_parameter_set_id', -1));
  assert.equal(header.frameNum, one('frame_num', -1));
  assert.equal(header.field !== 'frame', one('field_pic_flag', 0) === 1);
  assert.equal(header.idrPictureId ?? -1, one('idr_pic_id', -1));
  assert.equal(header.orderCountLsb, one('pic_order_cnt_lsb', 0));
  assert.equal(header.deltaOrderCountBottom, one('delta_pic_order_cnt_bottom', 0));
  assert.equal(header.cabacTable, one('cabac_init_idc', 0));
  assert.equal(header.qpDelta, one('slice_qp_delta', -99));
  assert.equal(header.deblocking.disable, one('disable_deblocking_filter_idc', -1));
  assert.equal(header.deblocking.alpha, one('slice_alpha_c0_offset_div2', 0));
  assert.equal(header.deblocking.beta, one('slice_beta_offset_div2', 0));
  const { counts, modifications, weights } = header.references ?? { modifications: [] };
  assert.deepEqual(counts?.map((count) => count - 1) ?? [], all(/^num_ref_idx_l\d_active_minus1$/));
  assert.deepEqual(
    modifications.flatMap((list) => (list ? [...list.map(([operation]) => operation), 3] : [])),
    all(/^modification_of_pic_nums_idc/),
  );
  assert.equal(weights?.lumaDenominator ?? -1, one('luma_log2_weight_denom', -1));
  const pairs = weights?.lists.flat().flatMap(({ luma }) => luma ?? []) ?? [];
  assert.deepEqual(pairs, all(/^luma_(weight|offset)_l\d\[/));
  const colours = weights?.lists.flat().flatMap(({ chroma }) => chroma ?? []) ?? [];
  assert.deepEqual(colours, all(/^chroma_(weight|offset)_l\d\[/));
  assert.deepEqual(header.marking?.idr ? [] : (header.marking?.operations ?? []).map(([operation]) => operation), [
    ...all(/^memory_management_control_operation/).filter((operation) => operation !== 0),
  ]);
  assert.equal(end, traced.at(-1)?.end);
}

test('any header is read as it was written', () => {
  const units = encode(noise(64, 48, 1), ['-x264-params', 'stitchable=1']);
  const sets = readParameterSets(units.filter((unit) => unitType(unit) !== 5));
  // Plain objects, as the reader makes them.
  const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(fields, { noNullPrototype: true });
  const intra = record({
    firstMacroblock: fc.nat(11),
    frameNum: fc.nat(2 ** sets.sequence.frameNumBits - 1),
    idrPictureId: fc.nat(65535),
    orderCountLsb: fc.nat(2 ** sets.sequence.orderCountBits - 1),
    qpDelta: fc.integer({ min: -26, max: 25 }),
    deblocking: fc.oneof(
      fc.constant({ disable: 1, alpha: 0, beta: 0 }),
      record({
        disable: fc.constantFrom(0, 2),
        alpha: fc.integer({ min: -6, max: 6 }),
        beta: fc.integer({ min: -6, max: 6 }),
      }),
    ),
    marking: record({
      idr: fc.constant(true as const),
      noOutputOfPriorPictures: fc.boolean(),
      longTermReference: fc.boolean(),
    }),
  });
  const [idr = new Uint8Array()] = slicesOf(units);
  const model = readSliceHeader(toRbsp(idr), sets).header;
  fc.assert(
    fc.property(intra, (changed) => {
      const header = { ...model, ...changed };
      const bits = new BitWriter(1);
      writeSliceHeader(bits, header, sets);
      const end = bits.position;
      assert.deepEqual(readSliceHeader(bits.trailing().bytes(), sets), { header, end });
    }),
  );
});

test('a bent or cut header is read or refused, never a crash', () => {
  const units = encode(moving, ['-x264-params', streams.main]);
  const sets = readParameterSets(
    units.slice(
      0,
      units.findIndex((unit) => unitType(unit) === 5),
    ),
  );
  const slices = slicesOf(units).map(toRbsp);
  fc.assert(
    fc.property(fc.nat(), fc.nat(15), fc.nat(255), fc.nat(20), (index, at, value, length) => {
      const rbsp = slices[index % slices.length] ?? new Uint8Array();
      for (const bent of [rbsp.with(at, value), rbsp.subarray(0, length)]) {
        try {
          readSliceHeader(bent, sets);
        } catch (error) {
          assert.ok(error instanceof StoryfarmError, String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
});
