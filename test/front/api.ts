/** The API as its OpenAPI document describes it, and a caller that holds every answer against it. */

import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export type Json = Record<string, unknown>;

export interface Described {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly operationId: string; readonly responses: Json } & Json>>>
  >;
  readonly components: { readonly schemas: Json };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every form.
  readonly body: any;
}

export interface Call {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface Api {
  readonly document: Described;
  /** Sends a request and asserts that the answer is one that the document describes, for this status and media type. */
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** Asserts that a value is of a named schema. */
  holds(schema: string, value: unknown): void;
}

export async function describedApi(url: string): Promise<Api> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Described;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ ...document, $id: 'api' });
  const at = (pointer: string): ValidateFunction => ajv.compile({ $ref: `api#${pointer}` });

  function check(method: string, path: string, status: number, mediaType: string, body: unknown): void {
    const [pattern = '', operations] =
      Object.entries(document.paths).find(([candidate]) => matches(candidate, path)) ??
      assert.fail(`${path} is not described`);
    const described = operations[method.toLowerCase()]?.responses[status] as { content?: Json } | undefined;
    assert.ok(described, `${method} ${pattern} may not answer ${status}: ${JSON.stringify(body)}`);
    if (described.content === undefined) {
      assert.equal(body, undefined);
      return;
    }
    assert.ok(mediaType in described.content, `${method} ${pattern} may not answer ${mediaType}`);
    const steps = ['paths', pattern, method.toLowerCase(), 'responses', String(status), 'content', mediaType, 'schema'];
    const validate = at(
      steps.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join(''),
    );
    assert.ok(validate(body), `${method} ${path}: ${ajv.errorsText(validate.errors)}`);
  }

  return {
    document,
    async call(method, path, { body, headers = {} } = {}) {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      const mediaType = answer.headers.get('content-type')?.split(';')[0] ?? '';
      const parsed = mediaType.endsWith('json') ? JSON.parse(text) : text === '' ? undefined : text;
      check(method, path, answer.status, mediaType, parsed);
      return { status: answer.status, headers: answer.headers, body: parsed };
    },
    holds(schema, value) {
      const validate = at(`/components/schemas/${schema}`);
      assert.ok(validate(value), ajv.errorsText(validate.errors));
    },
  };
}

function matches(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path.split('?')[0] ?? '');
}
