/** Server-sent events over real HTTP and a real store. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as patience } from 'node:timers/promises';
import { describedApi } from './api.js';
import { jobLike, ORDER, RESULT, served } from './fixtures.js';

interface Event {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every form.
  readonly data: any;
}

/** Reads events as a browser would; `next` rejects when the stream ends without one. */
async function follow(url: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const answer = await fetch(url, { headers, signal: leaving.signal });
  assert.equal(answer.status, 200);
  const events = parse(answer.body as unknown as AsyncIterable<Uint8Array>);
  return {
    headers: answer.headers,
    next: async (): Promise<Event> => {
      const { value, done } = await events.next();
      if (done) throw new Error('The stream has ended.');
      return value;
    },
    /** Everything up to the end of the stream. */
    rest: async (): Promise<Event[]> => {
      const all: Event[] = [];
      for await (const event of events) all.push(event);
      return all;
    },
    leave: () => leaving.abort(),
  };
}

async function* parse(body: AsyncIterable<Uint8Array>): AsyncGenerator<Event, undefined> {
  let buffer = '';
  for await (const chunk of body) {
    buffer += Buffer.from(chunk).toString();
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        buffer
          .slice(0, end)
          .split('\n')
          .map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
      );
      buffer = buffer.slice(end + 2);
      if (fields.data) yield { id: fields.id ?? '', event: fields.event ?? '', data: JSON.parse(fields.data) };
    }
  }
  return undefined;
}

describe('following a job', () => {
  it('shows every state and the progress, and ends', async (t) => {
    const { url, store } = await served(t);
    const api = await describedApi(url);
    const { id } = (await api.call('POST', '/v1/jobs', { body: ORDER })).body;
    const events = await follow(`${url}/v1/jobs/${id}/events`);
    assert.equal(events.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal(events.headers.get('cache-control'), 'no-store');
    const first = await events.next();
    assert.equal(first.event, 'state');
    assert.equal(first.data.state, 'queued');
    api.holds('Job', first.data);

    const [claimed] = await store.claim({ server: 'srv1', limit: 1, leaseMs: 30_000 });
    assert.ok(claimed);
    assert.equal((await events.next()).data.state, 'rendering');
    await store.renew([{ ...claimed, progress: 0.4 }], 30_000);
    const progress = await events.next();
    assert.equal(progress.event, 'progress');
    assert.deepEqual(progress.data, { id, attempt: 0, progress: 0.4 });
    api.holds('JobProgress', progress.data);
    await store.complete(claimed, RESULT);
    const [last, ...more] = await events.rest();
    assert.equal(last?.data.state, 'rendered');
    assert.equal(last?.data.files.length, 2);
    api.holds('Job', last?.data);
    assert.deepEqual(more, []);

    const back = await fetch(`${url}/v1/jobs/${id}/events`, { headers: { 'last-event-id': last?.id ?? '' } });
    assert.equal(back.status, 204, 'a browser stops coming back');
  });

  it('shows the present state at once to who comes back, wherever he left', async (t) => {
    const { url, store } = await served(t);
    const { job } = await store.enqueue({ request: jobLike().request, partner: 'local' });
    const events = await follow(`${url}/v1/jobs/${job.id}/events`);
    const { id } = await events.next();
    events.leave();
    const again = await follow(`${url}/v1/jobs/${job.id}/events`, { 'last-event-id': id });
    assert.equal((await again.next()).data.state, 'queued');
    const elsewhere = await follow(`${url}/v1/jobs/${job.id}/events`, { 'last-event-id': 'of another front' });
    assert.equal((await elsewhere.next()).data.state, 'queued');
    again.leave();
    elsewhere.leave();
  });

  it('shows a finished job once and ends', async (t) => {
    const { url, store } = await served(t);
    const { job } = await store.enqueue({ request: jobLike().request, partner: 'local' });
    await store.cancel(job.id);
    const events = await (await follow(`${url}/v1/jobs/${job.id}/events`)).rest();
    assert.deepEqual(
      events.map(({ data }) => data.state),
      ['cancelled'],
    );
  });

  it('serves a hundred people and cleans up after those who vanish', async (t) => {
    const { url, store, parts, render } = await served(t);
    const { job } = await store.enqueue({ request: jobLike().request, partner: 'local' });
    const people = await Promise.all(Array.from({ length: 100 }, () => follow(`${url}/v1/jobs/${job.id}/events`)));
    await Promise.all(people.map(({ next }) => next()));
    assert.match(await parts.metrics.text(), /^storyfarm_http_event_streams 100$/m);
    for (const one of people.slice(0, 40)) one.leave();
    await render();
    const endings = await Promise.all(people.slice(40).map(async ({ rest }) => (await rest()).at(-1)?.data.state));
    assert.deepEqual(new Set(endings), new Set(['rendered']));
    while (!/^storyfarm_http_event_streams 0$/m.test(await parts.metrics.text())) await patience(1);
    assert.match(
      await parts.metrics.text(),
      /http_requests_total\{route="\/v1\/jobs\/:id\/events",method="GET",status="200"\} 100/,
    );
    assert.doesNotMatch(await parts.metrics.text(), /duration_seconds_count\{route="\/v1\/jobs\/:id\/events"/);
  });

  it('looks at the store no more when the last has gone', { timeout: 20_000 }, async (t) => {
    const { store } = await served(t);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const watch = (listener: () => void) => {
      const end = store.watch(listener);
      return () => {
        end();
        release();
      };
    };
    const { url } = await served(t, { store: Object.create(store, { watch: { value: watch } }) });
    const { job } = await store.enqueue({ request: jobLike().request, partner: 'local' });
    const events = await follow(`${url}/v1/jobs/${job.id}/events`);
    await events.next();
    events.leave();
    await released;
  });

  it('refuses more people than it may hold, and what is no job', async (t) => {
    const { url, store } = await served(t, { maxStreams: 1 });
    const { job } = await store.enqueue({ request: jobLike().request, partner: 'local' });
    const one = await follow(`${url}/v1/jobs/${job.id}/events`);
    const api = await describedApi(url);
    const other = await api.call('GET', `/v1/jobs/${job.id}/events`);
    assert.equal(other.status, 503);
    assert.equal(other.headers.get('retry-after'), '5');
    assert.equal((await api.call('GET', '/v1/jobs/nobody/events')).status, 404);
    one.leave();
  });

  it('ends when the front closes, which waits for nobody', async (t) => {
    const { url, store, close } = await served(t);
    const { job } = await store.enqueue({ request: jobLike().request, partner: 'local' });
    const events = await follow(`${url}/v1/jobs/${job.id}/events`);
    await events.next();
    const rest = events.rest();
    await close();
    assert.deepEqual(await rest, []);
  });
});
