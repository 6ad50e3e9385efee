/** What must be refused: each with its status, code and pointer, nothing recorded, and the front still there. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { raw } from '../http/running.js';
import { type Api, type Call, describedApi } from './api.js';
import { ORDER, type Served, served } from './fixtures.js';

describe('bad input', () => {
  let front: Served;
  let api: Api;
  const ends: (() => Promise<void>)[] = [];
  before(async () => {
    front = await served({ after: (end) => void ends.push(end as () => Promise<void>) });
    api = await describedApi(front.url);
  });
  after(async () => {
    for (const end of ends) await end();
  });

  const words = (greeting: unknown) => ({ ...ORDER, words: { greeting } });
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

  const cases: [name: string, call: Call, status: number, code: string, pointer?: string][] = [
    ['an unknown template', { body: { ...ORDER, template: 'gone' } }, 422, 'unknown_template', '/template'],
    [
      'a template named like a property of objects',
      { body: { ...ORDER, template: 'constructor' } },
      422,
      'unknown_template',
      '/template',
    ],
    ['a missing bubble', { body: { ...ORDER, words: { answer: 'Yes' } } }, 422, 'missing_words', '/words/greeting'],
    [
      'an unknown bubble',
      { body: { ...ORDER, words: { greeting: 'Hi', nobody: 'x' } } },
      422,
      'unknown_bubble',
      '/words/nobody',
    ],
    [
      'a bubble named like a property of objects',
      { body: { ...ORDER, words: { greeting: 'Hi', toString: 'x' } } },
      422,
      'unknown_bubble',
      '/words/toString',
    ],
    ['an unknown role', { body: { ...ORDER, cast: { dragon: 'mina' } } }, 422, 'unknown_role', '/cast/dragon'],
    ['an unknown character', { body: { ...ORDER, cast: { girl: 'dragon' } } }, 422, 'unknown_character', '/cast/girl'],
    ['words over the limit of the bubble', { body: words('x'.repeat(41)) }, 422, 'words_too_long', '/words/greeting'],
    [
      'words that do not fit at the smallest size',
      { body: { ...ORDER, words: { greeting: 'Hi', answer: 'W'.repeat(199) } } },
      422,
      'words_do_not_fit',
      '/words/answer',
    ],
    ['a character that no font has', { body: words('Hi \u{10c00}') }, 422, 'missing_glyphs', '/words/greeting'],
    ['control characters', { body: words('Hi \u0007\u0000!') }, 422, 'control_characters', '/words/greeting'],
    ['bidirectional overrides', { body: words('Hi \u202e!') }, 422, 'control_characters', '/words/greeting'],
    ['20,000 characters', { body: words('가'.repeat(20_000)) }, 422, 'words_too_long', '/words/greeting'],
    ['2,000 combining marks', { body: words(`a${'\u0301'.repeat(2000)}`) }, 422, 'words_too_long', '/words/greeting'],
    ['100,000 characters', { body: words('x'.repeat(100_000)) }, 413, 'body_too_large'],
    ['JSON that breaks off', { body: '{"template": "picnic", "words": {"greeting": "Hel' }, 400, 'invalid_request'],
    ['no JSON', { body: 'template=picnic' }, 400, 'invalid_request'],
    ['an empty body', { body: '' }, 400, 'invalid_request'],
    ['a string for a body', { body: '"picnic"' }, 400, 'invalid_request', ''],
    ['an array for a body', { body: '[]' }, 400, 'invalid_request', ''],
    ['null for a body', { body: 'null' }, 400, 'invalid_request', ''],
    ['no words', { body: { template: 'picnic' } }, 400, 'invalid_request', '/words'],
    ['words that are no text', { body: words(7) }, 400, 'invalid_request', '/words/greeting'],
    ['words that are a list', { body: { ...ORDER, words: ['Hi'] } }, 400, 'invalid_request', '/words'],
    ['an unknown field', { body: { ...ORDER, 'call/back~': 'x' } }, 400, 'invalid_request', '/call~1back~0'],
    ['a priority out of range', { body: { ...ORDER, priority: 11 } }, 400, 'invalid_request', '/priority'],
    ['a priority that is not whole', { body: { ...ORDER, priority: 0.5 } }, 400, 'invalid_request', '/priority'],
    [
      'a prototype key',
      { body: '{"template":"picnic","words":{"greeting":"Hi"},"__proto__":{"priority":9}}' },
      400,
      'invalid_request',
    ],
    [
      'a prototype key in the words',
      { body: '{"template":"picnic","words":{"greeting":"Hi","__proto__":"x"}}' },
      400,
      'invalid_request',
    ],
    [
      'a prototype key in disguise',
      { body: '{"template":"picnic","words":{"greeting":"Hi","\\u005f_proto__":"x"}}' },
      400,
      'invalid_request',
    ],
    [
      'a constructor key',
      { body: '{"template":"picnic","words":{"greeting":"Hi"},"constructor":{"prototype":{}}}' },
      400,
      'invalid_request',
      '/constructor',
    ],
    ['17 levels', { body: `{"template":"picnic","words":{"greeting":${deep(17)}}}` }, 400, 'invalid_request'],
    ['30,000 levels', { body: deep(30_000) }, 400, 'invalid_request'],
    ['another content type', { body: 'x', headers: { 'content-type': 'text/plain' } }, 415, 'unsupported_media_type'],
    [
      'a form',
      { body: 'template=picnic', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'unsupported_media_type',
    ],
    ['a content type that is none', { body: '{}', headers: { 'content-type': 'json' } }, 415, 'unsupported_media_type'],
    ['no body', {}, 415, 'unsupported_media_type'],
  ];

  for (const [name, call, status, code, pointer] of cases) {
    it(`refuses ${name}`, async () => {
      const answer = await api.call('POST', '/v1/jobs', call);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.equal(answer.body.code, code);
      assert.equal(answer.body.type, `urn:storyfarm:problem:${code}`);
      assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
      assert.equal(answer.headers.get('x-request-id'), answer.body.requestId);
      assert.ok(answer.body.title && answer.body.detail && answer.body.hint);
      if (pointer !== undefined) {
        const places = answer.body.errors.map((error: { pointer: string }) => error.pointer);
        assert.ok(places.includes(pointer), `${pointer} in ${JSON.stringify(answer.body.errors)}`);
      }
      assert.ok(JSON.stringify(answer.body).length < 40_000);
      assert.equal((await front.store.recent(10)).length, 0);
    });
  }

  it('names every wrong place at once', async () => {
    const { body } = await api.call('POST', '/v1/jobs', {
      body: { template: 7, words: { greeting: null }, x: 1, y: 2 },
    });
    const places = body.errors.map((error: { pointer: string }) => error.pointer).sort();
    assert.deepEqual(places, ['/template', '/words/greeting', '/x', '/y']);
  });

  it('makes no long document of garbage', async () => {
    const garbage = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`key-${i}`, 1]));
    const { body } = await api.call('POST', '/v1/jobs', { body: garbage });
    assert.equal(body.errors.length, 50);
    const long = await api.call('POST', '/v1/jobs', { body: { ['k'.repeat(60_000)]: 1 } });
    assert.ok(JSON.stringify(long.body).length < 3000);
  });

  it('refuses bytes that are not UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"template":"picnic","words":{"greeting":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}}'),
    ]);
    const answer = await fetch(`${front.url}/v1/jobs`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(answer.status, 400);
    assert.equal(((await answer.json()) as { code: string }).code, 'invalid_request');
  });

  it('refuses a body that is longer than it said, or over the limit without having said so', async () => {
    const chunked = `POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    const answer = await raw(front.url, `${chunked}11000\r\n${'x'.repeat(0x11000)}\r\n0\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.match(answer, /"code":"body_too_large"/);
  });

  it('accepts any JSON without crashing, and answers only what it describes', async () => {
    const anything = fc.oneof(
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ template: 'picnic', words: value })),
      fc
        .string({ unit: 'binary', maxLength: 60 })
        .map((text) => JSON.stringify({ template: 'gone', words: { greeting: text } })),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (body) => {
        const { status } = await api.call('POST', '/v1/jobs', { body });
        assert.ok(status >= 400 && status < 500);
      }),
      { numRuns: 150 },
    );
    assert.equal((await front.store.recent(10)).length, 0);
  });

  it('is still there', async () => {
    assert.equal((await api.call('POST', '/v1/jobs', { body: ORDER })).status, 202);
    assert.ok(!front.parts.logged().includes('"level":"error"'), 'nothing was a defect');
  });
});
