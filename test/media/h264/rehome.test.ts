import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoryfarmError } from '../../../src/errors.js';
import { toRbsp } from '../../../src/media/h264/bits.js';
import { type ParameterSets, readParameterSets } from '../../../src/media/h264/parameter-sets.js';
import { assemble, homeOf, type Place, rehome, type Slice } from '../../../src/media/h264/rehome.js';
import { type Deblocking, readSliceHeader } from '../../../src/media/h264/slice-header.js';
import { UnitType, unitType } from '../../../src/media/h264/units.js';
import { crop, decode, encode, noise, type Picture, traceSlices } from './encoder.js';

const OFF: Deblocking = { disable: 1, alpha: 0, beta: 0 };
const WITHIN: Deblocking = { disable: 2, alpha: 0, beta: 0 };

const profiles = { CABAC: ['-profile:v', 'high'], CAVLC: ['-profile:v', 'baseline'] } as const;
type Entropy = keyof typeof profiles;

/** How a picture is encoded whose slices shall move: one slice per macroblock row. */
function options(entropy: Entropy, qp: number, macroblocks: number, ...more: string[]): string[] {
  const params = ['stitchable=1:constrained-intra=1:aq-mode=0:chroma-qp-offset=-2:keyint=30', ...more].join(':');
  const slices = `${params}:slice-max-mbs=${macroblocks}`;
  return ['-preset', 'veryfast', '-tune', 'zerolatency', '-qp', `${qp}`, '-x264-params', slices, ...profiles[entropy]];
}

/** A picture encoded on its own. */
interface Coded {
  readonly units: Uint8Array[];
  readonly sets: ParameterSets;
  readonly picture: Picture;
}

function coded(picture: Picture, entropy: Entropy, qp: number): Coded {
  const units = encode(picture, options(entropy, qp, picture.width / 16));
  return { units, picture, sets: setsOf(units) };
}

function setsOf(units: readonly Uint8Array[]): ParameterSets {
  return readParameterSets(units.filter((unit) => [UnitType.sps, UnitType.pps].includes(unitType(unit) as 7 | 8)));
}

/** The film's stream with its IDR picture made of these slices. */
function film(big: Coded, slices: readonly Slice[]): Uint8Array[] {
  const sets = big.units.filter((unit) => unitType(unit) === UnitType.sps || unitType(unit) === UnitType.pps);
  return [...sets, ...assemble(slices, big.sets)];
}

/** What the picture decodes to in its own stream, its slices' deblocking set to the same. */
function ownDecode(part: Coded, deblocking: Deblocking): Uint8Array {
  return decode(film(part, rehome(part.units, part.sets, homeOf(part.units, part.sets), { x: 0, y: 0 }, deblocking)));
}

/** Macroblocks around a box: above and below over the full width, left and right beside it. */
function surroundings(width: number, height: number, box: Place & { width: number; height: number }) {
  const right = box.x + box.width;
  const bottom = box.y + box.height;
  return [
    { x: 0, y: 0, width, height: box.y },
    { x: 0, y: box.y, width: box.x, height: box.height },
    { x: right, y: box.y, width: width - right, height: box.height },
    { x: 0, y: bottom, width, height: height - bottom },
  ].filter((part) => part.width > 0 && part.height > 0);
}

const sizes = { small: [11, 9], wide: [20, 12] } as const;
const cases = [
  { name: 'in the middle', size: 'wide', box: { x: 5, y: 4, width: 8, height: 3 }, qp: [20, 28] },
  { name: 'at the upper left', size: 'small', box: { x: 0, y: 0, width: 4, height: 2 }, qp: [20, 20] },
  { name: 'at the lower right', size: 'small', box: { x: 6, y: 5, width: 5, height: 4 }, qp: [12, 33] },
  { name: 'over the full width at the top', size: 'small', box: { x: 0, y: 0, width: 11, height: 3 }, qp: [30, 24] },
  { name: 'over the full height at the right', size: 'small', box: { x: 10, y: 0, width: 1, height: 9 }, qp: [20, 26] },
  { name: 'of the whole picture', size: 'small', box: { x: 0, y: 0, width: 11, height: 9 }, qp: [20, 26] },
] as const;

