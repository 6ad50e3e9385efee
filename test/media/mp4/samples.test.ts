import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoryfarmError } from '../../../src/errors.js';
import { splitLengths, unitType } from '../../../src/media/h264/units.js';
import { boxesIn } from '../../../src/media/mp4/boxes.js';
import { readMovie } from '../../../src/media/mp4/movie.js';
import { readMp4Index, replaceSamples, sampleOf } from '../../../src/media/mp4/samples.js';
import { temporaryFolder } from '../../fixtures/folder.js';

/** Two seconds of moving pictures with B-frames, and sound, in chunks that alternate. */
function film(folder: string, faststart: boolean): Buffer {
  const file = join(folder, `film-${faststart}.mp4`);
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=176x144:r=25:d=2', '-f', 'lavfi', '-i', 'sine=d=2:r=44100'];
  const codecs = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', '20', '-c:a', 'aac', '-b:a', '64k'];
  const flags = faststart ? ['-movflags', '+faststart'] : [];
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...inputs, ...codecs, ...flags, file]);
  assert.equal(status, 0, String(stderr));
  return readFileSync(file);
}

/** The same film with 64-bit chunk offsets and a 64-bit media data size: the index lies last, so nothing else moves. */
function long(file: Buffer): Buffer {
  const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);
  const rebuilt = (from: number, to: number): Buffer =>
    Buffer.concat(
      boxesIn(file, from, to).map((box) => {
        let type = box.type;
        let content = file.subarray(box.content, box.end);
        if (containers.has(type)) content = rebuilt(box.content, box.end);
        if (type === 'stco') {
          type = 'co64';
          const count = content.readUInt32BE(4);
          const table = Buffer.alloc(8 + count * 8);
          content.copy(table, 0, 0, 8);
          for (let n = 0; n < count; n++) table.writeBigUInt64BE(BigInt(content.readUInt32BE(8 + n * 4)), 8 + n * 8);
          content = table;
        }
        const head = Buffer.alloc(8);
        head.writeUInt32BE(content.length + 8);
        head.write(type, 4, 'latin1');
        return Buffer.concat([head, content]);
      }),
    );
  const changed = rebuilt(0, file.length);
  const mdat = boxesIn(changed, 0, changed.length).find(({ type }) => type === 'mdat');
  assert.ok(mdat);
  // ffmpeg leaves an empty box before the media data for just this.
  assert.equal(changed.toString('latin1', mdat.start - 4, mdat.start), 'free');
  changed.writeUInt32BE(1, mdat.start - 8);
  changed.write('mdat', mdat.start - 4, 'latin1');
  changed.writeBigUInt64BE(BigInt(mdat.end - mdat.start + 8), mdat.start);
  return changed;
}

interface Packet {
  readonly stream_index: number;
  readonly pts: number;
  readonly dts: number;
  readonly duration: number;
  readonly size: string;
  readonly flags: string;
  readonly data_hash: string;
}

function packets(file: string): Packet[] {
  const shown = ['-show_packets', '-show_data_hash', 'md5', '-of', 'json'];
  const fields = ['-show_entries', 'packet=stream_index,pts,dts,duration,size,flags,data_hash'];
  const { stdout } = spawnSync('ffprobe', ['-v', 'quiet', ...shown, ...fields, file], { maxBuffer: 1 << 26 });
  return JSON.parse(String(stdout)).packets;
}

const kinds = { 'index first': true, 'index last': false } as const;

for (const [kind, faststart] of Object.entries(kinds)) {
  for (const wide of faststart ? [false] : [false, true]) {
    test(`${kind}${wide ? ', 64-bit' : ''}: as ffprobe sees it, only the replaced samples differ`, async (t) => {
      const folder = temporaryFolder(t);
      const file = wide ? long(film(folder, faststart)) : film(folder, faststart);
      const paths = { before: join(folder, 'before.mp4'), after: join(folder, 'after.mp4') };
      writeFileSync(paths.before, file);
      const index = readMp4Index(file);
      const [video] = index.tracks;
      assert.ok(video?.handler === 'vide' && video.boxes.chunks.type === (wide ? 'co64' : 'stco'));
      // Slices of other frames, longer and shorter than what stood there; the first and the last sample among them.
      const samples = new Map([0, 20, 33, 49].map((n) => [n, sampleOf(file, video, (n + 20) % 50)]));
      const changed = Buffer.concat(replaceSamples(file, index, video, samples));
      writeFileSync(paths.after, changed);

      const [before, after] = [packets(paths.before), packets(paths.after)];
      assert.equal(after.length, before.length);
      const inTrack = (list: Packet[], stream: number) => list.filter(({ stream_index }) => stream_index === stream);
      assert.deepEqual(inTrack(after, 1), inTrack(before, 1));
      const source = inTrack(before, 0);
      for (const [n, packet] of inTrack(after, 0).entries()) {
        const { size, data_hash } = source[samples.has(n) ? (n + 20) % 50 : n] ?? {};
        assert.deepEqual(packet, { ...source[n], size, data_hash });
      }
      const { bytes, ...movie } = await readMovie(paths.after);
      const { bytes: bytesBefore, ...same } = await readMovie(paths.before);
      assert.deepEqual(movie, same);
      const grown = [...samples].reduce((sum, [n, { length }]) => sum + length - (video.sizes[n] ?? 0), 0);
      assert.notEqual(grown, 0);
      assert.equal(bytes, bytesBefore + grown);
    });
  }
}

