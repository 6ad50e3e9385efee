import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { StoryfarmError } from '../../src/errors.js';
import { connect } from '../../src/store/sqlite/connection.js';
import { type Api, describedApi } from './api.js';
import { catalogOf, jobLike, ORDER, type Overrides, RESULT, type Served, served, TEMPLATE } from './fixtures.js';
import { manualClock } from './manual-clock.js';

async function start(t: TestContext, overrides?: Overrides): Promise<Served & { readonly api: Api }> {
  const front = await served(t, overrides);
  return { ...front, api: await describedApi(front.url) };
}

describe('asking for a video', () => {
  it('records a job, complete and pinned, and answers 202 with its address', async (t) => {
    const { api, store } = await start(t);
    const { status, headers, body } = await api.call('POST', '/v1/jobs', { body: { ...ORDER, priority: 5 } });
    assert.equal(status, 202);
    assert.equal(headers.get('location'), `/v1/jobs/${body.id}`);
    assert.equal(headers.get('idempotent-replayed'), null);
    assert.equal(body.state, 'queued');
    assert.deepEqual(body.links, { self: `/v1/jobs/${body.id}`, events: `/v1/jobs/${body.id}/events` });
    const job = await store.get(body.id);
    assert.deepEqual(job?.request, {
      template: { id: 'picnic', version: 'a5'.repeat(32) },
      cast: { girl: 'mina' },
      words: { greeting: 'Happy birthday!', answer: '생일 축하해!' },
    });
    assert.equal(job?.priority, 5);
    assert.equal(job?.partner, 'local');
  });

  it('takes a delay: the job is recorded, and not due before', async (t) => {
    const { api, store } = await start(t);
    const { status, body } = await api.call('POST', '/v1/jobs', { body: { ...ORDER, delay: 3600.5 } });
    assert.equal(status, 202);
    assert.equal(Date.parse(body.runAt) - Date.parse(body.createdAt), 3_600_500);
    assert.deepEqual(await store.claim({ server: 'srv1', limit: 1, leaseMs: 30_000 }), []);
    for (const delay of [-1, 30 * 86_400 + 1, '60', null]) {
      const refused = await api.call('POST', '/v1/jobs', { body: { ...ORDER, delay } });
      assert.deepEqual([refused.status, refused.body.errors[0].pointer], [400, '/delay'], String(delay));
    }
  });

  it('requires of a server what the template requires', async (t) => {
    const { api, store } = await start(t, { catalog: catalogOf({ ...TEMPLATE, tags: ['gpu', 'fast'] }) });
    const { body } = await api.call('POST', '/v1/jobs', { body: ORDER });
    assert.deepEqual((await store.get(body.id))?.requires, ['fast', 'gpu']);
  });

  it('takes a cast, and gives absolute addresses when it knows its own', async (t) => {
    const { api } = await start(t, { addresses: { front: 'https://farm.example', files: () => '' } });
    const { headers, body } = await api.call('POST', '/v1/jobs', { body: { ...ORDER, cast: { girl: 'sora' } } });
    assert.equal(headers.get('location'), `https://farm.example/v1/jobs/${body.id}`);
    assert.deepEqual(body.cast, { girl: 'sora' });
  });

  it('answers the same job to the same key and body, and says so', async (t) => {
    const { api, store } = await start(t);
    const headers = { 'idempotency-key': 'order 66!' };
    const first = await api.call('POST', '/v1/jobs', { body: ORDER, headers });
    const again = await api.call('POST', '/v1/jobs', { body: ORDER, headers });
    assert.equal(again.status, 202);
    assert.equal(again.body.id, first.body.id);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.equal((await store.recent(10)).length, 1);
  });

  it('answers one job to twenty equal requests at once', async (t) => {
    const { api, store } = await start(t);
    const calls = Array.from({ length: 20 }, () =>
      api.call('POST', '/v1/jobs', { body: ORDER, headers: { 'idempotency-key': 'k' } }),
    );
    const ids = new Set((await Promise.all(calls)).map(({ body }) => body.id));
    assert.equal(ids.size, 1);
    assert.equal((await store.recent(10)).length, 1);
  });

  it('refuses the same key with another body', async (t) => {
    const { api, store } = await start(t);
    const headers = { 'idempotency-key': 'k1' };
    await api.call('POST', '/v1/jobs', { body: ORDER, headers });
    const other = await api.call('POST', '/v1/jobs', {
      body: { ...ORDER, words: { greeting: 'Something else' } },
      headers,
    });
    assert.equal(other.status, 422);
    assert.equal(other.body.code, 'idempotency_conflict');
    assert.equal((await store.recent(10)).length, 1);
  });

  it('refuses a key that is too long or not printable', async (t) => {
    const { api, store } = await start(t);
    for (const key of ['x'.repeat(256), 'caf\u00e9', '\u00a0']) {
      const { status, body } = await api.call('POST', '/v1/jobs', { body: ORDER, headers: { 'idempotency-key': key } });
      assert.equal(status, 400, key);
      assert.match(body.errors[0].detail, /^idempotency-key: /);
    }
    assert.equal((await store.recent(10)).length, 0);
  });

  it('answers 503 with Retry-After while too many jobs wait', async (t) => {
    const { api, store } = await start(t, { maxQueued: 1 });
    await store.enqueue({
      request: { template: { id: 'picnic', version: 'v' }, cast: {}, words: {} },
      partner: 'local',
    });
    const { status, headers, body } = await api.call('POST', '/v1/jobs', { body: ORDER });
    assert.equal(status, 503);
    assert.equal(headers.get('retry-after'), '5');
    assert.equal(body.code, 'unavailable');
    assert.equal((await store.recent(10)).length, 1);
  });

  it('answers 503 with Retry-After while the store is locked, records nothing, and goes on afterwards', async (t) => {
    const { api, storeFile, store } = await start(t, { storeOptions: { busyDeadlineMs: 30 } });
    const other = connect(storeFile);
    other.exec('BEGIN IMMEDIATE');
    const { status, headers, body } = await api.call('POST', '/v1/jobs', { body: ORDER });
    assert.equal(status, 503);
    assert.equal(headers.get('retry-after'), '2');
    assert.equal(body.code, 'store_busy');
    other.exec('ROLLBACK');
    other.close();
    assert.equal((await store.recent(10)).length, 0);
    assert.equal((await api.call('POST', '/v1/jobs', { body: ORDER })).status, 202);
  });

  it('answers 503 with Retry-After when it is not known whether the store has it, and says how to find out', async (t) => {
    const { store } = await served(t);
    const lost = async () => {
      throw new StoryfarmError('outcome_unknown', 'The store mssql://farm@db.example/videos did not answer.');
    };
    const { api } = await start(t, {
      store: Object.create(store, { enqueue: { value: lost }, cancel: { value: lost } }),
    });
    const { job } = await store.enqueue({ request: jobLike().request, partner: 'local' });
    const keyed = await api.call('POST', '/v1/jobs', { body: ORDER, headers: { 'idempotency-key': 'k' } });
    const unkeyed = await api.call('POST', '/v1/jobs', { body: ORDER });
    const cancelled = await api.call('POST', `/v1/jobs/${job.id}/cancel`);
    for (const { status, headers, body } of [keyed, unkeyed, cancelled]) {
      assert.deepEqual([status, headers.get('retry-after'), body.code], [503, '2', 'outcome_unknown']);
      assert.doesNotMatch(JSON.stringify(body), /mssql/);
    }
    assert.match(keyed.body.hint, /again with the same Idempotency-Key/);
    assert.match(unkeyed.body.detail, /bore no Idempotency-Key/);
    assert.match(unkeyed.body.hint, /may be recorded twice/);
  });

  it('logs no words, whatever happens', async (t) => {
    const { api, parts } = await start(t);
    const secret = 'Zebrafisch';
    await api.call('POST', '/v1/jobs', { body: { ...ORDER, words: { greeting: secret } } });
    await api.call('POST', '/v1/jobs', { body: { ...ORDER, words: { greeting: secret, [secret]: secret } } });
    await api.call('POST', '/v1/jobs', { body: `{"words": {"greeting": "${secret}` });
    await api.call('POST', '/v1/estimate', { body: { ...ORDER, words: { greeting: secret.repeat(30) } } });
    await api.call('GET', `/v1/jobs/${secret}`);
    await parts.line(({ route, status }) => route === '/v1/jobs/:id' && status === '404');
    assert.ok(parts.logged().includes('/v1/jobs'));
    assert.ok(!parts.logged().includes(secret));
  });
});

