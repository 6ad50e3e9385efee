import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoryfarmError } from '../../../src/errors.js';
import { toRbsp } from '../../../src/media/h264/bits.js';
import { type ParameterSets, readParameterSets } from '../../../src/media/h264/parameter-sets.js';
import { assemble, type Home, homeOf, rehome, type Slice } from '../../../src/media/h264/rehome.js';
import { readSliceHeader } from '../../../src/media/h264/slice-header.js';
import { UnitType, unitType } from '../../../src/media/h264/units.js';
import { encodeRow } from '../../../src/media/intra/intra.js';
import type { Planes } from '../../../src/media/planes.js';
import { crop, decode, encode, noise, type Picture } from '../h264/encoder.js';

const WIDTH = 176;
const HEIGHT = 64;

/** Where boxes' columns begin and end, in macroblocks: a row of the picture is several slices. */
const COLUMNS = [0, 3, 4, 11] as const;

interface Film {
  readonly name: string;
  readonly sets: Uint8Array[];
  readonly home: Home;
  readonly lowestQp: number;
}

function filmOf(name: string, lowestQp: number, params: string, ...options: string[]): Film {
  const x264 = ['-x264-params', `stitchable=1:constrained-intra=1:keyint=30:${params}`];
  const units = encode(noise(WIDTH, HEIGHT, 1), ['-preset', 'veryfast', '-tune', 'zerolatency', ...x264, ...options]);
  const sets = units.filter((unit) => unitType(unit) === UnitType.sps || unitType(unit) === UnitType.pps);
  return { name, sets, lowestQp, home: homeOf(units, readParameterSets(sets)) };
}

const films = [
  filmOf('High, CABAC', 0, 'chroma-qp-offset=-2', '-profile:v', 'high'),
  filmOf('Main, CABAC', 0, 'chroma-qp-offset=-2', '-profile:v', 'main'),
  filmOf('Baseline, CAVLC', 6, 'chroma-qp-offset=-2', '-profile:v', 'baseline'),
  filmOf('High, CAVLC, 8x8 offered', 0, 'cabac=0:chroma-qp-offset=5', '-profile:v', 'high'),
] as const;

function planesOf({ width, height, bytes }: Picture): Planes {
  const size = width * height;
  return {
    width,
    height,
    luma: bytes.subarray(0, size),
    cb: bytes.subarray(size, size * 1.25),
    cr: bytes.subarray(size * 1.25, size * 1.5),
  };
}

/** A picture of grey that waits for its reconstruction. */
function blank(width: number, height: number): Picture {
  return { width, height, bytes: new Uint8Array((width * height * 3) / 2).fill(77) };
}

/** The picture as slices of its home, several to a row, and what they were promised to decode to. */
function slicesOf(picture: Picture, home: Home, qp: number): { slices: Slice[]; expected: Uint8Array } {
  const slices: Slice[] = [];
  const expected = blank(picture.width, picture.height).bytes;
  for (const [index, first] of COLUMNS.slice(0, -1).entries()) {
    const width = ((COLUMNS[index + 1] as number) - first) * 16;
    const source = planesOf(crop(picture, first * 16, 0, width, picture.height));
    const made = blank(width, picture.height);
    for (let row = 0; row < picture.height / 16; row++)
      slices.push(encodeRow(source, row, home, (row * picture.width) / 16 + first, qp, planesOf(made)));
    paste(made, first * 16, picture.width, expected);
  }
  return { slices, expected };
}

function paste(part: Picture, x: number, width: number, into: Uint8Array): void {
  let from = 0;
  let plane = 0;
  for (const half of [1, 2, 2]) {
    for (let row = 0; row < part.height / half; row++, from += part.width / half)
      into.set(part.bytes.subarray(from, from + part.width / half), plane + (row * width + x) / half);
    plane += (width * part.height) / half / half;
  }
}

