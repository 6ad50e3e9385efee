import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { EventStream, eventFor, revisionOf } from '../../src/front/event-stream.js';
import { jobLike, RESULT } from './fixtures.js';
import { manualClock } from './manual-clock.js';

const addresses = { front: '', files: () => 'https://files.example' };
const rendering = (progress: number) =>
  jobLike({ state: 'rendering', fence: 1, server: 'srv1', startedAt: 1, progress });
const rendered = jobLike({
  state: 'rendered',
  fence: 1,
  server: 'srv1',
  startedAt: 1,
  finishedAt: 2,
  progress: 1,
  result: RESULT,
});
const kind = (event: string | undefined) => event && /event: (\w+)/.exec(event)?.[1];

describe('an event', () => {
  it('is the whole state at first and when the state changes, else the progress', () => {
    assert.equal(kind(eventFor(undefined, jobLike(), addresses)), 'state');
    assert.equal(kind(eventFor(jobLike(), rendering(0), addresses)), 'state');
    assert.equal(kind(eventFor(rendering(0), rendering(0.25), addresses)), 'progress');
    assert.equal(kind(eventFor(rendering(0.9), rendered, addresses)), 'state');
  });

  it('is not sent when there is nothing new to see', () => {
    assert.equal(eventFor(rendering(0.25), rendering(0.25), addresses), undefined);
    assert.equal(eventFor(rendering(0.25), rendering(0.2501), addresses), undefined);
  });

  it('is a state again when another attempt has begun between two looks', () => {
    assert.equal(kind(eventFor(rendering(0.5), { ...rendering(0.5), fence: 2 }, addresses)), 'state');
    assert.equal(kind(eventFor(rendering(0.5), { ...rendering(0.5), attempt: 1 }, addresses)), 'state');
  });

  it('has the form of the wire', () => {
    const event = eventFor(rendering(0), rendering(0.25), addresses);
    assert.equal(
      event,
      `id: ${revisionOf(rendering(0.25))}\nevent: progress\ndata: {"id":"J0b","attempt":0,"progress":0.25}\n\n`,
    );
  });
});

describe('an event stream', () => {
  const streamed = (heartbeatMs = 15_000) => {
    const clock = manualClock();
    return { clock, stream: new EventStream({ addresses, clock, heartbeatMs }) };
  };

  it('begins with what is shown, ends after a final state, and leaves no timer', async () => {
    const { stream, clock } = streamed();
    stream.show(jobLike());
    stream.show(rendering(0.5));
    stream.show(rendered);
    stream.show(jobLike());
    const all = await text(stream);
    assert.deepEqual(all.match(/event: \w+/g), ['event: state', 'event: state', 'event: state']);
    assert.match(all, /^retry: 2000\n\n/);
    assert.equal(clock.waiting, 0);
  });

  it('ends when the job is forgotten, and when it is told to', async () => {
    const forgotten = streamed().stream;
    forgotten.show(undefined);
    await text(forgotten);
    const told = streamed().stream;
    told.show(jobLike());
    told.finish();
    assert.match(await text(told), /event: state/);
  });

  it('sends a comment as a heartbeat', async () => {
    const { stream, clock } = streamed(15_000);
    const all = text(stream);
    await clock.advance(45_000);
    stream.finish();
    assert.equal((await all).match(/^: /gm)?.length, 3);
  });

  it('keeps for a slow reader the newest state only', async () => {
    const { stream } = streamed();
    for (let i = 0; i < 5000; i++) stream.show(rendering(i / 5000));
    assert.ok(stream.readableLength < 10_000, `${stream.readableLength} characters are kept`);
    stream.show(rendered);
    const all = await text(stream);
    assert.match(all, /"state":"rendered"/);
    assert.ok((all.match(/event: progress/g)?.length ?? 0) < 100);
    assert.match(all.trimEnd().split('\n\n').at(-1) ?? '', /event: state/);
  });

  it('cuts off a reader who takes nothing for two heartbeats, and not one who is only slow', async () => {
    const { stream, clock } = streamed(1000);
    const fill = () => {
      for (let i = 0; i < 200; i++) stream.show(rendering(Math.random()));
    };
    fill();
    await clock.advance(1000);
    stream.read();
    await clock.advance(0);
    fill();
    await clock.advance(1000);
    assert.equal(stream.destroyed, false);
    const closed = once(stream, 'close');
    await clock.advance(1000);
    await closed;
    assert.equal(clock.waiting, 0);
  });
});