describe('a job as it stands', () => {
  it('shows progress while it renders, and files where their server has them when it is rendered', async (t) => {
    const { api, store } = await start(t);
    const { id } = (await api.call('POST', '/v1/jobs', { body: ORDER })).body;
    const [claimed] = await store.claim({ server: 'srv1', limit: 1, leaseMs: 30_000 });
    assert.ok(claimed);
    await store.renew([{ ...claimed, progress: 0.5 }], 30_000);
    const rendering = (await api.call('GET', `/v1/jobs/${id}`)).body;
    assert.equal(rendering.state, 'rendering');
    assert.equal(rendering.progress, 0.5);
    assert.deepEqual(rendering.files, []);
    assert.equal(rendering.poster, null);

    await store.complete(claimed, RESULT);
    const { body: rendered, headers } = await api.call('GET', `/v1/jobs/${id}`);
    assert.equal(rendered.state, 'rendered');
    assert.equal(rendered.progress, 1);
    assert.deepEqual(rendered.files[1], {
      rendition: 'small',
      url: `https://srv1.example/v1/files/${id}/1/small.mp4`,
      bytes: 200_000,
      width: 640,
      height: 360,
      duration: 8,
      mediaType: 'video/mp4',
    });
    assert.equal(rendered.files.length, 2);
    assert.equal(rendered.poster.url, `https://srv1.example/v1/files/${id}/1/poster.jpg`);
    assert.ok(rendered.createdAt <= rendered.startedAt && rendered.startedAt <= rendered.finishedAt);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
  });

  it('never repeats the words', async (t) => {
    const { api, render } = await start(t);
    const { id } = (await api.call('POST', '/v1/jobs', { body: ORDER })).body;
    await render();
    const document = JSON.stringify((await api.call('GET', `/v1/jobs/${id}`)).body);
    for (const text of Object.values(ORDER.words)) assert.ok(!document.includes(text));
  });

  it('says why it is dead, but nothing of a failure that is tried again', async (t) => {
    const { api, store } = await start(t);
    const { id } = (await api.call('POST', '/v1/jobs', { body: ORDER })).body;
    const failure = { code: 'ffmpeg_failed', message: 'ffmpeg ended with 1.', hint: 'Look.', retryable: true } as const;
    for (const retryInMs of [0, null]) {
      const [claimed] = await store.claim({ server: 'srv1', limit: 1, leaseMs: 30_000 });
      assert.ok(claimed);
      await store.fail(claimed, { failure, retryInMs, counts: 'attempt' });
      const { body } = await api.call('GET', `/v1/jobs/${id}`);
      assert.equal(body.state, retryInMs === null ? 'dead' : 'queued');
      assert.equal(body.progress, 0);
      assert.deepEqual(
        body.failure,
        retryInMs === null ? { code: 'ffmpeg_failed', message: 'ffmpeg ended with 1.', hint: 'Look.' } : null,
      );
    }
  });

  it('is 404 for what is no job, without asking the store for what cannot be one', async (t) => {
    const { api } = await start(t);
    for (const id of ['nobody', 'a'.repeat(65), '..%2f', '__proto__', "'%20OR%201=1"]) {
      const { status, body } = await api.call('GET', `/v1/jobs/${id}`);
      assert.equal(status, 404);
      assert.equal(body.code, 'unknown_job');
    }
  });
});

