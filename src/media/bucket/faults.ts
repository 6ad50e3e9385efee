/** What an answer of a bucket, or none, means: whether it is worth asking again, and what a person would do about it. Pure. */

import { StoryfarmError } from '../../errors.js';

export interface Trouble {
  /** The same may be answered otherwise in a moment. */
  readonly isPassing: boolean;
  readonly error: StoryfarmError;
}

/** Fields of what the SDK throws. */
interface Thrown {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly errors?: readonly unknown[];
}

const WHO = new Set([
  'AccessDenied',
  'AccountProblem',
  'AllAccessDisabled',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
]);
const WHERE = new Set([
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'PermanentRedirect',
  'TemporaryRedirect',
]);
/** Of answers that are no 5xx. A clock that is wrong is set by the first refusal. */
const PASSING = new Set([
  'BadDigest',
  'IncompleteBody',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'TooManyRequests',
]);
const UNREACHED = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** `what` continues "cannot". */
export function troubleOf(thrown: unknown, what: string, bucket: string): Trouble {
  const { name = '', message = '', $metadata, errors } = (thrown ?? {}) as Thrown;
  // A host with several addresses fails once for each.
  const code = (thrown as Thrown | null)?.code ?? (errors?.[0] as Thrown | undefined)?.code ?? '';
  const status = $metadata?.httpStatusCode ?? 0;
  const trouble = (isPassing: boolean, why: string, hint: string): Trouble => ({
    isPassing,
    error: new StoryfarmError('upload_failed', `The bucket ${bucket} cannot ${what}: ${why}.`, {
      hint,
      cause: thrown,
    }),
  });

  if (name === 'NoSuchBucket' || (name === 'NotFound' && status === 404))
    return trouble(false, 'there is no such bucket', 'Make the bucket, or correct the option storage.');
  if (name === 'NoSuchKey') return trouble(false, 'the object is gone', 'It was deleted; the job is rendered anew.');
  if (name === 'CredentialsProviderError')
    return trouble(
      false,
      'no credentials were found',
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put them into the option storage (docs/storage.md).',
    );
  if (WHO.has(name) || status === 401 || status === 403)
    return trouble(
      false,
      `the credentials are refused (${name || status})`,
      'Correct the credentials, or give them the right to put, get, list and delete objects there (docs/storage.md).',
    );
  if (WHERE.has(name) || status === 301 || status === 307)
    return trouble(false, `the bucket is elsewhere (${name})`, 'Correct endpoint and region in the option storage.');
  if (/region is missing/i.test(message))
    return trouble(false, 'no region is given', 'Name it: region=… in the option storage, or AWS_REGION.');
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return trouble(
      false,
      `its certificate is not trusted (${code})`,
      "Have it signed by a known authority, or name that authority's file in NODE_EXTRA_CA_CERTS.",
    );
  if (UNREACHED.has(code) || name === 'TimeoutError')
    return trouble(
      true,
      `it does not answer (${code || 'time is up'})`,
      'See whether the endpoint of the option storage is right, and its server up.',
    );
  const isPassing = status >= 500 || status === 429 || PASSING.has(name);
  return trouble(
    isPassing,
    `${name || 'it was refused'}${status ? ` (${status})` : ''}${isPassing ? '' : `, ${short(message)}`}`,
    isPassing
      ? 'The server of the bucket has trouble, or too much to do; look there.'
      : 'Look at what its server says.',
  );
}

/** What a server says may be long. */
const short = (text: string) => JSON.stringify(text.slice(0, 120));
