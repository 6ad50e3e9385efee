/**
 * Who asks: each partner is known by its keys, and sees nothing of what others have asked for.
 *
 * Problem: the queue is shared fairly between partners, which is worth nothing while everybody who reaches the front may say who they are. A key must not be
 * found in a configuration that somebody has read, nor be guessed byte by byte from the time that a refusal takes.
 *
 * How: keys are long and drawn by chance (newKey), so their plain SHA-256 tells nothing of them; that alone is configured. What comes in is hashed, too, and compared with
 * every configured hash in constant time. A partner may have several keys, so that one can be replaced without a pause. Where no partners are configured everybody is
 * `local`, as on a machine of one's own.
 *
 * What it does not do: limit how often somebody asks, which belongs to the proxy; nor guard finished files, whose addresses nobody can guess (files/).
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { StoryfarmError } from '../errors.js';
import type { Identify } from '../http/operation.js';

export interface Partner {
  /** The hashes of its keys, as keyHash gives them. */
  readonly keys: readonly string[];
  /** Where it may be told of its jobs; left out: nowhere. */
  readonly callbacks?: { readonly origins: readonly string[] } | undefined;
}

/** By the partner's name. */
export type Partners = Readonly<Record<string, Partner>>;

/** Who everybody is where no partners are configured. */
export const LOCAL = 'local';

/** 256 bits by chance, with a beginning by which a key is recognised where it should not be. */
export const newKey = (): string => `storyfarm_${randomBytes(32).toString('base64url')}`;

/** What is configured of a key. */
export const keyHash = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`;

/** Names the partner whose key an Authorization field bears. */
export function identifyBy(partners: Partners | undefined): Identify {
  if (partners === undefined) return () => LOCAL;
  const known = Object.entries(partners).flatMap(([partner, { keys }]) =>
    keys.map((hash) => ({ partner, hash: Buffer.from(hash) })),
  );
  return (authorization = '') => {
    const [, key] = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(authorization) ?? [];
    if (key === undefined) throw refused('The request bears no key.');
    const given = Buffer.from(keyHash(key));
    // All of them, so that the time tells nothing of who is found where.
    const [found] = known.filter(({ hash }) => hash.length === given.length && timingSafeEqual(hash, given));
    if (found === undefined) throw refused('No partner has this key.');
    return found.partner;
  };
}

/**
 * Throws `callback_refused` unless the partner may be told at this address. That keeps whoever has a key from sending our calls anywhere, such as to what listens in our own network.
 */
export function assertAllowed(partners: Partners | undefined, partner: string, address: string): void {
  const origins = partners?.[partner]?.callbacks?.origins ?? [];
  // With a name or password in it, an address would be sent to by no client.
  const { protocol, origin, username, password } = URL.canParse(address) ? new URL(address) : new URL('none:');
  // `blob:` has the origin of the address in it.
  if (/^https?:$/.test(protocol) && origins.includes(origin) && !username && !password) return;
  const detail =
    origins.length === 0
      ? 'No callbacks are configured for this partner.'
      : `Callbacks of this partner go to ${origins.join(' or ')} alone.`;
  throw new StoryfarmError('callback_refused', detail, {
    complaints: [{ pointer: '/callback', code: 'callback_refused', detail }],
  });
}

const refused = (message: string) => new StoryfarmError('unauthorized', message);
