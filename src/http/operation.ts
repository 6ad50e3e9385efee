/**
 * One operation of the API: method, path, what it takes, what it answers, and the function that does it. The same description registers the route,
 * validates the request and makes the OpenAPI document, so that none of them can say something else than the others.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { type Complaint, type ErrorCode, StoryfarmError } from '../errors.js';
import { pointer } from '../template/pointer.js';

export interface Answer {
  readonly description: string;
  /** The document; none for an empty answer or one that is not JSON. */
  readonly schema?: z.ZodType;
  /** Default `application/json` when there is a schema. */
  readonly mediaType?: string;
  /** Response fields worth knowing: description by name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Names who asks, by the Authorization field. Throws `unauthorized`. */
export type Identify = (authorization: string | undefined) => string;

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; not there before it is known. */
    partner?: string;
  }
}

export interface Input<Headers, Body> {
  /** Who asks. */
  readonly partner: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Headers;
  readonly body: Body;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface Operation<Headers = unknown, Body = unknown> {
  readonly method: 'GET' | 'POST';
  /** With `:name` for parameters. */
  readonly path: string;
  /** Name of the operation in the OpenAPI document. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Description by parameter name. */
  readonly params?: Readonly<Record<string, string>>;
  /** Request fields, names in lower case; others are ignored. */
  readonly headers?: z.ZodType<Headers>;
  readonly body?: z.ZodType<Body>;
  /** An answer that never ends by itself: not measured as a duration, no HEAD. */
  readonly stream?: boolean;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Problems that a client should expect here, beside those that any operation may answer. */
  readonly problems: readonly ErrorCode[];
  handle(input: Input<Headers, Body>): unknown;
}

/** Only infers the types of headers and body from their schemas. */
export function operation<Headers = undefined, Body = undefined>(described: Operation<Headers, Body>): Operation {
  return described as unknown as Operation;
}

/** Who may not ask is refused before the body is read. */
export function registerOperation(app: FastifyInstance, described: Operation, identify: Identify): void {
  const { method, path, headers, body, stream = false } = described;
  app.route({
    method,
    url: path,
    exposeHeadRoute: method === 'GET' && !stream,
    config: { stream },
    onRequest: async (request) => {
      request.partner = identify(request.headers.authorization);
    },
    handler: async (request, reply) => {
      if (body !== undefined && request.body === undefined) refuseMissingBody(request);
      return described.handle({
        partner: request.partner ?? '',
        params: request.params as Record<string, string>,
        headers: headers === undefined ? undefined : parse(headers, request.headers, headerComplaint),
        body: body === undefined ? undefined : parse(body, request.body, bodyComplaint),
        request,
        reply,
      });
    },
  });
}

function refuseMissingBody(request: FastifyRequest): never {
  if (request.headers['content-type'] === undefined)
    throw new StoryfarmError('unsupported_media_type', 'The request has no JSON body.');
  throw new StoryfarmError('invalid_request', 'The body is empty.');
}

type Issue = z.core.$ZodIssue;

function parse<T>(schema: z.ZodType<T>, raw: unknown, complain: (issue: Issue) => readonly Complaint[]): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.flatMap(complain);
  throw new StoryfarmError('invalid_request', 'The request is not of the expected form.', { complaints });
}

/** An unknown key is complained of at the key, everything else at its place. */
function bodyComplaint(issue: Issue): readonly Complaint[] {
  if (issue.code !== 'unrecognized_keys')
    return [{ pointer: pointer(...issue.path), code: 'invalid_request', detail: issue.message }];
  return issue.keys.map((key) => ({
    pointer: pointer(...issue.path, key),
    code: 'invalid_request',
    detail: 'This field is not known.',
  }));
}

function headerComplaint(issue: Issue): readonly Complaint[] {
  return [{ pointer: '', code: 'invalid_request', detail: `${issue.path.join()}: ${issue.message}` }];
}
