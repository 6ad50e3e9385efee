import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure } from '../../src/errors.js';
import { parseToRenderer, parseToSupervisor, type ToRenderer, type ToSupervisor } from '../../src/ipc/messages.js';

const lease = { id: 'a', fence: 3 };
const output = {
  rendition: 'large',
  file: '3/large.mp4',
  bytes: 1,
  width: 320,
  height: 240,
  frames: 50,
  duration: 2,
  mediaType: 'video/mp4' as const,
};
const order = { ...lease, template: { id: 'tiny', version: 'v' }, cast: { ball: 'red' }, words: { hello: '안녕 🎂' } };

const TO_RENDERER: Readonly<Record<ToRenderer['type'], ToRenderer>> = {
  render: { type: 'render', order },
  prepare: { type: 'prepare', edition: { template: order.template, cast: order.cast } },
  abort: { type: 'abort', id: 'a' },
  leave: { type: 'leave' },
};
const TO_SUPERVISOR: Readonly<Record<ToSupervisor['type'], ToSupervisor>> = {
  ready: { type: 'ready', ffmpeg: 'ffmpeg version 5' },
  heartbeat: { type: 'heartbeat' },
  progress: { type: 'progress', ...lease, fraction: 0.5, stage: 'encode' },
  rendered: {
    ...{ type: 'rendered', ...lease, outputs: [output], stages: { encode: 12.5 } },
    paths: { large: { path: 're-encode', reason: 'Its film is not prepared.' }, small: { path: 'swap' } },
  },
  failed: { type: 'failed', ...lease, failure: failure('ffmpeg_failed', 'It ended with 1.') },
  preparing: { type: 'preparing', fraction: 0.25 },
  prepared: { type: 'prepared' },
  unprepared: { type: 'unprepared', failure: failure('ffmpeg_failed', 'It ended with 1.') },
  unfit: { type: 'unfit', failure: failure('font_missing', 'No font.') },
};

/** As it comes out at the other end of the channel. */
const sent = (message: unknown): unknown => JSON.parse(JSON.stringify(message));

describe('every message', () => {
  for (const message of Object.values(TO_RENDERER)) {
    it(`${message.type} reaches the renderer as it was sent, and the supervisor refuses it`, () => {
      assert.deepEqual(parseToRenderer(sent(message)), message);
      assert.throws(() => parseToSupervisor(sent(message)), { code: 'invalid_request' });
    });
  }
  for (const message of Object.values(TO_SUPERVISOR)) {
    it(`${message.type} reaches the supervisor as it was sent, and the renderer refuses it`, () => {
      assert.deepEqual(parseToSupervisor(sent(message)), message);
      assert.throws(() => parseToRenderer(sent(message)), { code: 'invalid_request' });
    });
  }
});

describe('what is no message is refused', () => {
  const { progress, rendered, failed } = TO_SUPERVISOR;
  const cases: readonly [what: string, raw: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a word', 'ready'],
    ['an unknown kind', { type: 'hello' }],
    ['one with a field too many', { type: 'heartbeat', extra: 1 }],
    ['one with a field too few', { type: 'ready' }],
    ['a fraction above 1', { ...progress, fraction: 1.1 }],
    ['a fraction that is no number, as JSON has it', sent({ ...progress, fraction: Number.NaN })],
    ['a fence with a fraction', { ...progress, fence: 1.5 }],
    ['an output of another kind', { ...rendered, outputs: [{ ...output, mediaType: 'text/html' }] }],
    ['an error code that nobody knows', { ...failed, failure: { ...failure('poison', ''), code: 'bad_day' } }],
    ['an inherited name as an error code', { ...failed, failure: { ...failure('poison', ''), code: 'toString' } }],
  ];
  for (const [what, raw] of cases) {
    it(what, () => assert.throws(() => parseToSupervisor(raw), { name: 'StoryfarmError', code: 'invalid_request' }));
  }

  it('and what the person typed is not in the refusal', () => {
    assert.throws(
      () => parseToRenderer({ type: 'render', order: { ...order, words: { hello: ['secret'] } } }),
      (error: Error) => !error.message.includes('secret'),
    );
  });
});