for (const entropy of ['CABAC', 'CAVLC'] as const) {
  for (const { name, size, box, qp } of cases) {
    test(`${entropy}: a box ${name} is put into a picture, pixel by pixel itself, and nothing around it changes`, () => {
      const [width, height] = sizes[size];
      const [boxQp, bigQp] = qp;
      const whole = noise(width * 16, height * 16, 11, 40, 200);
      const big = coded(whole, entropy, bigQp);
      const home = homeOf(big.units, big.sets);
      const around = surroundings(width, height, box).map((part) => ({
        ...part,
        coded: coded(crop(whole, part.x * 16, part.y * 16, part.width * 16, part.height * 16), entropy, bigQp),
      }));
      const words = [noise(box.width * 16, box.height * 16, 3), noise(box.width * 16, box.height * 16, 4, 100, 103)];
      const inside = words.map((picture) => ({ ...box, coded: coded(picture, entropy, boxQp) }));
      for (const deblocking of [OFF, WITHIN]) {
        const parts = [...around, ...inside].map((part) => ({ ...part, own: ownDecode(part.coded, deblocking) }));
        for (const other of inside) {
          const shownParts = parts.filter((part) => !inside.some((i) => i.coded === part.coded && i !== other));
          const slices = shownParts.flatMap((part) =>
            rehome(part.coded.units, part.coded.sets, home, part, deblocking),
          );
          const shown: Picture = { ...whole, bytes: decode(film(big, slices)) };
          assert.equal(shown.bytes.length, whole.bytes.length);
          for (const part of shownParts) {
            const seen = crop(shown, part.x * 16, part.y * 16, part.width * 16, part.height * 16);
            assert.ok(Buffer.compare(seen.bytes, part.own) === 0, `other pixels in the part at ${part.x},${part.y}`);
          }
        }
      }
    });
  }
}

/** Frames of noise, cut out of a larger picture so that they move. */
const clip = {
  width: 176,
  height: 144,
  bytes: Buffer.concat(
    Array.from({ length: 12 }, (_, frame) => crop(noise(208, 176, 5, 60, 180), frame * 2, frame, 176, 144).bytes),
  ),
};
const FRAME = (176 * 144 * 3) / 2;

for (const entropy of ['CABAC', 'CAVLC'] as const) {
  test(`${entropy}: the second key frame of a film that counts otherwise is replaced; frames before it stay`, () => {
    // No stitchable: the film's initial quantiser, order counts and frame numbers differ from the box's.
    const params = 'keyint=5:scenecut=0:open-gop=0:constrained-intra=1:bframes=2:chroma-qp-offset=-2:subme=2';
    const units = encode(clip, ['-qp', '31', '-x264-params', params, ...profiles[entropy]]);
    const sets = setsOf(units);
    const pictures = units.filter((unit) => unitType(unit) === UnitType.idr);
    const second = pictures[1] ?? new Uint8Array();
    const home = homeOf([second], sets);
    const replacement = coded(noise(176, 144, 9), entropy, 20);
    assert.notEqual(home.sets.picture.initialQp, replacement.sets.picture.initialQp);
    assert.equal(home.model.idrPictureId, 1);
    const slices = assemble(rehome(replacement.units, replacement.sets, home, { x: 0, y: 0 }, OFF), sets);
    const at = units.indexOf(second);
    const changed = units.toSpliced(at, 1, ...slices);

    const before = decode(units);
    const after = decode(changed);
    assert.equal(after.length, before.length);
    assert.ok(before.subarray(0, 5 * FRAME).equals(after.subarray(0, 5 * FRAME)));
    assert.ok(after.subarray(5 * FRAME, 6 * FRAME).equals(ownDecode(replacement, OFF)));
    const intra = (list: readonly Uint8Array[]) =>
      traceSlices(list).filter((fields) => fields.some(({ name }) => name === 'idr_pic_id'));
    const traced = intra(changed);
    const filling = traced.flat().filter(({ name }) => name === 'cabac_alignment_one_bit');
    assert.ok(entropy === 'CAVLC' || filling.length > 0);
    assert.ok(filling.every(({ value }) => value === 1));
    const shared = ['nal_ref_idc', 'pic_parameter_set_id', 'frame_num', 'idr_pic_id', 'pic_order_cnt_lsb'];
    const heads = (list: typeof traced, names: string[]) =>
      list.map((fields) => fields.filter(({ name }) => names.includes(name)).map(({ value }) => value));
    // One slice, nine, one: all of a picture say what the film's own said there.
    const [first, own, third] = heads(intra(units), shared);
    assert.deepEqual(heads(traced, shared), [first, ...Array.from({ length: 9 }, () => own), third]);
    const disabled = heads(traced, ['disable_deblocking_filter_idc']).flat();
    assert.deepEqual(disabled, [0, ...Array.from({ length: 9 }, () => 1), 0]);
    const kept = rehome(replacement.units, replacement.sets, home, { x: 0, y: 0 });
    assert.ok(kept.every(({ unit }) => readSliceHeader(toRbsp(unit), sets).header.deblocking.disable === 0));
  });
}

