/**
 * Signatures by which a partner knows that a call is ours and fresh: Standard Webhooks 1.0.0, symmetric (v1). HMAC-SHA256 over `id.timestamp.body` with a secret that is written as
 * `whsec_` and base64; several secrets give several signatures, with a space between.
 */

import { createHmac, randomBytes } from 'node:crypto';

/** By partner: the secrets by which it knows us. Each signs, so that one can be replaced without a pause. */
export type Secrets = Readonly<Record<string, readonly string[]>>;

const PREFIX = 'whsec_';

/** 24 to 64 bytes of base64 after the prefix, as the specification asks. */
export function isSecret(text: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text)) return false;
  const { length } = bytesOf(text);
  return length >= 24 && length <= 64;
}

export const newSecret = (): string => `${PREFIX}${randomBytes(32).toString('base64')}`;

export interface Signing {
  /** The event, the same each time it is told. */
  readonly id: string;
  /** When this call is made, milliseconds since the epoch; a partner refuses what is old. */
  readonly at: number;
  readonly body: string;
  readonly secrets: readonly string[];
}

/** The fields that go with the call. */
export function signed({ id, at, body, secrets }: Signing): Readonly<Record<string, string>> {
  const timestamp = Math.floor(at / 1000);
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', bytesOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return { 'webhook-id': id, 'webhook-timestamp': `${timestamp}`, 'webhook-signature': signatures.join(' ') };
}

const bytesOf = (secret: string) => Buffer.from(secret.slice(PREFIX.length), 'base64');