test('any samples of any track, replaced by anything, leave all others alone; put back, the file is itself again', (t) => {
  const folder = temporaryFolder(t);
  for (const file of [film(folder, true), film(folder, false), long(film(folder, false))]) {
    const index = readMp4Index(file);
    const replacements = fc.uniqueArray(fc.tuple(fc.nat(49), fc.uint8Array({ maxLength: 5000, minLength: 1 })), {
      selector: ([sample]) => sample,
    });
    fc.assert(
      fc.property(replacements, fc.nat(1), (list, number) => {
        const samples = new Map(list);
        const track = index.tracks[number];
        assert.ok(track);
        const changed = Buffer.concat(replaceSamples(file, index, track, samples));
        const found = readMp4Index(changed);
        for (const [n, before] of index.tracks.entries()) {
          const after = found.tracks[n];
          assert.ok(after && after.sizes.length === before.sizes.length);
          for (let sample = 0; sample < before.sizes.length; sample++) {
            const expected = (n === number && samples.get(sample)) || sampleOf(file, before, sample);
            assert.ok(sampleOf(changed, after, sample).equals(expected), `sample ${sample} of track ${n}`);
          }
        }
        const originals = new Map(list.map(([sample]) => [sample, sampleOf(file, track, sample)]));
        const back = found.tracks[number];
        assert.ok(back);
        const restored = Buffer.concat(replaceSamples(changed, found, back, originals));
        // The rates ffmpeg told are reckoned in another way.
        const { btrt } = track.boxes;
        if (btrt) file.copy(restored, btrt.start, btrt.start, btrt.end);
        assert.ok(restored.equals(file));
      }),
      { numRuns: 40 },
    );
  }
});

test('the bit rates are reckoned anew from sizes and durations', (t) => {
  const file = film(temporaryFolder(t), true);
  const index = readMp4Index(file);
  const [video] = index.tracks;
  assert.ok(video);
  const rates = (image: Buffer) => {
    const box = readMp4Index(image).tracks[0]?.boxes.btrt;
    assert.ok(box);
    return { most: image.readUInt32BE(box.content + 4), average: image.readUInt32BE(box.content + 8) };
  };
  // 50 frames of 100 bytes but one of 1,100, in two seconds.
  const samples = new Map(Array.from({ length: 50 }, (_, n) => [n, new Uint8Array(n === 30 ? 1100 : 100)]));
  const changed = Buffer.concat(replaceSamples(file, index, video, samples));
  assert.deepEqual(rates(changed), { most: (24 * 100 + 1100) * 8, average: ((49 * 100 + 1100) * 8) / 2 });
});

test('the decoder configuration and the units of a sample are read', (t) => {
  const file = film(temporaryFolder(t), true);
  const [video, audio] = readMp4Index(file).tracks;
  assert.ok(video?.configuration && audio);
  assert.deepEqual([audio.handler, audio.configuration], ['soun', undefined]);
  assert.equal(video.configuration.sequenceSets.length, 1);
  const types = splitLengths(sampleOf(file, video, 20), video.configuration.lengthSize).map(unitType);
  assert.ok(types.includes(5), String(types));
});

test('a bent or cut file is read or refused, never a crash', (t) => {
  const file = film(temporaryFolder(t), true);
  const attempt = (image: Buffer) => {
    try {
      const index = readMp4Index(image);
      const [track] = index.tracks;
      if (track) replaceSamples(image, index, track, new Map([[20, new Uint8Array(9)]]));
    } catch (error) {
      assert.ok(error instanceof StoryfarmError, String(error));
    }
  };
  fc.assert(
    fc.property(fc.nat(3000), fc.nat(255), fc.nat(file.length), (at, value, length) => {
      attempt(Buffer.from(file.with(at, value)));
      attempt(file.subarray(0, length));
    }),
    { numRuns: 400 },
  );
});

test('what cannot be replaced is refused', (t) => {
  const file = film(temporaryFolder(t), true);
  const index = readMp4Index(file);
  const [video] = index.tracks;
  assert.ok(video);
  const one = (sample: number) => new Map([[sample, new Uint8Array(3)]]);
  assert.throws(() => replaceSamples(file, index, video, one(50)), /no sample 50/);
  const shared = { ...video, offsets: video.offsets.with(7, video.offsets[8] ?? 0) };
  const overlapping = { ...index, tracks: [shared, ...index.tracks.slice(1)] };
  assert.throws(() => replaceSamples(file, overlapping, shared, one(8)), /shares bytes/);
  const common = Buffer.from(file);
  common.writeUInt32BE(7, video.boxes.stsz.content + 4);
  assert.throws(() => replaceSamples(common, index, video, one(7)), /share one size/);
  const empty = { ...video, sizes: video.sizes.with(7, 0) };
  assert.throws(() => replaceSamples(file, { ...index, tracks: [empty] }, empty, one(7)), /has no bytes/);
});