describe('withdrawing a job', () => {
  it('cancels it once, with or without a body', async (t) => {
    const { api, store } = await start(t);
    const { id } = (await api.call('POST', '/v1/jobs', { body: ORDER })).body;
    const { status, body } = await api.call('POST', `/v1/jobs/${id}/cancel`, {
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(status, 200);
    assert.equal(body.state, 'cancelled');
    assert.equal((await store.get(id))?.state, 'cancelled');
    const again = await api.call('POST', `/v1/jobs/${id}/cancel`, { body: {} });
    assert.equal(again.status, 409);
    assert.equal(again.body.code, 'not_cancellable');
    assert.equal((await api.call('POST', '/v1/jobs/nobody/cancel')).status, 404);
  });
});

describe('an estimate', () => {
  it('says that the words fit, and records nothing', async (t) => {
    const { api, store } = await start(t);
    const { status, body } = await api.call('POST', '/v1/estimate', { body: ORDER });
    assert.equal(status, 200);
    assert.deepEqual(body, { fits: true, complaints: [], wait: { ahead: 0, startsIn: 0, takes: null } });
    assert.equal((await store.recent(10)).length, 0);
  });

  it('names every place that would be refused', async (t) => {
    const { api } = await start(t);
    const words = { greeting: '', answer: 'A\ud83e\udebf\u{1f0f5}', nobody: 'x' };
    const { body } = await api.call('POST', '/v1/estimate', {
      body: { template: 'picnic', cast: { girl: 'nobody' }, words },
    });
    assert.equal(body.fits, false);
    const places = body.complaints.map(({ pointer, code }: { pointer: string; code: string }) => `${pointer} ${code}`);
    for (const place of [
      '/cast/girl unknown_character',
      '/words/nobody unknown_bubble',
      '/words/greeting missing_words',
    ]) {
      assert.ok(places.includes(place), `${place} in ${places}`);
    }
  });

  it('is a problem for a template that is not there', async (t) => {
    const { api } = await start(t);
    const { status, body } = await api.call('POST', '/v1/estimate', { body: { ...ORDER, template: 'gone' } });
    assert.equal(status, 422);
    assert.equal(body.code, 'unknown_template');
  });

  it('learns how long rendering takes', async (t) => {
    const clock = manualClock();
    const { api, render } = await start(t, { clock });
    await api.call('POST', '/v1/jobs', { body: ORDER });
    await render();
    await clock.advance(1000);
    const { body } = await api.call('POST', '/v1/estimate', { body: ORDER });
    assert.ok(body.wait.takes !== null && body.wait.takes < 10);
  });
});

describe('templates', () => {
  it('are listed', async (t) => {
    const { api } = await start(t);
    const { body } = await api.call('GET', '/v1/templates');
    assert.equal(body.templates.length, 1);
    assert.deepEqual(body.templates[0], {
      id: 'picnic',
      version: 'a5'.repeat(32),
      title: { en: 'Picnic', ko: '소풍' },
      description: { en: 'Two friends on a hill.' },
      width: 1280,
      height: 720,
      fps: '24',
      duration: 8,
      url: '/v1/templates/picnic',
    });
  });

  it('are shown as an editor needs them, without the files of the operator', async (t) => {
    const { api } = await start(t);
    const { body } = await api.call('GET', '/v1/templates/picnic');
    assert.deepEqual(body.roles[0].characters[1], { id: 'sora', label: { en: 'Sora' } });
    assert.deepEqual(body.bubbles[0].limits, { maxLength: 40, maxLines: 3, required: true });
    assert.deepEqual(body.bubbles[0].sample, { en: 'Hello!', ko: '안녕!' });
    assert.deepEqual(body.ladder[1], { id: 'small', width: 640, height: 360, fps: '12', maxBytes: 300_000 });
    assert.ok(!JSON.stringify(body).match(/\.mp4|srv/));
  });

  it('that are not installed are not found', async (t) => {
    const { api } = await start(t);
    for (const id of ['gone', '__proto__', 'toString']) {
      const { status, body } = await api.call('GET', `/v1/templates/${id}`);
      assert.equal(status, 404);
      assert.equal(body.code, 'not_found');
    }
  });
});
