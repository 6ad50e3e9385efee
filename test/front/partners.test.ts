/** Several partners at one front: each is known by its keys and sees its own jobs alone. */

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { identifyBy, keyHash, newKey } from '../../src/front/partners.js';
import { describedApi } from './api.js';
import { ORDER, served } from './fixtures.js';

const KEYS = { acme: newKey(), next: newKey(), globex: newKey() };
const PARTNERS = {
  acme: { keys: [keyHash(KEYS.acme), keyHash(KEYS.next)] },
  globex: { keys: [keyHash(KEYS.globex)] },
};
const bearing = (key: string) => ({ authorization: `Bearer ${key}` });

async function start(t: TestContext) {
  const front = await served(t, { partners: PARTNERS });
  return { ...front, api: await describedApi(front.url) };
}

describe('a front with partners', () => {
  it('records a job for the partner whose key comes with it, whichever of its keys', async (t) => {
    const { api, store } = await start(t);
    for (const [key, partner] of [
      [KEYS.acme, 'acme'],
      [KEYS.next, 'acme'],
      [KEYS.globex, 'globex'],
    ] as const) {
      const { status, body } = await api.call('POST', '/v1/jobs', { body: ORDER, headers: bearing(key) });
      assert.equal(status, 202);
      assert.equal((await store.get(body.id))?.partner, partner);
    }
  });

  it('refuses whoever has no key, everywhere, and records nothing', async (t) => {
    const { api, store } = await start(t);
    const [, hash = ''] = (PARTNERS.acme.keys[0] as string).split(':');
    const wrong: Record<string, string>[] = [
      {},
      bearing(newKey()),
      bearing(hash),
      bearing(PARTNERS.acme.keys[0] as string),
      bearing(`${KEYS.acme} ${KEYS.acme}`),
      bearing(KEYS.acme.slice(0, -1)),
      { authorization: KEYS.acme },
      { authorization: `Basic ${Buffer.from(`acme:${KEYS.acme}`).toString('base64')}` },
      { authorization: 'Bearer' },
      bearing('x'.repeat(8000)),
    ];
    for (const headers of wrong)
      for (const [method, path, body] of [
        ['POST', '/v1/jobs', ORDER],
        ['POST', '/v1/estimate', ORDER],
        ['GET', '/v1/jobs/some'],
        ['GET', '/v1/jobs/some/events'],
        ['POST', '/v1/jobs/some/cancel'],
        ['GET', '/v1/templates'],
        ['GET', '/v1/templates/picnic'],
      ] as const) {
        const answer = await api.call(method, path, { headers, ...(body && { body }) });
        assert.equal(answer.status, 401, `${method} ${path} ${JSON.stringify(headers)}`);
        assert.equal(answer.body.code, 'unauthorized');
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="storyfarm"');
      }
    assert.deepEqual(await store.recent(1), []);
  });

  it('refuses before it reads what was sent', async (t) => {
    const { api } = await start(t);
    const { status, body } = await api.call('POST', '/v1/jobs', { body: '{"words": ' });
    assert.deepEqual([status, body.code], [401, 'unauthorized']);
  });

  it('takes the scheme in any case, as RFC 9110 wants it', async (t) => {
    const { api } = await start(t);
    const { status } = await api.call('GET', '/v1/templates', { headers: { authorization: `bearer ${KEYS.acme}` } });
    assert.equal(status, 200);
  });

  it('shows a job to its partner alone: for others it is not there, and they cannot withdraw it', async (t) => {
    const { api, store } = await start(t);
    const { body: job } = await api.call('POST', '/v1/jobs', { body: ORDER, headers: bearing(KEYS.acme) });
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/events'],
      ['POST', '/cancel'],
    ] as const) {
      const refused = await api.call(method, `/v1/jobs/${job.id}${path}`, { headers: bearing(KEYS.globex) });
      const none = await api.call(method, `/v1/jobs/none${path}`, { headers: bearing(KEYS.globex) });
      assert.equal(refused.status, 404);
      assert.deepEqual({ ...refused.body, requestId: '' }, { ...none.body, requestId: '' }, 'as one that never was');
    }
    assert.equal((await store.get(job.id))?.state, 'queued');
    const mine = { headers: bearing(KEYS.next) };
    assert.equal((await api.call('GET', `/v1/jobs/${job.id}`, mine)).body.state, 'queued');
    assert.equal((await api.call('POST', `/v1/jobs/${job.id}/cancel`, mine)).body.state, 'cancelled');
    assert.match(String((await api.call('GET', `/v1/jobs/${job.id}/events`, mine)).body), /event: state/);
  });

  it('keeps the idempotency keys of partners apart', async (t) => {
    const { api } = await start(t);
    const send = (key: string) =>
      api.call('POST', '/v1/jobs', { body: ORDER, headers: { ...bearing(key), 'idempotency-key': 'order-1' } });
    const [first, again, other] = [await send(KEYS.acme), await send(KEYS.next), await send(KEYS.globex)];
    assert.equal(again.body.id, first.body.id);
    assert.notEqual(other.body.id, first.body.id);
    assert.equal(other.headers.get('idempotent-replayed'), null);
  });

  it('says so in its description, which anybody may read, as its health', async (t) => {
    const { api, url } = await start(t);
    const { security, components } = api.document as unknown as {
      security: unknown;
      components: { securitySchemes: object };
    };
    assert.deepEqual(security, [{ partnerKey: [] }]);
    assert.deepEqual(Object.keys(components.securitySchemes), ['partnerKey']);
    for (const path of ['/', '/livez', '/readyz', '/metrics'])
      assert.equal((await fetch(url + path)).status, 200, path);
  });

  it('logs who asked, and no key', async (t) => {
    const { api, parts } = await start(t);
    await api.call('GET', '/v1/templates', { headers: bearing(KEYS.globex) });
    await api.call('GET', '/v1/templates', { headers: bearing(`${KEYS.globex}x`) });
    const line = await parts.line(({ route, status }) => route === '/v1/templates' && status === '200');
    assert.equal(line.partner, 'globex');
    const refused = await parts.line(({ route, status }) => route === '/v1/templates' && status === '401');
    assert.equal(refused.partner, undefined);
    assert.ok(!parts.logged().includes(KEYS.globex));
  });
});

