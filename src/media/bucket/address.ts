/**
 * The address of a bucket: `s3://bucket/prefix?endpoint=https://…&region=…&forcePathStyle=true`. Who one is comes from where the SDK looks for it (its variables, files, roles), or stands in the address:
 * `s3://KEY:SECRET@bucket`. Nothing of an address is repeated in a message but its bucket, prefix and endpoint.
 */

import { StoryfarmError } from '../../errors.js';

export interface BucketAddress {
  /** Without secrets, for messages. */
  readonly name: string;
  readonly bucket: string;
  /** What all keys begin with: empty, or with a slash at the end. */
  readonly prefix: string;
  /** Left out, it is Amazon's. */
  readonly endpoint?: string;
  /** Left out, the SDK looks for it. */
  readonly region?: string;
  /** Whether the bucket stands in the path of an address and not in its host. */
  readonly forcePathStyle: boolean;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

const OPTIONS: readonly string[] = ['endpoint', 'region', 'forcePathStyle', 'sessionToken'];
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Segments that need no coding in addresses. */
const PREFIX = /^[A-Za-z0-9._-]{1,64}(\/[A-Za-z0-9._-]{1,64}){0,7}$/;

/** Throws `config_invalid`. */
export function parseBucketAddress(url: string): BucketAddress {
  if (!URL.canParse(url) || !url.startsWith('s3://')) throw refused('It is no address.');
  const place = new URL(url);
  // Of a scheme that it does not know, it leaves the host as it was written.
  const bucket = place.hostname;
  if (!BUCKET.test(bucket) || place.port !== '') throw refused('It names no bucket.');
  const prefix = place.pathname.replace(/^\/|\/$/g, '');
  if (prefix !== '' && !PREFIX.test(prefix))
    throw refused('Its prefix has other characters than letters, digits, dots, dashes, underscores and slashes.');
  const given = optionsOf(place.searchParams);
  const { endpoint, region, sessionToken } = given;
  const isEndpoint = endpoint === undefined || (URL.canParse(endpoint) && /^https?:\/\/[^@?#]+$/.test(endpoint));
  if (!isEndpoint) throw refused('Its endpoint is no address such as https://s3.example.com.');
  const [accessKeyId, secretAccessKey] = [decoded(place.username, 'key'), decoded(place.password, 'secret')];
  if ((accessKeyId === '') !== (secretAccessKey === ''))
    throw refused('It has a key without a secret, or the reverse.');
  // Other servers than Amazon's hardly ever ask for one.
  const known = region ?? (endpoint === undefined ? undefined : 'us-east-1');
  return {
    name: `s3://${bucket}${prefix && `/${prefix}`}${endpoint === undefined ? '' : ` at ${endpoint}`}`,
    bucket,
    prefix: prefix && `${prefix}/`,
    forcePathStyle: given.forcePathStyle === 'true',
    ...(endpoint !== undefined && { endpoint }),
    ...(known !== undefined && { region: known }),
    ...(accessKeyId && {
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    }),
  };
}

function optionsOf(query: URLSearchParams): Readonly<Record<string, string | undefined>> {
  const unknown = [...query.keys()].filter((name) => !OPTIONS.includes(name));
  if (unknown.length > 0) throw refused(`It has options that are not known: ${[...new Set(unknown)].join(', ')}.`);
  const given = Object.fromEntries(query);
  if (given.forcePathStyle !== undefined && !/^(true|false)$/.test(given.forcePathStyle))
    throw refused('Its forcePathStyle is neither true nor false.');
  if (given.region !== undefined && !/^[a-z0-9-]{1,64}$/i.test(given.region)) throw refused('Its region is no name.');
  return given;
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused(`Its ${what} has a % that stands for nothing.`);
  }
}

const refused = (why: string): StoryfarmError =>
  new StoryfarmError('config_invalid', `The address of the storage cannot be used. ${why}`, {
    hint: 'Use s3://bucket/prefix?endpoint=https://host&region=name, with %XX for what an address cannot hold (docs/storage.md).',
  });