interface Case {
  readonly name: string;
  readonly picture: Picture;
  readonly qp: number;
}

/** Encodes key frame after key frame, has ffmpeg decode them strictly, and compares every sample. Gives each frame's mean squared error against its source. */
function holds(film: Film, cases: readonly Case[]): number[] {
  const made = cases.map(({ picture, qp }, index) =>
    // Neighbouring key frames must not bear the same number (7.4.3).
    slicesOf(picture, { ...film.home, model: { ...film.home.model, idrPictureId: index % 2 } }, qp),
  );
  const shown = decode([...film.sets, ...made.flatMap(({ slices }) => assemble(slices, film.home.sets))]);
  let from = 0;
  const errors = made.map(({ expected }, index) => {
    const { name, picture, qp } = cases[index] as Case;
    const frame = shown.subarray(from, from + expected.length);
    from += expected.length;
    if (!frame.equals(expected)) {
      const at = frame.findIndex((sample, place) => sample !== expected[place]);
      assert.fail(`${film.name}, ${name}, qp ${qp}: sample ${at} is ${frame[at]}, not ${expected[at]}`);
    }
    return (
      expected.reduce((sum, byte, place) => sum + (byte - (picture.bytes[place] as number)) ** 2, 0) / frame.length
    );
  });
  assert.equal(shown.length, from);
  return errors;
}

/** A picture whose samples are a function of plane, column and row. */
function drawn(sample: (plane: number, x: number, y: number) => number): Picture {
  const bytes = new Uint8Array((WIDTH * HEIGHT * 3) / 2);
  let at = 0;
  for (const plane of [0, 1, 2]) {
    const half = plane === 0 ? 1 : 2;
    for (let y = 0; y < HEIGHT / half; y++)
      for (let x = 0; x < WIDTH / half; x++) bytes[at++] = Math.min(Math.max(Math.round(sample(plane, x, y)), 0), 255);
  }
  return { width: WIDTH, height: HEIGHT, bytes };
}

const random = noise(WIDTH, HEIGHT, 8).bytes;
const binary = drawn(() => 0);
binary.bytes.set(random.map((byte) => (byte & 16 ? 255 : 0)));

const pictures: Readonly<Record<string, Picture>> = {
  // Strokes upright, level, slanting and round, with soft edges on a flat ground.
  text: drawn((plane, x, y) => {
    if (plane > 0) return 128;
    if (x > 120 || y % 32 > 22) return 235;
    const strokes = [
      Math.abs((x % 16) - 5),
      Math.abs((y % 32) - 11),
      Math.abs(((x + 2 * y) % 45) - 20),
      Math.abs(Math.hypot((x % 48) - 24, (y % 32) - 12) - 9),
    ];
    return 16 + 219 * Math.min(Math.max(Math.min(...strokes) - 1, 0), 1);
  }),
  flat: drawn((plane) => [235, 128, 128][plane] as number),
  'flat grey that needs nothing': drawn(() => 128),
  stripes: drawn((plane, x, y) => (plane === 0 ? (y % 5) * 50 : (x >> 3) * 12 + y)),
  gradient: drawn((plane, x, y) => (plane === 0 ? x * 1.3 + y / 3 : plane === 1 ? x + y : 255 - x * 2)),
  noise: { width: WIDTH, height: HEIGHT, bytes: random },
  'noise of black and white': binary,
  checker: drawn((_, x, y) => ((x ^ y) & 1 ? 255 : 0)),
  'checker of blocks': drawn((plane, x, y) => (((x >> (plane ? 3 : 4)) ^ (y >> (plane ? 3 : 4))) & 1 ? 255 : 0)),
  'checker of fours': drawn((_, x, y) => ((x ^ y) & 4 ? 255 : 0)),
};

