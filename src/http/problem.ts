/** Refusals over HTTP: RFC 9457 problem documents, made from StoryfarmErrors in one place and by one table. */

import * as z from 'zod';
import { asStoryfarmError, type Complaint, type ErrorCode, StoryfarmError } from '../errors.js';

/** What each code means to a client. Whatever is not here is a defect or a trouble of ours: 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  invalid_request: 400,
  unauthorized: 401,
  not_found: 404,
  unknown_job: 404,
  method_not_allowed: 405,
  not_cancellable: 409,
  precondition_failed: 412,
  body_too_large: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  unknown_template: 422,
  unknown_bubble: 422,
  missing_words: 422,
  unknown_role: 422,
  unknown_character: 422,
  words_too_long: 422,
  words_do_not_fit: 422,
  missing_glyphs: 422,
  control_characters: 422,
  callback_refused: 422,
  idempotency_conflict: 422,
  store_busy: 503,
  outcome_unknown: 503,
  unavailable: 503,
  no_space: 503,
};

/** Seconds after which trying again is sensible, for the Retry-After field. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = {
  store_busy: 2,
  outcome_unknown: 2,
  no_space: 30,
  unavailable: 5,
};

/** What a client is told where our own words name the machines behind us. */
const DETAIL: Partial<Record<ErrorCode, string>> = {
  store_busy: 'The store of jobs does not answer now; nothing was recorded or changed.',
  no_space: 'There is no room for more jobs now; nothing was recorded or changed.',
};

/** More would only make a document of garbage long. */
const MOST_ERRORS = 50;
const LONGEST_DETAIL = 300;

/** One refused place, as data. */
export const errorSchema = z.strictObject({
  pointer: z.string().describe('JSON Pointer (RFC 6901) into the request body; empty for the whole of it.'),
  code: z.string(),
  detail: z.string(),
});

export const problemSchema = z
  .strictObject({
    type: z.string().describe('A URN that names the kind of problem: `urn:storyfarm:problem:` and the code.'),
    title: z.string().describe('The kind of problem, for people.'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('This occurrence, for people.'),
    code: z.string().describe('The kind of problem, for programs.'),
    hint: z.string().describe('What can be done about it.'),
    errors: z.array(errorSchema).optional().describe(`Every refused place, at most ${MOST_ERRORS}.`),
    requestId: z.string().describe('Also in the X-Request-Id field and in the log.'),
  })
  .meta({ description: 'Why a request was refused (RFC 9457).' });

export type Problem = z.infer<typeof problemSchema>;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8';

export function statusOf(code: ErrorCode): number {
  return STATUS[code] ?? 500;
}

/** Several complaints come as `invalid_request`, but mean to HTTP what each of them does. */
function statusOfError({ code, complaints }: StoryfarmError): number {
  const [status, ...others] = new Set(complaints.map((complaint) => statusOf(complaint.code)));
  return code === 'invalid_request' && status !== undefined && others.length === 0 ? status : statusOf(code);
}

export function retryAfterOf(code: ErrorCode): number | undefined {
  return RETRY_AFTER[code];
}

/** Statuses that refuse a body. */
const ABOUT_BODY = new Set([400, 413, 415, 422]);

/** The document for an error. What only concerns us (the message of a defect) stays in the log. */
export function problemOf(error: StoryfarmError, requestId: string): Problem {
  const status = statusOfError(error);
  const detail = shorten(DETAIL[error.code] ?? error.message);
  // What is wrong with the body as a whole is wrong at its root.
  const complaints =
    error.complaints.length === 0 && ABOUT_BODY.has(status)
      ? [{ pointer: '', code: error.code, detail }]
      : error.complaints;
  return {
    type: `urn:storyfarm:problem:${error.code}`,
    title: titleOf(error.code),
    status,
    detail: status === 500 ? 'Something failed on our side.' : detail,
    code: error.code,
    hint: error.hint,
    ...(complaints.length > 0 && { errors: complaints.slice(0, MOST_ERRORS).map(shortened) }),
    requestId,
  };
}

/** `words_too_long` as `Words too long`. */
function titleOf(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ');
}

function shorten(text: string): string {
  return text.length <= LONGEST_DETAIL ? text : `${text.slice(0, LONGEST_DETAIL - 1)}…`;
}

export function shortened({ pointer, code, detail }: Complaint): Complaint {
  return { pointer: shorten(pointer), code, detail: shorten(detail) };
}

/** Codes of fastify for what a client did wrong. */
const FASTIFY: Readonly<Record<string, [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'The body is not declared as JSON.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'The body is longer than this server accepts.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'The body is not as long as Content-Length says.'],
  FST_ERR_BAD_URL: ['not_found', 'The address is not well-formed.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'There is nothing at this address.'],
};

/** Whatever a handler or fastify itself has thrown. */
export function asRefusal(thrown: unknown): StoryfarmError {
  if (thrown instanceof StoryfarmError) return thrown;
  const { code, statusCode } = (thrown ?? {}) as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? FASTIFY[code] : undefined;
  if (known) return new StoryfarmError(known[0], known[1], { cause: thrown });
  const clients = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  if (clients) return new StoryfarmError('invalid_request', 'The request could not be read.', { cause: thrown });
  return asStoryfarmError(thrown);
}
