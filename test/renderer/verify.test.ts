import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTemplate } from '../../src/media/install/catalog.js';
import type { Movie, Track } from '../../src/media/mp4/movie.js';
import { flawOf } from '../../src/renderer/verify.js';
import type { Rendition } from '../../src/template/format.js';
import { tinyFolder } from '../fixtures/tiny.js';

const { template } = await loadTemplate(tinyFolder);
const rendition = template.ladder[0] as Rendition;
const picture: Track = {
  ...{ kind: 'video', codec: 'avc1', timescale: 12800, samples: 50, mediaDuration: 2, duration: 2 },
  ...{ uniform: true, fps: 25, width: 320, height: 240, sampleRate: 0 },
};
const sound: Track = {
  ...picture,
  kind: 'audio',
  codec: 'mp4a',
  fps: 0,
  width: 0,
  height: 0,
  sampleRate: 44100,
  duration: 1.997,
};
const good: Movie = { bytes: 1000, duration: 2, faststart: true, tracks: [picture, sound] };

test('what is as asked has no flaw', () => {
  assert.equal(flawOf(good, template, rendition, true), undefined);
  assert.equal(flawOf({ ...good, tracks: [picture] }, template, rendition, false), undefined);
});

const FLAWS: readonly [string, Partial<Track>, Partial<Track>, RegExp][] = [
  ['a missing frame', { samples: 49 }, {}, /49 of 50 frames/],
  ['a short video', { duration: 1.96 }, {}, /lasts 1\.96 s, not 2 s/],
  ['another size', { width: 318 }, {}, /318x240, not 320x240/],
  ['another codec', { codec: 'hvc1' }, {}, /not H\.264/],
  ['uneven frames', { uniform: false }, {}, /not equally long/],
  ['cut sound', {}, { duration: 0.02 }, /sound lasts 0\.02 s/],
  ['another sound', {}, { codec: '.mp3' }, /not AAC/],
];

for (const [what, video, audio, says] of FLAWS) {
  test(`${what} is a flaw`, () => {
    const movie = {
      ...good,
      tracks: [
        { ...picture, ...video },
        { ...sound, ...audio },
      ],
    };
    assert.match(flawOf(movie, template, rendition, true) ?? '', says);
  });
}

test('sound where none belongs, none where it belongs, and two pictures are flaws', () => {
  assert.match(flawOf(good, template, rendition, false) ?? '', /1 audio tracks, not 0/);
  assert.match(flawOf({ ...good, tracks: [picture] }, template, rendition, true) ?? '', /0 audio tracks, not 1/);
  assert.match(
    flawOf({ ...good, tracks: [picture, picture, sound] }, template, rendition, true) ?? '',
    /2 video tracks/,
  );
});

test('an index behind the media data is a flaw', () => {
  assert.match(flawOf({ ...good, faststart: false }, template, rendition, true) ?? '', /index lies behind/);
});