test('a slice of several rows moves between pictures of equal width, and is refused in others', () => {
  const several = (width: number) => {
    const picture = noise(width, 48, 2);
    const units = encode(picture, options('CABAC', 24, (width / 16) * 3));
    return { units, picture, sets: setsOf(units) };
  };
  const big = coded(noise(176, 96, 1), 'CABAC', 24);
  const home = homeOf(big.units, big.sets);
  const bands = [0, 3].flatMap((y) => {
    const { units, sets } = several(176);
    return rehome(units, sets, home, { x: 0, y }, OFF);
  });
  assert.deepEqual(
    bands.map(({ firstMacroblock, macroblocks }) => [firstMacroblock, macroblocks]),
    [
      [0, 33],
      [33, 33],
    ],
  );
  const shown = { width: 176, height: 96, bytes: decode(film(big, bands)) };
  const own = ownDecode(several(176), OFF);
  for (const y of [0, 48]) assert.ok(Buffer.compare(crop(shown, 0, y, 176, 48).bytes, own) === 0);
  const narrow = several(160);
  assert.throws(() => rehome(narrow.units, narrow.sets, home, { x: 0, y: 0 }), /spans rows of 10/);
});

test('what would decode to something else is refused', () => {
  const big = coded(noise(96, 64, 1), 'CABAC', 24);
  const home = homeOf(big.units, big.sets);
  const box = coded(noise(32, 32, 2), 'CABAC', 24);
  const move = (units: readonly Uint8Array[], place = { x: 1, y: 1 }) => rehome(units, box.sets, home, place);
  const slices = box.units.filter((unit) => unitType(unit) === UnitType.idr);
  assert.equal(move(box.units).length, 2);
  for (const place of [
    { x: 5, y: 0 },
    { x: 0, y: 3 },
    { x: -1, y: 0 },
    { x: 0.5, y: 0 },
  ])
    assert.throws(() => move(box.units, place), /leave a picture of 6x4/);
  assert.throws(() => move(slices.slice(1)), /no whole IDR picture/);
  assert.throws(() => move([]), /no whole IDR picture/);
  assert.throws(() => move(slices.toReversed()), /no whole IDR picture/);
  assert.throws(() => move([...slices, ...slices]), /not in the order/);
  const other = encode(noise(32, 32, 2), options('CABAC', 24, 2, 'chroma-qp-offset=1'));
  assert.throws(() => rehome(other, setsOf(other), home, { x: 0, y: 0 }), /differ in picture.chromaQpOffset/);
  const inter = units(encode(clip, ['-x264-params', 'keyint=30']), UnitType.slice);
  assert.throws(() => homeOf(inter, big.sets), /no IDR picture/);

  const whole = rehome(big.units, big.sets, home, { x: 0, y: 0 });
  assert.equal(assemble(whole, big.sets).length, 4);
  assert.deepEqual(assemble(whole.toReversed(), big.sets), assemble(whole, big.sets));
  assert.throws(() => assemble(whole.slice(1), big.sets), /leave or repeat macroblock 0/);
  assert.throws(() => assemble(whole.slice(0, -1), big.sets), /cover 18 of 24/);
  assert.throws(() => assemble([...whole, ...move(box.units)], big.sets), /leave or repeat/);
});

function units(all: readonly Uint8Array[], type: number): Uint8Array[] {
  return all.filter((unit) => unitType(unit) === type);
}

test('truncated or bent encoder output is refused or moved, never a crash', () => {
  const big = coded(noise(96, 64, 1), 'CAVLC', 24);
  const home = homeOf(big.units, big.sets);
  const box = coded(noise(32, 32, 2), 'CAVLC', 24);
  const slices = units(box.units, UnitType.idr);
  fc.assert(
    fc.property(fc.nat(), fc.nat(20), fc.nat(255), fc.nat(20), (index, at, value, length) => {
      const slice = slices[index % slices.length] ?? new Uint8Array();
      for (const bent of [slice.with(at, value), slice.subarray(0, length)]) {
        try {
          rehome(slices.with(index % slices.length, bent), box.sets, home, { x: 0, y: 0 }, OFF);
        } catch (error) {
          assert.ok(error instanceof StoryfarmError, String(error));
        }
      }
    }),
    { numRuns: 300 },
  );
});