describe('a front without partners', () => {
  it('is open: everybody is local, with or without a key, and nothing is said of keys', async (t) => {
    const { url, store } = await served(t);
    const api = await describedApi(url);
    for (const headers of [{}, bearing('whatever')]) {
      const { status, body } = await api.call('POST', '/v1/jobs', { body: ORDER, headers });
      assert.equal(status, 202);
      assert.equal((await store.get(body.id))?.partner, 'local');
    }
    assert.ok(!JSON.stringify(api.document).includes('unauthorized'));
    assert.ok(!('security' in api.document));
  });

  it('shows nothing of what partners had asked for', async (t) => {
    const { url, store } = await served(t);
    const request = { template: { id: 'picnic', version: 'v' }, cast: {}, words: {} };
    const { job } = await store.enqueue({ request, partner: 'acme' });
    assert.equal((await fetch(`${url}/v1/jobs/${job.id}`)).status, 404);
  });
});

describe('keys', () => {
  it('are long, never twice the same, and travel in a header as they are', () => {
    const keys = Array.from({ length: 100 }, newKey);
    assert.equal(new Set(keys).size, 100);
    for (const key of keys) assert.match(key, /^storyfarm_[A-Za-z0-9_-]{43}$/);
  });

  it('are configured as their plain SHA-256, so that any program can hash one', () => {
    assert.equal(keyHash('abc'), 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('whose hash is written wrongly let nobody in', () => {
    const identify = identifyBy({ acme: { keys: [keyHash(KEYS.acme).toUpperCase(), ''] } });
    assert.throws(() => identify(`Bearer ${KEYS.acme}`), { code: 'unauthorized' });
  });

  it('notes where a partner wants to be told, if that is allowed, and refuses any other address', async (t) => {
    const partners = {
      ...PARTNERS,
      acme: { ...PARTNERS.acme, callbacks: { origins: ['https://portal.acme.example'] } },
    };
    const { url, store } = await served(t, { partners });
    const api = await describedApi(url);
    const ask = (key: string, callback: unknown) =>
      api.call('POST', '/v1/jobs', { body: { ...ORDER, callback }, headers: bearing(key) });
    const told = 'https://portal.acme.example/hooks?order=1';
    const { status, body } = await ask(KEYS.acme, told);
    assert.equal(status, 202);
    await store.cancel(body.id);
    const [row, ...more] = await store.outbox(10);
    assert.deepEqual([row?.jobId, row?.url, more], [body.id, told, []]);
    const wrong = [
      'https://portal.acme.example:8443/',
      'http://portal.acme.example/',
      'https://portal.acme.example.evil/',
      'https://portal.acme.example@evil.example/',
      'https://user:password@portal.acme.example/',
      'blob:https://portal.acme.example/0b1c',
      'http://169.254.169.254/',
      'portal.acme.example',
      '',
    ];
    for (const address of wrong) {
      const refused = await ask(KEYS.acme, address);
      assert.deepEqual(
        [refused.status, refused.body.code, refused.body.errors?.[0]?.pointer],
        [422, 'callback_refused', '/callback'],
        address,
      );
    }
    assert.match((await ask(KEYS.globex, told)).body.detail, /^No callbacks are configured for this partner/);
    assert.equal((await store.recent(10)).length, 1);
  });
});
