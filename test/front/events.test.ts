/** Server-sent events over real HTTP and a real store. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as patience } from 'node:timers/promises';
import { describedApi } from './api.js';
import { jobLike, ORDER, RESULT, served } from './fixtures.js';
import { follow } from './follow.js';

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

  it('asks the store once per look for a thousand people, and nothing for each of them but what he is shown first', async (t) => {
    const { store, render } = await served(t);
    const asked = { get: 0, changes: 0 };
    const counted = Object.create(store, {
      get: {
        value(id: string) {
          asked.get++;
          return store.get(id);
        },
      },
      changes: {
        value(cursor: string | null) {
          asked.changes++;
          return store.changes(cursor);
        },
      },
    });
    const { url } = await served(t, { store: counted, pollMs: 50 });
    const { job } = await store.enqueue({ request: jobLike().request, partner: 'local' });
    const people = await Promise.all(Array.from({ length: 1000 }, () => follow(`${url}/v1/jobs/${job.id}/events`)));
    await Promise.all(people.map(({ next }) => next()));
    // Those who came last are looked after in the turn that is under way, or the next.
    const settled = asked.changes + 2;
    while (asked.changes < settled) await patience(1);
    const before = { ...asked };
    while (asked.changes < before.changes + 10) await patience(1);
    assert.equal(asked.get, before.get, 'who waits costs nothing');
    await render();
    const endings = await Promise.all(people.map(async ({ rest }) => (await rest()).at(-1)?.data.state));
    assert.deepEqual(new Set(endings), new Set(['rendered']));
    assert.equal(asked.get, before.get);
    assert.ok(asked.get <= 2000, `${asked.get} for a thousand who came`);
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
