/** The OpenAPI 3.1 document of a list of operations, made from the very schemas that validate. */

import * as z from 'zod';
import type { ErrorCode } from '../errors.js';
import type { Answer, Operation } from './operation.js';
import { problemSchema, statusOf } from './problem.js';

export interface ApiDescription {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** Address of the server; `/` for that of the document. */
  readonly server: string;
  readonly operations: readonly Operation[];
  /** Whether every operation wants the key of a partner. */
  readonly isKeyed: boolean;
  /** Names of the schemas in the document. A schema without a name is written out where it is used. */
  readonly schemas: Readonly<Record<string, z.ZodType>>;
}

/** Any operation may answer these. */
const ALWAYS: readonly ErrorCode[] = ['internal', 'store_busy', 'outcome_unknown'];
/** Any operation that wants a key may answer this. */
const OF_KEYS: readonly ErrorCode[] = ['unauthorized'];
/** Any operation with a body may answer these. */
const OF_BODIES: readonly ErrorCode[] = ['invalid_request', 'body_too_large', 'unsupported_media_type'];

type Json = Record<string, unknown>;

export function openApi({ title, version, description, server, operations, isKeyed, schemas }: ApiDescription): Json {
  const named: Record<string, z.ZodType> = { ...schemas, Problem: problemSchema };
  const inputs = new Set(operations.flatMap(({ body }) => (body ? [body as z.ZodType] : [])));
  const names = new Map<z.ZodType, string>(Object.entries(named).map(([name, schema]) => [schema, name]));

  const components = Object.fromEntries(
    Object.entries(named).map(([name, schema]) => [name, jsonSchema(schema, inputs.has(schema) ? 'input' : 'output')]),
  );
  const use = (schema: z.ZodType, io: 'input' | 'output') => {
    const name = names.get(schema);
    return name === undefined ? jsonSchema(schema, io) : { $ref: `#/components/schemas/${name}` };
  };

  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation, use, isKeyed) };
  }
  return {
    openapi: '3.1.0',
    info: { title, version, description },
    servers: [{ url: server }],
    ...(isKeyed && { security: [{ partnerKey: [] }] }),
    paths,
    components: { schemas: components, ...(isKeyed && { securitySchemes: { partnerKey: PARTNER_KEY } }) },
  };
}

const PARTNER_KEY = {
  type: 'http',
  scheme: 'bearer',
  description: 'The key of a partner, who sees its own jobs alone.',
};

type Use = (schema: z.ZodType, io: 'input' | 'output') => Json;

function describe(operation: Operation, use: Use, isKeyed: boolean): Json {
  const { id, summary, description, params = {}, headers, body, answers } = operation;
  const parameters = [
    ...Object.entries(params).map(([name, text]) => ({
      name,
      in: 'path',
      required: true,
      description: text,
      schema: { type: 'string' },
    })),
    ...headerParameters(headers),
  ];
  return {
    operationId: id,
    summary,
    ...(description && { description }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: use(body, 'input') } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, response(answer, use)])),
      ...problemResponses(operation, use, isKeyed),
    },
  };
}

function headerParameters(headers: z.ZodType | undefined): readonly Json[] {
  if (!headers) return [];
  const { properties = {}, required = [] } = jsonSchema(headers, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name: name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()).replace(/-Id$/, '-ID'),
    in: 'header',
    required: required.includes(name),
    description,
    schema,
  }));
}

function response({ description, schema, mediaType = 'application/json', headers }: Answer, use: Use): Json {
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
      ),
    }),
    ...(schema && { content: { [mediaType]: { schema: use(schema, 'output') } } }),
  };
}

/** Fields that come with a refusal, by its status. */
const REFUSAL_FIELDS: Readonly<Record<number, Json>> = {
  401: { 'WWW-Authenticate': { description: '`Bearer`.', schema: { type: 'string' } } },
  503: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } },
};

function problemResponses({ body, problems }: Operation, use: Use, isKeyed: boolean): Json {
  const codes = [...new Set([...problems, ...(body ? OF_BODIES : []), ...(isKeyed ? OF_KEYS : []), ...ALWAYS])];
  const statuses = [...new Set(codes.map(statusOf))].sort();
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: `Code ${codes.flatMap((code) => (statusOf(code) === status ? [`\`${code}\``] : [])).join(', ')}.`,
        ...(REFUSAL_FIELDS[status] && { headers: REFUSAL_FIELDS[status] }),
        content: { 'application/problem+json': { schema: use(problemSchema, 'output') } },
      },
    ]),
  );
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...made } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
  }) as Json;
  return made;
}
