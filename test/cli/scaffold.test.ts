/** What `storyfarm templates new` proposes for a film, whatever its size, rate and length. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type FootageFacts, scaffold } from '../../src/cli/scaffold.js';
import { checkTemplate } from '../../src/template/check.js';

const film = (facts: Partial<FootageFacts> = {}): FootageFacts => ({
  file: 'footage.mp4',
  width: 1280,
  height: 720,
  fps: 30,
  duration: 12,
  sound: true,
  ...facts,
});

describe('a proposed template', () => {
  it('has the size, rate, length and sound of the film', () => {
    const proposed = scaffold('sea-greeting', film());
    assert.deepEqual(
      [proposed.id, proposed.title.en, proposed.width, proposed.height, proposed.fps, proposed.duration],
      ['sea-greeting', 'Sea Greeting', 1280, 720, '30', 12],
    );
    assert.equal(proposed.music?.file, 'footage.mp4');
    assert.equal(scaffold('x', film({ sound: false })).music, undefined);
    assert.deepEqual(
      proposed.bubbles.map(({ id }) => id),
      ['hello', 'middle', 'bye'],
    );
  });

  it('takes a measured rate for the nearest usual one', () => {
    const rates: readonly (readonly [number, string])[] = [
      [24, '24'],
      [23.976, '23.976'],
      [30, '30'],
      [29.97, '29.97'],
      [29.9, '29.97'],
      [60, '60'],
      [59.94, '59.94'],
      [17.3, '17'],
      [120, '60'],
      [119.88, '59.94'],
      [240, '60'],
      [0.2, '1'],
    ];
    for (const [measured, expected] of rates) assert.equal(scaffold('x', film({ fps: measured })).fps, expected);
  });

  it('uses the beginning of a long film, in whole frames', () => {
    assert.equal(scaffold('x', film({ duration: 90 })).duration, 30);
    assert.equal(scaffold('x', film({ duration: 3.99, fps: 25 })).duration, 3.96);
  });

  it('offers three sizes that differ', () => {
    const sizes = (facts: Partial<FootageFacts>) =>
      scaffold('x', film(facts)).ladder.map(({ width, height }) => `${width}x${height}`);
    assert.deepEqual(sizes({}), ['1280x720', '854x480', '640x360']);
    assert.deepEqual(sizes({ width: 2160, height: 3840 }), ['720x1280', '480x854', '360x640']);
    assert.deepEqual(sizes({ width: 640, height: 480 }), ['640x480', '426x320', '320x240']);
  });

  it('is valid for any film that can be filmed', () => {
    const side = fc.integer({ min: 200, max: 6000 });
    const films = fc.record({
      width: side,
      height: side,
      fps: fc.double({ min: 5, max: 240, noNaN: true }),
      duration: fc.double({ min: 1, max: 4000, noNaN: true }),
      sound: fc.boolean(),
    });
    fc.assert(
      fc.property(films, (facts) => {
        const { complaints } = checkTemplate(scaffold('any', film(facts)));
        assert.deepEqual(complaints, []);
      }),
    );
  });
});