for (const film of films) {
  test(`${film.name}: every content at every kind of quantiser decodes to just what was promised`, () => {
    const cases = Object.entries(pictures).flatMap(([name, picture]) =>
      [0, 1, 4, 9, 16, 20, 27, 34, 41, 51]
        .filter((qp) => qp >= film.lowestQp)
        .map((qp): Case => ({ name, picture, qp })),
    );
    for (const [index, error] of holds(film, cases).entries()) {
      const { name, qp } = cases[index] as Case;
      // Noise is more than a macroblock may hold then.
      if (name.includes('noise') && qp < 27) continue;
      // An even quantiser's error is a twelfth of its step's square; the dead zone and rounding add to it.
      const step = 0.625 * 2 ** (qp / 6);
      assert.ok(error <= (step * step) / 5 + 1, `${name}: error ${error} at qp ${qp}`);
    }
  });

  test(`${film.name}: mixtures of everything decode to just what was promised`, () => {
    const names = Object.keys(pictures);
    const patch = fc.record({
      name: fc.constantFrom(...names),
      x: fc.nat(WIDTH / 2 - 1),
      y: fc.nat(HEIGHT / 2 - 1),
      width: fc.integer({ min: 1, max: 60 }),
      height: fc.integer({ min: 1, max: 60 }),
      dim: fc.integer({ min: 0, max: 7 }),
    });
    const mixture = fc.record({
      qp: fc.integer({ min: film.lowestQp, max: 51 }),
      patches: fc.array(patch, { maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(mixture, { minLength: 3, maxLength: 6 }), (mixtures) => {
        const cases = mixtures.map(({ qp, patches }): Case => {
          const picture = drawn((plane, x, y) => {
            const half = plane === 0 ? 2 : 1;
            const top = patches.findLast(
              (p) => x >= p.x * half && y >= p.y * half && x < (p.x + p.width) * half && y < (p.y + p.height) * half,
            );
            const width = plane === 0 ? WIDTH : WIDTH / 2;
            const start = [0, WIDTH * HEIGHT, WIDTH * HEIGHT * 1.25][plane] as number;
            const sample = pictures[top?.name ?? 'flat']?.bytes[start + y * width + x] as number;
            return 128 + (sample - 128) / 2 ** (top?.dim ?? 0);
          });
          return { name: 'mixture', picture, qp };
        });
        holds(film, cases);
      }),
      { numRuns: 10 },
    );
  });
}

function headersOf(slices: readonly Slice[], sets: ParameterSets) {
  return slices.map(({ unit }) => readSliceHeader(toRbsp(unit), sets).header);
}

test('headers are those of the home but for place, quantiser and deblocking', () => {
  for (const { home } of films) {
    const marking = { idr: true, noOutputOfPriorPictures: true, longTermReference: false } as const;
    const model = { ...home.model, referenceIdc: 1, idrPictureId: 7, marking };
    const planes = planesOf(noise(48, 32, 3));
    const slices = [encodeRow(planes, 0, { ...home, model }, 13, 23), encodeRow(planes, 1, { ...home, model }, 24, 23)];
    const deblocking = { disable: 1, alpha: 0, beta: 0 };
    const qpDelta = 23 - home.sets.picture.initialQp;
    assert.deepEqual(headersOf(slices, home.sets), [
      { ...model, firstMacroblock: 13, qpDelta, deblocking },
      { ...model, firstMacroblock: 24, qpDelta, deblocking },
    ]);
    assert.deepEqual(
      slices.map(({ firstMacroblock, macroblocks }) => [firstMacroblock, macroblocks]),
      [
        [13, 3],
        [24, 3],
      ],
    );
  }
});

test('slices can be moved on like any others, cached ones into another key frame', () => {
  for (const { sets, home } of films) {
    const { slices, expected } = slicesOf(pictures.text as Picture, home, 21);
    const other = { ...home, model: { ...home.model, idrPictureId: 6 } };
    const moved = rehome(assemble(slices, home.sets), home.sets, other, { x: 0, y: 0 });
    assert.deepEqual(
      headersOf(moved, home.sets).map(({ idrPictureId }) => idrPictureId),
      slices.map(() => 6),
    );
    assert.ok(decode([...sets, ...assemble(moved, home.sets)]).equals(expected));
  }
});

test('what was encoded first stays as it is when more is encoded', () => {
  const [film] = films;
  const first = encodeRow(planesOf(noise(48, 16, 3)), 0, film.home, 0, 20);
  const copy = Buffer.from(first.unit);
  encodeRow(planesOf(noise(48, 16, 4)), 0, film.home, 0, 20);
  assert.ok(copy.equals(first.unit));
});

test('no macroblock takes more than 3200 bits (A.3.1), whatever it holds', () => {
  for (const { home, lowestQp } of films) {
    for (const seed of [1, 2, 3, 4]) {
      const { slices } = slicesOf(noise(WIDTH, HEIGHT, seed), home, lowestQp);
      const header = 80;
      for (const { unit, macroblocks } of slices)
        assert.ok(toRbsp(unit).length * 8 <= macroblocks * 3200 + header, `${unit.length} bytes`);
      // They take what they may, and not much less.
      assert.ok(slices.some(({ unit, macroblocks }) => unit.length * 8 > macroblocks * 2000));
    }
  }
});

test('a flat bubble costs next to nothing', () => {
  for (const { home } of films) {
    const planes = planesOf({
      width: 176,
      height: 16,
      bytes: (pictures.flat as Picture).bytes.slice(0, 176 * 24).fill(128, 176 * 16),
    });
    const { unit } = encodeRow(planes, 0, home, 0, 20);
    assert.ok(unit.length < 28, `${unit.length} bytes`);
  }
});

test('what is not built is refused', () => {
  const { home } = films[0];
  const planes = planesOf(noise(48, 32, 3));
  const refused = (
    why: RegExp,
    other: Partial<Home['sets']['sequence']>,
    picture: Partial<Home['sets']['picture']> = {},
  ) => {
    const sets = { sequence: { ...home.sets.sequence, ...other }, picture: { ...home.sets.picture, ...picture } };
    assert.throws(
      () => encodeRow(planes, 0, { ...home, sets }, 0, 20),
      (error) => error instanceof StoryfarmError && why.test(error.message),
    );
  };
  refused(/8-bit 4:2:0/, { chromaFormat: 2 });
  refused(/8-bit 4:2:0/, { lumaBits: 10 });
  refused(/fields/, { framesOnly: false });
  refused(/lossless/, { transformBypass: true });
  refused(/scaling lists/, { scalingLists: ['default'] });
  refused(/scaling lists/, {}, { scalingLists: [undefined] });
  refused(/deblocking/, {}, { deblockingControl: false });
  const row =
    (over: Partial<Planes>, at: number, first: number, qp = 20) =>
    () =>
      encodeRow({ ...planes, ...over }, at, home, first, qp);
  assert.doesNotThrow(row({}, 1, 8));
  assert.throws(row({}, 1, 9), /leave their row/);
  assert.throws(row({}, 1, -1), /leave their row/);
  assert.throws(row({}, 1, 44), /leave their row/);
  assert.throws(row({}, 2, 0), /no macroblock row 2/);
  assert.throws(row({ width: 40 }, 0, 0), /no whole macroblocks/);
  assert.throws(row({ cr: new Uint8Array(3) }, 0, 0), /do not have/);
  assert.throws(row({}, 0, 0, 52), /no quantiser/);
  const baseline = films[2].home;
  assert.throws(() => encodeRow(planes, 0, baseline, 0, 5), /too fine/);
  assert.doesNotThrow(() => encodeRow(planes, 0, baseline, 0, 6));
  assert.throws(
    () => encodeRow(planes, 0, { ...home, model: { ...home.model, sliceType: 0 } }, 0, 20),
    /other than intra/,
  );
});
