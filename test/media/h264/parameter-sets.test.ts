import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoryfarmError } from '../../../src/errors.js';
import {
  intraDifferences,
  readParameterSets,
  readPictureSet,
  readSequenceSet,
} from '../../../src/media/h264/parameter-sets.js';
import { UnitType, unitType } from '../../../src/media/h264/units.js';
import { encode, noise } from './encoder.js';

const sets = (width: number, height: number, ...options: string[]) =>
  readParameterSets(encode(noise(width, height, 1), options));

test('reads what x264 writes for Baseline, cropped', () => {
  const { sequence, picture } = sets(178, 146, '-profile:v', 'baseline', '-level', '1.3', '-x264-params', 'ref=2');
  const { profile, level, width, height, widthInMacroblocks, heightInMacroblocks, chromaFormat } = sequence;
  assert.deepEqual([profile, level, width, height], [66, 13, 178, 146]);
  assert.deepEqual([widthInMacroblocks, heightInMacroblocks, chromaFormat], [12, 10, 1]);
  assert.deepEqual([sequence.lumaBits, sequence.chromaBits, sequence.framesOnly], [8, 8, true]);
  assert.deepEqual([sequence.referenceFrames, sequence.usability?.bufferedFrames], [2, 2]);
  assert.equal(sequence.usability?.reorderFrames, 0);
  assert.deepEqual([sequence.orderCountType, sequence.orderCountBits], [2, 0]);
  assert.deepEqual([picture.cabac, picture.transform8x8, picture.deblockingControl], [false, false, true]);
});

test('reads what x264 writes for Main', () => {
  const { sequence, picture } = sets(
    640,
    480,
    '-profile:v',
    'main',
    '-level',
    '3.0',
    '-x264-params',
    'bframes=2:b-pyramid=none',
  );
  assert.deepEqual([sequence.profile, sequence.level, sequence.width, sequence.height], [77, 30, 640, 480]);
  assert.deepEqual([sequence.orderCountType, sequence.orderCountBits > 0], [0, true]);
  assert.equal(sequence.usability?.reorderFrames, 1);
  assert.deepEqual([picture.cabac, picture.transform8x8], [true, false]);
  const { ticks = 0, scale = 0 } = sequence.usability?.timing ?? {};
  assert.equal(scale / ticks, 50);
});

test('reads what x264 writes for High, cropped, with colour and stitchable', () => {
  const colour = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'];
  const { sequence, picture } = sets(
    854,
    480,
    ...['-profile:v', 'high', ...colour, '-x264-params', 'stitchable=1:constrained-intra=1:chroma-qp-offset=-2'],
  );
  assert.deepEqual([sequence.profile, sequence.width, sequence.height], [100, 854, 480]);
  assert.deepEqual([sequence.widthInMacroblocks, sequence.heightInMacroblocks], [54, 30]);
  assert.deepEqual(sequence.usability?.colour, [1, 1, 1]);
  assert.deepEqual([picture.cabac, picture.transform8x8, picture.constrainedIntra], [true, true, true]);
  assert.deepEqual([picture.initialQp, picture.scalingLists, sequence.scalingLists], [26, undefined, undefined]);
});

test('reads the buffer model and scaling lists', () => {
  const { sequence, picture } = sets(64, 48, '-x264-params', 'nal-hrd=vbr:vbv-maxrate=900:vbv-bufsize=900:cqm=jvt');
  assert.equal(sequence.usability?.reorderFrames !== undefined, true);
  assert.equal(picture.scalingLists?.length, 8);
});

test('the buffered frames of High are the reference frames', () => {
  const { sequence } = sets(64, 48, '-x264-params', 'ref=5:bframes=0');
  assert.deepEqual([sequence.referenceFrames, sequence.usability?.bufferedFrames], [5, 5]);
});

test('names the fields in which two pairs differ', () => {
  const params = (more: string) => sets(64, 48, '-x264-params', `stitchable=1:constrained-intra=1:${more}`);
  const one = params('chroma-qp-offset=0');
  assert.deepEqual(intraDifferences(one, one), []);
  assert.deepEqual(
    intraDifferences(one, sets(320, 240, '-x264-params', 'stitchable=1:constrained-intra=1:bframes=0')),
    [],
  );
  assert.deepEqual(intraDifferences(one, params('chroma-qp-offset=3')), [
    'picture.chromaQpOffset',
    'picture.secondChromaQpOffset',
  ]);
  assert.deepEqual(intraDifferences(one, params('cabac=0:8x8dct=0')), ['picture.cabac', 'picture.transform8x8']);
  assert.deepEqual(intraDifferences(one, params('cqm=jvt')), ['picture.scalingLists']);
  assert.deepEqual(intraDifferences(one, params('constrained-intra=0')), ['picture.constrainedIntra']);
  assert.deepEqual(intraDifferences(one, params('interlaced=1:weightp=0')), [
    'sequence.framesOnly',
    'sequence.macroblockAdaptive',
  ]);
  const other = sets(64, 48, '-pix_fmt', 'yuv444p', '-x264-params', 'stitchable=1:constrained-intra=1');
  assert.ok(intraDifferences(one, other).includes('sequence.chromaFormat'));
});

test('a set that is bent or cut is read or refused, never a crash', () => {
  const units = encode(noise(64, 48, 1), ['-x264-params', 'nal-hrd=vbr:vbv-maxrate=900:vbv-bufsize=900']);
  const sps = units.find((unit) => unitType(unit) === UnitType.sps) ?? new Uint8Array();
  const pps = units.find((unit) => unitType(unit) === UnitType.pps) ?? new Uint8Array();
  const sequence = readSequenceSet(sps);
  const attempt = (read: () => unknown) => {
    try {
      read();
    } catch (error) {
      assert.ok(error instanceof StoryfarmError, String(error));
    }
  };
  for (let end = 0; end < sps.length; end++)
    assert.throws(() => readSequenceSet(sps.subarray(0, end)), { code: 'not_spliceable' });
  fc.assert(
    fc.property(fc.nat(), fc.nat(255), (at, value) => {
      attempt(() => readSequenceSet(sps.with((at % (sps.length - 1)) + 1, value)));
      attempt(() => readPictureSet(pps.with((at % (pps.length - 1)) + 1, value), sequence));
    }),
    { numRuns: 500 },
  );
});
