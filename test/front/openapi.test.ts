import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { createFront } from '../../src/front/front.js';
import { openStore } from '../../src/store/open.js';
import { recorded } from '../http/running.js';
import { type Described, describedApi, type Json } from './api.js';
import { catalogOf, FONTS, ORDER, served, TEMPLATE } from './fixtures.js';

/** Every object inside a document. */
function* objects(value: unknown): Generator<Json> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Json;
  for (const inner of Object.values(value)) yield* objects(inner);
}

describe('the OpenAPI document', () => {
  it('describes every route of the API and no other', async (t) => {
    const { url, store } = await served(t);
    const { document } = await describedApi(url);
    const front = createFront({
      ...recorded(),
      store,
      catalog: catalogOf(TEMPLATE),
      fonts: FONTS,
      addresses: { front: '', files: () => '' },
    });
    const routes: string[] = [];
    front.app.addHook('onRoute', ({ method, url: path }) => {
      for (const one of [method].flat())
        if (path.startsWith('/v1/') && one !== 'HEAD') routes.push(`${one} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    });
    await front.app.ready();
    await front.close();
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(described.sort(), routes.sort());
    assert.equal(routes.length, 7);
  });

  it('is well-formed: references resolve, operations are named once, parameters are declared, schemas compile', async (t) => {
    const { url } = await served(t);
    const answer = await fetch(`${url}/openapi.json`);
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
    const document = (await answer.json()) as Described & {
      openapi: string;
      info: { title: string; version: string };
      servers: { url: string }[];
    };
    assert.equal(document.openapi, '3.1.0');
    assert.match(document.info.version, /^\d+\.\d+\.\d+/);
    assert.deepEqual(document.servers, [{ url: '/' }]);

    for (const { $ref } of objects(document)) {
      if ($ref === undefined) continue;
      const found = String($ref)
        .slice(2)
        .split('/')
        .reduce<unknown>((at, step) => (at as Json)[step], document);
      assert.ok(found, String($ref));
    }
    const operations = Object.entries(document.paths).flatMap(([path, those]) =>
      Object.values(those).map((operation) => ({ path, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const { path, operation } of operations) {
      const parameters = (operation.parameters ?? []) as {
        name: string;
        in: string;
        required: boolean;
        schema: Json;
        description: string;
      }[];
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      assert.deepEqual(
        inPath,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      );
      for (const parameter of parameters) assert.ok(parameter.schema && parameter.description);
      for (const [status, response] of Object.entries(operation.responses)) {
        assert.match(status, /^[2-5]\d\d$/);
        assert.ok((response as Json).description, `${path} ${status}`);
      }
    }
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const [name, schema] of Object.entries(document.components.schemas))
      assert.doesNotThrow(() => ajv.compile(schema as Json), name);
  });

  it('describes requests as a sender sees them: what has a default may be left out', async (t) => {
    const { url } = await served(t);
    const { document, holds } = await describedApi(url);
    assert.deepEqual((document.components.schemas.NewJob as { required: string[] }).required, ['template', 'words']);
    holds('NewJob', ORDER);
    assert.throws(() => holds('NewJob', { ...ORDER, priority: 11 }));
    assert.throws(() => holds('NewJob', { ...ORDER, unknown: 1 }));
    const headers = (document.paths['/v1/jobs']?.post?.parameters ?? []) as {
      name: string;
      in: string;
      required: boolean;
    }[];
    assert.deepEqual(
      headers.map(({ name, in: where, required }) => [name, where, required]),
      [['Idempotency-Key', 'header', false]],
    );
  });

  it('names the server when the front knows its address', async (t) => {
    const { url } = await served(t, { addresses: { front: 'https://farm.example', files: () => '' } });
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { servers: unknown };
    assert.deepEqual(document.servers, [{ url: 'https://farm.example' }]);
    const index = (await (await fetch(url)).json()) as { description: string };
    assert.equal(index.description, 'https://farm.example/openapi.json');
  });
});

describe('the health of a front', () => {
  it('is ready with a store and templates', async (t) => {
    const { url } = await served(t);
    assert.deepEqual(await (await fetch(`${url}/livez`)).json(), { alive: true });
    const ready = await fetch(`${url}/readyz`);
    assert.equal(ready.status, 200);
    assert.deepEqual(await ready.json(), {
      ready: true,
      checks: [
        { name: 'store', ok: true },
        { name: 'templates', ok: true },
      ],
    });
  });

  it('is alive and not ready without templates, or with a store that is gone or does not answer', async (t) => {
    const { url } = await served(t, { catalog: catalogOf() });
    const answer = await fetch(`${url}/readyz`);
    assert.equal(answer.status, 503);
    assert.deepEqual(((await answer.json()) as { checks: unknown[] }).checks[1], {
      name: 'templates',
      ok: false,
      reason: 'No usable template is installed.',
    });
    const store = await openStore(`sqlite:${(await served(t)).storeFile}`);
    await store.close();
    const gone = await served(t, { store });
    const reasons = (await (await fetch(`${gone.url}/readyz`)).json()) as {
      checks: { name: string; ok: boolean; reason: string }[];
    };
    assert.equal(reasons.checks[0]?.ok, false);
    assert.match(reasons.checks[0]?.reason ?? '', /closed/);
    assert.equal((await fetch(`${gone.url}/livez`)).status, 200);
  });
});
