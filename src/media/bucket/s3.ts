/**
 * A bucket over the S3 protocol: the only file that knows the SDK, which takes a sixth of a second of CPU to load, and 25 to 30 MB, and is loaded only where a bucket is configured.
 *
 * Many servers speak the protocol, and few all of it. So files are put in one piece with their MD5 (the oldest checksum, which all know; newer SDKs would send others that some servers
 * refuse), bytes go straight from the disk, objects are deleted one by one, and everything that is tried again is tried again here: the SDK does not begin a stream anew.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { StoryfarmError } from '../../errors.js';
import type { BucketAddress } from './address.js';
import { troubleOf } from './faults.js';
import type { About, Effort, Listed, Objects, PutOptions } from './objects.js';
import { type Patience, patienceFor, patiently, type Request, USUAL_PATIENCE } from './patience.js';

/** Seconds that a browser may keep a file: a week. An object never changes under its key. */
const CACHE = 'private, max-age=604800, immutable';
/** Keys in a page: two hundred jobs or so. */
const PAGE = 1000;

export function openS3(address: BucketAddress, usual: Patience = USUAL_PATIENCE): Objects {
  const { bucket: Bucket, name } = address;
  let loaded: ReturnType<typeof load> | undefined;
  const sdk = () => {
    loaded ??= load(address);
    return loaded;
  };

  function ask<T>(what: string, request: Request<T>, effort: Effort = 'usual', signal?: AbortSignal): Promise<T> {
    return patiently(request, (thrown) => troubleOf(thrown, what, name), patienceFor(effort, usual), signal);
  }

  async function put(key: string, body: () => Body, about: About, effort: Effort, signal?: AbortSignal) {
    const { client, PutObjectCommand } = await sdk();
    const send: Request<void> = async (abortSignal, alive) => {
      const { fields, end, failed } = body();
      abortSignal.addEventListener('abort', end, { once: true });
      try {
        const described = {
          ContentType: about.mediaType,
          CacheControl: CACHE,
          ContentDisposition: `inline; filename="${about.name}"`,
        };
        const command = new PutObjectCommand({ Bucket, Key: key, ...described, ...fields(alive) });
        await Promise.race([client.send(command, { abortSignal }), failed]);
      } finally {
        end();
      }
    };
    await ask('take files', send, effort, signal);
  }

  return {
    name,
    prefix: address.prefix,

    open() {
      void sdk().catch(() => {}); // Whoever asks first is told.
    },

    async put(key, file, about, { signal, onBytes = () => {} }: PutOptions = {}) {
      const whole = await measure(file);
      await put(key, () => bodyOf(file, whole, onBytes), about, 'usual', signal);
    },

    async mark(key) {
      const bytes = Buffer.from('storyfarm');
      const fields = () => ({
        Body: bytes,
        ContentLength: bytes.length,
        ContentMD5: md5().update(bytes).digest('base64'),
      });
      await put(
        key,
        () => ({ fields, end() {}, failed: NEVER }),
        { mediaType: 'text/plain', name: 'storyfarm' },
        'brief',
      );
    },

    async copy(from, to) {
      const { client, CopyObjectCommand } = await sdk();
      const command = new CopyObjectCommand({ Bucket, Key: to, CopySource: `${Bucket}/${from}` });
      await ask('copy objects', (abortSignal) => client.send(command, { abortSignal }));
    },

    async remove(key, effort) {
      const { client, DeleteObjectCommand } = await sdk();
      const command = new DeleteObjectCommand({ Bucket, Key: key });
      await ask('delete objects', (abortSignal) => client.send(command, { abortSignal }), effort);
    },

    async *list(beginning, effort) {
      const { client, ListObjectsV2Command } = await sdk();
      let token: string | undefined;
      do {
        const command = new ListObjectsV2Command({
          Bucket,
          Prefix: beginning,
          MaxKeys: PAGE,
          ...(token !== undefined && { ContinuationToken: token }),
        });
        const page = await ask('list objects', (abortSignal) => client.send(command, { abortSignal }), effort);
        yield (page.Contents ?? []).flatMap(({ Key, LastModified }): Listed[] =>
          Key === undefined ? [] : [{ key: Key, changedAt: LastModified?.getTime() ?? Date.now() }],
        );
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
    },

    async sign(key, seconds) {
      const { client, GetObjectCommand, getSignedUrl } = await sdk();
      const command = new GetObjectCommand({ Bucket, Key: key });
      return ask('sign addresses', () => getSignedUrl(client, command, { expiresIn: seconds }));
    },
  };
}

async function load({ endpoint, region, forcePathStyle, credentials }: BucketAddress) {
  // It would warn, in every process, of versions that are not to be installed here.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const [s3, { getSignedUrl }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/s3-request-presigner'),
  ]);
  const silent = () => {};
  const client = new s3.S3Client({
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials && { credentials }),
    forcePathStyle,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Some servers do not answer such a question before the body is there.
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: 4_000 },
    logger: { debug: silent, info: silent, warn: silent, error: silent, trace: silent },
  });
  const { PutObjectCommand, CopyObjectCommand, DeleteObjectCommand, ListObjectsV2Command, GetObjectCommand } = s3;
  const commands = { PutObjectCommand, CopyObjectCommand, DeleteObjectCommand, ListObjectsV2Command, GetObjectCommand };
  return { client, getSignedUrl, ...commands };
}

const md5 = () => createHash('md5');

interface Measured {
  readonly bytes: number;
  readonly hash: string;
}

async function measure(file: string): Promise<Measured> {
  const hash = md5();
  const [{ size }] = await Promise.all([stat(file), pipeline(createReadStream(file), hash)]);
  return { bytes: size, hash: hash.digest('base64') };
}

/** What is sent, for one try. */
interface Body {
  readonly fields: (alive: () => void) => Pick<PutObjectCommandInput, 'Body' | 'ContentLength' | 'ContentMD5'>;
  readonly end: () => void;
  /** Rejects when the file cannot be read: the request would only fall silent. */
  readonly failed: Promise<never>;
}

const NEVER = new Promise<never>(() => {});

function bodyOf(file: string, { bytes, hash }: Measured, onBytes: (sent: number) => void): Body {
  const read = createReadStream(file);
  let alive = () => {};
  let sent = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      alive();
      onBytes(sent);
      done(null, chunk);
    },
  });
  pipeline(read, counted).catch(() => {}); // Being ended early is no news.
  const failed = new Promise<never>((_, reject) => {
    read.once('error', (cause) =>
      reject(new StoryfarmError('internal', `A finished file cannot be read: ${cause.message}`, { cause, file })),
    );
  });
  failed.catch(() => {});
  return {
    fields(isAlive) {
      alive = isAlive;
      return { Body: counted, ContentLength: bytes, ContentMD5: hash };
    },
    end() {
      read.destroy();
      counted.destroy();
    },
    failed,
  };
}
